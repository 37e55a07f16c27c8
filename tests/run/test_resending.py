"""Sending again what is in doubt: where it heals, what it never does, and what stays in doubt."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batchgen.clip import Attempt, AttemptState, Balance, TaskId
from batchgen.errors import PictureMoved
from batchgen.messages import msg
from batchgen.plan.values import Action, PlannedClip
from batchgen.provider.port import (
    Accepted,
    NotSent,
    Reaction,
    Refused,
    Repeated,
    StopReason,
    SubmitReply,
    Uncertain,
)
from batchgen.run.resending import RESEND_WITHIN_S, resendable
from tests.run.scripted import FULL, Dedupe, Life
from tests.run.shop import PRICE, Shop
from tests.run.test_crashes import Killed, Steps
from tests.run.virtual_loop import virtually

S = AttemptState
LOST = Uncertain("no answer in time")
BUSY = Refused("1305", "model busy", Reaction.RETRY)
UNSAFE = Refused("1301", "unsafe content", Reaction.FAIL_CLIP)
NO_MODEL = Refused("1211", "model unknown", Reaction.STOP_MODEL)
POOR = Refused("1113", "balance used up", Reaction.STOP_RUN, StopReason.BALANCE)
UNREACHED = NotSent("no connection to the API")
BAD_CERTIFICATE = NotSent("bad certificate", StopReason.ACCOUNT)
REDIRECTED = Uncertain("HTTP 307: the address redirects", stop=StopReason.ACCOUNT)
TAKEN = Accepted(TaskId("task-1"))
#: In doubt, and not settled.
DOUBT = {S.INTENT, S.UNKNOWN}


def a_shop(path: Path, dedupe: Dedupe = "same", *, slots: int = 2) -> Shop:
    """Make a shop that sends again, at a provider that recognises a repeated id."""
    shop = Shop(path, slots)
    shop.resends = True
    shop.provider.dedupe = dedupe
    return shop


def only(shop: Shop) -> Attempt:
    """Read the one attempt."""
    (attempt,) = shop.attempts()
    return attempt


# ---------------------------------------------------------------- what a repeat is answered


@pytest.mark.parametrize("is_made", [True, False], ids=["arrived", "never arrived"])
@pytest.mark.parametrize("trouble", [[], [BUSY], [FULL, BUSY], [UNREACHED] * 4, [LOST], [LOST] * 2])
@virtually
async def test_doubt_heals_where_the_first_task_is_given(
    tmp_path: Path, trouble: list[SubmitReply], is_made: bool
) -> None:
    """However often it takes to get an answer, it is one request, one task and one charge."""
    shop = a_shop(tmp_path)
    shop.provider.lives["A"] = Life(submits=[LOST, *trouble], is_bought_in_doubt=is_made)
    await shop.run("A")
    assert (shop.states(), shop.provider.bill) == ({"A": S.SAVED}, {"A": 1})
    assert {submit.request_id for submit in shop.provider.submits} == {only(shop).request_id}
    assert len({submit.body for submit in shop.provider.submits}) == 1
    assert len(shop.provider.submits) == 2 + len(trouble)
    assert shop.money() == Balance(spent=PRICE)


@virtually
async def test_a_healed_clip_bears_no_error(tmp_path: Path) -> None:
    """What was in doubt is not told of a clip that came home, and its task was told to a person."""
    shop = a_shop(tmp_path)
    shop.provider.lives["A"] = Life(submits=[LOST])
    await shop.run("A")
    assert (only(shop).error_code, only(shop).error, only(shop).task_id) == (None, None, "task-1")
    assert shop.audience.notes == [
        "A / main: no usable answer (no answer in time); the same request is sent again",
        "A / main: no longer in doubt, its task is task-1",
    ]


@virtually
async def test_a_request_that_is_known_stays_in_doubt_and_says_so(tmp_path: Path) -> None:
    """1231 gives no task: the record and the note say that it arrived, and what to look for."""
    shop = a_shop(tmp_path, "refuse")
    shop.provider.lives["A"] = Life(submits=[LOST])
    await shop.run("A")
    attempt = only(shop)
    assert (attempt.state, attempt.error_code) == (S.UNKNOWN, "1231")
    assert attempt.error == "known already"
    assert attempt.request_id in shop.audience.notes[-1]
    assert "--adopt" in shop.audience.notes[-1]
    assert (shop.provider.bill, shop.money()) == ({"A": 1}, Balance(at_risk=PRICE))


@virtually
async def test_a_first_submit_that_is_known_is_not_repeated(tmp_path: Path) -> None:
    """Something on the way sent it twice: it arrived, and a repeat would tell no more."""
    shop = a_shop(tmp_path, "refuse")
    shop.provider.lives["A"] = Life(submits=[Repeated("known already")])
    await shop.run("A")
    assert (only(shop).state, only(shop).error_code) == (S.UNKNOWN, "1231")
    assert len(shop.provider.submits) == 1


@virtually
async def test_a_request_that_never_arrived_is_bought_where_repeats_are_refused(
    tmp_path: Path,
) -> None:
    """The provider does not know the id, so the repeat is the purchase."""
    shop = a_shop(tmp_path, "refuse")
    shop.provider.lives["A"] = Life(submits=[LOST], is_bought_in_doubt=False)
    await shop.run("A")
    assert (shop.states(), shop.provider.bill) == ({"A": S.SAVED}, {"A": 1})


@pytest.mark.parametrize(
    ("reply", "code", "stopped"),
    [
        pytest.param(UNSAFE, "1301", None, id="content refused"),
        pytest.param(NO_MODEL, "1211", None, id="model refused"),
        pytest.param(POOR, "1113", StopReason.BALANCE, id="no money"),
        pytest.param(BAD_CERTIFICATE, None, StopReason.ACCOUNT, id="bad certificate"),
        pytest.param(REDIRECTED, None, StopReason.ACCOUNT, id="redirected"),
    ],
)
@virtually
async def test_a_refused_repeat_frees_nothing(
    tmp_path: Path, reply: SubmitReply, code: str | None, stopped: StopReason | None
) -> None:
    """It says nothing about the first submit: the clip is held, and its money stays at risk."""
    shop = a_shop(tmp_path)
    shop.provider.lives["A"] = Life(submits=[LOST, reply])
    stop = await shop.run("A")
    assert (only(shop).state, only(shop).error_code, stop.reason) == (S.UNKNOWN, code, stopped)
    assert (len(shop.provider.submits), shop.money()) == (2, Balance(at_risk=PRICE))


@virtually
async def test_repeats_are_bounded(tmp_path: Path) -> None:
    """After three repeats without a usable answer, 2, 10 and 30 s apart, the clip is held."""
    shop = a_shop(tmp_path)
    shop.provider.lives["A"] = Life(submits=[LOST] * 9)
    await shop.run("A")
    assert [submit.at_s for submit in shop.provider.submits] == [0, 3, 14, 45]
    assert (shop.states(), shop.money()) == ({"A": S.UNKNOWN}, Balance(at_risk=PRICE))
    assert "stays in doubt (no answer in time)" in shop.audience.notes[-1]


@virtually
async def test_a_task_that_another_clip_has_is_not_asked_for_again(tmp_path: Path) -> None:
    """The provider gives A's task for B: B stays in doubt after one repeat."""
    shop = a_shop(tmp_path, slots=1)
    shop.provider.lives["B"] = Life(submits=[LOST, TAKEN, TAKEN])
    await shop.run("A", "B")
    assert shop.states() == {"A": S.SAVED, "B": S.UNKNOWN}
    assert [submit.sku for submit in shop.provider.submits] == ["A", "B", "B"]


