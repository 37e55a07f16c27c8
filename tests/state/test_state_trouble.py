"""What the state does when the database, a change or another program misbehaves; and its runs."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from batchgen.clip import AttemptState, ClipKey, Intent
from batchgen.errors import Busy, IllegalTransition, StateError
from batchgen.messages import msg
from batchgen.state import locks
from batchgen.state.reading import SqliteReader
from batchgen.state.writing import SqliteWriter
from tests.state.conftest import ACCOUNT, DAY, RUN
from tests.state.test_state_writing import bring_to

MakeIntent = Callable[..., Intent]
S = AttemptState


def alter(path: Path, statement: str) -> None:
    """Change the database behind the writer's back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(statement)


async def test_a_change_that_cannot_be_written_is_told_and_undone(
    writer: SqliteWriter, reader: SqliteReader, intent: MakeIntent, state_path: Path
) -> None:
    """The database refuses: nothing of the change stands, and later changes work again."""
    attempt = await writer.reserve(RUN, intent(), DAY, [])
    alter(state_path, "ALTER TABLE event RENAME TO lost")
    with pytest.raises(StateError, match=r"cannot be written \(no such table"):
        await writer.move(attempt.id, S.ACCEPTED)
    assert list(reader.attempts()) == [attempt]
    alter(state_path, "ALTER TABLE lost RENAME TO event")
    assert (await writer.move(attempt.id, S.ACCEPTED)).state is S.ACCEPTED


