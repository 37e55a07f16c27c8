"""The ages at which to ask for a task, so that lag and polls together cost the least.

Lag is the time between a task's end and the poll that sees it; a poll is worth so many seconds of
lag. By dynamic programming over the age: what is still to come for a task that is alive at age t is

    V(t) = min over s > t of  price(s) + E[lag of an end in (t, s]] + P(alive at s | at t) V(s)

Times P(alive at t), each choice of s is a straight line in P(ended by t), so that the best of them
is the lower hull of lines that come in order of slope: the whole is linear in the number of ages.
Where the hazard h of ending is even, the best gap is about sqrt(2 price / h); the ages considered
lie an eighth of that apart. Pure arithmetic; knows neither tasks nor where the law comes from.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from batchgen.run.polling.law import BOUNDS_S, FIRST_S, Law, Row

#: Ages considered, for each poll by the rule of thumb: many while half of the tasks are alive, few
#: for the last ones; and never farther apart than this part of the age.
_FINE, _COARSE = 8.0, 1.0
_MATTERS_ALIVE = 0.5
_WIDEST = 0.06
#: A task later than all but so few is asked for by extrapolation.
_LATE_ALIVE = 0.001
#: Gaps differ by so much from poll to poll.
_DITHER = 0.1
_TINY = 1e-12

_Line: TypeAlias = tuple[float, float, int]


@dataclass(frozen=True, slots=True)
class Price:
    """The seconds of lag that a poll is worth: so many, or a share of the task's age if less."""

    most_s: float
    of_age: float = math.inf

    def at(self, ages_s: Row) -> Row:
        """Give the price of a poll at each age."""
        return np.minimum(self.most_s, self.of_age * ages_s)

    def times(self, factor: float) -> Price:
        """Give a price so many times as high."""
        return Price(self.most_s * factor, self.of_age * factor)


class Schedule:
    """Ages, and for each of them the age of the best next poll of a task that is still alive."""

    def __init__(self, law: Law, price: Price) -> None:
        ages_s, rest_s = _considered(law, price)
        self._ages_s: list[float] = [0.0, *ages_s.tolist()]
        self._ended: list[float] = [0.0, *law.ended_by(ages_s).tolist()]
        nexts = best_next(self._ages_s, self._ended, [0.0, *price.at(ages_s).tolist()], rest_s)
        pairs = zip(nexts, self._ages_s, strict=True)
        self._gaps_s = [self._ages_s[later] - age_s for later, age_s in pairs]
        # Where the grid's end is next, it is in the way; from there on the gap grows with the age.
        free = max(bisect_left(nexts, len(nexts) - 2), 1)
        del self._ages_s[free:], self._gaps_s[free:]
        self._first_s = self._gaps_s[0]
        self._first_gap_s = self._gap_s(self._first_s)

    def next_s(self, age_s: float, turn: float = 0.5) -> float:
        """Give the age of the next poll of a task that is alive at this age.

        `turn` is a number from 0 to 1, another one each time, so that tasks that were started
        together are not asked for together: first polls differ by a whole gap, later gaps by a
        tenth.
        """
        if age_s < self._first_s - self._first_gap_s:
            return self._first_s + self._first_gap_s * (turn - 0.5)
        gap_s = self._gap_s(age_s)
        if age_s < self._first_s:  # asked before its time: keep the distance from the others
            gap_s = max(gap_s, self._first_gap_s)
        return age_s + gap_s * (1 + _DITHER * (turn - 0.5))

    @cached_property
    def expected(self) -> tuple[float, float]:
        """The polls of one task to expect, and its age at the last of them in seconds."""
        age_s, polls, seen_s, alive = 0.0, 0.0, 0.0, 1.0
        while age_s < self._ages_s[-1]:
            age_s = self.next_s(age_s)
            polls += alive
            still_alive = 1 - self._ended[bisect_right(self._ages_s, age_s) - 1]
            seen_s += (alive - still_alive) * age_s
            alive = still_alive
        return polls, seen_s

    def _gap_s(self, age_s: float) -> float:
        here = bisect_right(self._ages_s, age_s) - 1
        if here == len(self._ages_s) - 1:
            return self._gaps_s[-1] * max(age_s / max(self._ages_s[-1], FIRST_S), 1.0)
        before_s, after_s = self._ages_s[here], self._ages_s[here + 1]
        share = (age_s - before_s) / (after_s - before_s)
        return self._gaps_s[here] * (1 - share) + self._gaps_s[here + 1] * share


