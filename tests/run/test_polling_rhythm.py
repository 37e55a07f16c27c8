"""What polls tell is remembered, followed and kept under the ceiling."""

from __future__ import annotations

from random import Random
from statistics import median

import pytest

from batchgen.job.schema import Account
from batchgen.run.polling.experience import Experience
from batchgen.run.polling.rhythm import Rhythm
from tests.bench.polling import AFTER_DRIFT, drifted, losses
from tests.bench.polling_laws import LAWS, MIXTURE, TrueLaw, best
from tests.bench.polling_slots import ideal_s, short_tasks

MINUTE = (58.0, 60.0, 62.0, 61.0, 59.0, 60.0, 57.0, 63.0) * 5


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_the_loss_comes_near_the_best_there_is(law: TrueLaw) -> None:
    """From nothing: within 8 % of it after 50 clips (12 on two peaks), 3 % after 200 (5)."""
    least_s = best(law, 0.05).loss_s(0.05)
    runs = zip(*[losses(law, 0.05, seed) for seed in range(5)], strict=True)
    after_50, after_200 = (median(each) / least_s for each in runs)
    assert after_50 < (1.12 if law is MIXTURE else 1.08)
    assert after_200 < (1.05 if law is MIXTURE else 1.03)


@pytest.mark.parametrize("slower", [3.0, 1 / 3])
def test_a_drift_is_followed(slower: float) -> None:
    """Fifty clips after the provider began to change threefold, little is left to gain."""
    loss = drifted(0.05, 3, slower)
    assert loss[50] < 1.2
    assert loss[AFTER_DRIFT[-1]] < 1.12


@pytest.mark.parametrize(
    ("slots", "poll_cost_s", "efficiency", "polls"),
    [(5, None, 0.95, 13), (20, None, 0.95, 13), (5, 0.001, 0.96, 20), (20, 0.001, 0.96, 20)],
)
def test_slots_of_short_tasks_are_busy(
    slots: int, poll_cost_s: float | None, efficiency: float, polls: float
) -> None:
    """From an empty state, with submits and polls that take their time."""
    found = short_tasks(slots, poll_cost_s, seeds=2)
    assert (found.efficiency >= efficiency, found.polls <= polls) == (True, True)


def test_the_ideal_client() -> None:
    """Of 3, 2 and 2 s on two slots, the third starts at 2 s."""
    assert ideal_s([3.0, 2.0, 2.0], 2) == 4.0


@pytest.mark.parametrize(("said", "seconds"), [("0.05", 0.05), ("0.05s", 0.05), (None, None)])
def test_the_job_tells_what_a_poll_is_worth(said: str | None, seconds: float | None) -> None:
    """In seconds, with or without the letter."""
    assert Account.model_validate({"poll_cost": said}).poll_cost == seconds


# ---------------------------------------------------------------- experience


def test_a_law_stands_until_there_is_more_to_learn() -> None:
    """Of forty durations known, the fourth more makes another law."""
    experience = Experience(MINUTE)
    laws = [experience.law]
    for task in range(4):
        experience.follow(task)
        experience.found_ended(task, 60.0)
        laws.append(experience.law)
    assert [law is laws[0] for law in laws] == [True, True, True, True, False]


def test_the_first_tasks_teach_while_they_run() -> None:
    """Before any end, the law is another one when the oldest task is a tenth older."""
    experience = Experience()
    experience.follow(1)
    first = experience.law
    experience.found_alive(1, 10.0)
    second = experience.law
    experience.found_alive(1, 10.5)
    assert (second is not first, experience.law is second) == (True, True)


def test_a_task_that_is_left_teaches_nothing_more() -> None:
    """It is no longer counted as running; leaving it twice is no harm."""
    experience = Experience()
    experience.follow(1)
    experience.leave(1)
    experience.leave(1)
    assert (experience.alive, experience.has_ends) == (0, False)


def test_what_was_seen_after_a_stop_tells_little() -> None:
    """Five tasks of a minute that were seen to have ended the next morning."""
    assert Experience((*MINUTE, *[30_000.0] * 5)).law.median_s == pytest.approx(60, rel=0.05)


def test_a_memory_has_an_end() -> None:
    """Of a thousand durations the newest four hundred count."""
    law = Experience((*[10.0] * 600, *[100.0 + number / 10 for number in range(400)])).law
    assert law.age_s(0.02) > 80


