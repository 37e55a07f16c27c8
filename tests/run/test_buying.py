"""Buying: every answer to a submit, budgets, pictures that moved, and what is never sent again."""

from __future__ import annotations

import asyncio
import heapq
import math
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from batchgen.clip import AttemptState, Balance, TaskId
from batchgen.errors import InputError, PictureMoved
from batchgen.job.schema import Budget
from batchgen.messages import msg
from batchgen.provider.port import (
    Accepted,
    NotSent,
    Reaction,
    Refused,
    StopReason,
    SubmitReply,
    Uncertain,
)
from batchgen.words import time_of_day
from tests.run.scripted import Life
from tests.run.shop import PRICE, Shop
from tests.run.virtual_loop import START, virtually

S = AttemptState
LOST = Uncertain("no answer in time")
BUSY = Refused("1305", "model busy", Reaction.RETRY)
UNSAFE = Refused("1301", "unsafe content", Reaction.FAIL_CLIP)
NO_MODEL = Refused("1211", "model unknown", Reaction.STOP_MODEL)
POOR = Refused("1113", "balance used up", Reaction.STOP_RUN, StopReason.BALANCE)
UNREACHED = NotSent("no connection to the API")


@pytest.mark.parametrize(
    ("reply", "states", "stopped"),
    [
        pytest.param(Accepted(TaskId("t")), [S.SAVED], None, id="accepted"),
        pytest.param(BUSY, [S.REJECTED, S.SAVED], None, id="later again"),
        pytest.param(
            Refused("1302", "full", Reaction.HOLD, retry_after_s=7.0),
            [S.REJECTED, S.SAVED],
            None,
            id="account full",
        ),
        pytest.param(UNSAFE, [S.REFUSED], None, id="clip refused"),
        pytest.param(NO_MODEL, [S.REJECTED], None, id="model refused"),
        pytest.param(POOR, [S.REJECTED], StopReason.BALANCE, id="no money"),
        pytest.param(
            Refused("1112", "locked", Reaction.STOP_RUN),
            [S.REJECTED],
            StopReason.ACCOUNT,
            id="stop without a reason",
        ),
        pytest.param(UNREACHED, [S.REJECTED, S.SAVED], None, id="nobody reached"),
        pytest.param(
            NotSent("bad certificate", StopReason.ACCOUNT),
            [S.REJECTED],
            StopReason.ACCOUNT,
            id="bad certificate",
        ),
        pytest.param(LOST, [S.UNKNOWN], None, id="in doubt"),
    ],
)
@virtually
async def test_each_answer_to_a_submit(
    tmp_path: Path, reply: SubmitReply, states: list[AttemptState], stopped: StopReason | None
) -> None:
    """Each answer has its record, and only one that made no task is followed by another submit."""
    shop = Shop(tmp_path)
    shop.provider.lives["A"] = Life(submits=[reply])
    stop = await shop.run("A")
    assert [attempt.state for attempt in shop.attempts()] == states
    assert stop.reason is stopped
    assert len(shop.provider.submits) == len(states)


@virtually
async def test_a_request_id_is_never_used_twice(tmp_path: Path) -> None:
    """A clip that is sent again gets a new id: the old one may stand for a task."""
    shop = Shop(tmp_path)
    shop.provider.lives["A"] = Life(submits=[BUSY, UNREACHED, BUSY])
    await shop.run("A", "B")
    ids = [submit.request_id for submit in shop.provider.submits]
    assert (len(ids), len(set(ids))) == (5, 5)


@pytest.mark.parametrize(
    ("reply", "balance"),
    [
        pytest.param(Accepted(TaskId("t")), Balance(spent=PRICE), id="spent"),
        pytest.param(UNSAFE, Balance(), id="released"),
        pytest.param(LOST, Balance(at_risk=PRICE), id="at risk"),
    ],
)
@virtually
async def test_the_money_goes_to_its_place(
    tmp_path: Path, reply: SubmitReply, balance: Balance
) -> None:
    """The ledger and the figures told last agree."""
    shop = Shop(tmp_path)
    shop.provider.lives["A"] = Life(submits=[reply])
    await shop.run("A")
    told = shop.audience.figures[-1]
    assert shop.money() == balance
    assert Balance(told.reserved, told.at_risk, told.spent) == balance


