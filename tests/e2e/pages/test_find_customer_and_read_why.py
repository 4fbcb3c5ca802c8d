"""The operator's main task, by keyboard alone, in both languages: sign in, find the customer, read why a line gave so many points."""

from urllib.parse import urlsplit

import pytest

from support.pages import CUSTOMER, Desk, Open, sign_in

WORDS = {
    "zh": {
        "overview": "总览",
        "customers": "客户",
        "skip": "跳到正文",
        "why": "为何 +55 分：P-3",
        "reason": "按上限截减",
        "limit": "每日上限 200 分：此前已用 145，剩余 55，本次应给 160，实给 55",
        "rule": "借记卡消费积分",
    },
    "en": {
        "overview": "Overview",
        "customers": "Customers",
        "skip": "Skip to the content",
        "why": "Why +55 points: P-3",
        "reason": "A limit of the rule cut what it gave",
        "limit": "Limit of 200 points for a day: 145 used before, room for 55, 160 asked, 55 allowed",
        "rule": "Debit card spending",
    },
}
#: Base points 57 + 88 + 55 (of 160: the day's limit) + 0, less 30 for the refund; bonus points 44, less 15; 20 spent.
AVAILABLE = "179"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_find_a_customer_and_read_why_by_keyboard_alone(desk: Desk, visit: Open, language: str) -> None:
    said, visitor = WORDS[language], visit(language)
    page = visitor.page
    sign_in(visitor, desk, "maker")
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("h1").inner_text() == said["overview"]

    visitor.press("Tab")  # the first stop of every page leads past its head
    assert page.evaluate("document.activeElement.innerText") == said["skip"]
    visitor.tab_to(said["customers"])
    visitor.press("Enter")
    page.wait_for_url("**/customers")
    visitor.begins_at("customer_no")
    page.keyboard.type(CUSTOMER)
    visitor.press("Enter")
    page.wait_for_url(f"**/customers/{CUSTOMER}")
    assert page.locator("#available").inner_text() == AVAILABLE
    visitor.shoot(f"customer-{language}")

    visitor.tab_to(said["why"])
    visitor.press("Enter")
    page.wait_for_url("**/decisions/core/P-3/1")
    visitor.shoot(f"why-{language}")
    assert page.locator("#points").inner_text() == "+55"
    rule = page.locator("[data-rule=card-base]").inner_text()
    assert all(said[text] in rule for text in ("rule", "reason", "limit"))
    assert not visitor.complaints
    assert {urlsplit(address).netloc for address in visitor.asked} == {urlsplit(desk.base).netloc}
