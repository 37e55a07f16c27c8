"""Finishing times: what they are near to, and how often the band holds."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import pytest

from batchgen.plan.forecasting.forecast import finishing_times, forecast
from batchgen.plan.forecasting.queueing import PRIOR_TASK_S
from batchgen.plan.forecasting.queues import Forecast, Queue
from tests.bench.forecast import LAWS, held_of
from tests.plan.examples import a_history, a_job, a_plan, an_item

MODELS = ("vidu2-image", "vidu2-reference")
#: Two hundred durations near a minute.
MINUTES = [60.0 + 0.01 * n for n in range(-100, 100)]


def ends(queue: Queue, **options: int) -> Forecast:
    """Forecast one queue."""
    return forecast([queue], **options)


@pytest.mark.parametrize(
    ("waiting", "slots", "seen", "expected_s"),
    [
        pytest.param({"m": 1}, 5, {"m": MINUTES}, 60, id="one task"),
        pytest.param({"m": 10}, 5, {"m": MINUTES}, 120, id="10 x 60 / 5"),
        pytest.param({"m": 11}, 5, {"m": MINUTES}, 180, id="one more, one more round"),
        pytest.param({"m": 8, "n": 2}, 4, {"m": [10.0] * 99, "n": [20.0] * 99}, 40, id="mixed"),
        pytest.param({"m": 3, "n": 1}, 20, {"m": [10.0] * 9, "n": MINUTES}, 60, id="longest task"),
        pytest.param({"m": 1, "n": 0}, 20, {"m": MINUTES, "n": [999.0]}, 60, id="none of a model"),
    ],
)
def test_a_steady_provider_is_forecast_closely(
    waiting: dict[str, int], slots: int, seen: dict[str, Sequence[float]], expected_s: float
) -> None:
    """Work over slots, in whole rounds where all tasks last as long."""
    told = ends(Queue(waiting, slots, seen))
    assert told.expected_s == pytest.approx(expected_s, rel=0.15)
    assert told.low_s < told.expected_s < told.high_s


def test_nothing_to_do_takes_no_time() -> None:
    """Neither waits nor lives anything."""
    assert forecast([]) == Forecast(0, 0, 0)
    assert ends(Queue({"m": 0}, 5, {"m": MINUTES}, {"m": []})) == Forecast(0, 0, 0)


def test_without_a_history_the_band_is_wide_around_a_minute() -> None:
    """A first clip may take half or twice as long, and so may all models together."""
    told = ends(Queue({"m": 1}, 5, {}))
    assert told.low_s < PRIOR_TASK_S / 1.8
    assert told.high_s > PRIOR_TASK_S * 1.8
    assert ends(Queue({"m": 1, "n": 1}, 5, {})).high_s < 2 * told.high_s


def test_a_longer_history_narrows_the_band() -> None:
    """What is known better is told closer."""
    widths = []
    for copies in (1, 4, 16):
        told = ends(Queue({"m": 500}, 5, {"m": [30.0, 45.0, 60.0, 90.0] * copies}))
        widths.append(told.high_s - told.low_s)
    assert widths[0] > 1.5 * widths[1] > 2 * widths[2]


def test_tasks_alive_are_not_waited_for_from_their_start() -> None:
    """A task of 50 s that lasts 60 s ends in some ten seconds."""
    told = ends(Queue({}, 1, {"m": MINUTES}, {"m": [50.0]}))
    assert told.expected_s == pytest.approx(10, abs=2)
    then = ends(Queue({"m": 1}, 1, {"m": MINUTES}, {"m": [50.0]}))
    assert then.expected_s == pytest.approx(70, abs=4)


def test_more_tasks_alive_than_slots_free_none_at_first() -> None:
    """Three alive on one slot: what waits starts when the last of them has ended."""
    told = ends(Queue({"m": 1}, 1, {"m": MINUTES}, {"m": [50.0, 30.0, 10.0]}))
    assert told.expected_s == pytest.approx(50 + 60, abs=5)


def test_a_task_older_than_all_that_were_seen_may_last_as_long_again() -> None:
    """Nobody knows when a late task ends; the forecast does not say that it ends now."""
    told = ends(Queue({}, 1, {"m": MINUTES}, {"m": [600.0]}))
    assert told.high_s > 600


def test_what_is_alive_for_long_tells_that_the_first_to_end_were_short() -> None:
    """Two of five ended after 20 s; three are 40 s old: tasks take longer than 20 s."""
    short = ends(Queue({"m": 100}, 5, {"m": [20.0, 21.0]}))
    told = ends(Queue({"m": 100}, 5, {"m": [20.0, 21.0]}, {"m": [40.0, 40.0, 41.0]}))
    assert told.expected_s > 1.3 * short.expected_s


def test_queues_side_by_side_end_with_the_longest() -> None:
    """Each model has slots of its own: the end is that of the slower one."""
    slow, fast = Queue({"m": 50}, 5, {"m": MINUTES}), Queue({"n": 50}, 5, {"n": [10.0] * 50})
    assert forecast([fast, slow]).expected_s == pytest.approx(ends(slow).expected_s, rel=0.02)


@pytest.mark.parametrize("name", LAWS)
def test_the_sum_stands_in_for_the_played_queue(name: str) -> None:
    """For 2,000 tasks both ways tell the same end and nearly the same band."""
    seen = LAWS[name].sample(200, seed=1)
    queue = Queue({"m": 2_000}, 20, {"m": seen}, {"m": seen[:20]})
    played, summed = ends(queue), ends(queue, played_out=0)
    assert summed.expected_s == pytest.approx(played.expected_s, rel=0.01)
    assert summed.low_s == pytest.approx(played.low_s, rel=0.02)
    assert summed.high_s == pytest.approx(played.high_s, rel=0.02)


def test_the_same_question_has_the_same_answer() -> None:
    """Chance is seeded: a plan that is made twice shows one band."""
    queue = Queue({"m": 40}, 5, {"m": [30.0, 45.0, 70.0]}, {"m": [3.0]})
    assert ends(queue) == ends(queue)
    assert ends(queue) != ends(queue, seed=1)


@pytest.mark.parametrize("name", LAWS)
def test_the_band_holds_in_eight_of_ten_cases(name: str) -> None:
    """Over short and long histories, it holds the end of a perfect queue in 70-90 %."""
    cells = [
        held_of(LAWS[name], history, clips, 5, trials=50).held
        for history in (5, 20, 50, 200)
        for clips in (24, 60)
    ]
    assert 0.7 <= sum(cells) / len(cells) <= 0.9


def test_a_plan_is_forecast_for_every_tier() -> None:
    """More slots are sooner done; what is not bought takes no time."""
    items = [an_item(f"A{n}", n) for n in range(2, 102)]
    history = a_history(task_seconds={"vidu2-image": MINUTES})
    told = finishing_times(a_plan(a_job(), *items, history=history))
    expected = [time.expected_s for time in told.values()]
    assert expected == pytest.approx([1200, 600, 420, 300], rel=0.05)
    assert set(finishing_times(a_plan(a_job())).values()) == {Forecast(0, 0, 0)}


def test_models_with_slots_of_their_own_are_sooner_done() -> None:
    """A hundred clips of two models, half each, take half the time."""
    items = [an_item(f"A{n}", n, model=MODELS[n % 2]) for n in range(2, 102)]
    history = a_history(task_seconds=dict.fromkeys(MODELS, MINUTES))
    shared, own = (
        finishing_times(a_plan(a_job(account={"cap_scope": scope}), *items, history=history))
        for scope in ("account", "model")
    )
    assert own["V0"].expected_s == pytest.approx(shared["V0"].expected_s / 2, rel=0.05)


def test_commands_do_not_wait_for_numpy() -> None:
    """It loads only where a forecast is made."""
    code = "import sys, batchgen.plan.forecasting.forecast; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
