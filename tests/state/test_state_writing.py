"""Purchases, moves and orders as the state keeps them."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from batchgen.clip import MEANING, MOVES, AttemptState, Balance, ClipKey, Intent, TaskId
from batchgen.errors import BudgetExceeded, IllegalTransition, StateError, TaskIdTaken
from batchgen.state.reading import SqliteReader
from batchgen.state.store import Limit, Purse
from batchgen.state.writing import SqliteWriter
from tests.state.conftest import ACCOUNT, DAY, RUN

MakeIntent = Callable[..., Intent]
S = AttemptState

#: How an attempt comes to each state.
PATHS: dict[AttemptState, tuple[AttemptState, ...]] = {
    S.INTENT: (),
    S.UNKNOWN: (S.UNKNOWN,),
    S.REJECTED: (S.REJECTED,),
    S.REFUSED: (S.REFUSED,),
    S.ACCEPTED: (S.ACCEPTED,),
    S.STALLED: (S.ACCEPTED, S.STALLED),
    S.VANISHED: (S.ACCEPTED, S.VANISHED),
    S.FAILED: (S.ACCEPTED, S.FAILED),
    S.SUCCEEDED: (S.ACCEPTED, S.SUCCEEDED),
    S.VERIFIED: (S.ACCEPTED, S.SUCCEEDED, S.VERIFIED),
    S.SAVED: (S.ACCEPTED, S.SUCCEEDED, S.VERIFIED, S.SAVED),
    S.EXPIRED: (S.ACCEPTED, S.SUCCEEDED, S.EXPIRED),
    S.PAID_NO_RESULT: (S.ACCEPTED, S.SUCCEEDED, S.PAID_NO_RESULT),
    S.DECLARED_UNPAID: (S.UNKNOWN, S.DECLARED_UNPAID),
    S.WRITTEN_OFF: (S.UNKNOWN, S.WRITTEN_OFF),
}


async def bring_to(writer: SqliteWriter, intent: Intent, state: AttemptState) -> int:
    """Reserve an attempt and move it to a state; give its id."""
    attempt = await writer.reserve(RUN, intent, DAY, [])
    for step in PATHS[state]:
        await writer.move(attempt.id, step)
    return attempt.id


async def test_an_intent_is_read_back_as_it_was_written(
    writer: SqliteWriter, reader: SqliteReader, intent: MakeIntent
) -> None:
    """What is reserved is what a reader finds, with its money reserved."""
    wish = intent(campaign="spring")
    attempt = await writer.reserve(RUN, wish, DAY, [])
    assert list(reader.attempts()) == [attempt]
    assert (attempt.key, attempt.number, attempt.state) == (wish.key, 1, S.INTENT)
    assert (attempt.price, attempt.request, attempt.output) == (
        Decimal("1.25"),
        wish.request,
        RUN.output,
    )


@pytest.mark.parametrize("state", AttemptState)
async def test_each_state_keeps_the_money_in_its_place(
    writer: SqliteWriter, reader: SqliteReader, intent: MakeIntent, state: AttemptState
) -> None:
    """Whatever way an attempt goes, every purse holds its price in exactly the state's place."""
    await bring_to(writer, intent(campaign="x"), state)
    place = MEANING[state][1]
    expected = Balance() if place == "released" else Balance(**{place: Decimal("1.25")})
    purses = [
        Purse("run", "run-1"),
        Purse("job", "spring"),
        Purse("day", DAY),
        Purse("month", "2026-11"),
        Purse("sku", "MUG-001"),
        Purse("by:campaign", "x"),
    ]
    assert [reader.balance(ACCOUNT, purse) for purse in purses] == [expected] * len(purses)


@pytest.mark.parametrize("old", AttemptState)
async def test_only_the_moves_of_the_table_are_possible(
    writer: SqliteWriter, reader: SqliteReader, intent: MakeIntent, old: AttemptState
) -> None:
    """From every state, a move that the table does not have is refused and changes nothing."""
    attempt_id = await bring_to(writer, intent(), old)
    for new in set(AttemptState) - MOVES[old]:
        with pytest.raises(IllegalTransition):
            await writer.move(attempt_id, new)
    (attempt,) = reader.attempts()
    assert attempt.state is old