@virtually
async def test_the_same_task_given_twice_leaves_the_second_in_doubt(tmp_path: Path) -> None:
    """Two clips never share one task; the second may have been bought and is held."""
    shop = Shop(tmp_path, slots=1)
    for sku in "AB":
        shop.provider.lives[sku] = Life(submits=[Accepted(TaskId("same"))])
    await shop.run("A", "B")
    assert shop.states() == {"A": S.SAVED, "B": S.UNKNOWN}
    assert any("task same already belongs to A" in note for note in shop.audience.notes)


@pytest.mark.parametrize("kind", [PictureMoved, InputError])
@virtually
async def test_a_picture_that_cannot_be_sent_leaves_its_clip_out(
    tmp_path: Path, kind: type[InputError]
) -> None:
    """Nothing is reserved for it, a person is told, and the others are bought."""
    shop = Shop(tmp_path)
    shop.provider.lives["A"] = Life(cannot_prepare=kind(msg("mug.png changed")))
    stop = await shop.run("A", "B")
    assert (shop.states(), stop.reason) == ({"B": S.SAVED}, None)
    assert shop.audience.notes == ["A / main is not sent: mug.png changed"]


@pytest.mark.parametrize("slots", [1, 2, 5, 20])
@virtually
async def test_the_run_budget_is_never_passed(tmp_path: Path, slots: int) -> None:
    """5.00 buys four clips of 1.25 however many go at once; the run says why it stopped."""
    shop = Shop(tmp_path, slots=slots)
    shop.ceiling = Decimal("5.00")
    stop = await shop.run(*"ABCDEFGHIJ")
    assert (shop.states(), stop.reason) == (dict.fromkeys("ABCD", S.SAVED), StopReason.BUDGET)
    assert shop.provider.bill.total() == 4


@pytest.mark.parametrize("budget", [{"job": "2.50"}, {"day": "2.50"}, {"month": "2.50"}])
@virtually
async def test_every_wide_budget_stops_the_run(tmp_path: Path, budget: dict[str, Any]) -> None:
    """Job, day and month count what an earlier run spent: 1.25 of 2.50 are left."""
    shop = Shop(tmp_path)
    await shop.have("OLD", S.SAVED)
    shop.budget = Budget.model_validate(budget)
    stop = await shop.run("A", "B")
    assert (stop.reason, shop.states()) == (StopReason.BUDGET, {"OLD": S.SAVED, "A": S.SAVED})


@virtually
async def test_a_budget_of_a_column_only_leaves_its_clips_out(tmp_path: Path) -> None:
    """1.25 for the campaign: its second clip waits for another run, the rest is bought."""
    shop = Shop(tmp_path)
    shop.budget = Budget.model_validate({"by": {"campaign": "1.25"}})
    clips = [shop.planned(sku, tags={"campaign": "spring"}) for sku in "AB"]
    stop = await shop.run_clips([*clips, shop.planned("C")])
    assert (set(shop.states()), stop.reason) == ({"A", "C"}, None)
    assert shop.runner.context.held_by_budget


@virtually
async def test_nothing_is_sent_after_the_account_refused(tmp_path: Path) -> None:
    """Arrears: what is in the air may end, but the clips behind it are not sent."""
    shop = Shop(tmp_path, slots=3)
    shop.provider.lives["A"] = Life(submits=[POOR])
    await shop.run(*"ABCDEF")
    assert [submit.sku for submit in shop.provider.submits] == ["A", "B", "C"]
    assert shop.states() == {"A": S.REJECTED, "B": S.SAVED, "C": S.SAVED}


@virtually
async def test_a_stop_between_picture_and_intent_buys_nothing(tmp_path: Path) -> None:
    """The run is stopped while the pictures are being read: nothing is reserved or sent."""
    shop = Shop(tmp_path)
    shop.provider.prepare_s = 5.0

    async def stop() -> None:
        await shop.clock.sleep(3)
        shop.runner.context.stop.request(StopReason.BALANCE, msg("bill refused"))

    await shop.run("A", while_running=stop)
    assert (shop.attempts(), shop.provider.submits) == ([], [])


@virtually
async def test_a_refused_model_is_not_bought_any_more(tmp_path: Path) -> None:
    """The other model goes on, and a person is told once."""
    shop = Shop(tmp_path, slots=1)
    shop.models = {"A": "vidu2-reference", "B": "vidu2-reference"}
    shop.provider.lives["A"] = Life(submits=[NO_MODEL])
    await shop.run("A", "B", "C")
    assert shop.states() == {"A": S.REJECTED, "C": S.SAVED}
    assert shop.audience.notes == ["vidu2-reference is not bought any more: model unknown"]