# ---------------------------------------------------------------- where it must not be done


@pytest.mark.parametrize("dedupe", ["new", "refuse", "same"])
@virtually
async def test_nothing_is_sent_again_unless_the_account_says_so(
    tmp_path: Path, dedupe: Dedupe
) -> None:
    """Without the option no provider sees a request twice, in this start or the next."""
    shop = a_shop(tmp_path, dedupe)
    shop.resends = False
    shop.provider.lives["A"] = Life(submits=[LOST])
    for _ in range(2):
        await shop.run("A", "B")
    assert shop.states() == {"A": S.UNKNOWN, "B": S.SAVED}
    assert [submit.sku for submit in shop.provider.submits] == ["A", "B"]
    assert shop.provider.bill == {"A": 1, "B": 1}


@virtually
async def test_a_provider_that_recognises_nothing_sells_twice(tmp_path: Path) -> None:
    """The risk that the pilot is for: there the option buys what had arrived a second time."""
    shop = a_shop(tmp_path, "new")
    shop.provider.lives["A"] = Life(submits=[LOST])
    await shop.run("A")
    assert shop.provider.bill == {"A": 2}


@virtually
async def test_nothing_is_sent_again_after_the_account_refused(tmp_path: Path) -> None:
    """A's answer is lost; before its repeat, B is told that the balance is used up."""
    shop = a_shop(tmp_path)
    shop.provider.lives = {"A": Life(submits=[LOST]), "B": Life(submits=[POOR], answer_s=2.0)}
    stop = await shop.run("A", "B")
    assert (shop.states()["A"], stop.reason) == (S.UNKNOWN, StopReason.BALANCE)
    assert [submit.sku for submit in shop.provider.submits] == ["A", "B"]


