"""How long a queue of tasks may take: many possible courses of it, drawn by chance. Pure.

Each course first draws a law of durations for every model, as its history allows (short histories
allow many), then the duration of each task, and lets the slots work them off. The same seed draws
the same courses. Knows no clip, price or clock; numpy loads slowly, so import this where it is
used.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from batchgen.plan.forecasting.queues import Queue

#: Seconds of one task of a model that has no history here. The provider publishes no figure;
#: users of its and of like models report 30 to 155 s for a 4 s clip, most about a minute.
PRIOR_TASK_S = 60.0
#: How far the logarithm of that figure may be off (standard deviation).
_PRIOR_DOUBT = 0.6
#: Spread of log-durations that is assumed before any is known, and how many tasks it is worth.
_PRIOR_SPREAD = 0.35
_PRIOR_WEIGHT = 2.0
#: Newest durations of a model that are looked at.
_NEWEST = 200
#: Courses that are drawn.
_COURSES = 200
#: Steps whose durations are drawn at once, to bound the memory.
_BLOCK = 512
#: Durations of each course that stand for its law where it has no formula.
_SAMPLE = 128
#: Rounds in which the fit takes in tasks that have not ended; it settles in a few.
_ROUNDS = 8
_SHORTEST_S = 1e-3

Floats = NDArray[np.float64]


def possible_ends(queue: Queue, simulated: int, seed: int) -> Floats:
    """Draw seconds until the last task has ended, one figure for each course.

    Up to `simulated` waiting tasks are played out one by one. Of more, only the sum of their
    durations is drawn, and what is left alive when the last one starts:
    `(sum - left) / slots + longest left`.
    """
    rng = np.random.default_rng(seed)
    models = sorted({*queue.waiting, *queue.ages})
    unknown = _unknown_law(rng)
    laws = {
        model: _law(rng, seen[-_NEWEST:], queue.ages.get(model, ()))
        if (seen := queue.seen.get(model))
        else unknown
        for model in models
    }
    free_at = _free_at(rng, queue, laws)
    counts = {model: count for model, count in queue.waiting.items() if count > 0}
    if sum(counts.values()) <= simulated:
        return _played_out(rng, free_at, counts, laws)
    return _summed_up(rng, free_at, counts, laws)


# ---------------------------------------------------------------- the law of one model


@dataclass(frozen=True, slots=True)
class _Law:
    """Log-durations: in each course `centre + spread * z`, with z near the history's own shape."""

    #: One row for each course.
    centre: Floats
    spread: Floats
    #: The history, standardised, and how much of it is in z; the rest is a normal draw.
    shape: Floats
    share: float

    def draw(self, rng: np.random.Generator, count: int) -> Floats:
        """Draw so many durations in each course: courses x count, in seconds."""
        size = (_COURSES, count)
        z = math.sqrt(1 - self.share**2) * rng.standard_normal(size)
        z += self.share * rng.choice(self.shape, size)
        drawn: Floats = np.exp(self.centre + self.spread * z)
        return drawn

    def moment(self, power: int) -> Floats:
        """Give the expected power of a duration in each course."""
        smooth = (power * self.spread[:, 0]) ** 2 * (1 - self.share**2) / 2
        at_points = np.exp(power * (self.centre + self.spread * self.share * self.shape))
        expected: Floats = at_points.mean(axis=1) * np.exp(smooth)
        return expected


def _unknown_law(rng: np.random.Generator) -> _Law:
    """Draw the laws of models that have no history: wide, and the same for all of them."""
    centre = math.log(PRIOR_TASK_S) + _PRIOR_DOUBT * rng.standard_normal((_COURSES, 1))
    return _Law(centre, np.full((_COURSES, 1), _PRIOR_SPREAD), np.zeros(1), 0.0)


def _law(rng: np.random.Generator, history: Sequence[float], ages: Sequence[float]) -> _Law:
    """Draw the laws that a history allows: Student's t for the centre, chi-square for the spread.

    The draw's shape is the history smoothed with a bandwidth that shrinks as it grows.
    """
    logs = np.log(np.maximum(history, _SHORTEST_S))
    mean, variance = _fit(logs, np.log(np.maximum(ages, _SHORTEST_S)))
    weight = _PRIOR_WEIGHT + len(logs) - 1
    pooled = _PRIOR_WEIGHT * _PRIOR_SPREAD**2 + (len(logs) - 1) * variance
    spread = np.sqrt(pooled / rng.chisquare(weight, (_COURSES, 1)))
    centre = mean + spread / math.sqrt(len(logs)) * rng.standard_normal((_COURSES, 1))
    deviation = float(logs.std())
    if deviation == 0:
        return _Law(centre, spread, np.zeros(1), 0.0)
    share = 1 / math.hypot(1, len(logs) ** (-1 / 3))
    return _Law(centre, spread, (logs - logs.mean()) / deviation, share)


