"""A task id that the state could not take is kept beside it, and taken in by the next start."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from batchgen.clip import Attempt, AttemptState, Intent, TaskId
from batchgen.errors import DiskFull, StateError, TaskIdKept
from batchgen.state import disk_reserve, spool
from batchgen.state.reading import SqliteReader
from batchgen.state.writing import SqliteWriter
from tests.state.conftest import DAY, RUN

MakeIntent = Callable[..., Intent]
S = AttemptState


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """Hold the database as a backup program does, so that no change is written meanwhile."""
    with closing(sqlite3.connect(state, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def be_impatient(writer: SqliteWriter) -> None:
    """Give up at once where another program holds the database."""
    writer._committer._connection.execute("PRAGMA busy_timeout = 0")


def fill_disk(writer: SqliteWriter, pages: int = 0) -> None:
    """Let the database grow by so many pages and no further."""
    connection = writer._committer._connection
    count = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {count + pages}")


async def accept(writer: SqliteWriter, attempt: Attempt, task: str = "task-1") -> Attempt:
    """Record the provider's acceptance."""
    return await writer.move(attempt.id, S.ACCEPTED, task_id=TaskId(task), submitted_at=5.0)


def states(path: Path) -> list[tuple[S, str | None]]:
    """Read state and task id of every attempt."""
    reader = SqliteReader.open(path)
    assert reader is not None
    with closing(reader):
        return [(attempt.state, attempt.task_id) for attempt in reader.attempts()]


async def test_a_task_id_that_cannot_be_recorded_is_not_lost(
    writer: SqliteWriter, intent: MakeIntent, state_path: Path
) -> None:
    """The commit fails, the id lies in the spool, and the next start knows the task."""
    attempt = await writer.reserve(RUN, intent(), DAY, [])
    be_impatient(writer)
    with locked(state_path), pytest.raises(TaskIdKept, match="task-1 was bought"):
        await accept(writer, attempt)
    await writer.close()
    assert states(state_path) == [(S.INTENT, None)]
    await SqliteWriter(state_path, lambda: 9.0).close()
    assert states(state_path) == [(S.ACCEPTED, "task-1")]
    assert not spool.spool_path(state_path).exists()


async def test_a_spooled_id_of_a_doubtful_clip_heals_the_doubt(
    writer: SqliteWriter, intent: MakeIntent, state_path: Path
) -> None:
    """The clip was marked as in doubt before the next start: the id still counts."""
    attempt = await writer.reserve(RUN, intent(), DAY, [])
    await writer.move(attempt.id, S.UNKNOWN)
    assert spool.keep(state_path, spool.Receipt(attempt.id, TaskId("task-1"), 5.0))
    await writer.close()
    await SqliteWriter(state_path, lambda: 9.0).close()
    assert states(state_path) == [(S.ACCEPTED, "task-1")]


async def test_a_spooled_id_that_was_recorded_after_all_changes_nothing(
    writer: SqliteWriter, intent: MakeIntent, state_path: Path
) -> None:
    """The commit that seemed to fail had stood."""
    attempt = await writer.reserve(RUN, intent(), DAY, [])
    await accept(writer, attempt)
    await writer.move(attempt.id, S.FAILED)
    assert spool.keep(state_path, spool.Receipt(attempt.id, TaskId("task-1"), 5.0))
    await writer.close()
    await SqliteWriter(state_path, lambda: 9.0).close()
    assert states(state_path) == [(S.FAILED, "task-1")]


async def test_a_half_written_line_of_the_spool_is_passed_over(
    writer: SqliteWriter, intent: MakeIntent, state_path: Path
) -> None:
    """A crash cut it; the lines before it count."""
    attempt = await writer.reserve(RUN, intent(), DAY, [])
    assert spool.keep(state_path, spool.Receipt(attempt.id, TaskId("task-1"), 5.0))
    with spool.spool_path(state_path).open("a") as file:
        file.write('{"attempt_id": 2, "task')
    await writer.close()
    await SqliteWriter(state_path, lambda: 9.0).close()
    assert states(state_path) == [(S.ACCEPTED, "task-1")]


async def test_a_state_older_than_its_spool_is_refused(
    writer: SqliteWriter, state_path: Path
) -> None:
    """The spool names a purchase that the state does not have: nothing is sent."""
    await writer.close()
    assert spool.keep(state_path, spool.Receipt(7, TaskId("task-7"), 5.0))
    with pytest.raises(StateError, match="older than"):
        SqliteWriter(state_path, lambda: 9.0)


async def test_an_id_that_nothing_on_the_disk_takes_is_not_said_to_be_kept(
    writer: SqliteWriter, intent: MakeIntent, state_path: Path
) -> None:
    """The spool cannot be written either: the error says so by being no promise."""
    attempt = await writer.reserve(RUN, intent(), DAY, [])
    spool.spool_path(state_path).mkdir()
    be_impatient(writer)
    with locked(state_path), pytest.raises(StateError) as caught:
        await accept(writer, attempt)
    assert not isinstance(caught.value, TaskIdKept)