@virtually
async def test_many_refused_clips_close_their_model(tmp_path: Path) -> None:
    """Five in a row and none accepted: the sixth is not tried, and a person is told."""
    shop = Shop(tmp_path, slots=1)
    shop.provider.lives = {sku: Life(submits=[UNSAFE]) for sku in "ABCDEF"}
    await shop.run(*"ABCDEF")
    assert shop.states() == dict.fromkeys("ABCDE", S.REFUSED)
    assert shop.audience.notes == ["vidu2-image is not bought any more: unsafe content"]


@virtually
async def test_a_full_account_is_worked_at_its_own_limit(tmp_path: Path) -> None:
    """The server lets two tasks live where the tier says six: all clips come home all the same."""
    shop = Shop(tmp_path, slots=6)
    shop.provider.cap = 2
    skus = [f"S{number}" for number in range(8)]
    stop = await shop.run(*skus)
    assert (shop.counts(), stop.reason) == ({S.SAVED: 8}, None)
    assert shop.provider.highest_alive == 2


@virtually
async def test_a_storm_of_refusals_leaves_nothing_behind(tmp_path: Path) -> None:
    """Other programs fill the account for ten minutes; after that all six slots work again."""
    shop = Shop(tmp_path, slots=6)
    shop.provider.cap = 0

    async def clear() -> None:
        await shop.clock.sleep(600)
        shop.provider.cap = None

    await shop.run(*(f"S{number}" for number in range(12)), while_running=clear)
    accepted = sorted(task.started_s for task in shop.provider.tasks.values())
    # one probe at most 120 s after the storm, then one more with each answer (1 s)
    assert accepted[0] <= 720
    assert accepted[1:6] == [accepted[0] + second for second in range(1, 6)]
    assert shop.provider.highest_alive == 6


@pytest.mark.parametrize("cap", [1, 12])
@virtually
async def test_an_account_below_its_tier_is_kept_full(tmp_path: Path, cap: int) -> None:
    """Twenty slots where the server lets fewer live: at least 90 % of what it lets live."""
    shop = Shop(tmp_path, slots=20)
    shop.provider.cap = cap
    chance = random.Random(cap)
    skus = [f"S{number:03}" for number in range(7 * cap + 20)]
    for sku in skus:
        shop.provider.lives[sku] = Life(task_s=45 * math.exp(chance.gauss(0, 0.2)), answer_s=0.1)
    await shop.run(*skus)
    tasks = sorted(shop.provider.tasks.values(), key=lambda task: task.started_s)
    makespan_s = max(task.ends_s for task in tasks)
    lengths_s = [task.ends_s - task.started_s for task in tasks]
    assert shop.counts() == {S.SAVED: len(skus)}
    assert shop.provider.highest_alive <= cap
    assert makespan_s <= perfect_s(lengths_s, cap) / 0.9
    assert sum("another program" in note for note in shop.audience.notes) == 1


def perfect_s(lengths_s: list[float], slots: int) -> float:
    """Give when the last task ends if each starts in its turn as soon as a slot is free."""
    free_at = [0.0] * slots
    for length_s in lengths_s:
        heapq.heapreplace(free_at, free_at[0] + length_s)
    return max(free_at)


@virtually
async def test_a_burst_of_refusals_is_not_repeated(tmp_path: Path) -> None:
    """Fifteen of twenty are refused at once: further submits only follow tasks that ended."""
    shop = Shop(tmp_path, slots=20)
    shop.provider.cap = 5
    skus = [f"S{number:03}" for number in range(40)]
    await shop.run(*skus)
    times = [submit.at_s for submit in shop.provider.submits]
    assert times.count(0) == 20
    assert not any(0 < at_s < 60 for at_s in times)


@virtually
async def test_who_waits_at_the_gate_goes_when_there_is_no_room_any_more(tmp_path: Path) -> None:
    """A waits until 3 s; at 2 s the account turns out to be full with B: A is sent after B."""
    shop = Shop(tmp_path, slots=3)
    shop.provider.lives["A"] = Life(submits=[BUSY])
    shop.provider.lives["C"] = Life(submits=[Refused("1302", "full", Reaction.HOLD)], answer_s=2.0)
    await shop.run(*"ABC")
    assert [submit.sku for submit in shop.provider.submits] == [*"ABCAC"]
    assert shop.provider.submits[3].at_s > 60
    assert shop.provider.highest_alive == 1


