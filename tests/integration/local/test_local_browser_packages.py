"""What is in the cache is used as it is, without npm: the lock file's digest names its place."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from nanzhu_local import browser_packages
from nanzhu_local.failures import PlatformFailure
from nanzhu_local.platform import CONSOLE

QUIET = Console(file=io.StringIO())


def test_the_lock_file_names_no_registry_host_and_pins_each_package_by_digest() -> None:
    lock = (CONSOLE / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert lock.count('"integrity": "sha512-') == lock.count('"node_modules/')


def test_what_is_kept_is_used_again_and_another_lock_file_has_another_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("npm_config_offline", "true")
    project = tmp_path / "console"
    project.mkdir()
    (project / "package.json").write_text('{"name": "pages", "dependencies": {}}')
    (project / "package-lock.json").write_text('{"name": "pages", "lockfileVersion": 3, "requires": true, "packages": {"": {"name": "pages"}}}')
    kept = browser_packages.browser_packages(project, tmp_path / "cache", QUIET).parent
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]  # nothing half done beside it
    (kept / "seen").touch()
    assert (browser_packages.browser_packages(project, tmp_path / "cache", QUIET).parent / "seen").exists()
    (project / "package.json").write_text('{"name": "pages", "dependencies": {"htmx.org": "2.0.11"}}')
    with pytest.raises(PlatformFailure, match="could not be downloaded"):  # the lock file lacks it
        browser_packages.browser_packages(project, tmp_path / "cache", QUIET)
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]
