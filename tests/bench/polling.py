"""How good the learned poll schedules are: a study in virtual time, reproducible.

Clips run on ten slots of an account that has seen nothing yet, polled by what was learned so far.
After 50 and 200 of them, the schedule is costed exactly under the true law: mean lag plus price
times polls, against the best schedule there is for that law. Takes about ten minutes:

    python -m tests.bench.polling
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from random import Random
from statistics import median

from tests.bench.polling_laws import (
    LAWS,
    Cost,
    TrueLaw,
    backed_off,
    best,
    best_fixed,
    fixed,
    fixed_of_lag,
    mean_cost,
)
from tests.bench.polling_plot import Panel, plot
from tests.bench.polling_slots import Learner, Short, short_tasks

PRICES_S = (0.05, 0.02)
MARKS = (50, 200)
#: Prices of the curves in the plot.
CURVE_S = (2.0, 1.0, 0.5, 0.2, 0.1, 0.05, 0.02)
FIXED_S = (1.0, 2.0, 5.0, 10.0)
#: The drifting law: it becomes so many times slower from one clip to another, of so many.
DRIFTING = LAWS[1]
SLOWER, DRIFT_FROM, DRIFT_TO, DRIFT_CLIPS = 3.0, 100, 130, 300
AFTER_DRIFT = (10, 30, 50, 100)
#: Prices of a poll for the short tasks: the default, and a lower one (seconds).
WORTH = (None, 0.001)
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Row:
    """The losses under one law at one price, as multiples of the best schedule's."""

    law: str
    price_s: float
    best_s: float
    best_polls: float
    learned: dict[int, float]
    best_fixed: float
    #: Polls of a fixed interval with the best schedule's lag, as multiple of its polls.
    polls_of_equal_lag: float


def losses(law: TrueLaw, price_s: float, seed: int) -> list[float]:
    """Give the loss after each mark."""
    account = Learner(partial(_drawn, law, Random(seed)), price_s)
    found = []
    for mark in MARKS:
        account.run_to(mark)
        found.append(account.cost(law).loss_s(price_s))
    return found


def row(law: TrueLaw, price_s: float, seeds: int) -> Row:
    """Measure one law at one price."""
    least = best(law, price_s)
    least_s = least.loss_s(price_s)
    found = zip(*[losses(law, price_s, seed) for seed in range(seeds)], strict=True)
    return Row(
        law=law.name,
        price_s=price_s,
        best_s=least_s,
        best_polls=least.polls,
        learned={m: median(each) / least_s for m, each in zip(MARKS, found, strict=True)},
        best_fixed=best_fixed(law, price_s).loss_s(price_s) / least_s,
        polls_of_equal_lag=fixed_of_lag(law, least.lag_s).polls / least.polls,
    )


def drifted(price_s: float, seeds: int, slower: float) -> dict[int, float]:
    """Give the loss so many clips after a drift began, as multiples of the best schedule's then."""
    runs = [list(_after_drift(price_s, seed, slower)) for seed in range(seeds)]
    return dict(zip(AFTER_DRIFT, map(median, zip(*runs, strict=True)), strict=True))


def _after_drift(price_s: float, seed: int, slower: float) -> Iterator[float]:
    chance = Random(seed)
    account = Learner(lambda number: _drawn(_slowed(number, slower), chance, number), price_s)
    for clips in AFTER_DRIFT:
        account.run_to(DRIFT_FROM + clips)
        law = _slowed(account.started, slower)
        yield account.cost(law).loss_s(price_s) / best(law, price_s, 0.05).loss_s(price_s)


@cache
def _slowed(number: int, slower: float = SLOWER) -> TrueLaw:
    """Give the law of the n-th clip while the provider drifts."""
    share = min(max((number - DRIFT_FROM) / (DRIFT_TO - DRIFT_FROM), 0.0), 1.0)
    return DRIFTING.slower(slower**share)


def _drawn(law: TrueLaw, chance: Random, _: int) -> float:
    return law.draw(chance)


# ---------------------------------------------------------------- efficiency against polls


