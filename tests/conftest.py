"""Fixtures for every test, each told of beside it, and how the tests are shared out between processes."""

from typing import Any

from xdist.scheduler import LoadScopeScheduling

pytest_plugins = ["support.platform"]


class ByPlatform(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives one process the journeys through the whole platform, which mostly wait, and the others the rest, file by file."""

    def _split_scope(self, nodeid: str) -> str:
        path = str(nodeid.split("::", 1)[0])
        return "the whole platform" if path.startswith("tests/e2e/") else path


def pytest_xdist_make_scheduler(config: Any, log: Any) -> ByPlatform:
    """Be asked by xdist, where several processes run the tests (`-n`)."""
    return ByPlatform(config, log)