def best_next(
    ages_s: Sequence[float], ended: Sequence[float], prices: Sequence[float], rest_s: float
) -> list[int]:
    """Give for each age the index of the age at which to ask next; for the last age, its own.

    `ended` is the chance to have ended by each age, `rest_s` what a task alive at the last age will
    cost. Ages and chances rise; prices do not fall. Within a step, ends are spread evenly.
    """
    means_s = _means(ages_s, ended)
    last = len(ages_s) - 1
    nexts = [last] * (last + 1)
    to_come_s = (1 - ended[last]) * rest_s
    lines: deque[_Line] = deque()
    for here in range(last - 1, -1, -1):
        then = here + 1
        lag_s = ages_s[then] * ended[then] - means_s[then]
        slope = -ages_s[then] - prices[then]
        _add(lines, (slope, prices[then] + lag_s + to_come_s, then))
        slope, height, nexts[here] = _lowest(lines, ended[here])
        to_come_s = slope * ended[here] + height + means_s[here]
    return nexts


def _means(ages_s: Sequence[float], ended: Sequence[float]) -> list[float]:
    """Give by age the mean duration of what has ended by then, times its chance."""
    means_s = [ages_s[0] * ended[0]]
    for here in range(1, len(ages_s)):
        middle_s = (ages_s[here] + ages_s[here - 1]) / 2
        means_s.append(means_s[-1] + (ended[here] - ended[here - 1]) * middle_s)
    return means_s


def _add(lines: deque[_Line], line: _Line) -> None:
    """Add a line, less steep than all before, and drop those that are nowhere the lowest now."""
    slope, height, _ = line
    while len(lines) > 1:
        (slope_1, height_1, _), (slope_2, height_2, _) = lines[-2], lines[-1]
        if (height - height_1) * (slope_1 - slope_2) < (height_2 - height_1) * (slope_1 - slope):
            break
        lines.pop()
    lines.append(line)


def _lowest(lines: deque[_Line], at: float) -> _Line:
    """Give the line that is the lowest here, and drop those that were so only farther up."""
    while len(lines) > 1:
        (slope_1, height_1, _), (slope_2, height_2, _) = lines[0], lines[1]
        if slope_1 * at + height_1 < slope_2 * at + height_2:
            break
        lines.popleft()
    return lines[0]


def _considered(law: Law, price: Price) -> tuple[Row, float]:
    """Give the ages considered, dense where polls are, and what a task alive at the last costs."""
    alive = np.maximum(1 - law.ended, _LATE_ALIVE / 2)
    widths_s = np.diff(BOUNDS_S)
    ages_s = BOUNDS_S[1:]
    hazard = law.mass / widths_s / (alive[1:] + law.mass / 2)
    gaps_s = np.sqrt(2 * price.at(ages_s) / np.maximum(hazard, _TINY))
    fine = _COARSE + (_FINE - _COARSE) * np.minimum(1, alive[1:] / _MATTERS_ALIVE)
    density = fine / gaps_s + 1 / (_WIDEST * ages_s)
    end = int(np.searchsorted(-alive[1:-1], -_LATE_ALIVE)) + 1
    counts = np.cumsum(density * widths_s)[:end]
    found: Row = np.interp(np.arange(1, int(counts[-1])), counts, ages_s[:end])
    return found, float(gaps_s[end - 1])
