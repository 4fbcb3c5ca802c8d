"""Chinese and English: the texts by the catalogues in `locales`, numbers, dates and amounts as each language writes them.

The texts stand in the templates and in `words.py` in English; `locales/zh.po` has each in Chinese.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, get_currency_precision
from babel.support import NullTranslations, Translations

from console.entrypoints.pages.words import WORDS

LOCALES: Final = Path(__file__).parent / "locales"
DEFAULT: Final = "zh"


@dataclass(frozen=True, slots=True)
class Language:
    """One language: its texts, and how it writes quantities. `code` is the HTML language and the key in `names`."""

    code: str
    locale: str
    name: str
    texts: NullTranslations

    def text(self, message: str) -> str:
        """Return the text in this language."""
        return str(self.texts.gettext(message))

    def word(self, code: str, group: str) -> str:
        """Return what a code of an API is called; the code itself when this console does not know it."""
        known = WORDS[group].get(code)
        return code if known is None else self.text(known)

    def number(self, value: int) -> str:
        """Return a count or points, exact to the unit."""
        return str(format_decimal(value, locale=self.locale))

    def signed(self, value: int) -> str:
        """Return points with their sign."""
        return ("+" if value > 0 else "") + self.number(value)

    def money(self, amount_minor: int, currency: str) -> str:
        """Return an amount of minor units as the language writes money."""
        return str(format_currency(Decimal(amount_minor).scaleb(-get_currency_precision(currency)), currency, locale=self.locale))

    def day(self, value: str | None) -> str:
        """Return a date of an API; a dash for none."""
        return "–" if value is None else str(format_date(date.fromisoformat(value), "medium", locale=self.locale))

    def instant(self, value: str | None, zone: str) -> str:
        """Return an instant of an API in the zone; a dash for none."""
        return "–" if value is None else str(format_datetime(datetime.fromisoformat(value), "medium", tzinfo=ZoneInfo(zone), locale=self.locale))

    def named(self, names: Mapping[str, str] | None) -> str:
        """Return the name in this language, else in any."""
        return "" if not names else names.get(self.code) or next(iter(names.values()))


def _translations(code: str) -> Translations:
    with (LOCALES / f"{code}.po").open("rb") as source:
        catalogue = read_po(source, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


LANGUAGES: Final[Mapping[str, Language]] = {
    "zh": Language("zh", "zh_CN", "中文", _translations("zh")),
    "en": Language("en", "en_GB", "English", NullTranslations()),
}


def language_of(cookies: Mapping[str, str], name: str) -> Language:
    """Return the language that the cookie names, else Chinese."""
    return LANGUAGES.get(cookies.get(name, DEFAULT), LANGUAGES[DEFAULT])


def filters_of(language: Language) -> dict[str, Any]:
    """Return the language's forms by the names that templates use."""
    names = ("word", "number", "signed", "money", "day", "instant", "named")
    return {name: getattr(language, name) for name in names}
