"""Ending sessions, as part of what several use cases do."""

from collections.abc import Iterable
from datetime import datetime

from console.application.ports import UnitOfWork
from console.domain.announcements import issued_from, taken_back
from console.domain.local_credentials import Credential


def end_sessions(work: UnitOfWork, sessions: Iterable[Credential], now: datetime) -> None:
    """Take the sessions' credentials back, here and at every service."""
    ended = [taken_back(session) for session in sessions]
    for session in ended:
        work.credentials.issue(session)
    if ended:
        work.announcements.post([issued_from(session) for session in ended], now)