async def test_changes_that_are_written_together_fail_together(
    writer: SqliteWriter, reader: SqliteReader, intent: MakeIntent, state_path: Path
) -> None:
    """Nobody of a group is told that a change is durable which is not."""
    attempts = [await writer.reserve(RUN, intent(sku), DAY, []) for sku in "ABC"]
    alter(state_path, "ALTER TABLE event RENAME TO lost")
    moves = [writer.move(attempt.id, S.ACCEPTED) for attempt in attempts]
    outcomes = await asyncio.gather(*moves, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [StateError] * 3
    assert list(reader.attempts()) == attempts


@pytest.mark.parametrize(
    ("attempt_id", "text", "bug"),
    [
        pytest.param(999, "x", TypeError, id="no such attempt"),
        pytest.param(1, "\ud800", UnicodeEncodeError, id="half a character"),
    ],
)
async def test_a_bug_in_one_change_reaches_its_caller_only(
    writer: SqliteWriter,
    intent: MakeIntent,
    attempt_id: int,
    text: str,
    bug: type[Exception],
) -> None:
    """The writer goes on: the others are written, and nobody waits for ever."""
    attempt = await writer.reserve(RUN, intent(), DAY, [])
    with pytest.raises(bug):
        await writer.move(attempt_id, S.UNKNOWN, error=text)
    assert (await writer.move(attempt.id, S.UNKNOWN)).state is S.UNKNOWN


async def test_a_cancelled_caller_undoes_nothing(
    writer: SqliteWriter,
    reader: SqliteReader,
    intent: MakeIntent,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A change that was asked for is written, whether or not somebody still waits for it."""
    reserving = asyncio.ensure_future(writer.reserve(RUN, intent(), DAY, []))
    await asyncio.sleep(0)
    reserving.cancel()
    await asyncio.wait([reserving])
    await writer.start_run(RUN)
    assert (reserving.cancelled(), len(list(reader.attempts()))) == (True, 1)
    assert caplog.text == ""


async def test_a_price_finer_than_the_ledger_is_refused(
    writer: SqliteWriter, reader: SqliteReader, intent: MakeIntent
) -> None:
    """Rounding would make the books wrong: nothing is reserved."""
    with pytest.raises(ValueError, match="finer than a thousandth"):
        await writer.reserve(RUN, replace(intent(), price=Decimal("0.00125")), DAY, [])
    assert list(reader.attempts()) == []


async def test_a_clip_with_any_purchase_in_the_air_is_not_bought(
    writer: SqliteWriter, intent: MakeIntent
) -> None:
    """An older attempt came back from the dead: its task lives, whatever the newest one says."""
    older = await bring_to(writer, intent("A"), S.VANISHED)
    for kind in ("uncertain", "failed"):
        order = await writer.place_order("spring", ACCOUNT, kind, [ClipKey("A")])
        wish = intent("A", order_id=order.id)
        if kind == "uncertain":
            await bring_to(writer, wish, S.FAILED)
            await writer.move(older, S.ACCEPTED, "known again")
            continue
        with pytest.raises(IllegalTransition, match="nobody asked"):
            await writer.reserve(RUN, wish, DAY, [])


async def test_an_order_is_not_carried_out_twice_by_way_of_a_settled_attempt(
    writer: SqliteWriter, intent: MakeIntent
) -> None:
    """A person declared the order's purchase unpaid: that alone is no order to buy."""
    await bring_to(writer, intent("A"), S.FAILED)
    order = await writer.place_order("spring", ACCOUNT, "failed", [ClipKey("A")])
    await bring_to(writer, intent("A", order_id=order.id), S.DECLARED_UNPAID)
    with pytest.raises(IllegalTransition, match="nobody asked"):
        await writer.reserve(RUN, intent("A", order_id=order.id), DAY, [])


async def test_a_run_is_remembered_with_its_end(writer: SqliteWriter, reader: SqliteReader) -> None:
    """An open run, its end, and its opening again are what the next start decides by."""
    second = replace(RUN, id="run-2", budget=Decimal("12.50"), started_at=2_000.0)
    assert reader.last_run("spring", ACCOUNT) == RUN
    await writer.start_run(second)
    await writer.end_run("run-2", 4, "budget")
    ended = reader.last_run("spring", ACCOUNT)
    assert ended is not None
    assert (ended.exit_code, ended.stopped, ended.budget) == (4, "budget", Decimal("12.50"))
    await writer.start_run(second)
    assert list(reader.runs()) == [RUN, second]
    assert reader.last_run("autumn", ACCOUNT) is None


async def test_a_sound_state_says_so(reader: SqliteReader) -> None:
    """The check of the whole file finds nothing."""
    assert reader.verdict() == "ok"


async def test_a_newer_state_is_refused(writer: SqliteWriter, state_path: Path) -> None:
    """A state written by a later release is neither read nor written."""
    await writer.close()
    alter(state_path, "PRAGMA user_version = 99")
    with pytest.raises(StateError, match="has version 99"):
        SqliteWriter(state_path, now=lambda: 0.0)
    with pytest.raises(StateError, match="has version 99"):
        SqliteReader.open(state_path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """A spreadsheet named by mistake is not touched."""
    path = tmp_path / "state.db"
    path.write_bytes(b"sku,title\n" * 1000)
    with pytest.raises(StateError, match="cannot be used"):
        SqliteReader.open(path)


def test_a_lock_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """The folder of the lock is a file: nothing is run without a lock."""
    (tmp_path / "file").write_text("")
    path = locks.state_lock_path(tmp_path / "file" / "state.db")
    with pytest.raises(StateError, match="lock file"), locks.hold(path, msg("the state")):
        pass


def test_a_holder_that_left_no_readable_note_is_still_a_holder(tmp_path: Path) -> None:
    """The note only words the refusal."""
    path = tmp_path / "state.db.lock"
    with locks.hold(path, msg("the state")):
        path.with_suffix(".holder").write_text("[]")
        with pytest.raises(Busy, match=r"process \? on \?"), locks.hold(path, msg("the state")):
            pass


async def test_the_last_run_is_the_last_made_whatever_the_clock_says(
    writer: SqliteWriter, reader: SqliteReader
) -> None:
    """A run that was started under a clock two days ahead does not stay the last one."""
    ahead = replace(RUN, id="run-ahead", started_at=200_000.0)
    later = replace(RUN, id="run-later", started_at=2_000.0)
    for run in (ahead, later):
        await writer.start_run(run)
    last = reader.last_run("spring", ACCOUNT)
    assert last is not None
    assert last.id == "run-later"
    assert [run.id for run in reader.runs()] == ["run-1", "run-ahead", "run-later"]


@pytest.mark.parametrize("settled", [S.ACCEPTED, S.WRITTEN_OFF])
async def test_an_order_that_stood_on_doubt_ends_with_it(
    writer: SqliteWriter, reader: SqliteReader, intent: MakeIntent, settled: AttemptState
) -> None:
    """The doubtful clip was ordered again, then its purchase was found: it is not bought again."""
    attempt_id = await bring_to(writer, intent("A"), S.UNKNOWN)
    await bring_to(writer, intent("B"), S.UNKNOWN)
    await writer.place_order("spring", ACCOUNT, "uncertain", [ClipKey("A"), ClipKey("B")])
    await writer.move(attempt_id, settled)
    (order,) = reader.open_orders("spring", ACCOUNT)
    assert order.outstanding == (ClipKey("B"),)
    with pytest.raises(IllegalTransition, match="nobody asked"):
        await writer.reserve(RUN, intent("A", order_id=order.id), DAY, [])


async def test_an_order_stands_while_its_clip_stays_in_doubt(
    writer: SqliteWriter, reader: SqliteReader, intent: MakeIntent
) -> None:
    """A clip that was declared unpaid, too, is still wanted."""
    attempt_id = await bring_to(writer, intent("A"), S.UNKNOWN)
    await writer.place_order("spring", ACCOUNT, "uncertain", [ClipKey("A")])
    await writer.move(attempt_id, S.DECLARED_UNPAID)
    (order,) = reader.open_orders("spring", ACCOUNT)
    assert order.outstanding == (ClipKey("A"),)
