"""Lives of tasks, asked at chosen moments."""

from __future__ import annotations

from dataclasses import replace
from statistics import median

import pytest

from batchgen.clip import ClipRequest, LocalPicture, RemotePicture
from batchgen.simulator.lifecycle import (
    TaskStatus,
    chance,
    digest_of,
    life_s,
    new_task,
    strikes,
)
from batchgen.simulator.switches import Fault, Settings, Switches

REQUEST = ClipRequest(
    model="vidu2-image",
    prompt="turns",
    pictures=(RemotePicture("https://shop.example/mug.jpg"),),
    size="1280x720",
    duration=4,
    movement_amplitude="auto",
    with_audio=False,
)


def test_a_task_is_processing_until_its_end() -> None:
    """Just before the end it is PROCESSING and alive, at the end SUCCESS and not."""
    task = new_task(Settings(), REQUEST, "r-1", 1, now=1000.0)
    assert task.status(task.ends_at - 0.001) is TaskStatus.PROCESSING
    assert task.is_alive(task.ends_at - 0.001)
    assert task.status(task.ends_at) is TaskStatus.SUCCESS
    assert not task.is_alive(task.ends_at)


def test_a_task_that_fails_ends_with_fail() -> None:
    """The fault `fail` changes the end alone."""
    task = new_task(Settings(faults={Fault.FAIL: 1.0}), REQUEST, None, 1, now=1000.0)
    assert task.status(task.ends_at) is TaskStatus.FAIL


def test_the_speed_divides_every_time() -> None:
    """Life, fresh link and link life are shorter by the speed."""
    settings = Settings(switches=Switches(fresh_link_s=6.0))
    slow = new_task(settings, REQUEST, None, 1, now=0.0)
    fast = new_task(replace(settings, speed=60.0), REQUEST, None, 1, now=0.0)
    assert fast.ends_at == pytest.approx(slow.ends_at / 60)
    assert fast.link_opens_at - fast.ends_at == pytest.approx(0.1)
    assert fast.link_dies_at - fast.ends_at == pytest.approx(24 * 60)


@pytest.mark.parametrize(("model", "middle_s"), [("vidu2-image", 45.0), ("vidu2-reference", 76.5)])
def test_lives_lie_around_the_median_of_the_model(model: str, middle_s: float) -> None:
    """The median of many lives is the model's, and none is absurd."""
    lives = [life_s(Settings(), model, number) for number in range(2000)]
    assert median(lives) == pytest.approx(middle_s, rel=0.03)
    assert min(lives) > middle_s / 3
    assert max(lives) < middle_s * 3


def test_the_same_call_has_the_same_life_and_the_next_another() -> None:
    """Chance depends on the seed, the request and which call of it this is."""
    first, again, second, other_seed = (
        new_task(Settings(seed=seed), REQUEST, None, number, now=0.0).ends_at
        for seed, number in ((1, 1), (1, 1), (1, 2), (2, 1))
    )
    assert first == again
    assert len({first, second, other_seed}) == 3


def test_faults_strike_as_often_as_asked() -> None:
    """A probability of 0.2 strikes about one request in five; none and certain are exact."""
    settings = Settings(faults={Fault.RESET: 0.2, Fault.BUSY: 1.0})
    struck = sum(strikes(settings, Fault.RESET, number) for number in range(5000))
    assert 900 < struck < 1100
    assert strikes(settings, Fault.BUSY, "any")
    assert not strikes(settings, Fault.FAIL, "any")


def test_chance_stays_below_one() -> None:
    """A number from 0 to below 1."""
    assert all(0 <= chance(1, number) < 1 for number in range(1000))


def test_ids_look_like_the_platforms() -> None:
    """Fourteen digits of time and sixteen hexadecimal digits."""
    task = new_task(Settings(), REQUEST, None, 1, now=1767225600.0)
    assert task.id.startswith("20260101000000")
    assert len(task.id) == len(task.request_id) == 30
    assert task.id != task.request_id


def test_a_local_picture_counts_by_its_bytes() -> None:
    """The file's name does not matter, its hash does."""
    mug = LocalPicture("mug.png", "/a/mug.png", "aa", "png", 9, 9, 9)
    moved = replace(mug, name="cup.png", path="/b")
    other = replace(mug, sha256="bb")
    digests = [digest_of(replace(REQUEST, pictures=(p,))) for p in (mug, moved, other)]
    assert digests[0] == digests[1] != digests[2]