def panel(law: TrueLaw, seeds: int) -> Panel:
    """Compare the ways to poll under one law; ours after 200 clips."""
    ours = []
    for price_s in CURVE_S:
        runs = [Learner(partial(_drawn, law, Random(seed)), price_s) for seed in range(seeds)]
        for account in runs:
            account.run_to(MARKS[-1])
        ours.append(mean_cost([account.cost(law) for account in runs]))
    return Panel(
        title=law.name,
        fixed=[_point(fixed(law, gap_s), law.mean_s) for gap_s in FIXED_S],
        backed_off=_point(backed_off(law), law.mean_s),
        ours=[_point(each, law.mean_s) for each in ours],
        best=[_point(best(law, price_s, 0.05), law.mean_s) for price_s in CURVE_S],
    )


def drifting_panel(seeds: int) -> Panel:
    """Compare them over a whole run from the first clip on, while the provider slows down."""
    laws = [_slowed(number) for number in range(0, DRIFT_CLIPS, 5)]
    mean_s = sum(law.mean_s for law in laws) / len(laws)
    ours = []
    for price_s in CURVE_S:
        runs = [_drifting_run(price_s, seed) for seed in range(seeds)]
        ours.append(_point(mean_cost(runs), mean_s))
    return Panel(
        title=f"the second, becoming {SLOWER:.0f} times slower",
        fixed=[_point(mean_cost([fixed(law, gap) for law in laws]), mean_s) for gap in FIXED_S],
        backed_off=_point(mean_cost([backed_off(law) for law in laws]), mean_s),
        ours=ours,
        best=[
            _point(mean_cost([best(law, price_s, 0.2) for law in laws]), mean_s)
            for price_s in CURVE_S
        ],
    )


def _drifting_run(price_s: float, seed: int) -> Cost:
    chance = Random(seed)
    account = Learner(lambda number: _drawn(_slowed(number), chance, number), price_s)
    account.run_to(DRIFT_CLIPS)
    return account.paid


def _point(found: Cost, mean_s: float) -> tuple[float, float]:
    """Give polls a clip, and the efficiency: the part of a slot's time in which a task runs."""
    return found.polls, mean_s / (mean_s + found.lag_s)


# ---------------------------------------------------------------- telling


def main() -> None:
    """Print the tables, save them as JSON, and draw the plot."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--out", type=Path, default=Path("out/polling.json"))
    arguments = parser.parse_args()
    few = max(arguments.seeds // 10, 1)
    rows = [_told_row(row(law, price_s, arguments.seeds)) for law in LAWS for price_s in PRICES_S]
    drift = {}
    for slower in (SLOWER, 1 / SLOWER):
        drift[f"{slower:.2f}"] = drifted(PRICES_S[0], few, slower)
        print(f"| {slower:.2f} times as long | " + _cells(drift[f"{slower:.2f}"].values()))
    short = [_told_short(short_tasks(slots, worth)) for worth in WORTH for slots in (5, 20)]
    panels = [*(panel(law, few) for law in LAWS), drifting_panel(few)]
    (HERE / "polling.svg").write_text(plot(panels), encoding="utf-8")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    found = {
        "at": datetime.now(UTC).date().isoformat(),
        "seeds": arguments.seeds,
        "laws": [asdict(each) for each in rows],
        "drift": drift,
        "short": [asdict(each) for each in short],
        "panels": [asdict(each) for each in panels],
    }
    arguments.out.write_text(json.dumps(found, indent=1), encoding="utf-8")


def _told_row(each: Row) -> Row:
    figures = [*each.learned.values(), each.best_fixed, each.polls_of_equal_lag]
    named = f"| {each.law} | {each.price_s} s | {each.best_s:.2f} s, {each.best_polls:.1f} polls | "
    print(named + _cells(figures), flush=True)
    return each


def _told_short(each: Short) -> Short:
    print(
        f"| {each.slots} slots, poll_cost {each.poll_cost_s or 'default'} |"
        f" {each.efficiency:.3f} | {each.polls:.1f} polls a clip |",
        flush=True,
    )
    return each


def _cells(figures: Iterable[float]) -> str:
    return " | ".join(f"{figure:.3f}" for figure in figures) + " |"


if __name__ == "__main__":
    main()
