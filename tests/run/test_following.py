"""Following a task: every answer to a poll, the give-up, and a provider that forgets."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from batchgen.clip import AttemptState
from batchgen.provider.port import (
    PollReply,
    PollTrouble,
    StillProcessing,
    StopReason,
    TaskFailed,
    TaskSucceeded,
    TaskUnknown,
)
from tests.run.scripted import Life
from tests.run.shop import Shop
from tests.run.virtual_loop import virtually

S = AttemptState
TROUBLE = PollTrouble("HTTP 500")
GONE = TaskUnknown("no such task")
FOR_EVER = 10**6


@pytest.mark.parametrize(
    ("polls", "end", "state"),
    [
        pytest.param([StillProcessing()] * 3, TaskSucceeded("https://x/1"), S.SAVED, id="success"),
        pytest.param([], TaskFailed("1301", "unsafe"), S.FAILED, id="fail with a reason"),
        pytest.param([], TaskFailed(), S.FAILED, id="fail without"),
        pytest.param([TROUBLE] * 5, TaskSucceeded("https://x/1"), S.SAVED, id="trouble passes"),
        pytest.param([GONE] * 5, TaskSucceeded("https://x/1"), S.SAVED, id="unknown for a moment"),
        pytest.param([], GONE, S.VANISHED, id="unknown for good"),
    ],
)
@virtually
async def test_each_answer_to_a_poll(
    tmp_path: Path, polls: list[PollReply], end: PollReply, state: AttemptState
) -> None:
    """A task ends as the provider says; trouble and a short forgetting change nothing."""
    shop = Shop(tmp_path)
    shop.provider.lives["A"] = Life(polls=polls, ends=[end])
    stop = await shop.run("A")
    assert (shop.states(), stop.reason) == ({"A": state}, None)
    assert len(shop.provider.submits) == 1


@virtually
async def test_a_task_is_unknown_for_ten_minutes_before_it_is_believed(tmp_path: Path) -> None:
    """The grace starts at the first such answer and starts again after any other."""
    shop = Shop(tmp_path)
    shop.provider.lives["A"] = Life(polls=[*[GONE] * 5, StillProcessing()], ends=[GONE])
    await shop.run("A")
    polls = shop.provider.polled["task-1"]
    (vanished,) = shop.attempts()
    assert vanished.state is S.VANISHED
    # the first unknown answer after the sixth poll is the seventh
    assert polls[-1] - polls[6] >= 600 > polls[-2] - polls[6]


@virtually
async def test_a_retry_after_of_a_poll_is_kept(tmp_path: Path) -> None:
    """The provider asked for 50 s: that poll is the last one before then."""
    shop = Shop(tmp_path)
    shop.provider.lives["A"] = Life(polls=[PollTrouble("too fast", retry_after_s=50.0)])
    await shop.run("A")
    first, second, *_ = shop.provider.polled["task-1"]
    assert second - first == 50


@virtually
async def test_polls_without_an_answer_are_told_once(tmp_path: Path) -> None:
    """An API that does not answer for a while is no silent wait, and no flood of notes."""
    shop = Shop(tmp_path)
    shop.provider.lives["A"] = Life(polls=[TROUBLE] * 6)
    await shop.run("A")
    assert (
        len([note for note in shop.audience.notes if "no usable answer about its task" in note])
        == 1
    )


@virtually
async def test_an_unknown_task_is_told_once(tmp_path: Path) -> None:
    """The third such answer is told, with its task and the time after which it is believed."""
    shop = Shop(tmp_path)
    shop.provider.lives["A"] = Life(polls=[TROUBLE, TROUBLE, *[GONE] * 5])
    await shop.run("A")
    (note,) = shop.audience.notes
    assert "does not know task task-1 (no such task)" in note
    assert "for 10 minutes" in note


@virtually
async def test_two_unknown_answers_are_no_news(tmp_path: Path) -> None:
    """They are counted apart from answers of other kinds, and afresh after a good one."""
    shop = Shop(tmp_path)
    few: list[PollReply] = [GONE, GONE, TROUBLE, TROUBLE, StillProcessing(), GONE, GONE]
    shop.provider.lives["A"] = Life(polls=few)
    await shop.run("A")
    assert shop.audience.notes == []


@virtually
async def test_an_unknown_task_past_the_give_up_is_no_running_one(tmp_path: Path) -> None:
    """It is followed until it is believed to be gone; left as running, it would stay so."""
    shop = Shop(tmp_path)
    await shop.have("A", S.ACCEPTED)
    await shop.clock.sleep(5 * 3600)
    shop.provider.lives["A"] = Life(polls=[TROUBLE] * 9, ends=[GONE])
    await shop.run()
    assert shop.states() == {"A": S.VANISHED}


@virtually
async def test_a_refused_account_ends_the_polls_and_the_run(tmp_path: Path) -> None:
    """The key is refused: tasks stay alive and reserved, and the run says why it stopped."""
    shop = Shop(tmp_path)
    for sku in "AB":
        shop.provider.lives[sku] = Life(ends=[PollTrouble("key refused", StopReason.KEY)])
    stop = await shop.run(*"ABC")
    assert (shop.states(), stop.reason) == ({"A": S.ACCEPTED, "B": S.ACCEPTED}, StopReason.KEY)


@virtually
async def test_past_the_give_up_a_task_stays_running(tmp_path: Path) -> None:
    """It is reported, keeps its money reserved, and the run ends as nothing else is left."""
    shop = Shop(tmp_path)
    shop.provider.lives["A"] = Life(task_s=FOR_EVER)
    stop = await shop.run("A", "B")
    assert (shop.states(), stop.reason) == ({"A": S.STALLED, "B": S.SAVED}, None)
    assert shop.money().reserved == shop.planned("A").clip.price
    assert "still running after 2.0 h" in shop.audience.notes[0]


@virtually
async def test_a_stalled_task_keeps_its_slot_and_is_asked_each_ten_minutes(tmp_path: Path) -> None:
    """Others are bought beside it, one after the other; it comes home when it ends after 4 h."""
    shop = Shop(tmp_path, slots=2)
    shop.provider.lives["A"] = Life(task_s=4 * 3600)
    skus = [f"S{number}" for number in range(5)]
    for sku in skus:
        shop.provider.lives[sku] = Life(task_s=3600)
    await shop.run("A", *skus)
    assert (shop.counts(), shop.provider.highest_alive) == ({S.SAVED: 6}, 2)
    late = [at for at in shop.provider.polled["task-1"] if at > 7300]
    assert {round(second - first) for first, second in pairwise(late)} == {600}


@virtually
async def test_a_stalled_task_that_ends_is_waited_for_again(tmp_path: Path) -> None:
    """It ended late and its download takes long: the run does not end before the file is here."""
    shop = Shop(tmp_path, slots=2)
    shop.provider.lives["A"] = Life(task_s=8000)
    shop.folder.slow_fetches_s["A"] = 3000
    for sku in "BCD":
        shop.provider.lives[sku] = Life(task_s=3000)
    await shop.run(*"ABCD")
    assert shop.counts() == {S.SAVED: 4}


@virtually
async def test_a_stalled_task_gives_its_slot_back_after_a_day(tmp_path: Path) -> None:
    """With one slot and a task that never ends, the next clip is bought after 24 h."""
    shop = Shop(tmp_path, slots=1)
    shop.provider.lives["A"] = Life(task_s=FOR_EVER)
    await shop.run("A", "B")
    assert shop.states() == {"A": S.STALLED, "B": S.SAVED}
    assert 86_400 <= shop.provider.submits[1].at_s < 86_400 + 700


@virtually
async def test_a_stalled_task_may_fail_or_vanish(tmp_path: Path) -> None:
    """Late ends are recorded like any other."""
    shop = Shop(tmp_path, slots=3)
    shop.provider.lives["A"] = Life(task_s=8000, ends=[TaskFailed()])
    shop.provider.lives["B"] = Life(task_s=8000, ends=[GONE])
    shop.provider.lives["C"] = Life(task_s=10_000)
    for number in range(10):
        shop.provider.lives[f"S{number}"] = Life(task_s=7000)
    await shop.run("A", "B", "C", *(f"S{number}" for number in range(10)))
    states = shop.states()
    assert (states["A"], states["B"], states["C"]) == (S.FAILED, S.VANISHED, S.SAVED)


@virtually
async def test_an_api_that_is_gone_for_hours_does_not_hold_the_run(tmp_path: Path) -> None:
    """Past the give-up, ten polls in a row without an answer: the task is left running."""
    shop = Shop(tmp_path)
    shop.provider.lives["A"] = Life(ends=[TROUBLE])
    await shop.run("A")
    assert shop.states() == {"A": S.STALLED}


@virtually
async def test_a_vanished_task_that_is_known_again_is_followed(tmp_path: Path) -> None:
    """The next start asks once: the task lives, so it is brought home, not bought again."""
    shop = Shop(tmp_path)
    await shop.have("A", S.VANISHED)
    await shop.run("A")
    assert (shop.states(), shop.provider.submits) == ({"A": S.SAVED}, [])


@virtually
async def test_a_vanished_task_stays_in_doubt(tmp_path: Path) -> None:
    """The provider still does not know it: one poll, and nothing else is written."""
    shop = Shop(tmp_path)
    attempt = await shop.have("A", S.VANISHED)
    shop.provider.tasks.clear()
    await shop.run("A")
    assert shop.attempts() == [attempt]
    assert len(shop.provider.polled["task-1"]) == 1


@virtually
async def test_an_attempt_without_a_task_cannot_be_asked_for(tmp_path: Path) -> None:
    """That would be a bug of ours, and it is not hidden."""
    shop = Shop(tmp_path)
    attempt = await shop.have("A", S.UNKNOWN)
    async with shop.open():
        runner = await shop.prepared_runner()
        with pytest.raises(AssertionError, match="no task"):
            await runner.follower.look(attempt)


@virtually
async def test_polls_learn_from_what_was_seen(tmp_path: Path) -> None:
    """After five tasks of 60 s the sixth is asked for but a few times, and soon after its end."""
    shop = Shop(tmp_path, slots=1)
    await shop.run(*"ABCDEF")
    sixth = shop.provider.tasks["task-6"]
    polls = [at - sixth.started_s for at in shop.provider.polled["task-6"]]
    assert polls[-1] - 60 < 3
    assert len(polls) < len(shop.provider.polled["task-1"]) / 2


@virtually
async def test_tasks_that_started_together_are_not_asked_for_together(tmp_path: Path) -> None:
    """Ten tasks submitted at once: until they end, few are asked for within a tenth second."""
    shop = Shop(tmp_path, slots=10)
    await shop.run(*"ABCDEFGHIJ")
    polls = [at for times in shop.provider.polled.values() for at in times if at < 50]
    assert max(sum(at <= other < at + 0.1 for other in polls) for at in polls) <= 3


@virtually
async def test_a_link_is_kept_with_the_day_it_lives(tmp_path: Path) -> None:
    """A link lives a day from its making, which is not before the submit: that much is sure."""
    shop = Shop(tmp_path)
    shop.provider.lives["A"] = Life(submits=[], ends=[TaskSucceeded("https://x/1", "https://x/c")])
    await shop.run("A")
    (attempt,) = shop.attempts()
    assert (attempt.video_url, attempt.cover_url) == ("https://x/1", "https://x/c")
    assert attempt.url_expires_at is not None
    assert attempt.submitted_at is not None
    assert attempt.url_expires_at - attempt.submitted_at == 86_400


@virtually
async def test_a_link_that_is_seen_days_later_is_taken_as_fresh(tmp_path: Path) -> None:
    """When its task ended cannot be told; the link is tried at once, and has a day at most."""
    shop = Shop(tmp_path)
    await shop.have("A", AttemptState.ACCEPTED)
    await shop.clock.sleep(3 * 86_400)
    await shop.run()
    (attempt,) = shop.attempts()
    assert attempt.url_expires_at is not None
    assert attempt.finished_at is not None
    assert attempt.url_expires_at - attempt.finished_at == 86_400


@virtually
async def test_a_clock_set_back_makes_a_task_no_younger(tmp_path: Path) -> None:
    """It is polled ever more seldom and reported past the give-up all the same."""
    shop = Shop(tmp_path)
    shop.give_up_after_s = 600.0
    shop.provider.lives["A"] = Life(task_s=3600.0)

    async def set_back() -> None:
        await shop.clock.sleep(5)
        shop.clock.jump_s -= 86400.0

    await shop.run("A", while_running=set_back)
    assert shop.states() == {"A": S.STALLED}
    assert len(shop.provider.polled["task-1"]) < 60
