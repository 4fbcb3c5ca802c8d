"""Turns rows of the PKDD'99 data into the events that a core system publishes (contracts.md section 2). Pure; the terms are in docs/data-mapping.md."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final, Literal
from zoneinfo import ZoneInfo

from loyalty_shared.contracts.core import CustomerChangedV1, TransactionPostedV1
from nanzhu_demo.assignment import TIME_OF_DAY, merchant_from
from nanzhu_demo.pkdd99 import Account, BankTransaction, Card, Client, Pkdd99

LEGAL_ENTITY: Final = "001"
SOURCE_SYSTEM: Final = "pkdd99"
#: Koruna is taken as the account currency: amounts are the data's own, in haler.
CURRENCY: Final = "CZK"
#: The data run from 1993-01-01 to 1994-03-31, and become 2025-01-01 to 2026-03-31.
YEARS_MOVED: Final = 32
LAST_ON: Final = date(1994, 3, 31)
ZONE: Final = ZoneInfo("Asia/Shanghai")
LEVEL_WITHOUT_CARD: Final = "standard"

_DIRECTIONS: Final[dict[str, Literal["debit", "credit"]]] = {"PRIJEM": "credit", "VYDAJ": "debit", "VYBER": "debit"}
_STATEMENT_TAGS: Final = {"POPLATEK MESICNE": "statement-monthly", "POPLATEK TYDNE": "statement-weekly", "POPLATEK PO OBRATU": "statement-after-transaction"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionKind:
    """What an operation of the data is called in the platform's events."""

    transaction_code: str
    channel: str
    product_code: str = "CURRENT-ACCOUNT"
    spent_at_merchant: bool = False  # its MCC and merchant are assigned


#: (operation, k_symbol) of the data > what it is. Every pair that occurs is here; another is a fault in the data.
TRANSACTION_KINDS: Final = {
    ("VKLAD", ""): TransactionKind(transaction_code="CASH-DEPOSIT", channel="COUNTER"),
    ("VYBER", ""): TransactionKind(transaction_code="CASH-WITHDRAWAL", channel="COUNTER", spent_at_merchant=True),
    ("VYBER KARTOU", ""): TransactionKind(transaction_code="CARD-WITHDRAWAL", channel="CARD", product_code="CARD", spent_at_merchant=True),
    ("PREVOD Z UCTU", ""): TransactionKind(transaction_code="TRANSFER-IN", channel="TRANSFER"),
    ("PREVOD Z UCTU", "DUCHOD"): TransactionKind(transaction_code="PENSION", channel="TRANSFER"),
    ("PREVOD NA UCET", ""): TransactionKind(transaction_code="TRANSFER-OUT", channel="TRANSFER"),
    ("PREVOD NA UCET", "SIPO"): TransactionKind(transaction_code="HOUSEHOLD-PAYMENT", channel="TRANSFER"),
    ("PREVOD NA UCET", "POJISTNE"): TransactionKind(transaction_code="INSURANCE-PAYMENT", channel="TRANSFER"),
    ("PREVOD NA UCET", "UVER"): TransactionKind(transaction_code="LOAN-PAYMENT", channel="TRANSFER"),
    ("VYBER", "SIPO"): TransactionKind(transaction_code="HOUSEHOLD-PAYMENT", channel="COUNTER"),
    ("VYBER", "SLUZBY"): TransactionKind(transaction_code="STATEMENT-FEE", channel="SYSTEM"),
    ("VYBER", "SANKC. UROK"): TransactionKind(transaction_code="PENALTY-INTEREST", channel="SYSTEM"),
    ("", "UROK"): TransactionKind(transaction_code="INTEREST", channel="SYSTEM"),
}


