"""The loop: order, caps, resuming, stopping, signals, and errors that concern the whole run."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from batchgen.clip import AttemptState, Balance
from batchgen.job.schema import Budget
from batchgen.provider.port import Reaction, Refused, StopReason, Uncertain
from tests.run.scripted import Life
from tests.run.shop import Shop
from tests.run.virtual_loop import START, virtually

S = AttemptState
LOST = Uncertain("no answer in time")
SKUS = [f"S{number}" for number in range(10)]


@virtually
async def test_a_run_with_nothing_to_do_ends_at_once(tmp_path: Path) -> None:
    """No time passes and nothing is asked."""
    shop = Shop(tmp_path)
    stop = await shop.run()
    assert (stop.reason, shop.clock.monotonic(), shop.provider.polled) == (None, 0, {})


@virtually
async def test_clips_are_bought_in_the_plans_order(tmp_path: Path) -> None:
    """The first of the plan are bought first, whatever their tasks take."""
    shop = Shop(tmp_path, slots=3)
    for number, sku in enumerate(SKUS):
        shop.provider.lives[sku] = Life(task_s=20.0 + 17 * (number % 4))
    await shop.run(*SKUS)
    assert [submit.sku for submit in shop.provider.submits] == SKUS


@virtually
async def test_a_slow_picture_keeps_its_place(tmp_path: Path) -> None:
    """What a budget leaves goes to the first of the plan, also where a later one is ready first."""
    shop = Shop(tmp_path, slots=3)
    shop.budget = Budget(job=Decimal("2.50"))
    shop.provider.lives["A"] = Life(prepare_s=5.0)
    await shop.run("A", "B", "C")
    assert [submit.sku for submit in shop.provider.submits] == ["A", "B"]


@pytest.mark.parametrize("slots", [1, 3, 10, 20])
@virtually
async def test_the_tier_is_used_and_never_passed(tmp_path: Path, slots: int) -> None:
    """The highest number of tasks alive at the provider is the tier, or all clips."""
    shop = Shop(tmp_path, slots=slots)
    for number, sku in enumerate(SKUS):
        shop.provider.lives[sku] = Life(task_s=20.0 + 17 * (number % 4))
    await shop.run(*SKUS)
    assert shop.provider.highest_alive == min(slots, len(SKUS))
    assert shop.runner.context.slots.held == 0


@virtually
async def test_inherited_tasks_count_against_the_tier(tmp_path: Path) -> None:
    """Three of four slots are held by tasks of an earlier start, of any job."""
    shop = Shop(tmp_path, slots=4)
    for sku, job in (("A", "spring"), ("B", "autumn"), ("C", "autumn")):
        shop.provider.lives[sku] = Life(task_s=300.0)
        await shop.have(sku, S.ACCEPTED, job)
    await shop.run(*SKUS)
    assert (shop.provider.highest_alive, shop.counts()) == (4, {S.SAVED: 13})


@virtually
async def test_a_smaller_tier_waits_until_the_inherited_tasks_have_ended(tmp_path: Path) -> None:
    """Five tasks live where two are allowed now: nothing is bought before four have ended."""
    shop = Shop(tmp_path, slots=2)
    for number in range(5):
        shop.provider.lives[f"OLD{number}"] = Life(task_s=100.0 * (number + 1))
        await shop.have(f"OLD{number}", S.ACCEPTED)
    await shop.run(*SKUS)
    assert shop.provider.submits[0].at_s > 400
    assert shop.counts() == {S.SAVED: 15}


@virtually
async def test_doubt_holds_its_slot(tmp_path: Path) -> None:
    """A lost answer may stand for a task of 20 minutes: its slot is kept for 30."""
    shop = Shop(tmp_path, slots=2)
    shop.provider.lives["A"] = Life(submits=[LOST], task_s=1200.0)
    await shop.run("A", *SKUS)
    assert shop.provider.highest_alive == 2
    assert shop.counts() == {S.UNKNOWN: 1, S.SAVED: 10}


@virtually
async def test_when_doubt_holds_every_slot_the_run_waits_and_says_so(tmp_path: Path) -> None:
    """Nothing is known of the model: 1.5 times 1200 s from the intent, then buying goes on."""
    shop = Shop(tmp_path, slots=2)
    shop.provider.lives = {sku: Life(submits=[LOST]) for sku in "AB"}
    await shop.run("A", "B", "C")
    assert [submit.at_s for submit in shop.provider.submits] == [0, 0, 1800]
    assert sum("doubt hold every slot" in note for note in shop.audience.notes) == 1
    waiting = [it for it in shop.audience.figures if it.in_doubt == 2]
    assert {(it.in_flight, it.ends, it.waits_until) for it in waiting} == {(0, None, START + 1800)}


@virtually
async def test_the_run_does_not_wait_for_doubt_when_nothing_is_to_be_bought(tmp_path: Path) -> None:
    """Doubt that holds every slot holds nobody up, and no note says that it does."""
    shop = Shop(tmp_path, slots=1)
    shop.provider.lives["A"] = Life(submits=[LOST])
    await shop.run("A")
    assert shop.clock.monotonic() == 1
    assert not any("every slot" in note for note in shop.audience.notes)


#: State that a start finds -> state after the run, 100 s later; it is bought only if REJECTED
#: or DECLARED_UNPAID.
FOUND = {
    S.INTENT: S.UNKNOWN,
    S.UNKNOWN: S.UNKNOWN,
    S.REJECTED: S.SAVED,
    S.REFUSED: S.REFUSED,
    S.ACCEPTED: S.SAVED,
    S.STALLED: S.SAVED,
    S.VANISHED: S.SAVED,
    S.FAILED: S.FAILED,
    S.SUCCEEDED: S.SAVED,
    S.VERIFIED: S.SAVED,
    S.SAVED: S.SAVED,
    S.EXPIRED: S.EXPIRED,
    S.PAID_NO_RESULT: S.PAID_NO_RESULT,
    S.DECLARED_UNPAID: S.SAVED,
    S.WRITTEN_OFF: S.WRITTEN_OFF,
}


@pytest.mark.parametrize("state", AttemptState)
@virtually
async def test_what_a_start_does_with_each_state(tmp_path: Path, state: AttemptState) -> None:
    """Every state that a start can find has its way, and only two of them lead to a purchase."""
    shop = Shop(tmp_path)
    await shop.have("A", state)
    await shop.clock.sleep(100)
    stop = await shop.run("A")
    is_bought = state in {S.REJECTED, S.DECLARED_UNPAID}
    assert (shop.states(), stop.reason) == ({"A": FOUND[state]}, None)
    assert len(shop.provider.submits) == is_bought


@pytest.mark.parametrize("state", [S.INTENT, S.UNKNOWN])
@pytest.mark.parametrize(("age_s", "first_submit_s"), [(0, 1800), (1000, 1800), (5000, 5000)])
@virtually
async def test_found_doubt_holds_its_slot_until_it_is_old(
    tmp_path: Path, state: AttemptState, age_s: float, first_submit_s: float
) -> None:
    """What an earlier start left unanswered may be alive for 1800 s after its intent."""
    shop = Shop(tmp_path, slots=1)
    await shop.have("A", state)
    await shop.clock.sleep(age_s)
    await shop.run("A", "B")
    assert [submit.at_s for submit in shop.provider.submits] == [first_submit_s]


@virtually
async def test_everything_alive_is_asked_once_before_anything_is_bought(tmp_path: Path) -> None:
    """One of the tasks ended meanwhile and one lives: both were polled before the first submit."""
    shop = Shop(tmp_path, slots=5)
    shop.provider.lives["B"] = Life(task_s=500.0)
    await shop.have("A", S.ACCEPTED)
    await shop.have("B", S.STALLED)
    await shop.clock.sleep(100)
    shop.provider.poll_s = 9.0
    await shop.run("C")
    assert shop.provider.submits[0].at_s == 109
    assert set(shop.provider.polled) == {"task-1", "task-2", "task-3"}


@virtually
async def test_other_jobs_are_brought_home_but_not_counted(tmp_path: Path) -> None:
    """Their clips are fetched with ours; figures and money are those of our job."""
    shop = Shop(tmp_path)
    await shop.have("X", S.ACCEPTED, job="autumn")
    await shop.have("Y", S.SUCCEEDED, job="autumn")
    await shop.have("A", S.ACCEPTED)
    await shop.run("A", "B")
    told = shop.audience.figures[-1]
    assert shop.counts() == {S.SAVED: 4}
    assert (told.settled, told.total, told.done) == (2, 2, 2)
    assert Balance(told.reserved, told.at_risk, told.spent) == shop.money()


@virtually
async def test_the_figures_tell_what_lies_ahead(tmp_path: Path) -> None:
    """Nothing is expected before a task ended; with 60 s seen, ten clips on two slots take 300."""
    shop = Shop(tmp_path, slots=2)
    await shop.run(*SKUS)
    assert shop.audience.figures[0].ends is None
    last = shop.audience.figures[-1].ends
    assert last is not None
    assert last.left_s == 0
    assert max(told.in_flight for told in shop.audience.figures) == 2


# ---------------------------------------------------------------- signals


async def interrupted(shop: Shop, at_s: float, *skus: str, times: int = 1) -> float:
    """Run and give a signal (or more) at a moment; give the seconds until the run ended."""

    async def signal() -> None:
        await shop.clock.sleep(at_s)
        shop.runner.leave()
        if times == 2:
            shop.runner.leave_now()

    stop = await shop.run(*skus, while_running=signal)
    assert stop.reason is StopReason.SIGNAL
    return shop.clock.monotonic() - at_s


@virtually
async def test_a_signal_waits_for_submits_in_the_air(tmp_path: Path) -> None:
    """The answers come after 10 s and are recorded: nothing is in doubt, nothing else is sent."""
    shop = Shop(tmp_path, slots=3)
    for sku in SKUS:
        shop.provider.lives[sku] = Life(answer_s=10.0)
    waited_s = await interrupted(shop, 1.0, *SKUS)
    assert (shop.counts(), waited_s) == ({S.ACCEPTED: 3}, 9)


@virtually
async def test_a_signal_waits_thirty_seconds_at_most(tmp_path: Path) -> None:
    """A submit that is not answered by then is in doubt; the next start does not send it again."""
    shop = Shop(tmp_path)
    shop.provider.lives["A"] = Life(answer_s=50.0)
    waited_s = await interrupted(shop, 1.0, "A")
    assert (shop.states(), waited_s) == ({"A": S.UNKNOWN}, 30)
    await shop.run("A")
    assert shop.provider.bill == {"A": 1}


@virtually
async def test_a_second_signal_leaves_at_once(tmp_path: Path) -> None:
    """What is in the air becomes uncertain, with its money at risk, and a person is told so."""
    shop = Shop(tmp_path)
    shop.provider.lives["A"] = Life(answer_s=50.0)
    waited_s = await interrupted(shop, 1.0, "A", times=2)
    assert (shop.states(), waited_s) == ({"A": S.UNKNOWN}, 0)
    assert shop.audience.moves[-1] == ("A", S.UNKNOWN)


@virtually
async def test_a_second_signal_ends_the_drain(tmp_path: Path) -> None:
    """The second one comes ten seconds after the first: the wait is over."""
    shop = Shop(tmp_path)
    shop.provider.lives["A"] = Life(answer_s=50.0)

    async def signals() -> None:
        await shop.clock.sleep(1)
        shop.runner.leave()
        await shop.clock.sleep(10)
        shop.runner.leave_now()

    await shop.run("A", while_running=signals)
    assert (shop.states(), shop.clock.monotonic()) == ({"A": S.UNKNOWN}, 11)


@pytest.mark.parametrize("at_s", [3.0, 61.5])
@virtually
async def test_a_signal_leaves_tasks_and_downloads_as_they_are(tmp_path: Path, at_s: float) -> None:
    """Neither polling nor fetching is waited for; the next start goes on."""
    shop = Shop(tmp_path, slots=3)
    waited_s = await interrupted(shop, at_s, *SKUS)
    assert waited_s == 0
    await shop.run(*SKUS)
    assert shop.counts() == {S.SAVED: 10}
    assert set(shop.provider.bill.values()) == {1}


@virtually
async def test_a_signal_ends_the_wait_for_a_refused_submit(tmp_path: Path) -> None:
    """The clip waits 600 s at the gate when the signal comes: it stays planned."""
    shop = Shop(tmp_path)
    busy = Refused("1305", "busy", Reaction.RETRY, retry_after_s=600.0)
    shop.provider.lives["A"] = Life(submits=[busy])
    waited_s = await interrupted(shop, 5.0, "A")
    assert (shop.states(), waited_s) == ({"A": S.REJECTED}, 0)


@virtually
async def test_a_signal_before_the_run_buys_nothing(tmp_path: Path) -> None:
    """It came while the simulator was starting."""
    shop = Shop(tmp_path)
    async with shop.open():
        runner = await shop.prepared_runner()
        runner.leave()
        await runner.run([shop.planned("A")], [])
    assert shop.attempts() == []


@virtually
async def test_a_cancelled_run_records_what_is_in_the_air(tmp_path: Path) -> None:
    """A caller's time-out ends the run like a signal: nothing is lost, nothing goes on."""
    shop = Shop(tmp_path)
    shop.provider.lives["A"] = Life(answer_s=10.0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await shop.run("A", "B", "C")
    assert shop.states() == {"A": S.ACCEPTED, "B": S.ACCEPTED}


@virtually
async def test_a_cancelled_run_sends_nothing_while_it_drains(tmp_path: Path) -> None:
    """A is refused for now while the answer for B is still awaited: A is not sent again."""
    shop = Shop(tmp_path)
    busy = Refused("1305", "busy", Reaction.RETRY)
    shop.provider.lives = {"A": Life(submits=[busy], answer_s=10.0), "B": Life(answer_s=30.0)}
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await shop.run("A", "B")
    assert shop.states() == {"A": S.REJECTED, "B": S.ACCEPTED}
    assert len(shop.provider.submits) == 2


@virtually
async def test_a_run_cancelled_twice_leaves_doubt_behind_but_no_task(tmp_path: Path) -> None:
    """The second cancel ends the drain, and still writes down what is in the air."""
    shop = Shop(tmp_path)
    shop.provider.lives["A"] = Life(answer_s=50.0)
    run = asyncio.ensure_future(shop.run("A"))
    for _ in range(2):
        await shop.clock.sleep(5)
        run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert (shop.states(), shop.clock.monotonic()) == ({"A": S.UNKNOWN}, 10)


# ---------------------------------------------------------------- what concerns the whole run


@pytest.mark.parametrize("to", [S.INTENT, S.ACCEPTED, S.SUCCEEDED, S.VERIFIED, S.SAVED])
@virtually
async def test_a_state_that_cannot_be_written_stops_the_run(
    tmp_path: Path, to: AttemptState
) -> None:
    """Only what was bought before it is paid, the run ends by itself, and the next one mends it."""
    shop = Shop(tmp_path, slots=2)
    shop.before_run = lambda: shop.state.break_for(to)
    stop = await shop.run(*SKUS)
    assert (stop.reason, str(stop.message)) == (StopReason.STATE, "disk full")
    assert len(shop.provider.submits) <= 4
    shop.before_run = lambda: None
    await shop.run(*SKUS)
    assert set(shop.states().values()) <= {S.SAVED, S.UNKNOWN}
    assert set(shop.provider.bill.values()) == {1}


@virtually
async def test_a_state_that_breaks_at_the_start_stops_the_run(tmp_path: Path) -> None:
    """What an earlier start left cannot be recorded: the tasks alive are still brought home."""
    shop = Shop(tmp_path)
    await shop.have("A", S.INTENT)
    shop.before_run = lambda: shop.state.break_for(S.UNKNOWN)
    stop = await shop.run("A", "B")
    assert (stop.reason, shop.provider.submits) == (StopReason.STATE, [])


@virtually
async def test_a_state_that_breaks_in_the_drain_ends_clearly(tmp_path: Path) -> None:
    """The submit in the air cannot be recorded: its intent stays and is found by the next run."""
    shop = Shop(tmp_path)
    shop.provider.lives["A"] = Life(answer_s=50.0)
    shop.before_run = lambda: shop.state.break_for(S.UNKNOWN)
    await interrupted(shop, 1.0, "A", times=2)
    assert shop.states() == {"A": S.INTENT}


@virtually
async def test_a_bug_in_one_clips_life_is_raised_after_the_others_came_home(tmp_path: Path) -> None:
    """Nothing more is bought, what is alive is brought home, and then the bug is shown."""
    shop = Shop(tmp_path, slots=2)
    shop.folder.fetch_troubles["S0"] = [KeyError("our bug")]
    with pytest.raises(KeyError, match="our bug"):
        await shop.run(*SKUS)
    assert shop.runner.context.stop.reason is StopReason.STATE
    assert shop.states()["S1"] is S.SAVED
    assert len(shop.provider.submits) < len(SKUS)


@virtually
async def test_a_clip_that_may_not_be_bought_again_is_a_bug(tmp_path: Path) -> None:
    """A plan that would buy a paid clip once more is refused by the state; nothing is sent."""
    shop = Shop(tmp_path)
    await shop.have("A", S.SAVED)
    async with shop.open():
        runner = await shop.prepared_runner()
        with pytest.raises(Exception, match="nobody asked to buy it again"):
            await runner.run([shop.planned("A")], [])
    assert shop.provider.submits == []
