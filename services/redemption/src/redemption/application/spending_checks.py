"""What every spend is checked for, before points are held or taken."""

from redemption.application.online_ports import Call, OnlineWork
from redemption.domain.account import Account
from redemption.domain.applications import NO_TERMS, NOT_ASKED, NOTHING_SPENT, Application
from redemption.domain.lots import LotPart
from redemption.domain.refusals import Refusal
from redemption.domain.spending import decide_spending


def pick_lots(
    work: OnlineWork, call: Call, account: Account, application: Application | None, points: int, point_types: frozenset[str] | None
) -> tuple[LotPart, ...] | Refusal:
    """Return which lots of a locked account pay `points`, or why they are not spent. `point_types` None: of every type.

    What was spent before is summed under the account's lock, which every spend of the customer takes: so no race gets past a limit, and one that is set
    later counts what came before it. Applications that ask neither who the customer is nor what was spent cost no query.
    """
    terms = NO_TERMS if application is None else application.terms
    facts = NOT_ASKED if terms.eligible is None else work.applications.find_customer_facts(call.legal_entity, account.customer_no)
    spent = work.applications.spent(account, application.code) if application is not None and terms.counts else NOTHING_SPENT
    return decide_spending(account, application, points, point_types, call.channel, facts, spent)
