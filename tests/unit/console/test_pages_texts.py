"""No text is missing in either language: the English stands in the templates, each has its Chinese, and nothing stands in a template that is no text."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from console.entrypoints.pages import languages
from console.entrypoints.pages.languages import LANGUAGES
from console.entrypoints.pages.rendering import TEMPLATES
from console.entrypoints.pages.words import WORDS
from gift_order.adapters.invariants import INVARIANTS as OF_ORDERS
from redemption.adapters.invariants import INVARIANTS as OF_THE_LEDGER
from redemption.domain.entries import Kind
from reporting.adapters.invariants import INVARIANTS as OF_THE_MART
from settlement.adapters.invariants import INVARIANTS as OF_BATCHES

PAGES = Path(languages.__file__).parent
KEYWORDS = {"_": None, "N_": None, "text": None}
PLACE = re.compile(r"%\((\w+)\)s")


def _texts() -> dict[str, str]:
    """Return every text of the pages, with where it stands."""
    methods = [("**.py", "python"), ("templates/**.html", "jinja2")]
    found = extract_from_dir(PAGES, method_map=methods, options_map={"templates/**.html": {"newstyle_gettext": "true"}}, keywords=KEYWORDS)
    return {str(text): f"{file}:{line}" for file, line, text, _, _ in found}


def _chinese() -> dict[str, str]:
    with (PAGES / "locales" / "zh.po").open("rb") as source:
        return {str(message.id): str(message.string) for message in read_po(source) if message.id}


def test_every_text_has_its_chinese_and_nothing_is_left_over() -> None:
    texts, chinese = _texts(), _chinese()
    assert {text: place for text, place in texts.items() if not chinese.get(text)} == {}
    assert set(chinese) - set(texts) == set()
    assert len(texts) > 200


def test_a_translation_names_the_same_figures() -> None:
    assert [text for text, said in _chinese().items() if sorted(PLACE.findall(text)) != sorted(PLACE.findall(said))] == []


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.name)
def test_a_template_holds_no_text_that_is_not_translated(path: Path) -> None:
    source = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", path.read_text(), flags=re.DOTALL)
    shown = re.sub(r"<(?:[^>\"']|\"[^\"]*\"|'[^']*')*>", " ", source)
    assert re.findall(r"\w{2,}", shown) == []
    spoken = re.findall(r"(?:aria-label|placeholder|title|alt)=\"([^\"]*)\"", source)
    assert [text for text in spoken if text] == []


def test_codes_of_the_services_have_words() -> None:
    assert {*OF_THE_LEDGER, *OF_ORDERS, *OF_BATCHES, *OF_THE_MART} == set(WORDS["invariant"])
    assert {kind.value for kind in Kind} <= set(WORDS["entry"])


def test_each_language_writes_quantities_its_own_way() -> None:
    zh, en = LANGUAGES["zh"], LANGUAGES["en"]
    assert (zh.money(123456, "CNY"), en.money(123456, "CNY")) == ("¥1,234.56", "CN¥1,234.56")
    assert en.money(1234, "JPY") == "JP¥1,234"  # a currency without minor units
    assert en.number(9_007_199_254_740_991) == "9,007,199,254,740,991"  # exact to the unit
    assert (en.signed(5), en.signed(0), en.signed(-5)) == ("+5", "0", "-5")
    assert (zh.day("2026-03-01"), en.day("2026-03-01"), en.day(None)) == ("2026年3月1日", "1 Mar 2026", "–")
    assert zh.instant("2026-03-01T16:30:00Z", "Asia/Shanghai") == "2026年3月2日 00:30:00"
    assert (zh.word("accrued", "outcome"), en.word("accrued", "outcome"), en.word("brand-new", "outcome")) == ("已累积积分", "Points accrued", "brand-new")
    assert zh.named({"en": "only English"}) == "only English"
