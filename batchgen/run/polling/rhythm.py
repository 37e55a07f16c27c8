"""The rhythm of the polls of one account: takes in what they told, gives when the next is due.

Each model has durations of its own; the ceiling of calls per second is shared by all tasks alive.
Where it binds, a poll is worth more lag, so that all of them fit under it. Knows no clock: ages
come in, waits go out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from batchgen.run.polling.experience import Experience
from batchgen.run.polling.law import Law
from batchgen.run.polling.schedule import Price, Schedule

#: Polls of one task are never closer than this.
_LEAST_GAP_S = 0.02
#: Unless the job says otherwise, a poll is worth this part of a task's median duration.
_WORTH = 0.0016
#: Of the ceiling, so much is used as foreseen.
_USED = 0.9
#: A schedule stands while each task's share of the ceiling is within these multiples.
_LESS, _MORE = 0.8, 2.0
#: Polls keep the ceiling when they are at most so many times what fits.
_NEAR = 1.03
#: Polls of a task that are foreseen whatever the ceiling: some wait for their turn then.
_FEWEST = 1.5
#: A poll that were worth more than this part would only be asked for when all have ended.
_MOST_WORTH = 0.05
#: While nothing has ended yet, gaps differ by so much from poll to poll.
_BLIND_SPREAD = 0.5
#: The golden section: its multiples are spread evenly however many there are.
_GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True, slots=True)
class _Standing:
    """A schedule, and what it was made for."""

    schedule: Schedule
    law: Law
    share: float


@dataclass(slots=True)
class _Model:
    experience: Experience
    standing: _Standing | None = None


@dataclass(slots=True)
class Rhythm:
    """When to ask for which task of one account."""

    #: Model -> seconds that its tasks took before, oldest first.
    seconds: Mapping[str, Sequence[float]]
    #: Seconds of lag that one poll is worth; None: a small part of the median duration.
    poll_cost_s: float | None
    #: The account's ceiling.
    calls_per_second: float
    _models: dict[str, _Model] = field(default_factory=dict)
    #: Waits given until now.
    _waits: int = 0

    def wait_s(self, model: str, task: int, age_s: float) -> float:
        """Give the wait until the next poll of a task of this age, and follow it from now on."""
        known = self._known(model)
        known.experience.follow(task)
        self._waits += 1
        turn = self._waits * _GOLDEN % 1
        share = self.calls_per_second / self._alive()
        wait_s = self._schedule(known, share).next_s(max(age_s, 0.0), turn) - age_s
        if not known.experience.has_ends:  # then they may all be of the same age
            wait_s = max(
                wait_s * (1 + _BLIND_SPREAD * (turn - 0.5)), (0.5 + turn) / (_USED * share)
            )
        return max(wait_s, _LEAST_GAP_S)

    def found_alive(self, model: str, task: int, age_s: float) -> None:
        """Note that a poll found a task running at this age; it is followed."""
        self._models[model].experience.found_alive(task, age_s)

    def found_ended(self, model: str, task: int, age_s: float) -> None:
        """Note that a poll found a task ended by this age; it was followed until now."""
        self._models[model].experience.found_ended(task, age_s)

    def leave(self, model: str, task: int) -> None:
        """Follow a task no more, if it is still followed."""
        self._known(model).experience.leave(task)

    def _known(self, model: str) -> _Model:
        if model not in self._models:
            self._models[model] = _Model(Experience(self.seconds.get(model, ())))
        return self._models[model]

    def _alive(self) -> int:
        return sum(known.experience.alive for known in self._models.values())

    def _schedule(self, known: _Model, share: float) -> Schedule:
        """Give the schedule that stands, or make one; `share` is a task's calls per second."""
        law, has_ends = known.experience.law, known.experience.has_ends
        standing = known.standing
        if (
            standing is None
            or standing.law is not law
            or (has_ends and not _LESS <= share / standing.share <= _MORE)
        ):
            schedule = self._best(law, share) if has_ends else self._first(law)
            standing = known.standing = _Standing(schedule, law, share)
        return standing.schedule

    def _first(self, law: Law) -> Schedule:
        """Give the schedule while nothing has ended: a poll is worth a part of the age."""
        if self.poll_cost_s is not None:
            return Schedule(law, Price(self._worth_s(law)))
        return Schedule(law, Price(_WORTH * law.median_s, of_age=_WORTH))

    def _worth_s(self, law: Law) -> float:
        """Give the seconds of lag that a poll is worth, at most a part of the median duration."""
        if self.poll_cost_s is None:
            return _WORTH * law.median_s
        return min(self.poll_cost_s, _MOST_WORTH * law.median_s)

    def _best(self, law: Law, share: float) -> Schedule:
        """Give the schedule by the price of a poll; the price rises until the ceiling is kept."""
        price = Price(self._worth_s(law))
        schedule = Schedule(law, price)
        while (excess := _excess(schedule, share)) > _NEAR:
            price = price.times(excess**2)  # polls go as 1 / sqrt(price)
            schedule = Schedule(law, price)
        return schedule


def _excess(schedule: Schedule, share: float) -> float:
    """Give how many times too many the polls are; of a task's calls, one is its submit."""
    polls, seen_s = schedule.expected
    return polls / max(_USED * share * seen_s - 1, _FEWEST)
