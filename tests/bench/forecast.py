"""How often the forecast's band holds: `python -m tests.bench.forecast` prints the table.

A law of durations is chosen, a history is drawn of it, and the forecast made from the history
alone. Then a perfect queue (no lag, tasks in order, each to the slot that is free first) is played
with the law itself, by code of its own. A band of 80 % should hold its end in 70-90 % of the
trials.
"""

from __future__ import annotations

import heapq
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from batchgen.plan.forecasting.forecast import forecast
from batchgen.plan.forecasting.queues import Forecast, Queue


@dataclass(frozen=True, slots=True)
class Law:
    """How long tasks take, in seconds."""

    draw: Callable[[random.Random], float]

    def sample(self, count: int, seed: object) -> list[float]:
        """Draw so many durations; the same seed draws the same ones."""
        chance = random.Random(str(seed))
        return [self.draw(chance) for _ in range(count)]


def _lognormal(median_s: float, sigma: float) -> Law:
    return Law(lambda chance: median_s * chance.lognormvariate(0, sigma))


def _mixture(chance: random.Random) -> float:
    median_s = 30.0 if chance.random() < 0.6 else 90.0
    return median_s * chance.lognormvariate(0, 0.15)


def _uniform(chance: random.Random) -> float:
    return chance.uniform(20, 80)


LAWS: dict[str, Law] = {
    "lognormal 45 s, sigma 0.2": _lognormal(45, 0.2),
    "lognormal 45 s, sigma 0.35": _lognormal(45, 0.35),
    "lognormal 60 s, sigma 0.5": _lognormal(60, 0.5),
    "60 % of 30 s, 40 % of 90 s": Law(_mixture),
    "uniform 20-80 s": Law(_uniform),
}
#: Durations that are known before.
HISTORIES = (5, 20, 50, 200)
#: Clips and slots.
SIZES = ((3, 5), (24, 5), (200, 10), (1_000, 20), (20_000, 20))


@dataclass(frozen=True, slots=True)
class Held:
    """What some trials of one case gave."""

    #: Share of the trials whose end lay in the band.
    held: float
    #: Width of the band over the expected time, on average.
    width: float


def held_of(law: Law, history: int, clips: int, slots: int, trials: int) -> Held:
    """Forecast and play a queue so many times."""

    def trial(number: int) -> tuple[Forecast, float]:
        case = (history, clips, slots, number)
        seen = {"m": law.sample(history, ("seen", case))}
        durations = law.sample(clips, ("played", case))
        told = forecast([Queue({"m": clips}, slots, seen)], seed=number)
        return told, max(end for _, end in _spans(durations, slots))

    return _held(trial, trials)


def held_halfway(law: Law, slots: int, clips: int, after: int, trials: int) -> Held:
    """Forecast in a run with no history, at the moment at which so many clips have ended."""

    def trial(number: int) -> tuple[Forecast, float]:
        spans = list(_spans(law.sample(clips, (clips, slots, after, number)), slots))
        now = sorted(end for _, end in spans)[after - 1]
        queue = Queue(
            waiting={"m": sum(start > now for start, _ in spans)},
            slots=slots,
            seen={"m": [end - start for start, end in spans if end <= now]},
            ages={"m": [now - start for start, end in spans if start <= now < end]},
        )
        return forecast([queue], seed=number), max(end for _, end in spans) - now

    return _held(trial, trials)


def _held(trial: Callable[[int], tuple[Forecast, float]], trials: int) -> Held:
    found = [trial(number) for number in range(trials)]
    held = sum(told.low_s <= end_s <= told.high_s for told, end_s in found)
    width = sum((told.high_s - told.low_s) / told.expected_s for told, _ in found)
    return Held(held / trials, width / trials)


def _spans(durations: list[float], slots: int) -> Iterator[tuple[float, float]]:
    free_at = [0.0] * slots
    for duration in durations:
        start = free_at[0]
        heapq.heapreplace(free_at, start + duration)
        yield start, start + duration


def main(trials: int) -> None:
    """Print how often the band held, and how wide it was."""
    for clips, slots in SIZES:
        print(f"\n{clips:,} clips, {slots} slots: held (width of the band)")
        for name, law in LAWS.items():
            cells = [held_of(law, history, clips, slots, trials) for history in HISTORIES]
            print(f"  {name:28}", "  ".join(f"{c.held:4.0%} ({c.width:4.2f})" for c in cells))
    print("\nin a run of 200 clips, 10 slots, no history, after 3, 10, 30, 100 clips")
    for name, law in LAWS.items():
        cells = [held_halfway(law, 10, 200, after, trials) for after in (3, 10, 30, 100)]
        print(f"  {name:28}", "  ".join(f"{c.held:4.0%} ({c.width:4.2f})" for c in cells))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