def _fit(logs: Floats, log_ages: Floats) -> tuple[float, float]:
    """Fit mean and variance of log-durations, by expectation and maximisation.

    Tasks that are alive count for lasting longer than their age: what ended first is short.
    """
    count = len(logs) + len(log_ages)
    centre = float(logs.mean())
    variance = float(logs.var(ddof=1)) if len(logs) > 1 else _PRIOR_SPREAD**2
    for _ in range(_ROUNDS if len(log_ages) else 0):
        spread = math.sqrt(variance + 1e-6)
        at = [(age - centre) / spread for age in log_ages.tolist()]
        hazards = [_hazard(z) for z in at]
        longer = [centre + spread * hazard for hazard in hazards]
        beyond = [variance * (1 + z * hazard) for z, hazard in zip(at, hazards, strict=True)]
        squares = float(((logs - centre) ** 2).sum()) + sum(beyond)
        moved = (float(logs.sum()) + sum(longer)) / count
        variance = max(squares / count - (moved - centre) ** 2, 0.0)
        centre = moved
    return centre, variance


def _hazard(z: float) -> float:
    """Give the hazard of the standard normal law at z."""
    if z > 6:
        return z + 1 / z
    return math.exp(-z * z / 2) * math.sqrt(2 / math.pi) / math.erfc(z / math.sqrt(2))


# ---------------------------------------------------------------- the slots


def _free_at(rng: np.random.Generator, queue: Queue, laws: Mapping[str, _Law]) -> Floats:
    """Draw when each slot is free for a waiting task: courses x slots.

    Where more tasks are alive than there are slots, the first to end free none.
    """
    left: list[Floats] = []
    for model, ages in queue.ages.items():
        durations = np.sort(laws[model].draw(rng, _SAMPLE), axis=1)
        left.extend(_left_of(rng, durations, age) for age in ages)
    idle = np.zeros((_COURSES, max(queue.slots - len(left), 0)))
    free_at = np.sort(np.column_stack([*left, idle]), axis=1)
    return np.ascontiguousarray(free_at[:, -queue.slots :])


def _left_of(rng: np.random.Generator, durations: Floats, age_s: float) -> Floats:
    """Draw the seconds that a task of this age still takes, from those durations that are longer.

    `durations` are sorted in each course. A task that is older than all of them takes as long again
    and more, the older it is.
    """
    shorter = (durations <= age_s).sum(axis=1)
    place = shorter + (rng.random(_COURSES) * (_SAMPLE - shorter)).astype(int)
    found = durations[np.arange(_COURSES), np.minimum(place, _SAMPLE - 1)]
    late = age_s / np.sqrt(rng.random(_COURSES) + 1e-9)
    left: Floats = np.where(shorter < _SAMPLE, found, late) - age_s
    return left


def _played_out(
    rng: np.random.Generator,
    free_at: Floats,
    counts: Mapping[str, int],
    laws: Mapping[str, _Law],
) -> Floats:
    """Give each waiting task to the slot that is free first."""
    slots = free_at.shape[1]
    flat = free_at.reshape(-1)
    first_slot = np.arange(_COURSES) * slots
    for durations in _durations(rng, counts, laws):
        taken = free_at.argmin(axis=1)
        taken += first_slot
        flat[taken] += durations
    ends: Floats = free_at.max(axis=1)
    return ends


def _durations(
    rng: np.random.Generator, counts: Mapping[str, int], laws: Mapping[str, _Law]
) -> Iterator[Floats]:
    """Yield one duration for each course, task after task, the models evenly mixed."""
    models = list(counts)
    places = [(np.arange(count) + 0.5) / count for count in counts.values()]
    kinds = np.repeat(np.arange(len(models)), list(counts.values()))
    order = kinds[np.argsort(np.concatenate(places), kind="stable")] if models else kinds
    for start in range(0, len(order), _BLOCK):
        block = order[start : start + _BLOCK]
        durations = np.empty((len(block), _COURSES))
        for kind, model in enumerate(models):
            mine = block == kind
            durations[mine] = laws[model].draw(rng, int(mine.sum())).T
        yield from durations


def _summed_up(
    rng: np.random.Generator,
    free_at: Floats,
    counts: Mapping[str, int],
    laws: Mapping[str, _Law],
) -> Floats:
    """Draw the sum of all durations, and what is left of the last ones, as in a queue at rest.

    A task that is seen at a moment is seen the likelier the longer it lasts, at any point of it.
    """
    slots = free_at.shape[1]
    total = free_at.sum(axis=1)
    for model, count in counts.items():
        mean = laws[model].moment(1)
        variance = np.maximum(laws[model].moment(2) - mean**2, 0)
        total += count * mean + np.sqrt(count * variance) * rng.standard_normal(_COURSES)
    sample = np.hstack([laws[model].draw(rng, _SAMPLE) for model in counts])
    weights = sample * np.repeat(list(counts.values()), _SAMPLE)
    upto = np.cumsum(weights, axis=1)
    chosen = rng.random((_COURSES, slots)) * upto[:, -1:]
    place = (upto[:, None, :] < chosen[:, :, None]).sum(axis=2)
    left = np.take_along_axis(sample, place, axis=1) * rng.random((_COURSES, slots))
    ends: Floats = (total - left.sum(axis=1)) / slots + left.max(axis=1)
    return ends
