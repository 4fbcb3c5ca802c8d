"""What the runner says when the machine, not the platform, is at fault."""

from __future__ import annotations


class PlatformFailure(Exception):
    """Tells the operator what went wrong (`fault`) and what to do about it (`remedy`)."""

    def __init__(self, fault: str, remedy: str) -> None:
        super().__init__(f"{fault}\n{remedy}")
        self.fault = fault
        self.remedy = remedy
