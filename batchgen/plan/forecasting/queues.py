"""The tasks that wait for slots, and when they will be done: values of the forecast. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Forecast:
    """When something ends, in seconds from now: in 8 of 10 cases between `low_s` and `high_s`."""

    expected_s: float
    low_s: float
    high_s: float


@dataclass(frozen=True, slots=True)
class Queue:
    """Tasks that are to be made in the same slots, in mixed order."""

    #: Model -> tasks not yet started.
    waiting: Mapping[str, int]
    #: Tasks that may be alive at once, at least 1.
    slots: int
    #: Model -> seconds that its tasks took, oldest first.
    seen: Mapping[str, Sequence[float]]
    #: Model -> seconds since each task that is alive now was started.
    ages: Mapping[str, Sequence[float]] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Whether no task waits and none is alive."""
        return not any(self.ages.values()) and not any(n > 0 for n in self.waiting.values())
