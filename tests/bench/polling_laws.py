"""Laws of task durations, what a poll schedule costs under one, and the best there is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from statistics import NormalDist

import numpy as np

from batchgen.run.polling.law import Row
from batchgen.run.polling.schedule import best_next

#: Normal deviations past which a law is taken to end.
_FAR = 5.5
_Z: Row = np.linspace(-8, 8, 4001)
_BELOW: Row = np.array([NormalDist().cdf(z) for z in _Z])


@dataclass(frozen=True)
class TrueLaw:
    """Durations as the provider has them; `mixture` is (share, median in s, sigma)."""

    name: str
    mixture: tuple[tuple[float, float, float], ...] = ()
    uniform: tuple[float, float] = (0.0, 0.0)

    def draw(self, chance: Random) -> float:
        """Draw one duration."""
        if not self.mixture:
            return chance.uniform(*self.uniform)
        point = chance.random()
        for share, median_s, sigma in self.mixture:
            point -= share
            if point < 0:
                return median_s * math.exp(sigma * chance.gauss(0, 1))
        raise AssertionError

    def ended_by(self, ages_s: Row) -> Row:
        """Give the chance to have ended by each age."""
        if not self.mixture:
            low, high = self.uniform
            return np.clip((ages_s - low) / (high - low), 0, 1)
        logs = np.log(np.maximum(ages_s, 1e-9))
        parts = [
            share * np.interp((logs - math.log(median_s)) / sigma, _Z, _BELOW)
            for share, median_s, sigma in self.mixture
        ]
        ended: Row = np.sum(parts, axis=0)
        return ended

    @cached_property
    def end_s(self) -> float:
        """The age by which every task has ended."""
        tops = [median_s * math.exp(_FAR * sigma) for _, median_s, sigma in self.mixture]
        return max([*tops, self.uniform[1]])

    @cached_property
    def mean_s(self) -> float:
        """The mean duration."""
        ages_s = np.linspace(0, self.end_s, 400_001)
        return float(np.trapezoid(1 - self.ended_by(ages_s), ages_s))

    def slower(self, factor: float) -> TrueLaw:
        """Give the law of a provider so many times slower."""
        mixture = tuple(
            (share, median_s * factor, sigma) for share, median_s, sigma in self.mixture
        )
        return TrueLaw(self.name, mixture, (self.uniform[0] * factor, self.uniform[1] * factor))


LAWS = (
    TrueLaw("lognormal 45 s, sigma 0.2", ((1.0, 45.0, 0.2),)),
    TrueLaw("lognormal 45 s, sigma 0.35", ((1.0, 45.0, 0.35),)),
    TrueLaw("lognormal 60 s, sigma 0.5", ((1.0, 60.0, 0.5),)),
    TrueLaw("60/40 of 30 s and 90 s, sigma 0.15", ((0.6, 30.0, 0.15), (0.4, 90.0, 0.15))),
    TrueLaw("uniform 20-80 s", uniform=(20.0, 80.0)),
)
MIXTURE = LAWS[3]


@dataclass(frozen=True)
class Cost:
    """What a schedule costs a clip."""

    lag_s: float
    polls: float

    def loss_s(self, price_s: float) -> float:
        """Give lag and polls together, a poll being worth so many seconds of lag."""
        return self.lag_s + price_s * self.polls


def cost(law: TrueLaw, polls_s: Sequence[float]) -> Cost:
    """Give the exact cost of polls at these ages; the last is past every end."""
    ages_s = np.array(polls_s)
    ended = np.diff(law.ended_by(ages_s), prepend=0.0)
    ended[-1] += 1 - ended.sum()
    counts = np.arange(1, len(ages_s) + 1)
    return Cost(float(ages_s @ ended - law.mean_s), float(counts @ ended))


def mean_cost(costs: Sequence[Cost]) -> Cost:
    """Average costs."""
    return Cost(
        sum(each.lag_s for each in costs) / len(costs),
        sum(each.polls for each in costs) / len(costs),
    )


def best(law: TrueLaw, price_s: float, step_s: float = 0.02) -> Cost:
    """Give the cost of the best schedule for the true law, polls being on multiples of a step."""
    ages_s = np.arange(0, law.end_s + step_s, step_s)
    ended = law.ended_by(ages_s)
    nexts = best_next(ages_s.tolist(), ended.tolist(), [price_s] * len(ages_s), price_s)
    here, polls_s = 0, []
    while here < len(ages_s) - 1:
        here = nexts[here]
        polls_s.append(float(ages_s[here]))
    return cost(law, polls_s)


def spaced(law: TrueLaw, next_s: Callable[[float], float]) -> Cost:
    """Give the cost of a schedule told as the age of the poll after each age."""
    return cost(law, list(_ages(law, next_s)))


def _ages(law: TrueLaw, next_s: Callable[[float], float]) -> Iterator[float]:
    age_s = 0.0
    while age_s < law.end_s:
        age_s = next_s(age_s)
        yield age_s


def fixed(law: TrueLaw, gap_s: float) -> Cost:
    """Give the cost of polls at a fixed interval."""
    return spaced(law, lambda age_s: age_s + gap_s)


def backed_off(law: TrueLaw) -> Cost:
    """Give the cost of polls after 1 s, each wait half as long again, to 30 s at most."""
    return spaced(law, lambda age_s: age_s + min(1 + age_s / 2, 30.0))


def best_fixed(law: TrueLaw, price_s: float) -> Cost:
    """Give the cost of the best fixed interval at a price of polls."""
    gaps_s = np.geomspace(0.3, 30, 120).tolist()
    costs = [fixed(law, gap_s) for gap_s in gaps_s]
    return min(costs, key=lambda each: each.loss_s(price_s))


def fixed_of_lag(law: TrueLaw, lag_s: float) -> Cost:
    """Give the cost of the fixed interval with this mean lag."""
    low_s, high_s = 0.01, 60.0
    for _ in range(50):
        gap_s = math.sqrt(low_s * high_s)
        if fixed(law, gap_s).lag_s < lag_s:
            low_s = gap_s
        else:
            high_s = gap_s
    return fixed(law, low_s)