async def test_the_database_itself_refuses_an_illegal_move(
    writer: SqliteWriter, intent: MakeIntent, state_path: Path
) -> None:
    """A second program that writes the table directly cannot make a move that is not legal."""
    await bring_to(writer, intent(), S.SAVED)
    with sqlite3.connect(state_path) as other:
        for statement in (
            "UPDATE attempt SET state = 'intent'",
            "UPDATE attempt SET price_milli = 1",
            "DELETE FROM attempt",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                other.execute(statement)
    other.close()


async def test_every_move_leaves_one_event(
    writer: SqliteWriter, reader: SqliteReader, intent: MakeIntent
) -> None:
    """The events of an attempt tell its way, oldest first."""
    attempt = await writer.reserve(RUN, intent(), DAY, [])
    await writer.move(attempt.id, S.ACCEPTED, "task made", task_id=TaskId("t1"))
    await writer.move(attempt.id, S.FAILED, "FAIL", error_code="1301")
    moves = [event[1:] for event in reader.events(attempt.id)]
    assert moves == [("intent", "accepted", "task made"), ("accepted", "failed", "FAIL")]


async def test_a_task_id_is_stored_once(writer: SqliteWriter, intent: MakeIntent) -> None:
    """Two attempts can never claim the same task of the provider."""
    first = await writer.reserve(RUN, intent("A"), DAY, [])
    second = await writer.reserve(RUN, intent("B"), DAY, [])
    await writer.move(first.id, S.ACCEPTED, task_id=TaskId("t1"))
    with pytest.raises(TaskIdTaken, match="t1 already belongs to A / main"):
        await writer.move(second.id, S.ACCEPTED, task_id=TaskId("t1"))


async def test_a_budget_is_reached_but_never_passed(
    writer: SqliteWriter, reader: SqliteReader, intent: MakeIntent
) -> None:
    """Fifty purchases at once against a budget of 10.00: eight are reserved, 10.00 committed."""
    purse = Purse("run", "run-1")
    limits = [Limit(purse, Decimal("10.00"))]
    tries = [writer.reserve(RUN, intent(f"SKU-{n}"), DAY, limits) for n in range(50)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(outcome, BudgetExceeded) for outcome in outcomes) == 42
    assert reader.balance(ACCOUNT, purse).committed == Decimal("10.00")


async def test_money_at_risk_counts_against_a_budget(
    writer: SqliteWriter, intent: MakeIntent
) -> None:
    """A doubtful call may have been billed, so its price is not free for another."""
    limits = [Limit(Purse("job", "spring"), Decimal("2.4"))]
    first = await writer.reserve(RUN, intent("A"), DAY, limits)
    await writer.move(first.id, S.UNKNOWN)
    with pytest.raises(BudgetExceeded, match=r"the budget of job spring: 2\.40 \(1\.25 CNY are"):
        await writer.reserve(RUN, intent("B"), DAY, limits)


async def test_released_money_is_free_again(writer: SqliteWriter, intent: MakeIntent) -> None:
    """A refused call gives its price back to the budget."""
    limits = [Limit(Purse("sku", "A"), Decimal("1.25"))]
    first = await writer.reserve(RUN, intent("A"), DAY, limits)
    await writer.move(first.id, S.REJECTED)
    again = await writer.reserve(RUN, intent("A"), DAY, limits)
    assert again.number == 2


#: State -> is a plain second purchase of the same request, of a changed one, allowed?
SECOND = {
    S.INTENT: (False, False),
    S.UNKNOWN: (False, False),
    S.REJECTED: (True, True),
    S.REFUSED: (False, True),
    S.ACCEPTED: (False, False),
    S.STALLED: (False, False),
    S.VANISHED: (False, False),
    S.FAILED: (False, False),
    S.SUCCEEDED: (False, True),
    S.VERIFIED: (False, True),
    S.SAVED: (False, True),
    S.EXPIRED: (False, True),
    S.PAID_NO_RESULT: (False, True),
    S.DECLARED_UNPAID: (True, True),
    S.WRITTEN_OFF: (False, True),
}


@pytest.mark.parametrize("state", AttemptState)
async def test_nothing_is_bought_twice_unless_asked(
    writer: SqliteWriter, intent: MakeIntent, state: AttemptState
) -> None:
    """The state refuses a second purchase of a request by itself, whoever asks the runner."""
    for sku, fingerprint, allowed in zip(
        ("SAME", "CHANGED"), ("v1:a", "v1:b"), SECOND[state], strict=True
    ):
        await bring_to(writer, intent(sku), state)
        second = writer.reserve(RUN, intent(sku, fingerprint), DAY, [])
        if allowed:
            assert (await second).number == 2
        else:
            with pytest.raises(IllegalTransition):
                await second


async def test_an_order_buys_each_clip_once(
    writer: SqliteWriter, reader: SqliteReader, intent: MakeIntent
) -> None:
    """A failed clip is bought again for an order, and not a second time for the same order."""
    await bring_to(writer, intent("A"), S.FAILED)
    order = await writer.place_order("spring", ACCOUNT, "failed", [ClipKey("A")])
    again = await writer.reserve(RUN, intent("A", order_id=order.id), DAY, [])
    await writer.move(again.id, S.ACCEPTED)
    await writer.move(again.id, S.FAILED)
    assert reader.open_orders("spring", ACCOUNT) == []
    with pytest.raises(IllegalTransition):
        await writer.reserve(RUN, intent("A", order_id=order.id), DAY, [])


async def test_an_open_order_is_continued(writer: SqliteWriter) -> None:
    """The same order given twice before it was carried out is one order."""
    first = await writer.place_order("spring", ACCOUNT, "failed", [ClipKey("A"), ClipKey("B")])
    second = await writer.place_order("spring", ACCOUNT, "failed", [ClipKey("A")])
    assert second == first


async def test_an_order_refused_for_now_stays_open(
    writer: SqliteWriter, reader: SqliteReader, intent: MakeIntent
) -> None:
    """A purchase that the provider put off still belongs to the order."""
    await bring_to(writer, intent("A"), S.FAILED)
    order = await writer.place_order("spring", ACCOUNT, "failed", [ClipKey("A")])
    again = await writer.reserve(RUN, intent("A", order_id=order.id), DAY, [])
    await writer.move(again.id, S.REJECTED)
    assert [open_.outstanding for open_ in reader.open_orders("spring", ACCOUNT)] == [
        (ClipKey("A"),)
    ]


async def test_a_state_survives_its_writer(
    writer: SqliteWriter, intent: MakeIntent, state_path: Path
) -> None:
    """What one process recorded, the next one reads; the state keeps its own name."""
    await bring_to(writer, intent(), S.SAVED)
    await writer.close()
    again = SqliteWriter(state_path, now=lambda: 5_000.0)
    reader = SqliteReader.open(state_path)
    assert reader is not None
    assert [attempt.state for attempt in reader.newest_attempts(ACCOUNT)] == [S.SAVED]
    assert len(reader.state_id) == 32
    reader.close()
    await again.close()


async def test_the_state_is_private(writer: SqliteWriter, state_path: Path) -> None:
    """The file, which holds signed links, is readable by its owner only."""
    assert stat.S_IMODE(state_path.stat().st_mode) == 0o600


def test_there_is_nothing_to_read_before_the_first_run(tmp_path: Path) -> None:
    """A missing state is no error for a reader, and reading makes no file."""
    assert SqliteReader.open(tmp_path / "state.db") is None
    assert list(tmp_path.iterdir()) == []


async def test_a_damaged_state_is_refused(
    writer: SqliteWriter, intent: MakeIntent, state_path: Path
) -> None:
    """A state with an overwritten page is not opened for writing."""
    for number in range(200):
        await writer.reserve(RUN, intent(f"SKU-{number}"), DAY, [])
    await writer.close()
    whole = state_path.read_bytes()
    state_path.write_bytes(whole[:8192] + b"\xff" * 4096 + whole[12288:])
    with pytest.raises(StateError, match=r"is damaged \([^*\n]+\); nothing was sent"):
        SqliteWriter(state_path, now=lambda: 0.0)


def test_a_foreign_database_is_refused(tmp_path: Path) -> None:
    """A SQLite file of another program is not taken for a state."""
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE t (x)")
    other.close()
    with pytest.raises(StateError, match="not a batchgen state"):
        SqliteWriter(path, now=lambda: 0.0)
    with pytest.raises(StateError, match="not a batchgen state"):
        SqliteReader.open(path)


async def test_another_accounts_money_is_not_counted(
    writer: SqliteWriter, reader: SqliteReader, intent: MakeIntent
) -> None:
    """Purses belong to one account; the simulator's yuan are never the real one's."""
    await writer.reserve(RUN, intent(), DAY, [])
    other = ACCOUNT.__class__("simulator", "default", "simulator")
    assert reader.balance(other, Purse("job", "spring")) == Balance()
    assert list(reader.newest_attempts(other)) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(S.SAVED, S.REJECTED, id="bought, then another request was put off"),
        pytest.param(S.SAVED, S.REFUSED, id="bought, then another request was refused"),
        pytest.param(S.SAVED, S.DECLARED_UNPAID, id="bought, then another was not billed"),
    ],
)
async def test_what_was_bought_stays_bought(
    writer: SqliteWriter, intent: MakeIntent, first: AttemptState, second: AttemptState
) -> None:
    """A later purchase that came to nothing does not let the first request be bought again."""
    await bring_to(writer, intent("A", "v1:a"), first)
    await bring_to(writer, intent("A", "v1:b"), second)
    with pytest.raises(IllegalTransition):
        await writer.reserve(RUN, intent("A", "v1:a"), DAY, [])


