"""A bank of its own for each module: no test sees another's rules, customers or dates."""

import pytest

from nanzhu_local.platform import LocalPlatform
from support.bank import Bank, open_bank


@pytest.fixture(scope="module")
def bank(platform: LocalPlatform) -> Bank:
    """Return a fresh legal entity on the running platform."""
    return open_bank(platform)
