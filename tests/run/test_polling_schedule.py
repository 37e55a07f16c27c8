"""The best ages to ask at, against every other choice and against the rule of thumb."""

from __future__ import annotations

import math
from itertools import chain, combinations, pairwise
from random import Random

import numpy as np
import pytest

from batchgen.run.polling.law import BOUNDS_S, Law
from batchgen.run.polling.learning import Seen, learned_law
from batchgen.run.polling.schedule import Price, Schedule, best_next
from tests.bench.polling_laws import LAWS, best, mean_cost, spaced

UNIFORM = LAWS[4]


def even_hazard(hazard: float) -> Law:
    """Make the law of tasks of which as many end in every second."""
    return Law(np.diff(1 - np.exp(-hazard * BOUNDS_S)))


def paid_s(
    polls: tuple[int, ...], ages_s: list[float], ended: list[float], prices: list[float]
) -> float:
    """Add up lag and polls step by step; the last age is the last poll."""
    total_s, before = 0.0, 0
    for poll in polls:
        total_s += prices[poll] * (1 - ended[before])
        for step in range(before, poll):
            middle_s = (ages_s[step] + ages_s[step + 1]) / 2
            total_s += (ages_s[poll] - middle_s) * (ended[step + 1] - ended[step])
        before = poll
    return total_s


@pytest.mark.parametrize("seed", range(20))
def test_no_other_choice_of_ages_costs_less(seed: int) -> None:
    """On nine ages, all 128 ways to choose among them are tried."""
    chance = Random(seed)
    ages_s = [0.0, *sorted(chance.uniform(1, 50) for _ in range(8))]
    weights = [0.0, *(chance.random() ** 4 for _ in range(8))]
    ended = [sum(weights[: index + 1]) / sum(weights) for index in range(9)]
    prices = [0.0, *sorted(chance.uniform(0.01, 3) for _ in range(8))]
    nexts, chosen = best_next(ages_s, ended, prices, 0.0), [0]
    while chosen[-1] < 8:
        chosen.append(nexts[chosen[-1]])
    ways = chain.from_iterable(combinations(range(1, 8), count) for count in range(8))
    least_s = min(paid_s((*way, 8), ages_s, ended, prices) for way in ways)
    assert paid_s(tuple(chosen[1:]), ages_s, ended, prices) == pytest.approx(least_s)


@pytest.mark.parametrize(("hazard", "price_s"), [(0.05, 0.02), (0.5, 0.01), (0.01, 0.5)])
def test_an_even_hazard_is_asked_at_even_gaps(hazard: float, price_s: float) -> None:
    """They are sqrt(2 price / hazard), where that is short beside the duration."""
    schedule = Schedule(even_hazard(hazard), Price(price_s))
    rule_s = math.sqrt(2 * price_s / hazard)
    for age_s in (0.5 / hazard, 1 / hazard, 2 / hazard):
        assert schedule.next_s(age_s) - age_s == pytest.approx(rule_s, rel=0.15)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_the_true_law_gives_the_best_schedule(law: object) -> None:
    """On its own ages and with turns spread, it loses half a per cent at most."""
    assert law in LAWS
    true = LAWS[LAWS.index(law)]
    schedule = Schedule(Law(np.diff(true.ended_by(BOUNDS_S)) * (1 - 1e-9)), Price(0.05))
    turns = (0.1, 0.3, 0.5, 0.7, 0.9)
    found = [spaced(true, lambda age_s, turn=turn: schedule.next_s(age_s, turn)) for turn in turns]  # type: ignore[misc]
    assert mean_cost(found).loss_s(0.05) < 1.006 * best(true, 0.05).loss_s(0.05)


def test_nothing_is_asked_while_no_task_can_have_ended() -> None:
    """Of tasks of 20 to 80 s, none is asked for in the first 20."""
    schedule = Schedule(Law(np.diff(UNIFORM.ended_by(BOUNDS_S)) * (1 - 1e-9)), Price(0.05))
    assert all(20 < schedule.next_s(0.0, turn) < 24 for turn in (0.0, 0.5, 1.0))


def test_a_late_task_is_asked_for_ever_more_slowly() -> None:
    """Past all but one of a thousand, each gap is longer than the one before."""
    chance = Random(1)
    ended = [Seen(age_s - 0.5, age_s) for age_s in (LAWS[1].draw(chance) for _ in range(100))]
    schedule = Schedule(learned_law(ended, []), Price(0.1))
    ages_s = [200.0 * 1.5**step for step in range(10)]
    gaps_s = [schedule.next_s(age_s) - age_s for age_s in ages_s]
    assert all(shorter < longer for shorter, longer in pairwise(gaps_s))
    assert gaps_s[-1] < 0.5 * ages_s[-1]


def test_tasks_started_together_are_asked_for_one_by_one() -> None:
    """Their polls are spread over a whole gap; a fifth of it never has half of them."""
    schedule = Schedule(even_hazard(0.02), Price(0.1))
    ages_s = [schedule.next_s(0.0, turn / 20) for turn in range(20)]
    gap_s = schedule.next_s(30.0) - 30.0
    for _ in range(5):
        assert max(sum(age <= each < age + gap_s / 5 for each in ages_s) for age in ages_s) < 10
        ages_s = [schedule.next_s(age_s, turn / 20) for turn, age_s in enumerate(ages_s)]


def test_a_task_asked_for_before_its_time_keeps_its_distance() -> None:
    """Just before the first poll of the others, the next is a gap away and not with theirs."""
    schedule = Schedule(Law(np.diff(UNIFORM.ended_by(BOUNDS_S)) * (1 - 1e-9)), Price(0.05))
    first_s = schedule.next_s(0.0)
    assert schedule.next_s(first_s - 0.1) > first_s + 0.5


def test_what_is_expected_of_an_even_hazard() -> None:
    """A task of 100 s on average is asked for every gap, and seen half a gap late."""
    schedule = Schedule(even_hazard(0.01), Price(0.05))
    polls, seen_s = schedule.expected
    gap_s = math.sqrt(2 * 0.05 / 0.01)
    assert polls == pytest.approx(100 / gap_s, rel=0.1)
    assert seen_s == pytest.approx(100 + gap_s / 2, rel=0.05)


def test_a_price_is_a_part_of_the_age_at_most() -> None:
    """Both its bounds are multiplied when polls must become fewer."""
    ages_s = np.array([1.0, 100.0])
    assert Price(0.5, of_age=0.01).at(ages_s).tolist() == [0.01, 0.5]
    assert Price(0.5, of_age=0.01).times(4).at(ages_s).tolist() == [0.04, 2.0]