@virtually
async def test_a_redirected_submit_stops_the_run_and_is_not_repeated(tmp_path: Path) -> None:
    """The person is told what to look at; nothing else is sent."""
    shop = a_shop(tmp_path, slots=1)
    shop.provider.lives["A"] = Life(submits=[REDIRECTED])
    stop = await shop.run("A", "B")
    assert (shop.states(), stop.reason) == ({"A": S.UNKNOWN}, StopReason.ACCOUNT)
    assert str(stop.message) == "the API cannot be used: HTTP 307: the address redirects"
    assert len(shop.provider.submits) == 1
    assert not any("is sent again" in note for note in shop.audience.notes)


@virtually
async def test_nothing_is_sent_again_for_a_model_that_is_refused(tmp_path: Path) -> None:
    """B is told that the model is unknown before A's repeat: A stays in doubt."""
    shop = a_shop(tmp_path)
    shop.provider.lives = {"A": Life(submits=[LOST]), "B": Life(submits=[NO_MODEL], answer_s=2.0)}
    await shop.run("A", "B")
    assert shop.states() == {"A": S.UNKNOWN, "B": S.REJECTED}
    assert [submit.sku for submit in shop.provider.submits] == ["A", "B"]


@virtually
async def test_a_picture_that_changed_meanwhile_is_not_sent(tmp_path: Path) -> None:
    """The same request cannot be built any more: the clip is held."""
    shop = a_shop(tmp_path)
    shop.provider.lives["A"] = life = Life(submits=[LOST])

    async def change() -> None:
        await shop.clock.sleep(2)
        life.cannot_prepare = PictureMoved(msg("mug.png changed"))

    await shop.run("A", while_running=change)
    assert (shop.states(), len(shop.provider.submits)) == ({"A": S.UNKNOWN}, 1)
    assert "A / main is not sent: mug.png changed" in shop.audience.notes


@pytest.mark.parametrize("hours", [25.0, -1.0], ids=["slept", "set back"])
@virtually
async def test_a_day_later_nothing_is_sent_again(tmp_path: Path, hours: float) -> None:
    """The laptop was shut between submit and repeat; nor is a clock trusted that went back."""
    shop = a_shop(tmp_path)
    shop.provider.lives["A"] = Life(submits=[LOST])

    async def jump() -> None:
        await shop.clock.sleep(2)
        shop.clock.jump_s = hours * 3600

    await shop.run("A", while_running=jump)
    assert (shop.states(), len(shop.provider.submits)) == ({"A": S.UNKNOWN}, 1)


# ---------------------------------------------------------------- meanwhile


