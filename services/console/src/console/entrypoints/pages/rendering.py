"""From a template and what it shows to a response, with the headers that every page has."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from console.entrypoints.pages.assets import VERSION
from console.entrypoints.pages.languages import LANGUAGES, Language, filters_of
from console.entrypoints.pages.visits import Visit
from loyalty_shared.kernel.ids import new_id

TEMPLATES: Final = Path(__file__).parent / "templates"

#: Nothing comes from outside, nothing stands in line, no other site shows our pages or takes our forms.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "Cookie, HX-Request",
}


def render(visit: Visit, template: str, status: int = 200, **shown: Any) -> HTMLResponse:
    """Return the page in the visit's language. `shown` is what the template names."""
    text = _environment(visit.language.code).get_template(template).render(visit=visit, language=visit.language, languages=LANGUAGES.values(), **shown)
    return HTMLResponse(text, status, HEADERS)


@cache
def _environment(code: str) -> Environment:
    return make_environment(LANGUAGES[code])


def make_environment(language: Language) -> Environment:
    """Return the templates in one language. What is shown is escaped; a name that a page does not give is an error."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.i18n"]
    )
    environment.install_gettext_translations(language.texts, newstyle=True)  # type: ignore[attr-defined]  # the extension's own method
    environment.filters.update(filters_of(language))
    environment.filters["json"] = lambda value: json.dumps(value, ensure_ascii=False)
    environment.globals.update(new_key=new_id, asset=lambda name: f"/assets/{VERSION}/{name}")
    return environment