async def test_a_purchase_closes_every_order_that_waited_for_it(
    writer: SqliteWriter, reader: SqliteReader, intent: MakeIntent
) -> None:
    """Two wishes for one clip are one purchase: the other order does not fire later."""
    await bring_to(writer, intent("A"), S.FAILED)
    for_sku = await writer.place_order("spring", ACCOUNT, "sku", [ClipKey("A")])
    for_failed = await writer.place_order("spring", ACCOUNT, "failed", [ClipKey("A")])
    again = await writer.reserve(RUN, intent("A", order_id=for_failed.id), DAY, [])
    await writer.move(again.id, S.UNKNOWN)
    assert reader.open_orders("spring", ACCOUNT) == []
    with pytest.raises(IllegalTransition):
        await writer.reserve(RUN, intent("A", order_id=for_sku.id), DAY, [])


async def test_an_order_buys_only_what_it_names(writer: SqliteWriter, intent: MakeIntent) -> None:
    """The id of an order lets no other clip be bought again."""
    await bring_to(writer, intent("A"), S.FAILED)
    await bring_to(writer, intent("B"), S.FAILED)
    order = await writer.place_order("spring", ACCOUNT, "failed", [ClipKey("A")])
    with pytest.raises(IllegalTransition):
        await writer.reserve(RUN, intent("B", order_id=order.id), DAY, [])
