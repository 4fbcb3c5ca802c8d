"""Carry out approved extensions of expiry: a few hundred customers at a time, so that it can be stopped and goes on where it was."""

from dataclasses import dataclass, replace
from typing import Final

from loyalty_shared.kernel.clock import Clock
from redemption.application.extending_ports import BeginExtendingWork
from redemption.domain.extending import ExtensionStatus, extend

#: Accounts are extended so many in one transaction: their locks are held for as long as that takes.
ACCOUNTS_PER_TRANSACTION: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class CarryOutExtensions:
    """Extends the next customers of an entity's oldest approved extension. Returns False when none is left."""

    begin: BeginExtendingWork
    clock: Clock

    def __call__(self, legal_entity: str) -> bool:
        with self.begin() as work:
            entity = work.hold_date(legal_entity)
            extension = work.extensions.find_approved_for_update(legal_entity)
            if extension is None:
                return False
            customers = work.extensions.list_customers(legal_entity, extension, entity.business_on, ACCOUNTS_PER_TRANSACTION)
            keys = [(legal_entity, customer_no) for customer_no in customers]
            if keys:
                work.lock_accounts(keys)
                at = self.clock.now()
                accounts = work.load(keys, {legal_entity: entity}, at)
                moved = [extend(account, extension) for account in accounts.values()]
                work.post(accounts.values(), at)
                extension = replace(
                    extension, done_before=customers[-1], accounts=extension.accounts + sum(map(bool, moved)), points=extension.points + sum(moved)
                )
            if len(customers) < ACCOUNTS_PER_TRANSACTION:
                extension = replace(extension, status=ExtensionStatus.DONE)
            work.extensions.change(legal_entity, extension)
        return True
