"""Laws learned from little and from much, from bounds and from tasks that still run."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from batchgen.run.polling.drift import Sight, slowdown
from batchgen.run.polling.law import BOUNDS_S, Law
from batchgen.run.polling.learning import Seen, learned_law
from batchgen.run.polling.schedule import Price, Schedule
from tests.bench.polling_laws import LAWS, MIXTURE, TrueLaw


def by(law: Law, age_s: float) -> float:
    """Give the chance to have ended by an age."""
    return float(law.ended_by(np.array([age_s]))[0])


def drawn(law: TrueLaw, count: int, gap: float = 0.02) -> list[Seen]:
    """Draw durations as polls see them that are so far apart, as part of the age."""
    chance = Random(7)
    found = [law.draw(chance) for _ in range(count)]
    shifts = [gap * chance.random() for _ in range(count)]
    return [
        Seen(s * (1 - gap + shift), s * (1 + shift)) for s, shift in zip(found, shifts, strict=True)
    ]


def test_at_first_every_scale_is_as_likely() -> None:
    """From 2 s to 15 min, each doubling of the age has the same chance."""
    law = learned_law([], [])
    chances = [by(law, 2.0 ** (step + 1)) - by(law, 2.0**step) for step in range(1, 9)]
    assert min(chances) == pytest.approx(max(chances), rel=0.15)


@pytest.mark.parametrize("age_s", [2.0, 20.0, 200.0])
def test_at_first_gaps_grow_with_the_age(age_s: float) -> None:
    """A task of 2 s and one of 5 min both are seen to have ended within a fifth of their time."""
    schedule = Schedule(learned_law([], []), Price(0.1, of_age=0.0016))
    gap = schedule.next_s(age_s) / age_s - 1
    assert 0.02 < gap < 0.2


def test_tasks_that_survive_teach_before_any_has_ended() -> None:
    """Twenty tasks alive at 100 s: hardly one ends before, and they are asked for more slowly."""
    few, many = learned_law([], [100.0]), learned_law([], [100.0] * 20)
    assert by(many, 90.0) < 0.03 < by(few, 90.0)
    prices = Price(0.1, of_age=0.0016)
    assert Schedule(many, prices).next_s(100.0) > 1.03 * Schedule(few, prices).next_s(100.0)


def test_one_duration_tells_the_scale() -> None:
    """After a single task of 600 s, most are thought to take between 5 and 20 minutes."""
    law = learned_law([Seen(560.0, 640.0)], [])
    assert by(law, 1200.0) - by(law, 300.0) > 0.7
    assert 500 < law.median_s < 700


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
@pytest.mark.parametrize(("count", "within"), [(50, 0.13), (200, 0.1)])
def test_a_law_is_learned(law: TrueLaw, count: int, within: float) -> None:
    """The chance to have ended is about the true one at every age."""
    learned = learned_law(drawn(law, count), [])
    assert np.abs(learned.ended - law.ended_by(BOUNDS_S)).max() < within


def test_wide_bounds_are_shared_out() -> None:
    """Durations known within a third of their length give nearly the law of exact ones."""
    exact, rough = (learned_law(drawn(LAWS[1], 200, gap), []) for gap in (0.001, 0.3))
    assert np.abs(exact.ended - rough.ended).max() < 0.06


@pytest.mark.parametrize("seed", range(20))
def test_an_end_that_the_law_rules_out_weighs_no_more_than_others(seed: int) -> None:
    """Among many of 45 s, one that was still alive at ten minutes: the median stays where it is."""
    chance = Random(seed)
    ends_s = [45 * chance.lognormvariate(0, 0.05) for _ in range(110)]
    seen = [Seen(end_s * 0.97, end_s) for end_s in ends_s]
    late = Seen(600.0, 600.0 + 10 * seed)
    assert 40 < learned_law([*seen, late], []).median_s < 50


def test_running_tasks_count() -> None:
    """Six of ten ended at 30 s, four are alive at 60: about four of ten are slow."""
    ended = [Seen(28.0 + number, 29.0 + number) for number in range(12)]
    assert by(learned_law(ended, []), 60.0) > 0.95
    assert by(learned_law(ended, [60.0] * 8), 60.0) == pytest.approx(0.6, abs=0.1)


def test_nothing_is_impossible() -> None:
    """After 200 tasks of a minute, one of 2 s or of 20 min has a chance left."""
    law = learned_law(drawn(LAWS[0], 200), [])
    assert 0 < by(law, 2.0) < 0.001 < 0.01 > 1 - by(law, 1200.0) > 0


@pytest.mark.parametrize("age_s", [0.0, 1e-3, 1e9])
def test_ages_beyond_the_grid_do_no_harm(age_s: float) -> None:
    """An end seen at once, or after years of a clock that jumped, is counted at its edge."""
    law = learned_law([*drawn(LAWS[0], 20), Seen(0.0, age_s), Seen(age_s, age_s)], [age_s])
    assert 40 < law.median_s < 55


def test_the_hazard_lived_through() -> None:
    """It is the logarithm of the part that is alive, and finite past the grid."""
    law = learned_law([], [])
    half, never = law.hazard_by(np.array([law.median_s, 1e12]))
    assert half == pytest.approx(0.7, abs=0.02)
    assert 5 < never < 30


# ---------------------------------------------------------------- the provider's speed


def sights(law: TrueLaw, count: int, slower: float, seed: int = 0) -> list[Sight]:
    """Look at tasks of an age drawn at random, of a provider so many times slower."""
    chance = Random(seed)
    found = [(law.draw(chance) * slower, chance.uniform(0, 150 * slower)) for _ in range(count)]
    return [Sight(min(took_s, age_s), took_s <= age_s) for took_s, age_s in found]


LEARNED = learned_law(drawn(MIXTURE, 200), [])
ONE_PEAK = learned_law(drawn(LAWS[1], 200), [])


@pytest.mark.parametrize("seed", range(12))
def test_an_unchanged_speed_is_no_drift(seed: int) -> None:
    """What part of the tasks is still running does not matter."""
    assert slowdown(LEARNED, sights(MIXTURE, 30, 1.0, seed)) == 1.0


@pytest.mark.parametrize("slower", [3.0, 2.0, 0.5, 0.33])
def test_a_changed_speed_is_measured(slower: float) -> None:
    """Thirty tasks tell how many times slower the provider is."""
    assert slowdown(ONE_PEAK, sights(LAWS[1], 30, slower)) == pytest.approx(slower, rel=0.25)


def test_a_slower_provider_is_noticed_before_any_task_ends() -> None:
    """Eight tasks that should have ended long ago are proof enough."""
    assert slowdown(LEARNED, [Sight(200.0, has_ended=False)] * 8) > 1.5


def test_ends_that_the_law_rules_out_are_a_drift() -> None:
    """All tasks end before the shortest duration that was ever seen: far faster."""
    law = learned_law([Seen(44.0, 46.0)] * 50, [])
    ended = [Sight(0.0, has_ended=True)] * 20
    assert slowdown(law, ended) < 1


def test_a_stuck_task_is_no_drift() -> None:
    """Two that never end, among twenty as usual, do not slow the polls of the others."""
    stuck = [Sight(7000.0, has_ended=False)] * 2
    assert slowdown(LEARNED, [*sights(MIXTURE, 20, 1.0), *stuck]) == 1.0