@virtually
async def test_the_doubt_is_durable_before_each_repeat(tmp_path: Path) -> None:
    """When a repeat arrives, the state has the doubt, and from when on a task may be alive."""
    seen: list[tuple[AttemptState, bool]] = []

    def look() -> None:
        if shop.provider.submits and not shop.provider.polled:
            attempt = only(shop)
            sight = (attempt.state, attempt.submitted_at is not None)
            if sight not in seen:
                seen.append(sight)

    shop = Shop(tmp_path, 1, look)
    shop.resends, shop.provider.dedupe = True, "same"
    shop.provider.lives["A"] = Life(submits=[LOST])
    await shop.run("A")
    assert seen == [(S.INTENT, False), (S.UNKNOWN, False), (S.UNKNOWN, True), (S.ACCEPTED, True)]


@virtually
async def test_a_repeat_waits_for_its_turn(tmp_path: Path) -> None:
    """B is told to wait 100 s: A's repeat waits too, and they go one by one."""
    shop = a_shop(tmp_path)
    busy = replace(BUSY, retry_after_s=100.0)
    shop.provider.lives = {"A": Life(submits=[LOST]), "B": Life(submits=[busy])}
    await shop.run("A", "B")
    assert [submit.at_s for submit in shop.provider.submits] == [0, 0, 101, 102]
    assert shop.counts() == {S.SAVED: 2}


@virtually
async def test_a_slot_is_kept_while_it_is_sent_again(tmp_path: Path) -> None:
    """One slot: the second clip is bought only after the first one's task has ended."""
    shop = a_shop(tmp_path, slots=1)
    shop.provider.lives["A"] = Life(submits=[LOST] * 3, task_s=100.0)
    await shop.run("A", "B")
    assert (shop.provider.highest_alive, shop.counts()) == (1, {S.SAVED: 2})


@virtually
async def test_the_slot_of_a_doubt_counts_from_the_last_repeat(tmp_path: Path) -> None:
    """The repeat of 45 s, which nobody answered, may live until 1845 s; then B is bought."""
    shop = a_shop(tmp_path, slots=1)
    shop.provider.lives["A"] = Life(submits=[LOST] * 4)
    await shop.run("A", "B")
    assert shop.provider.submits[-1].at_s == 45 + 1800


@virtually
async def test_the_brake_does_not_count_what_heals(tmp_path: Path) -> None:
    """Three in doubt at once, and all of them healed: nobody waits a minute."""
    shop = a_shop(tmp_path, slots=3)
    shop.provider.lives = {sku: Life(submits=[LOST]) for sku in "ABC"}
    await shop.run(*"ABCDEF")
    assert shop.counts() == {S.SAVED: 6}
    assert not any("buying pauses" in note for note in shop.audience.notes)


@virtually
async def test_the_brake_counts_what_stays_in_doubt(tmp_path: Path) -> None:
    """Three that are not healed after their repeats pause the buying."""
    shop = a_shop(tmp_path, slots=4)
    shop.provider.lives = {sku: Life(submits=[LOST] * 4) for sku in "ABC"}
    await shop.run(*"ABCDE")
    assert sum("buying pauses" in note for note in shop.audience.notes) == 1
    assert shop.counts() == {S.UNKNOWN: 3, S.SAVED: 2}


# ---------------------------------------------------------------- signals


@virtually
async def test_a_signal_ends_the_repeats(tmp_path: Path) -> None:
    """It comes while the first repeat is waited for: nothing more is sent; the next start heals."""
    shop = a_shop(tmp_path)
    shop.provider.lives["A"] = Life(submits=[LOST])

    async def signal() -> None:
        await shop.clock.sleep(2)
        shop.runner.leave()

    await shop.run("A", while_running=signal)
    assert (shop.states(), len(shop.provider.submits)) == ({"A": S.UNKNOWN}, 1)
    await shop.run("A")
    assert (shop.states(), shop.provider.bill) == ({"A": S.SAVED}, {"A": 1})


