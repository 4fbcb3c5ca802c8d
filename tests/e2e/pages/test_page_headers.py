"""Nothing on a page comes from outside the console, and the browser is told to let nothing in."""

import re

import pytest

from support.pages import CUSTOMER, Desk

PATHS = [
    "overview", "overview/figures", "customers", f"customers/{CUSTOMER}", f"customers/{CUSTOMER}/decisions/core/P-3/1", "rules", "rules/card-base/versions/1",
    "rules/new", "approvals", "parameters", "jobs", "audit",
]  # fmt: skip
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; "


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", PATHS)
def test_a_page_names_no_address_outside_and_no_script_or_style_in_line(desk: Desk, path: str, language: str) -> None:
    with desk.http(desk.bank.tokens["maker"]) as client:
        client.cookies.set("nanzhu_language", language)
        answer = client.get(f"{desk.root}/{path}")
    assert answer.status_code in (200, 403), answer.text  # a maker's system credential reads no audit trail
    assert answer.headers["content-security-policy"].startswith(POLICY)
    assert answer.headers["cache-control"] == "no-store"
    addresses = re.findall(r'(?:src|href|action|hx-get|content)="([^"]*)"', answer.text)
    assert all(not re.match(r"(?i)[a-z]+:|//", address) for address in addresses)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon[a-z]+=", answer.text)


def test_the_assets_are_served_by_the_console_and_load_nothing_from_elsewhere(desk: Desk) -> None:
    with desk.http(desk.bank.tokens["maker"]) as client:
        page = client.get(f"{desk.root}/overview").text
        assets = sorted(set(re.findall(r'(?:src|href)="(/assets/[^"]+)"', page)))
        assert [asset.rpartition("/")[2] for asset in assets] == ["console.css", "console.js", "echarts.js", "htmx.js", "pearl.svg", "tabler.css"]
        for asset in assets:
            answer = client.get(asset)
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]
            if asset.endswith(".css"):
                assert not re.search(r"""@import|url\(["']?(?!data:|["']?data:)""", answer.text)
        assert client.get("/assets/x/../../../settings.py").status_code == 404
        assert client.get("/assets/x/package.json").status_code == 404
