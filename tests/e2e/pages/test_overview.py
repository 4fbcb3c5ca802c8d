"""The overview lives: pictures are drawn, figures come anew by themselves, and can be held."""

from urllib.parse import urlsplit

import pytest

from support.pages import CUSTOMER, Desk, Open, sign_in

REFRESHED_MS_MAX = 30_000


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_overview_draws_pictures_and_refreshes_itself_until_it_is_paused(desk: Desk, visit: Open, language: str) -> None:
    visitor = visit(language)
    page = visitor.page
    sign_in(visitor, desk, "auditor")
    assert page.locator("#services tbody tr").count() == len(desk.bank.platform.endpoints.services)
    for _ in range(2):  # the flow's line begins with the second figures
        with page.expect_response("**/overview/figures", timeout=REFRESHED_MS_MAX) as figures:
            pass
        assert figures.value.ok
    page.wait_for_function("document.querySelectorAll('[data-chart] canvas').length === 4")
    visitor.shoot(f"overview-{language}")

    page.locator("#pause").focus()
    visitor.press("Space")
    asked = len(visitor.asked)
    page.wait_for_timeout(6_000)  # longer than the pause between two figures: what does not happen cannot be waited for otherwise
    assert len(visitor.asked) == asked
    assert not visitor.complaints
    assert {urlsplit(address).netloc for address in visitor.asked} == {urlsplit(desk.base).netloc}


def test_the_language_is_switched_by_a_button_and_remembered(desk: Desk, visit: Open) -> None:
    visitor = visit("zh")
    page = visitor.page
    sign_in(visitor, desk, "auditor")
    page.goto(f"{desk.root}/customers/{CUSTOMER}")
    visitor.tab_to("English")
    visitor.press("Enter")
    page.wait_for_function("document.documentElement.lang === 'en'")
    assert page.url == f"{desk.root}/customers/{CUSTOMER}"
    page.goto(f"{desk.root}/rules")
    assert page.locator("h1").inner_text() == "Rules"
    visitor.shoot("rules-en")


def test_a_maker_sees_the_faults_of_a_draft_beside_it(desk: Desk, visit: Open) -> None:
    visitor = visit("zh")
    page = visitor.page
    sign_in(visitor, desk, "maker")
    page.goto(f"{desk.root}/rules/new")
    text = page.locator("#document").input_value().replace('"per_minor": 2000', '"per_minor": 0')  # the editor has the focus
    page.locator("#document").fill(text)
    visitor.tab_to("保存草稿")
    visitor.press("Enter")
    page.wait_for_selector("#refusal")
    assert "body.earn.per_minor" in page.locator("#refusal").inner_text()
    visitor.shoot("rule-faults-zh")