@pytest.mark.parametrize(("times", "state"), [(1, S.ACCEPTED), (2, S.UNKNOWN)])
@virtually
async def test_a_signal_during_a_repeat(tmp_path: Path, times: int, state: AttemptState) -> None:
    """One signal waits for its answer; two leave it in doubt. The next start brings it home."""
    shop = a_shop(tmp_path)
    shop.provider.lives["A"] = Life(submits=[LOST], answer_s=10.0)

    async def signal() -> None:
        await shop.clock.sleep(15)
        shop.runner.leave()
        if times == 2:
            shop.runner.leave_now()

    await shop.run("A", while_running=signal)
    assert (shop.states(), len(shop.provider.submits)) == ({"A": state}, 2)
    await shop.run("A")
    assert (shop.states(), shop.provider.bill) == ({"A": S.SAVED}, {"A": 1})


# ---------------------------------------------------------------- what an earlier start left


async def left_in_doubt(shop: Shop, state: AttemptState = S.UNKNOWN, sku: str = "A") -> Attempt:
    """Leave a clip as an earlier start did whose request arrived and was bought."""
    attempt = await shop.have(sku, state)
    shop.provider.make_task(sku, request_id=attempt.request_id)
    return attempt


@pytest.mark.parametrize("state", [S.INTENT, S.UNKNOWN])
@pytest.mark.parametrize(
    ("dedupe", "end"), [("same", S.SAVED), ("refuse", S.UNKNOWN)], ids=["same", "refuse"]
)
@virtually
async def test_a_start_sends_again_what_an_earlier_one_left(
    tmp_path: Path, state: AttemptState, dedupe: Dedupe, end: AttemptState
) -> None:
    """Once, under its own id, and before anything new is bought."""
    shop = a_shop(tmp_path, dedupe)
    left = await left_in_doubt(shop, state)
    shop.provider.lives["A"] = Life(answer_s=5.0)
    await shop.run("A", "B")
    assert [(submit.at_s, submit.sku) for submit in shop.provider.submits] == [(0, "A"), (5, "B")]
    assert shop.provider.submits[0].request_id == left.request_id
    assert shop.states() == {"A": end, "B": S.SAVED}
    assert shop.provider.bill == {"A": 1, "B": 1}


@virtually
async def test_a_start_buys_what_never_arrived_under_its_old_id(tmp_path: Path) -> None:
    """The intent of a killed start is all there is of it: one attempt, one price, one task."""
    shop = a_shop(tmp_path)
    left = await shop.have("A", S.INTENT)
    await shop.run("A")
    assert (only(shop).id, only(shop).state) == (left.id, S.SAVED)
    assert (shop.provider.bill, shop.money()) == ({"A": 1}, Balance(spent=PRICE))


@virtually
async def test_more_doubt_than_slots_is_not_sent_again_before_it_passed(tmp_path: Path) -> None:
    """Starts died one after another: a repeat might come on top of what lives already."""
    shop = a_shop(tmp_path, slots=2)
    for sku in "ABC":
        await shop.have(sku, S.INTENT)
    await shop.run("A", "B", "C")
    assert shop.provider.submits == []
    assert shop.counts() == {S.UNKNOWN: 3}
    await shop.clock.sleep(3600)
    await shop.run("A", "B", "C")
    assert shop.counts() == {S.SAVED: 3}
    assert (shop.provider.bill.total(), shop.provider.highest_alive) == (3, 2)


@virtually
async def test_a_start_sends_again_only_once(tmp_path: Path) -> None:
    """No usable answer again: it is left, and its slot is held as if it were new."""
    shop = a_shop(tmp_path, slots=1)
    await left_in_doubt(shop)
    await shop.clock.sleep(1000)
    shop.provider.lives["A"] = Life(submits=[LOST] * 3)
    await shop.run("A", "B")
    assert [submit.at_s for submit in shop.provider.submits] == [1000, 1000 + 1800]
    assert shop.states() == {"A": S.UNKNOWN, "B": S.SAVED}


