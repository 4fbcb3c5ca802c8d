"""The console's pages as a person sees them: an entity's operators, and a browser window that is driven by keys."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page

from nanzhu_local.credentials import operator_of, password_of
from support.bank import Bank

#: Pictures for the documents are written when this names a directory: NANZHU_SCREENSHOTS=docs/screenshots pytest tests/e2e/pages
SCREENSHOTS = os.environ.get("NANZHU_SCREENSHOTS")
CUSTOMER = "C-PAGES-1"
FOCUSED = """() => {
  const at = document.activeElement, style = getComputedStyle(at);
  return {text: (at.getAttribute("aria-label") || at.innerText || "").trim(), outline: parseFloat(style.outlineWidth), kind: style.outlineStyle};
}"""


@dataclass(frozen=True, slots=True)
class Desk:
    """The pages of one entity, and the operators who may sign in to them."""

    bank: Bank
    base: str

    @property
    def root(self) -> str:
        return f"{self.base}/entities/{self.bank.legal_entity}"

    def operator(self, role: str) -> tuple[str, str]:
        """Return code and password of the entity's first operator of that role."""
        seed, entity = self.bank.platform.run.secret("credentials"), self.bank.legal_entity
        return operator_of(entity, role), password_of(seed, entity, role)

    def http(self, token: str | None = None) -> httpx.Client:
        """Return a client for the pages, signed in by any token of the entity."""
        return httpx.Client(base_url=self.base, cookies={"nanzhu_session": token} if token else {}, trust_env=False, timeout=30)


@dataclass(frozen=True, slots=True)
class Visitor:
    """One browser window. `complaints`: what the browser itself complained about, its policy's refusals included; `asked`: every address it loaded."""

    page: Page
    complaints: list[str]
    asked: list[str]

    def press(self, key: str, times: int = 1) -> None:
        """Press a key, as somebody without a mouse."""
        for _ in range(times):
            self.page.keyboard.press(key)

    def begins_at(self, field: str) -> None:
        """Wait until the page has put the focus on a field by itself."""
        self.page.wait_for_function("id => document.activeElement.id === id", arg=field)

    def tab_to(self, text: str, tabs_max: int = 60) -> None:
        """Press Tab until the focus is on what is so labelled, and see that the focus shows."""
        for _ in range(tabs_max):
            self.page.keyboard.press("Tab")
            focused: Any = self.page.evaluate(FOCUSED)
            if text in focused["text"]:
                assert focused["outline"] >= 2, "the focus cannot be seen"
                assert focused["kind"] != "none", "the focus cannot be seen"
                return
        raise AssertionError(f"{text!r} is not reached by Tab")

    def shoot(self, name: str) -> None:
        """Keep a picture for the documents, when asked to."""
        if SCREENSHOTS:
            self.page.screenshot(path=str(Path(SCREENSHOTS) / f"{name}.png"))


Open = Callable[[str], Visitor]
"""Opens a window in a language."""


def sign_in(visitor: Visitor, desk: Desk, role: str) -> None:
    """Sign in as the entity's operator of that role, without a mouse."""
    code, password = desk.operator(role)
    visitor.page.goto(desk.base)
    visitor.begins_at("name")
    visitor.page.keyboard.type(code)
    visitor.press("Tab")
    visitor.page.keyboard.type(password)
    visitor.press("Enter")
    visitor.page.wait_for_url("**/overview")


def told(answer: httpx.Response) -> tuple[int, str]:
    """Return the status of a page that refuses, and the code it shows."""
    found = re.search(r'data-code="([a-z-]+)"', answer.text)
    assert found, answer.text
    return answer.status_code, found[1]


def session_of(desk: Desk, role: str) -> str:
    """Return the token of a new session, known to every service."""
    code, password = desk.operator(role)
    with desk.http() as client:
        answer = client.post("/sign-in", data={"operator": code, "password": password})
    assert answer.status_code == 303, answer.text
    assert re.search(r"nanzhu_session=.*HttpOnly.*SameSite=strict", answer.headers["set-cookie"], re.IGNORECASE)
    return answer.cookies["nanzhu_session"]
