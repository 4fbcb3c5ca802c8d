"""Points that lapsed in an account that has to give them back: they lapse in the account that they came from, and a claw-back there finds them unused."""

from collections.abc import Callable

from redemption.domain.account import Account
from redemption.domain.entries import MOVED_EARNED, MOVED_EXPIRED, Origin
from redemption.domain.lots import LotKey, LotPart

#: How an origin is made for one of the system accounts between customers.
OriginFor = Callable[[str], Origin]


def give_back_lapsed(giver: Account, receiver: Account, share: LotPart, met: dict[LotKey, int], origin: OriginFor) -> int:
    """Move back what of a lot's share has lapsed in the giver's account, and return how much that was.

    What the receiver's claw-backs have `met` of it there moves as met, and is taken from `met`.
    """
    lot = share.lot.matured()
    free = sum(giver.lots[one].free for one in dict.fromkeys((share.lot, lot)) if one in giver.lots)
    state = giver.lots.get(lot)
    lapsed = min(max(share.points - free, 0), min(met.get(lot, 0), state.excused) + state.lapsed - state.excused) if state else 0
    if not lapsed:
        return 0
    excused = min(lapsed, met.get(lot, 0))
    met[lot] = met.get(lot, 0) - excused
    giver.shift(lot.point_type, lapsed, origin(MOVED_EXPIRED), [LotPart(lot, lapsed)], [LotPart(lot, -excused)])
    for account, sign in ((giver, -1), (receiver, 1)):
        account.shift(lot.point_type, sign * lapsed, origin(MOVED_EARNED), [LotPart(lot, sign * lapsed)])
    receiver.shift(lot.point_type, -lapsed, origin(MOVED_EXPIRED), [LotPart(lot, -lapsed)], [LotPart(lot, excused)])
    return lapsed
