"""Grant points: a channel gives them, at once."""

from dataclasses import dataclass
from datetime import date

from loyalty_shared.kernel.clock import Clock
from loyalty_shared.web.idempotency import Answer
from redemption.application.answering import answer_of_arrival, conclude, refused
from redemption.application.online_ports import BeginOnlineWork, Call, Made, NewId
from redemption.domain.grants import GRANTING_INSTITUTION, GRANTING_PARTY, Grant, origin_of_grant, refusal_of_grant
from redemption.domain.lots import LotKey, lot_id_of
from redemption.domain.refusals import Refusal
from redemption.domain.reversals import Effect, Serial


@dataclass(frozen=True, slots=True, kw_only=True)
class Granting:
    """What a channel asks to give. `expires_on` None: the points never expire."""

    serial: Serial
    customer_no: str
    points: int
    point_type: str
    expires_on: date | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantPoints:
    """Gives points to a customer, whose account is opened if needed. Granted points never count against earning limits."""

    begin: BeginOnlineWork
    clock: Clock
    new_id: NewId

    def __call__(self, call: Call, asked: Granting) -> Answer:
        with self.begin() as work:
            if (earlier := work.answers.find(call.idempotency)) is not None:
                return earlier
            opened = work.open(call, [asked.serial])
            if (earlier := answer_of_arrival(work, call, opened.kept[0], self.clock.now())) is not None:
                return earlier
            if asked.point_type not in work.find_point_types(call.legal_entity, opened.entity.business_on):
                return refused(Refusal.POINT_TYPE_UNKNOWN)  # not valid, so nothing to keep: key and serial stay free for the right call
            account = work.accounts.open_for_update(call.legal_entity, asked.customer_no, opened.entity.business_on)
            now = self.clock.now()
            refusal = refusal_of_grant(account, asked.point_type, asked.points)
            if refusal is not None:
                return conclude(work, call, asked.serial, refusal, now)
            lot = LotKey(asked.point_type, None, asked.expires_on, GRANTING_PARTY, GRANTING_INSTITUTION)
            grant = Grant(grant_id=self.new_id(), customer_no=asked.customer_no, points=asked.points, lot=lot, reason=asked.reason)
            account.credit(lot, grant.points, origin_of_grant(grant, call.channel))
            work.grants.add(call.legal_entity, grant, call.channel, now)
            work.accounts.post(account, now)
            body = {
                "grant_id": grant.grant_id,
                "status": "granted",
                "customer_no": grant.customer_no,
                "points": grant.points,
                "point_type": lot.point_type,
                "expires_on": lot.expires_on,
                "lot_id": lot_id_of(lot),
            }
            return conclude(work, call, asked.serial, (body, Made(Effect.GRANT, grant.grant_id, grant.customer_no)), now)
