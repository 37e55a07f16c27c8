"""An account's slots in virtual time: clips one after the other, polled by what was learned."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from statistics import fmean

from batchgen.run.polling.experience import Experience
from batchgen.run.polling.law import Law
from batchgen.run.polling.rhythm import Rhythm
from batchgen.run.polling.schedule import Price, Schedule
from tests.bench.polling_laws import Cost, TrueLaw, mean_cost, spaced

SLOTS = 10
_GOLDEN = (math.sqrt(5) - 1) / 2
_TURNS = (0.1, 0.3, 0.5, 0.7, 0.9)

#: The short tasks: so many clips, their median and sigma, and what a submit and a poll take.
CLIPS, MEDIAN_S, SIGMA = 400, 1.5, 0.35
SUBMIT_S, POLL_S = 0.02, 0.01


@dataclass
class Learner:
    """An account that has seen nothing yet, at a fixed price of polls."""

    #: Gives the duration of the n-th clip.
    draw: Callable[[int], float]
    price_s: float
    experience: Experience = field(default_factory=Experience)
    started: int = 0
    _ended: int = 0
    _polls: int = 0
    _lag_s: float = 0.0
    _waits: int = 0
    #: (moment of the next poll, number, moment of the start, duration).
    _due: list[tuple[float, int, float, float]] = field(default_factory=list)
    _schedule: tuple[Law, Schedule] | None = None

    def __post_init__(self) -> None:
        for _ in range(SLOTS):
            self._start(0.0)

    @property
    def paid(self) -> Cost:
        """What a clip has cost until now."""
        return Cost(self._lag_s / self._ended, self._polls / self._ended)

    def run_to(self, ended: int) -> None:
        """Go on until so many clips have ended."""
        while self._ended < ended:
            now, number, start, duration_s = heapq.heappop(self._due)
            self._polls += 1
            age_s = now - start
            if age_s < duration_s:
                self.experience.found_alive(number, age_s)
                self._wait(number, start, age_s, duration_s)
                continue
            self.experience.found_ended(number, age_s)
            self._ended += 1
            self._lag_s += age_s - duration_s
            self._start(now)

    def cost(self, law: TrueLaw) -> Cost:
        """Give the exact cost, under a law, of the schedule as it is now."""
        return mean_cost([self._cost(law, turn) for turn in _TURNS])

    def _cost(self, law: TrueLaw, turn: float) -> Cost:
        schedule = self._learned()
        return spaced(law, lambda age_s: schedule.next_s(age_s, turn))

    def _learned(self) -> Schedule:
        law = self.experience.law
        if self._schedule is None or self._schedule[0] is not law:
            self._schedule = law, Schedule(law, Price(self.price_s))
        return self._schedule[1]

    def _start(self, now: float) -> None:
        self.started += 1
        self.experience.follow(self.started)
        self._wait(self.started, now, 0.0, self.draw(self.started))

    def _wait(self, number: int, start: float, age_s: float, duration_s: float) -> None:
        self._waits += 1
        next_s = self._learned().next_s(age_s, self._waits * _GOLDEN % 1)
        heapq.heappush(self._due, (start + next_s, number, start, duration_s))


@dataclass(frozen=True)
class Short:
    """A run of short tasks, from an empty state: what of a perfect client's speed is reached."""

    slots: int
    #: None: the default.
    poll_cost_s: float | None
    efficiency: float
    polls: float


def short_tasks(slots: int, poll_cost_s: float | None, seeds: int = 10) -> Short:
    """Run clips of 1.5 s whose submits and polls take their time; the mean of some seeds."""
    found = [_short_run(slots, poll_cost_s, Random(seed)) for seed in range(seeds)]
    efficiency, polls = (fmean(each) for each in zip(*found, strict=True))
    return Short(slots, poll_cost_s, efficiency, polls)


def _short_run(slots: int, poll_cost_s: float | None, chance: Random) -> tuple[float, float]:
    durations = [MEDIAN_S * math.exp(SIGMA * chance.gauss(0, 1)) for _ in range(CLIPS)]
    rhythm = Rhythm({}, poll_cost_s, calls_per_second=1e6)
    free, polls, end = [0.0] * slots, 0, 0.0
    # (moment of the next poll, number of the clip, moment of its start).
    due: list[tuple[float, int, float]] = []
    waiting = iter(range(CLIPS))
    while free or due:
        while free and (number := next(waiting, None)) is not None:
            start = free.pop() + SUBMIT_S
            heapq.heappush(due, (start + rhythm.wait_s("m", number, 0.0), number, start))
        free.clear()
        if not due:
            break
        now, number, start = heapq.heappop(due)
        polls += 1
        if now - start >= durations[number]:
            end = now + POLL_S
            rhythm.found_ended("m", number, end - start)
            free.append(end)
            continue
        age_s = now + POLL_S - start
        rhythm.found_alive("m", number, age_s)
        wait_s = rhythm.wait_s("m", number, age_s)
        heapq.heappush(due, (start + age_s + wait_s, number, start))
    return ideal_s(durations, slots) / end, polls / CLIPS


def ideal_s(durations: list[float], slots: int) -> float:
    """Give the makespan of a perfect client that starts the same tasks in the same order."""
    free = [0.0] * slots
    for duration_s in durations:
        heapq.heapreplace(free, free[0] + duration_s)
    return max(free)
