"""What every spend is checked for, before points are held or taken."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from redemption.application.online_ports import Call, OnlineWork
from redemption.domain.account import Account
from redemption.domain.applications import NO_TERMS, NOT_ASKED, NOTHING_SPENT, Application, Spent
from redemption.domain.lots import LotPart
from redemption.domain.pools import refusal_of_member
from redemption.domain.quoting import Quote, refusal_of_quote
from redemption.domain.refusals import Refusal
from redemption.domain.reversals import Serial
from redemption.domain.spending import decide_spending


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What a channel asks to spend, at which merchant and quote if it says so. `point_types` None: of any type; `expires_in`: how long a reservation holds.

    `pay_from`: whose points are spent, when they are not the customer's own.
    """

    serial: Serial
    customer_no: str
    points: int
    application: str
    point_types: frozenset[str] | None
    expires_in: timedelta
    merchant_no: str | None = None
    quote_id: str | None = None
    pay_from: str | None = None

    @property
    def payer_no(self) -> str:
        """Return the number whose account pays."""
        return self.customer_no if self.pay_from is None else self.pay_from

    @property
    def refusal_without_account(self) -> Refusal:
        """Return why nothing is spent where the payer is not known: who may not spend another's points does not learn whether there are any."""
        return Refusal.CUSTOMER_UNKNOWN if self.pay_from is None else Refusal.NOT_A_POOL_MEMBER

    def spent_by(self, account: Account) -> str | None:
        """Return the customer when he is not the one, by any number, whose locked account pays."""
        return None if self.customer_no in account.numbers else self.customer_no


def pick_asked(work: OnlineWork, call: Call, account: Account, application: Application | None, asked: Spending) -> tuple[LotPart, ...] | Refusal:
    """Return which lots of the payer's locked account pay what is asked, or why they are not spent: what stops the payer, or who spends for him.

    A member's limit is exact because every spend of the owner's points takes the lock under which it is summed. Who spends his own costs no query.
    """
    member_no = asked.spent_by(account)
    if member_no is not None and (refusal := refusal_of_member(work.find_pool_standing(account, member_no), asked.points)) is not None:
        return refusal
    return pick_lots(work, call, account, application, asked.points, asked.point_types)


def pick_lots(
    work: OnlineWork, call: Call, account: Account, application: Application | None, points: int, point_types: frozenset[str] | None
) -> tuple[LotPart, ...] | Refusal:
    """Return which lots of a locked account pay `points`, or why they are not spent. `point_types` None: of every type.

    What was spent before is summed under the account's lock, which every spend of the customer takes: so no race gets past a limit, and one that is set
    later counts what came before it. Applications that ask neither who the customer is nor what was spent cost no query.
    """
    terms = NO_TERMS if application is None else application.terms
    facts = NOT_ASKED if terms.eligible is None else work.applications.find_customer_facts(call.legal_entity, account.customer_no)
    spent = NOTHING_SPENT if application is None else spent_on(work, account, application)
    return decide_spending(account, application, points, point_types, call.channel, facts, spent)


def spent_on(work: OnlineWork, account: Account, application: Application) -> Spent:
    """Return what a locked account has spent on an application that counts it; of others nothing."""
    return work.applications.spent(account, application.code) if application.terms.counts else NOTHING_SPENT


def find_quoted(work: OnlineWork, call: Call, asked: Spending, now: datetime) -> Quote | Refusal | None:
    """Return the quote that a spend names, if it is honoured, or why it is not; None: the spend names none. Under the payer's lock."""
    if asked.quote_id is None:
        return None
    quote = work.quotes.find(call.legal_entity, asked.quote_id)
    return refusal_of_quote(quote, asked.payer_no, asked.application, asked.points, now) or quote
