"""What the runner needs besides a provider, a state and an output folder: time and an audience."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from batchgen.clip import Attempt
from batchgen.messages import Message


class Clock(Protocol):
    """Time, passed in so that tests can move it."""

    def now(self) -> float:
        """UTC seconds since the epoch; may jump."""

    def monotonic(self) -> float:
        """Seconds that never go back."""

    async def sleep(self, seconds: float) -> None:
        """Wait; may be cancelled."""


@dataclass(frozen=True, slots=True)
class Ends:
    """When a run is expected to end."""

    #: Seconds until then.
    left_s: float
    #: In 8 of 10 cases it ends between these moments, in UTC seconds.
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Progress:
    """The figures of one moment of a run."""

    #: Clips of this run that are settled (done, failed, in doubt, lost).
    settled: int
    #: Clips of this run.
    total: int
    #: Clips whose file is here.
    done: int
    #: Money of this job so far.
    spent: Decimal
    at_risk: Decimal
    reserved: Decimal
    currency: str
    #: Slots held now by tasks that are being made, of how many.
    in_flight: int
    slots: int
    #: When it ends, or None when nothing can be said yet.
    ends: Ends | None
    #: Slots held by clips in doubt, whose tasks may be alive.
    in_doubt: int = 0
    #: Until when nothing can be bought, in UTC seconds; None when it can, or nothing is left to.
    waits_until: float | None = None


class Observer(Protocol):
    """Who watches a run; every method returns at once and never raises."""

    def moved(self, attempt: Attempt) -> None:
        """Tell that an attempt changed its state (already durable)."""

    def progress(self, progress: Progress) -> None:
        """Tell the figures after each change."""

    def note(self, message: Message) -> None:
        """Tell something a person should know (waiting, slowed down, stopping)."""


class SilentObserver:
    """Watches nothing."""

    def moved(self, attempt: Attempt) -> None:
        """Ignore the change."""

    def progress(self, progress: Progress) -> None:
        """Ignore the figures."""

    def note(self, message: Message) -> None:
        """Ignore the note."""
