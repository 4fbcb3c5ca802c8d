"""Reads the PKDD'99 financial data set: six of its `.asc` files (semicolons, quoted text), row by row, into typed rows.

Source: the "Financial" data of the PKDD'99 Discovery Challenge, the records of one Czech bank from 1993 on. Words are the data's own.
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final, TypeVar

FILES: Final = ("account.asc", "card.asc", "client.asc", "disp.asc", "district.asc", "trans.asc")
_CENTURY: Final = 1900
_WOMEN_MONTH_OFFSET: Final = 50

Row = Mapping[str, str]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account, the district of the branch that keeps it, and when it was opened."""

    account_id: int
    district_id: int
    frequency: str
    opened_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A person; `born_on` from the birth number."""

    client_id: int
    born_on: date
    district_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposition:
    """The right of a client to an account: OWNER, or DISPONENT, who may use it."""

    disp_id: int
    client_id: int
    account_id: int
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card issued to a disposition: `type` is junior, classic or gold."""

    card_id: int
    disp_id: int
    type: str
    issued_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class District:
    """A district of the bank, by its number, with its name and region."""

    district_id: int
    name: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BankTransaction:
    """One row of `trans.asc`; `amount_minor` in haler (1/100 koruna), always positive; texts as in the data, without blanks around them."""

    trans_id: int
    account_id: int
    made_on: date
    type: str
    operation: str
    k_symbol: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pkdd99:
    """The data set in memory: transactions in the file's order (by date), the rest by their numbers."""

    transactions: tuple[BankTransaction, ...]
    accounts: Mapping[int, Account]
    clients: Mapping[int, Client]
    dispositions: Mapping[int, Disposition]
    cards: Mapping[int, Card]
    districts: Mapping[int, District]


def read_pkdd99(directory: Path) -> Pkdd99:
    """Return the data set in `directory`. Raises ValueError naming the file, the line and the field that does not fit."""
    return Pkdd99(
        transactions=tuple(_rows(directory / "trans.asc", _transaction)),
        accounts={account.account_id: account for account in _rows(directory / "account.asc", _account)},
        clients={client.client_id: client for client in _rows(directory / "client.asc", _client)},
        dispositions={disp.disp_id: disp for disp in _rows(directory / "disp.asc", _disposition)},
        cards={card.card_id: card for card in _rows(directory / "card.asc", _card)},
        districts={district.district_id: district for district in _rows(directory / "district.asc", _district)},
    )


def born_on_from(birth_number: str) -> date:
    """Return the birthday in a birth number YYMMDD, in which women's months have 50 added; all are of the 1900s."""
    year, month, day = int(birth_number[:2]), int(birth_number[2:4]), int(birth_number[4:6])
    return date(_CENTURY + year, month - _WOMEN_MONTH_OFFSET if month > _WOMEN_MONTH_OFFSET else month, day)


def haler_from(amount: str) -> int:
    """Return an amount of koruna such as "14.60" in haler, exactly. Raises ValueError for a fraction of a haler or a negative amount."""
    try:
        haler = Decimal(amount) * 100
    except InvalidOperation:
        raise ValueError(f"{amount!r} is not an amount of koruna") from None
    if haler < 0 or haler != haler.to_integral_value():
        raise ValueError(f"{amount!r} is not a positive number of whole haler")
    return int(haler)


def _rows(path: Path, parse: Callable[[Row], T]) -> Iterator[T]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, delimiter=";")
        for row in reader:
            try:
                yield parse(row)
            except (KeyError, ValueError) as fault:
                raise ValueError(f"{path.name}, line {reader.line_num}: {fault}; expected the PKDD'99 file as it was published") from fault


def _date(text: str) -> date:
    return date(_CENTURY + int(text[:2]), int(text[2:4]), int(text[4:6]))


def _transaction(row: Row) -> BankTransaction:
    return BankTransaction(
        trans_id=int(row["trans_id"]),
        account_id=int(row["account_id"]),
        made_on=_date(row["date"]),
        type=row["type"].strip(),
        operation=row["operation"].strip(),
        k_symbol=row["k_symbol"].strip(),
        amount_minor=haler_from(row["amount"]),
    )


def _account(row: Row) -> Account:
    return Account(account_id=int(row["account_id"]), district_id=int(row["district_id"]), frequency=row["frequency"], opened_on=_date(row["date"]))


def _client(row: Row) -> Client:
    return Client(client_id=int(row["client_id"]), born_on=born_on_from(row["birth_number"]), district_id=int(row["district_id"]))


def _disposition(row: Row) -> Disposition:
    return Disposition(disp_id=int(row["disp_id"]), client_id=int(row["client_id"]), account_id=int(row["account_id"]), type=row["type"])


def _card(row: Row) -> Card:
    return Card(card_id=int(row["card_id"]), disp_id=int(row["disp_id"]), type=row["type"], issued_on=_date(row["issued"]))


def _district(row: Row) -> District:
    return District(district_id=int(row["A1"]), name=row["A2"], region=row["A3"])