def test_a_slow_provider_is_noticed_by_the_tasks_that_run() -> None:
    """None of ten has ended at three times the usual age: they are thought to take longer."""
    experience = Experience(MINUTE)
    for task in range(10):
        experience.follow(task)
    for task in range(10):
        experience.found_alive(task, 180.0)
    assert experience.law.median_s > 120


# ---------------------------------------------------------------- rhythm


def alive_at(rhythm: Rhythm, age_s: float, tasks: int, model: str = "a") -> list[float]:
    """Follow tasks of one age; give the ages at which they are asked for next."""
    for task in range(tasks):
        rhythm.wait_s(model, task, age_s)
    return [age_s + rhythm.wait_s(model, task, age_s) for task in range(tasks)]


def test_what_the_state_kept_is_used_at_once() -> None:
    """With forty tasks of a minute behind it, the first poll is near the minute."""
    rhythm = Rhythm({"a": MINUTE}, None, 1000.0)
    assert 45 < rhythm.wait_s("a", 1, 0.0) < 60
    assert rhythm.wait_s("b", 2, 0.0) < 5


def test_the_first_polls_of_many_tasks_keep_the_ceiling() -> None:
    """Twenty tasks of one age, ten calls a second: all are asked for within 2 s and more."""
    dues_s = alive_at(Rhythm({}, None, 10.0), 1.0, tasks=20)
    assert max(dues_s) - min(dues_s) > 1.5
    assert min(dues_s) > 2.0


def test_the_ceiling_makes_polls_fewer() -> None:
    """Fifty tasks of a minute at two calls a second: at most two polls each, a submit apart."""
    rhythm = Rhythm({"a": MINUTE}, None, 2.0)
    alive_at(rhythm, 0.0, tasks=50)
    age_s, polls = 0.0, 0
    while age_s < 60:
        age_s += rhythm.wait_s("a", 1, age_s)
        polls += 1
    assert polls <= 2


def test_fewer_tasks_alive_are_asked_for_more_densely() -> None:
    """When half of those that share the ceiling are gone, the others have their polls."""
    rhythm = Rhythm({"a": MINUTE}, None, 2.0)
    (crowded_s, *_) = alive_at(rhythm, 57.0, tasks=50)
    for task in range(2, 50):
        rhythm.leave("a", task)
    assert 57.0 + rhythm.wait_s("a", 0, 57.0) < crowded_s


@pytest.mark.parametrize("before", [(), MINUTE])
def test_a_lower_price_of_polls_means_more(before: tuple[float, ...]) -> None:
    """With and without experience."""
    dense, sparse = (Rhythm({"a": before}, price_s, 1e6) for price_s in (0.001, 1.0))
    assert dense.wait_s("a", 1, 60.0) < sparse.wait_s("a", 1, 60.0)


@pytest.mark.parametrize("cost_s", [30.0, 600.0, 86_400.0])
@pytest.mark.parametrize("seconds", [0.0, 45.0])
def test_a_poll_that_is_worth_too_much_is_still_sent(cost_s: float, seconds: float) -> None:
    """Whatever the job says: a task is asked for within a few times what tasks take."""
    rhythm = Rhythm({"m": [seconds] * 200}, cost_s, 10.0)
    assert 0 < rhythm.wait_s("m", 1, 0.0) < 3 * 45


def test_polls_are_never_closer_than_a_moment() -> None:
    """However little a poll is worth, and however odd the clock."""
    rhythm = Rhythm({"a": [0.2 + number / 1000 for number in range(50)]}, 1e-6, 1e9)
    assert min(rhythm.wait_s("a", 1, age_s) for age_s in (-5.0, 0.2, 0.22, 0.3)) >= 0.02


def test_a_rhythm_learns_from_what_polls_find() -> None:
    """Twenty tasks end after about 8 s: the next is left alone for most of that."""
    rhythm, chance = Rhythm({}, None, 1000.0), Random(3)
    for task in range(20):
        rhythm.wait_s("a", task, 0.0)
        rhythm.found_alive("a", task, 7.5)
        rhythm.found_ended("a", task, chance.uniform(7.6, 8.4))
    assert 6 < rhythm.wait_s("a", 99, 0.0) < 8
