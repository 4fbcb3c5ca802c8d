"""What is kept of an account, held against what its entries say."""

from redemption.domain.account import Account
from redemption.domain.lots import LotKey


def differences(kept: Account, rebuilt: Account) -> list[str]:
    """Return what of a kept account, settled to the same date as the one rebuilt from its entries and holds, is not what those say; empty: nothing."""
    found = []
    for what, is_kept, is_said in (
        ("version", kept.version, rebuilt.version),
        ("totals", kept.totals, rebuilt.totals),
        ("arrears", kept.arrears, rebuilt.arrears),
        ("last activity", kept.active_on, rebuilt.active_on),
        ("lots", what_counts(kept), what_counts(rebuilt)),
    ):
        if is_kept != is_said:
            found.append(what)
    return found


def what_counts(account: Account) -> dict[LotKey, tuple[int, int, int]]:
    """Return of each lot its points, the held ones, and the lapsed ones that can still excuse a claw-back; lots without any are left out."""
    return {
        lot: (state.points, state.held, state.lapsed - state.excused)
        for lot, state in account.lots.items()
        if state.points or state.held or state.lapsed != state.excused
    }