@virtually
async def test_doubt_of_an_earlier_start_does_not_pull_the_brake(tmp_path: Path) -> None:
    """Three left ones are known and stay in doubt: the buying goes on without a pause."""
    shop = a_shop(tmp_path, "refuse", slots=5)
    for sku in "ABC":
        await left_in_doubt(shop, sku=sku)
    await shop.run(*"ABCDE")
    assert shop.counts() == {S.UNKNOWN: 3, S.SAVED: 2}
    assert not any("buying pauses" in note for note in shop.audience.notes)


@virtually
async def test_young_doubt_has_its_slot(tmp_path: Path) -> None:
    """Its task may be alive beside others, and they fill the tier: it need not wait for a slot."""
    shop = a_shop(tmp_path, slots=2)
    shop.provider.lives = {sku: Life(task_s=300.0) for sku in "AB"}
    await left_in_doubt(shop)
    await shop.have("B", S.ACCEPTED)
    await shop.run("A", "B")
    assert [submit.at_s for submit in shop.provider.submits] == [0]
    assert shop.counts() == {S.SAVED: 2}


@virtually
async def test_old_doubt_waits_for_a_free_slot(tmp_path: Path) -> None:
    """Its own slot is long given back, and the repeat may make a task: the tier is kept."""
    shop = a_shop(tmp_path, slots=1)
    await shop.have("A", S.UNKNOWN)
    await shop.clock.sleep(7200)
    shop.provider.lives["B"] = Life(task_s=300.0)
    await shop.have("B", S.ACCEPTED)
    await shop.run("A", "B", "C")
    assert shop.provider.highest_alive == 1
    assert [submit.sku for submit in shop.provider.submits] == ["A", "C"]
    assert shop.counts() == {S.SAVED: 3}


@pytest.mark.parametrize("hours", [24.0, -1.0], ids=["a day old", "of the future"])
@virtually
async def test_a_start_leaves_doubt_whose_age_does_not_fit(tmp_path: Path, hours: float) -> None:
    """After a day the provider may have forgotten the id; a clock set back tells no age."""
    shop = a_shop(tmp_path)
    await left_in_doubt(shop)
    shop.clock.jump_s = hours * 3600
    await shop.run("A")
    assert (shop.states(), shop.provider.submits) == ({"A": S.UNKNOWN}, [])
    assert RESEND_WITHIN_S == 24 * 3600


@virtually
async def test_a_clip_that_is_known_to_have_arrived_is_left(tmp_path: Path) -> None:
    """The first start was told 1231: later ones do not ask again."""
    shop = a_shop(tmp_path, "refuse")
    await left_in_doubt(shop)
    for _ in range(3):
        await shop.run("A")
    assert (only(shop).error_code, len(shop.provider.submits)) == ("1231", 1)


@pytest.mark.parametrize("state", sorted(set(S) - DOUBT - {S.REJECTED, S.DECLARED_UNPAID}))
@virtually
async def test_only_doubt_is_sent_again(tmp_path: Path, state: AttemptState) -> None:
    """Nothing that was answered, or that a person settled, is sent a second time."""
    shop = a_shop(tmp_path)
    await shop.have("A", state)
    await shop.run("A")
    assert shop.provider.submits == []


@pytest.mark.parametrize("state", [S.REJECTED, S.DECLARED_UNPAID])
@virtually
async def test_what_may_be_bought_again_gets_a_new_id(tmp_path: Path, state: AttemptState) -> None:
    """It is another purchase, on another attempt."""
    shop = a_shop(tmp_path)
    first = await shop.have("A", state)
    await shop.run("A")
    assert [submit.request_id != first.request_id for submit in shop.provider.submits] == [True]


