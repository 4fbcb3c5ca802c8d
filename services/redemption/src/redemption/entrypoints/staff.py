"""Who calls on behalf of the bank, and whose customers they may see."""

from typing import Final

from loyalty_shared.web.credentials import Caller, Function, Write, reads, require_within_scope, writes
from redemption.application.staff_calls import StaffCall
from redemption.application.staff_ports import BeginStaffWork

#: A maker may call a checker's step too: the answer is then `maker-cannot-approve` where he made it, which says more than that a function is missing.
CHECKED: Final = writes(Function.CHECKER, Function.MAKER)
READS: Final = reads(Function.MAKER, Function.CHECKER, Function.ADMIN)


def staff_call_of(write: Write) -> StaffCall:
    """Return the call with what its caller may do."""
    return StaffCall(write.idempotency, Function.CHECKER in write.caller.functions)


def require_customer_within_scope(begin: BeginStaffWork, caller: Caller, legal_entity: str, customer_no: str, path: str) -> None:
    """Raise `beyond-your-scope` when the caller may not see the customer. `path`: where the call names them."""
    if caller.institutions is not None:
        with begin() as work:
            institution = work.find_institution(legal_entity, customer_no)
        require_within_scope(caller, institution, path)


def require_unscoped(caller: Caller) -> None:
    """Raise `beyond-your-scope` when the caller may see some institutions' customers only: what is asked shows all."""
    require_within_scope(caller, None, "query.customer_no")


def require_listed_within_scope(begin: BeginStaffWork, caller: Caller, legal_entity: str, customer_no: str | None) -> None:
    """Raise `beyond-your-scope` when the caller may not see the customer that a list is asked of, or, where it is of all, some customers."""
    if customer_no is None:
        require_unscoped(caller)
    else:
        require_customer_within_scope(begin, caller, legal_entity, customer_no, "query.customer_no")
