"""What came of many calls: counted while they are made, shown at the end."""

from collections import Counter
from collections.abc import Awaitable
from dataclasses import dataclass, field

from nanzhu_demo.client import Refused


@dataclass(slots=True)
class Tally:
    """How often each thing happened, its points, and refusals that were expected but did not come."""

    times: Counter[str] = field(default_factory=Counter)
    points: Counter[str] = field(default_factory=Counter)
    surprises: list[str] = field(default_factory=list)

    def note(self, what: str, points: int = 0) -> None:
        """Count one outcome and its points."""
        self.times[what] += 1
        self.points[what] += points

    def in_words(self) -> str:
        """Return what happened how often."""
        return ", ".join(f"{count} {what}" for what, count in self.times.items())


async def expect_refusal(code: str, call: Awaitable[object], tally: Tally) -> None:
    """Make a call that must be refused with `code`; note a surprise when it is not."""
    try:
        await call
    except Refused as refused:
        if refused.code != code:
            tally.surprises.append(f"expected {code}: {refused}")
    else:
        tally.surprises.append(f"a call that should be refused with {code} was done")
