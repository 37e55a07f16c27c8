"""What people read for a status, for a place of money, and for a moment. Pure.

JSON, results and the state keep the stable words of `clip.Status` and `clip.MoneyPlace`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from batchgen.clip import MoneyPlace, Status
from batchgen.messages import Message, msg

#: Status -> its word; what needs a person comes first.
STATUS_WORDS: Mapping[Status, Message] = {
    Status.FAILED: msg("failed"),
    Status.UNCERTAIN: msg("uncertain"),
    Status.LOST: msg("lost"),
    Status.INVALID: msg("invalid"),
    Status.READY: msg("ready"),
    Status.RUNNING: msg("running"),
    Status.DONE: msg("done"),
    Status.PLANNED: msg("planned"),
}

#: Place of money -> its word.
MONEY_WORDS: Mapping[MoneyPlace, Message] = {
    MoneyPlace.RESERVED: msg("reserved"),
    MoneyPlace.SPENT: msg("spent"),
    MoneyPlace.AT_RISK: msg("at risk"),
    MoneyPlace.RELEASED: msg("not charged"),
}


def local_time(at: float) -> str:
    """Write UTC seconds as date and time of day where this computer is, to the minute."""
    return f"{datetime.fromtimestamp(at, UTC).astimezone():%Y-%m-%d %H:%M}"


def time_of_day(at: float) -> str:
    """Write UTC seconds as the time of day where this computer is, to the second."""
    return f"{datetime.fromtimestamp(at, UTC).astimezone():%H:%M:%S}"


def time_left(seconds: float) -> Message:
    """Word a span of time to the minute, rounded down: what is left is never overstated."""
    hours, minutes = divmod(int(max(seconds, 0) // 60), 60)
    if hours:
        return msg("{hours} h {minutes} min", hours=hours, minutes=minutes)
    return msg("{minutes} min", minutes=minutes) if minutes else msg("less than a minute")