async def test_a_full_disk_still_takes_what_is_in_the_air(
    writer: SqliteWriter, reader: SqliteReader, intent: MakeIntent, state_path: Path
) -> None:
    """The kept-back space is given up, the answer is recorded; nothing more is bought."""
    attempt = await writer.reserve(RUN, intent(), DAY, [])
    fill_disk(writer)
    error_text = "x" * 50_000  # needs pages that the full disk does not have
    released = disk_reserve.release_reserve

    def make_room(state: Path) -> bool:
        fill_disk(writer, pages=100)
        return released(state)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("batchgen.state.committing.release_reserve", make_room)
        await writer.move(attempt.id, S.UNKNOWN, error=error_text)
    assert [found.state for found in reader.attempts()] == [S.UNKNOWN]
    assert not disk_reserve.reserve_path(state_path).exists()
    with pytest.raises(DiskFull, match="nothing more is bought"):
        await writer.reserve(RUN, intent(), DAY, [])


async def test_a_disk_that_stays_full_is_told_as_full(
    writer: SqliteWriter, intent: MakeIntent
) -> None:
    """Without room even after the kept-back space is gone, nothing is written."""
    attempt = await writer.reserve(RUN, intent(), DAY, [])
    fill_disk(writer)
    for _ in range(2):
        with pytest.raises(DiskFull, match="full"):
            await writer.move(attempt.id, S.UNKNOWN, error="x" * 50_000)


async def test_the_kept_back_space_is_made_again_by_the_next_start(
    writer: SqliteWriter, state_path: Path
) -> None:
    """After somebody freed the disk, the next full one is survived as well."""
    path = disk_reserve.reserve_path(state_path)
    size_bytes = path.stat().st_size
    await writer.close()
    assert disk_reserve.release_reserve(state_path)
    assert not disk_reserve.release_reserve(state_path)
    await SqliteWriter(state_path, lambda: 9.0).close()
    assert path.stat().st_size == size_bytes > 0


async def test_after_a_failed_write_nothing_more_is_written(
    writer: SqliteWriter, reader: SqliteReader, intent: MakeIntent
) -> None:
    """Nobody knows what is on the disk then: even a change that would work is refused."""
    attempt = await writer.reserve(RUN, intent(), DAY, [])
    failing = iter([sqlite3.OperationalError("disk I/O error")])

    def fail_once(connection: sqlite3.Connection) -> None:
        error = next(failing, None)
        if error is not None:
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            raise error

    for _ in range(2):
        with pytest.raises(StateError, match="disk I/O error"):
            await writer._committer.commit(fail_once)
    with pytest.raises(TaskIdKept):
        await accept(writer, attempt)
    assert [found.state for found in reader.attempts()] == [S.INTENT]


def test_a_line_that_the_disk_cut_is_not_said_to_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Part of it came to the disk: the next receipt is not glued to it, and is read."""
    state = tmp_path / "state.db"
    whole = os.write
    monkeypatch.setattr(os, "write", lambda handle, line: whole(handle, line[:20]))
    assert not spool.keep(state, spool.Receipt(1, TaskId("task-1"), 5.0))
    monkeypatch.undo()
    assert spool.keep(state, spool.Receipt(2, TaskId("task-2"), 5.0))
    assert list(spool._receipts(spool.spool_path(state))) == [
        spool.Receipt(2, TaskId("task-2"), 5.0)
    ]


async def test_two_kept_receipts_of_one_task_leave_one_in_doubt(
    writer: SqliteWriter, intent: MakeIntent, state_path: Path
) -> None:
    """A task has one clip: the second receipt is no reason to refuse the state."""
    for number, sku in enumerate("AB", 1):
        await writer.reserve(RUN, intent(sku), DAY, [])
        assert spool.keep(state_path, spool.Receipt(number, TaskId("task-1"), 5.0))
    await writer.close()
    await SqliteWriter(state_path, lambda: 9.0).close()
    assert states(state_path) == [(S.ACCEPTED, "task-1"), (S.INTENT, None)]


@pytest.mark.parametrize(
    "line", ['{"attempt_id": "1", "task_id": 7, "submitted_at": null}', "[1]", "7", "\x00\xff"]
)
async def test_a_line_that_is_no_receipt_is_put_aside(
    writer: SqliteWriter, state_path: Path, line: str
) -> None:
    """Nobody of ours wrote it; it is kept for whoever wants to look."""
    path = spool.spool_path(state_path)
    path.write_text(line, encoding="latin-1")
    await writer.close()
    await SqliteWriter(state_path, lambda: 9.0).close()
    assert not path.exists()
    assert path.with_name(f"{path.name}.unread").read_text(encoding="latin-1") == line


def test_a_system_that_syncs_no_folders_keeps_receipts_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows a folder cannot be opened: the synced file has to do."""
    opened: list[Path] = []
    synced = spool._synced

    def note(path: Path, flags: int, content: bytes = b"") -> None:
        opened.append(path)
        synced(path, flags, content)

    monkeypatch.setattr(spool, "_synced", note)
    monkeypatch.setattr(spool, "_SYNCS_FOLDERS", False)
    assert spool.keep(tmp_path / "state.db", spool.Receipt(1, TaskId("task-1"), 5.0))
    assert opened == [tmp_path / "state.db.spool"]
