"""Reverse a transaction: the channel got no answer to a call, and wants it not to have been."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import assert_never

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer
from redemption.application.answering import answer_of_arrival, conclude
from redemption.application.online_ports import BeginOnlineWork, Call, Made, NewId, OnlineWork
from redemption.domain.account import Account
from redemption.domain.grants import origin_of_grant_reversal
from redemption.domain.holds import HoldStatus
from redemption.domain.lots import LotPart
from redemption.domain.reversals import Effect, KeptSerial, Reversal, Serial, decide_reversal
from redemption.domain.spending import RedemptionStatus, origin_of_reversal, reverse_redemption, spend_again
from redemption.domain.transferring import reverse_transfer


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseTransaction:
    """Undoes, on any date, all that the call with the original serial did and what was built on it, less what was refunded.

    An original that is under way is waited for; one that is not known is kept out when it comes late; of a refused one there is nothing to reverse.
    Repeated, also under another serial, it answers as before and changes nothing.
    """

    begin: BeginOnlineWork
    clock: Clock
    new_id: NewId

    def __call__(self, call: Call, original: Serial, serial: Serial) -> Answer:
        with self.begin() as work:
            if (earlier := work.answers.find(call.idempotency)) is not None:
                return earlier
            opened = work.open(call, [serial, original])
            kept, kept_original = opened.kept
            now = self.clock.now()
            if (earlier := answer_of_arrival(work, call, kept, now)) is not None:
                return earlier
            reversal_id = self.new_id()
            decision = decide_reversal(kept_original)
            match decision:
                case Reversal.KEEP_OUT:
                    work.serials.keep_out(call, original, now)
                case Reversal.UNDO:
                    assert kept_original is not None
                    now = self._undo(work, call, kept_original, reversal_id, opened.entity.business_on)
                    work.serials.mark_reversed(call, original)
                case Reversal.NOTHING | Reversal.DONE_BEFORE:
                    pass
                case _:
                    assert_never(decision)
            status = "reversed" if decision in (Reversal.UNDO, Reversal.DONE_BEFORE) else "nothing-to-reverse"
            return conclude(work, call, serial, ({"reversal_id": reversal_id, "status": status}, Made(Effect.REVERSAL, reversal_id, None)), now)

    def _undo(self, work: OnlineWork, call: Call, original: KeptSerial, reversal_id: str, on: date) -> datetime:
        """Undo what the original made, and return when, read after its account was locked."""
        assert original.effect is not None
        assert original.effect_id is not None
        assert original.customer_no is not None
        if original.effect is Effect.TRANSFER:
            return self._undo_transfer(work, call, original.effect_id, reversal_id, on)
        account = work.accounts.find_for_update(call.legal_entity, original.customer_no, on)
        assert account is not None
        now = self.clock.now()
        work.holds.end_expired(account, now)
        undoing = _Undoing(work, call, account, reversal_id, now)
        match original.effect:
            case Effect.GRANT:
                undoing.undo_grant(original.effect_id)
            case Effect.RESERVATION:
                undoing.undo_reservation(original.effect_id)
            case Effect.REDEMPTION:
                undoing.undo_redemption(original.effect_id)
            case Effect.REFUND:
                undoing.undo_refund(original.effect_id)
            case Effect.REVERSAL | Effect.TRANSFER:
                raise AssertionError(f"a {original.effect} is not undone on one account")
            case _:
                assert_never(original.effect)
        work.accounts.post(account, now)
        return now

    def _undo_transfer(self, work: OnlineWork, call: Call, transfer_id: str, reversal_id: str, on: date) -> datetime:
        """Move a transfer's points back, and return when. Once both numbers are one customer's, nothing is left to move."""
        transfer = work.transfers.get(call.legal_entity, transfer_id)
        accounts = work.accounts.open_all_for_update(call.legal_entity, {transfer.from_customer_no, transfer.to_customer_no}, on)
        sender, receiver = accounts[transfer.from_customer_no], accounts[transfer.to_customer_no]
        now = self.clock.now()
        work.transfers.mark_reversed(call.legal_entity, transfer_id)
        if sender is not receiver:
            for account in (sender, receiver):
                work.holds.end_expired(account, now)
            reverse_transfer(sender, receiver, transfer, reversal_id, call.channel)
            for account in (sender, receiver):
                work.accounts.post(account, now)
        return now


@dataclass(frozen=True, slots=True)
class _Undoing:
    """The undoing of one call on its locked account."""

    work: OnlineWork
    call: Call
    account: Account
    reversal_id: str
    now: datetime

    def undo_grant(self, grant_id: str) -> None:
        """Take granted points back; what was spent of them meanwhile becomes arrears."""
        grant = self.work.grants.get(self.call.legal_entity, grant_id)
        origin = origin_of_grant_reversal(grant, self.reversal_id, self.call.channel)
        self.account.take_back(grant.lot.point_type, grant.points, grant.lot, origin)

    def undo_reservation(self, reservation_id: str) -> None:
        """Release what a reservation holds, or give back what its capture spent; a hold that has ended otherwise left nothing."""
        hold = self.work.holds.find(self.call.legal_entity, reservation_id)
        assert hold is not None
        if hold.redemption_id is not None:
            self.undo_redemption(hold.redemption_id)
        elif hold.status is HoldStatus.RESERVED:  # still live: those whose time was up have just been ended
            self.account.release(hold.lots)
            self.work.holds.end(self.call.legal_entity, reservation_id, HoldStatus.RELEASED, self.now)

    def undo_redemption(self, redemption_id: str) -> None:
        """Give back what has not been given back of a redemption."""
        redemption = self.work.redemptions.get(self.call.legal_entity, redemption_id)
        if redemption.status is RedemptionStatus.REDEEMED:
            given = reverse_redemption(redemption)
            self.account.give(given.restored, origin_of_reversal(redemption, self.reversal_id, self.call.channel))
            self.work.redemptions.change(self.call.legal_entity, given.redemption)

    def undo_refund(self, refund_id: str) -> None:
        """Take a refund's points again: they count as spent, but for those that lapsed unused. A reversed redemption's refund is undone with it."""
        refund = self.work.redemptions.get_refund(self.call.legal_entity, refund_id)
        redemption = self.work.redemptions.get(self.call.legal_entity, refund.redemption_id)
        if redemption.status is not RedemptionStatus.REDEEMED:
            return
        origin = origin_of_reversal(redemption, self.reversal_id, self.call.channel)
        spent = [
            LotPart(lot, points - self.account.take_back(lot.point_type, points, lot, origin))  # less what had lapsed
            for lot, points in refund.restored
        ]
        self.work.redemptions.change(self.call.legal_entity, spend_again(redemption, spent))