class BankMapping:
    """Maps one data set; knows who owns an account and which card they hold."""

    def __init__(self, data: Pkdd99) -> None:
        self._data = data
        self._owners = {disp.account_id: disp for disp in data.dispositions.values() if disp.type == "OWNER"}
        self._cards = {data.dispositions[card.disp_id].account_id: card for card in data.cards.values()}

    def customers(self) -> Iterator[CustomerChangedV1]:
        """Yield the facts of the owner of each account that has transactions, in order of account; two events where a card was issued meanwhile."""
        for account_id in sorted({row.account_id for row in self._data.transactions}):
            yield from self._customer_changes(self._data.accounts[account_id])

    def transactions(self) -> Iterator[TransactionPostedV1]:
        """Yield the transactions in the data's order."""
        return map(self.transaction, self._data.transactions)

    def transaction(self, row: BankTransaction) -> TransactionPostedV1:
        """Return the event of one row. Raises ValueError for an operation the data are not known to have."""
        kind = TRANSACTION_KINDS.get((row.operation, row.k_symbol))
        direction = _DIRECTIONS.get(row.type)
        if kind is None or direction is None:
            raise ValueError(f"transaction {row.trans_id}: type {row.type!r}, operation {row.operation!r}, k_symbol {row.k_symbol!r} are not in the mapping")
        merchant = merchant_from(row.trans_id) if kind.spent_at_merchant else None
        moved_on = moved(row.made_on)
        return TransactionPostedV1(
            legal_entity=LEGAL_ENTITY,
            source_system=SOURCE_SYSTEM,
            transaction_no=f"{row.trans_id:08d}",
            customer_no=self.customer_no(row.account_id),
            account_no=f"A{row.account_id:08d}",
            card_type=self._cards[row.account_id].type if kind.product_code == "CARD" else None,
            product_code=kind.product_code,
            transaction_code=kind.transaction_code,
            channel=kind.channel,
            institution=institution_from(self._data.accounts[row.account_id]),
            direction=direction,
            amount_minor=row.amount_minor,
            currency=CURRENCY,
            merchant_no=merchant.merchant_no if merchant else None,
            mcc=merchant.mcc if merchant else None,
            transaction_at=datetime.combine(moved_on, TIME_OF_DAY, ZONE),
            posted_on=moved_on,
            attributes={
                "type": row.type,
                "operation": row.operation,
                "k_symbol": row.k_symbol,
                "made_on": row.made_on.isoformat(),
                "assigned": "time_of_day,mcc,merchant_no" if merchant else "time_of_day",
            },
        )

    def customer_no(self, account_id: int) -> str:
        """Return the customer number of the account's owner."""
        return f"C{self._owners[account_id].client_id:08d}"

    def _customer_changes(self, account: Account) -> Iterator[CustomerChangedV1]:
        owner = self._data.clients[self._owners[account.account_id].client_id]
        card = self._cards.get(account.account_id)
        if card is None:
            yield self._customer(owner, account, level=LEVEL_WITHOUT_CARD, card_tags=[], changed_on=account.opened_on)
        elif card.issued_on > LAST_ON:
            tags = [f"card-{card.type}", "assigned:card-brought-forward"]
            yield self._customer(owner, account, level=card.type, card_tags=tags, changed_on=account.opened_on)
        else:
            yield self._customer(owner, account, level=LEVEL_WITHOUT_CARD, card_tags=[], changed_on=account.opened_on)
            yield self._with_issued_card(owner, account, card)

    def _with_issued_card(self, owner: Client, account: Account, card: Card) -> CustomerChangedV1:
        return self._customer(owner, account, level=card.type, card_tags=[f"card-{card.type}"], changed_on=card.issued_on)

    def _customer(self, owner: Client, account: Account, *, level: str, card_tags: list[str], changed_on: date) -> CustomerChangedV1:
        return CustomerChangedV1(
            legal_entity=LEGAL_ENTITY,
            customer_no=self.customer_no(account.account_id),
            level=level,
            tags=[_STATEMENT_TAGS[account.frequency], *card_tags],
            born_on=moved(owner.born_on),
            joined_on=moved(account.opened_on),
            institution=institution_from(account),
            status="active",
            changed_at=datetime.combine(moved(changed_on), time(0), ZONE),
        )


def moved(day: date) -> date:
    """Return the day YEARS_MOVED later; a 29 February without one in that year becomes the 28th."""
    try:
        return day.replace(year=day.year + YEARS_MOVED)
    except ValueError:
        return day.replace(year=day.year + YEARS_MOVED, day=28)


def institution_from(account: Account) -> str:
    """Return the institution code of the branch's district, such as CZ055."""
    return f"CZ{account.district_id:03d}"
