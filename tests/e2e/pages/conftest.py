"""A bank with customers to look at, and Debian's Chromium to look with. The bank is ready before the browser starts: Playwright keeps a loop running."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from nanzhu_local.platform import LocalPlatform
from support.bank import open_bank
from support.pages import CUSTOMER, Desk, Open, Visitor
from support.rules import rule

WIDTH, HEIGHT = 1280, 800

SPENDING = rule(
    "card-base",
    {"per_minor": 100, "points": 1},
    names={"zh": "借记卡消费积分", "en": "Debit card spending"},
    limits=[{"points": 200, "per": "day", "over": "trim"}],
)
DINING = rule(
    "dining",
    {"per_minor": 200, "points": 1},
    names={"zh": "餐饮额外奖励", "en": "Dining extra"},
    point_type="bonus",
    when={"all": [{"fact": "transaction.mcc", "in": ["5812"]}]},
)


@pytest.fixture(scope="package")
def desk(platform: LocalPlatform) -> Desk:
    """Return a bank whose customer has bought, dined, met a limit and returned something."""
    bank = open_bank(platform)
    bank.approve(SPENDING, DINING)
    bank.announce(CUSTOMER, name="陈南珠", level="gold")
    dinner = bank.purchase("P-2", CUSTOMER, "88.00", mcc="5812")
    bank.publish(
        bank.purchase("P-1", CUSTOMER, "57.00"), dinner, bank.purchase("P-3", CUSTOMER, "160.00"), bank.purchase("P-4", CUSTOMER, "99.00"),
        bank.refund("R-1", dinner, "30.00"),
    )  # fmt: skip
    bank.drained()
    bank.post("redemption", "redemptions", bank.spend(CUSTOMER, 20))
    return Desk(bank, platform.endpoints.services["console"].http)


def chromium() -> str | None:
    """Return the browser of the machine; a test tool's own is never downloaded."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def browser(desk: Desk) -> Iterator[Browser]:
    """Return Chromium. Without one the tests are skipped, saying so."""
    program = chromium()
    if program is None:
        pytest.skip("no Chromium on this machine: `apt-get install chromium`")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        yield started
        started.close()


@pytest.fixture
def visit(browser: Browser, desk: Desk) -> Iterator[Open]:
    """Return a function that opens a window in a language."""
    contexts = []

    def begin(language: str) -> Visitor:
        context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
        contexts.append(context)
        if language != "zh":  # Chinese needs no choice
            context.add_cookies([{"name": "nanzhu_language", "value": language, "url": desk.base}])
        visitor = Visitor(context.new_page(), [], [])
        visitor.page.on("console", lambda message: visitor.complaints.append(message.text) if message.type in ("error", "warning") else None)
        visitor.page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
        visitor.page.on("request", lambda request: visitor.asked.append(request.url))
        return visitor

    yield begin
    for context in contexts:
        context.close()
