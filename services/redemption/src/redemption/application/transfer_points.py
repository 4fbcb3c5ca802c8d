"""Transfer points: one customer gives them to another."""

from dataclasses import dataclass

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer
from redemption.application.answering import answer_of_arrival, conclude, shown
from redemption.application.online_ports import BeginOnlineWork, Call, Made, NewId
from redemption.domain.refusals import Refusal
from redemption.domain.reversals import Effect, Serial
from redemption.domain.transferring import Transfer, decide_transfer, transfer_points


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferring:
    """What a channel asks to transfer."""

    serial: Serial
    from_customer_no: str
    to_customer_no: str
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferPoints:
    """Moves points between two customers of an entity; the receiver's account is opened if needed. Both accounts are held in one order."""

    begin: BeginOnlineWork
    clock: Clock
    new_id: NewId

    def __call__(self, call: Call, asked: Transferring) -> Answer:
        with self.begin() as work:
            if (earlier := work.answers.find(call.idempotency)) is not None:
                return earlier
            opened = work.open(call, [asked.serial])
            if (earlier := answer_of_arrival(work, call, opened.kept[0], self.clock.now())) is not None:
                return earlier
            on = opened.entity.business_on
            rules = work.transfers.find_rules(call.legal_entity, on)
            if not rules.allowed:
                return conclude(work, call, asked.serial, Refusal.TRANSFERS_NOT_ALLOWED, self.clock.now())
            if work.accounts.find(call.legal_entity, asked.from_customer_no, on) is None:
                return conclude(work, call, asked.serial, Refusal.CUSTOMER_UNKNOWN, self.clock.now())
            accounts = work.accounts.open_all_for_update(call.legal_entity, {asked.from_customer_no, asked.to_customer_no}, on)
            sender, receiver = accounts[asked.from_customer_no], accounts[asked.to_customer_no]
            now = self.clock.now()
            work.holds.end_expired(sender, now)
            sent_today = work.transfers.sent_on(call.legal_entity, sender.numbers, on)
            lots = decide_transfer(sender, receiver, asked.points, rules, sent_today)
            if isinstance(lots, Refusal):
                work.accounts.post(sender, now)  # what the holds that ended gave back
                return conclude(work, call, asked.serial, lots, now)
            transfer = Transfer(
                transfer_id=self.new_id(),
                from_customer_no=asked.from_customer_no,
                to_customer_no=asked.to_customer_no,
                points=asked.points,
                lots=lots,
                business_on=on,
            )
            transfer_points(sender, receiver, transfer, call.channel)
            work.transfers.add(call.legal_entity, transfer, call.channel, now)
            work.accounts.post(sender, now)
            work.accounts.post(receiver, now)
            body = {
                "transfer_id": transfer.transfer_id,
                "status": transfer.status,
                "from_customer_no": transfer.from_customer_no,
                "to_customer_no": transfer.to_customer_no,
                "points": transfer.points,
                "lots": shown(lots),
            }
            return conclude(work, call, asked.serial, (body, Made(Effect.TRANSFER, transfer.transfer_id, transfer.from_customer_no)), now)