@virtually
async def test_what_was_refused_is_sent_first(tmp_path: Path) -> None:
    """The plan's order stands: those that the full account refused go before those behind them."""
    shop = Shop(tmp_path, slots=4)
    shop.provider.cap = 2
    await shop.run(*"ABCDEF")
    started = sorted(shop.provider.tasks.values(), key=lambda task: task.started_s)
    assert [task.sku for task in started] == list("ABCDEF")


@virtually
async def test_a_full_account_waits_as_long_as_it_is_told(tmp_path: Path) -> None:
    """A Retry-After counts, also where a task of ours ends before."""
    shop = Shop(tmp_path, slots=2)
    full = Refused("1302", "full", Reaction.HOLD, retry_after_s=100.0)
    shop.provider.lives["B"] = Life(submits=[full])
    await shop.run("A", "B")
    assert [submit.at_s for submit in shop.provider.submits] == [0, 0, 101]


@virtually
async def test_a_full_model_holds_up_no_other(tmp_path: Path) -> None:
    """Limits per model: the reference clips, first in the plan, wait for theirs alone."""
    shop = Shop(tmp_path, slots=1)
    shop.is_capped_by_model = True
    shop.models = dict.fromkeys("ABC", "vidu2-reference")
    await shop.run(*"ABCDE")
    submits = [(submit.sku, submit.at_s < 60) for submit in shop.provider.submits[:2]]
    assert submits == [("A", True), ("D", True)]
    assert shop.provider.highest_alive == 2
    assert shop.counts() == {S.SAVED: 5}


@virtually
async def test_the_brake_lets_a_single_submit_through_after_a_minute(tmp_path: Path) -> None:
    """Three in doubt at 1 s: what follows waits until 61 s, goes alone, then all together."""
    shop = Shop(tmp_path, slots=8)
    shop.provider.lives = {sku: Life(submits=[LOST]) for sku in "ABC"}
    skus = [*"ABC", *(f"S{number}" for number in range(10))]
    for sku in skus[3:]:
        shop.provider.lives[sku] = Life(task_s=3.0)
    await shop.run(*skus)
    times = [submit.at_s for submit in shop.provider.submits]
    assert times[:8] == [0] * 8
    assert times[8:] == [61, 62, 62, 62, 62]
    assert f"buying pauses until {time_of_day(START + 61)}" in "\n".join(shop.audience.notes)
    assert {it.waits_until for it in shop.audience.figures} == {None, START + 61}


@virtually
async def test_a_brake_with_nothing_left_to_buy_is_not_told(tmp_path: Path) -> None:
    """There is no buying that could pause."""
    shop = Shop(tmp_path, slots=3)
    shop.provider.lives = {sku: Life(submits=[LOST]) for sku in "ABC"}
    await shop.run(*"ABC")
    assert not any("buying pauses" in note for note in shop.audience.notes)
    assert {it.waits_until for it in shop.audience.figures} == {None}


@virtually
async def test_too_much_doubt_ends_the_run(tmp_path: Path) -> None:
    """Two trips more, each by one single submit: 10 + 2 submits, five of them in doubt."""
    shop = Shop(tmp_path, slots=10)
    shop.provider.lives = {sku: Life(submits=[LOST]) for sku in "ABC"}
    for sku in "DEFGHIJ":
        shop.provider.lives[sku] = Life(submits=[BUSY, LOST], answer_s=2.0)
    stop = await shop.run(*"ABCDEFGHIJ")
    assert stop.reason is StopReason.UNCERTAIN
    assert len(shop.provider.submits) == 12
    assert shop.counts() == {S.UNKNOWN: 5, S.REJECTED: 5}


@virtually
async def test_an_id_that_cannot_be_recorded_is_shown(tmp_path: Path) -> None:
    """The state fails just then: the id of the paid task stands in the notes, and the run stops."""
    shop = Shop(tmp_path)

    async def break_state() -> None:
        await asyncio.sleep(0.5)
        shop.state.break_for(S.ACCEPTED)

    stop = await shop.run("A", while_running=break_state)
    assert (shop.states(), stop.reason) == ({"A": S.INTENT}, StopReason.STATE)
    assert "bought as task task-1" in shop.audience.notes[0]
