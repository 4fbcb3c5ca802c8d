"""What the proofs hold a ledger's accounts against: a clerk who keeps, by customer and type, what was given and what was used, and the books' own laws."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from redemption.domain.account import Account
from redemption.domain.balances import balances_of
from redemption.domain.entries import Entry, Kind
from redemption.domain.holds import Hold, HoldStatus
from redemption.domain.lots import LotKey
from redemption.domain.rebuilding import LastPosted, PostedSum, rebuild

MOVED = (Kind.TRANSFERRED,)


@dataclass(frozen=True)
class Posted:
    """An entry of a customer, and the date it was posted on."""

    customer_no: str
    on: date
    entry: Entry


@dataclass
class Clerk:
    """Counts what operations say they did, apart from the accounts, and keeps every entry."""

    given: defaultdict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    posted: list[Posted] = field(default_factory=list)

    def take_down(self, account: Account) -> None:
        """Keep an account's new entries, as writing them would."""
        self.posted += [Posted(account.customer_no, account.business_on, entry) for entry in account.entries]
        account.entries.clear()
        account.touched.clear()

    def of(self, customer_no: str) -> list[Posted]:
        return [posted for posted in self.posted if posted.customer_no == customer_no]

    def check(self, accounts: Mapping[str, Account], holds: Iterable[tuple[str, Hold]]) -> None:
        """Check all that must hold after every step."""
        live: defaultdict[str, list[Hold]] = defaultdict(list)
        for customer_no, hold in holds:
            if hold.status is HoldStatus.RESERVED:
                live[customer_no].append(hold)
        for account in accounts.values():
            self._check_postings(account)
            check_lots(account, live[account.customer_no])
            self._check_rebuilt(account, live[account.customer_no])
        self._check_trial_balance(accounts)

    def _check_postings(self, account: Account) -> None:
        entries = [posted.entry for posted in self.of(account.customer_no)]
        assert [entry.account_version for entry in entries] == list(range(1, account.version + 1)), "versions without a gap"
        for point_type in {entry.point_type for entry in entries}:
            typed = [entry for entry in entries if entry.point_type == point_type]
            posted = sum(entry.points for entry in typed)
            lots = sum(state.points for lot, state in account.lots.items() if lot.point_type == point_type)
            owed = account.arrears.get(point_type, 0)
            assert posted == lots - owed, "postings = open lots + pending - arrears"
            said = sum(entry.points for entry in typed if entry.origin.kind is not Kind.EXPIRED and entry.origin.kind not in MOVED)
            assert said == self.given[account.customer_no, point_type], "what was posted is what the operations said"
            assert typed[-1].balance_after == posted
            unfrozen = account.available((point_type,)) + sum(points for lot, points in account.frozen().items() if lot.point_type == point_type)
            assert not (owed and unfrozen), "nothing is available beside arrears"
        for shown in balances_of(account):
            assert shown.available >= 0
            assert shown.earned - shown.used - shown.expired == shown.available + shown.held + shown.frozen + shown.pending - shown.arrears

    def _check_rebuilt(self, account: Account, live: Iterable[Hold]) -> None:
        posted = self.of(account.customer_no)
        if not posted:
            return
        rebuilt = Account(legal_entity="001", customer_no=account.customer_no, freezes=account.freezes)
        entries = [each.entry for each in posted]
        sums = [PostedSum(entry.point_type, entry.origin.counter_account, entry.points, 1, entry.lots, entry.excused) for entry in entries]
        held = [part for hold in live for part in hold.lots]
        rebuild(rebuilt, sums, LastPosted(posted[-1].on, entries[-1].active_on), held, account.business_on)
        assert not rebuilt.entries, "everything that was due had been posted"
        assert balances_of(rebuilt) == balances_of(account)
        assert kept(rebuilt) == kept(account)
        assert rebuilt.active_on == account.active_on

    def _check_trial_balance(self, accounts: Mapping[str, Account]) -> None:
        nets: Counter[str] = Counter()
        for posted in self.posted:
            entry = posted.entry
            nets[entry.debit_account] -= abs(entry.points)
            nets[entry.credit_account] += abs(entry.points)
        assert sum(nets.values()) == 0
        for point_type in {entry.entry.point_type for entry in self.posted}:
            of_customers = sum(account.totals[point_type].net for account in accounts.values() if point_type in account.totals)
            assert nets[f"customer:{point_type}"] == of_customers
        assert all(points == 0 for account, points in nets.items() if account.startswith("moved:")), "what one customer's side takes the other's gives"


def check_lots(account: Account, live: Iterable[Hold]) -> None:
    """Check that no lot is below zero, none holds what it should not, and held points are those of the holds alive."""
    promised: Counter[LotKey] = Counter()
    for hold in live:
        for lot, points in hold.lots:
            promised[lot] += points
    for lot, state in account.lots.items():
        assert 0 <= state.held <= state.points
        assert 0 <= state.excused <= state.lapsed
        assert state.held == promised[lot]
        assert not (account.has_lapsed(lot) and state.free), "nothing lapsed can be spent"
        assert lot.available_on is None or lot.available_on > account.business_on
    assert all(account.lots[lot].held == points for lot, points in promised.items() if points)


def kept(account: Account) -> dict[LotKey, tuple[int, int, int]]:
    """Return what of each lot counts: points, held ones, and lapsed ones that can still excuse a claw-back."""
    return {
        lot: (state.points, state.held, state.lapsed - state.excused)
        for lot, state in account.lots.items()
        if state.points or state.held or state.lapsed != state.excused
    }