def a_doubt(entry: PlannedClip, attempt: Attempt) -> PlannedClip:
    """Plan to leave a clip with an attempt."""
    return replace(entry, action=Action.LEAVE, attempt=attempt)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda entry: replace(entry, action=Action.BUY_ORDERED), id="ordered anew"),
        pytest.param(lambda entry: replace(entry, attempt=None), id="no attempt"),
        pytest.param(lambda entry: with_attempt(entry, fingerprint="v1:other"), id="changed"),
        pytest.param(lambda entry: with_attempt(entry, job="autumn"), id="another job"),
        pytest.param(lambda entry: with_attempt(entry, state=S.FAILED), id="answered"),
    ],
)
@virtually
async def test_what_a_plan_may_send_again(
    tmp_path: Path, change: Callable[[PlannedClip], PlannedClip]
) -> None:
    """Only clips of the job that the plan holds just as they were sent, and leaves."""
    shop = a_shop(tmp_path)
    attempt = await shop.have("A", S.UNKNOWN)
    entry = a_doubt(shop.planned("A"), attempt)
    assert resendable([entry], "spring") == {attempt.id: entry.clip.request}
    assert resendable([change(entry)], "spring") == {}


def with_attempt(entry: PlannedClip, **changes: Any) -> PlannedClip:
    """Change the attempt of a planned clip."""
    assert entry.attempt is not None
    return replace(entry, attempt=replace(entry.attempt, **changes))


@virtually
async def test_a_clip_that_left_the_plan_stays_in_doubt(tmp_path: Path) -> None:
    """Its row is gone: nobody can say what to send, so nothing is sent."""
    shop = a_shop(tmp_path)
    await left_in_doubt(shop)
    await shop.run("B")
    assert (shop.states(), shop.provider.bill) == ({"A": S.UNKNOWN, "B": S.SAVED}, {"A": 1, "B": 1})


# ---------------------------------------------------------------- cut off anywhere

SLOTS = 2
SKUS = ("LOST", "GONE", "GOOD")


def a_torn_shop(path: Path, steps: Steps, dedupe: Dedupe) -> Shop:
    """Make a shop where answers are lost, of requests that arrived and of one that did not."""
    shop = Shop(path, SLOTS, steps)
    shop.resends, shop.provider.dedupe = True, dedupe
    shop.provider.lives = {sku: Life(task_s=4.0) for sku in SKUS}
    shop.provider.lives["LOST"].submits = [LOST, FULL, LOST]
    shop.provider.lives["GONE"] = Life(submits=[LOST], is_bought_in_doubt=False, task_s=4.0)
    return shop


def check(shop: Shop) -> None:
    """Compare the books with what the provider knows."""
    assert max(shop.provider.bill.values(), default=0) <= 1, "a clip was bought twice"
    assert shop.money().committed >= PRICE * shop.provider.bill.total()
    assert shop.provider.highest_alive <= SLOTS
    ids = {(submit.sku, submit.request_id) for submit in shop.provider.submits}
    assert len({request_id for _, request_id in ids}) == len(ids), "one id stands for two clips"


async def cut_off(path: Path, at: int, what: str, dedupe: Dedupe) -> Shop:
    """Make a run that is cut off at a step, then starts until no answer is lost any more."""
    path.mkdir()
    steps = Steps(at)
    shop = a_torn_shop(path, steps, dedupe)
    if what != "kill":
        steps.happen = lambda: getattr(shop.runner, what)()
    with suppress(Killed):
        await shop.run(*SKUS)
    steps.revive()
    check(shop)
    while not shop.counts()[S.SAVED] or shop.provider.lives["LOST"].submits:
        await shop.run(*SKUS)
        check(shop)
    await shop.run(*SKUS)
    return shop


@pytest.mark.parametrize("part", range(5))
@pytest.mark.parametrize(
    ("what", "dedupe"), [("kill", "same"), ("kill", "refuse"), ("leave_now", "same")]
)
@virtually
async def test_cut_off_at_any_step(tmp_path: Path, what: str, dedupe: Dedupe, part: int) -> None:
    """No clip is bought twice; where the first task is given, the doubt heals in later starts."""
    undisturbed = Steps()
    await a_torn_shop(tmp_path, undisturbed, dedupe).run(*SKUS)
    assert undisturbed.count > 50
    for at in range(3 + part, undisturbed.count, 5):
        shop = await cut_off(tmp_path / str(at), at, what, dedupe)
        check(shop)
        doubt = shop.counts()[S.UNKNOWN]
        assert shop.counts()[S.SAVED] + doubt == len(SKUS)
        assert doubt == 0 or dedupe == "refuse"
