"""Task ids that the state could not take: one synced line each, taken in by the next start.

The id of a task is the only handle on what was paid for it. Where the database cannot record one
(a full disk, a failed sync), it is appended here instead. Knows where its file lies and how a line
looks; whether the database is to be trusted is for others.
"""

from __future__ import annotations

import errno
import json
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

from batchgen.clip import AttemptState, TaskId
from batchgen.errors import StateError, TaskIdTaken
from batchgen.messages import Message, msg
from batchgen.state import changes
from batchgen.state.store import Facts

#: On Windows a folder cannot be opened, and needs no sync.
_SYNCS_FOLDERS = os.name != "nt"
_UNANSWERED = frozenset({AttemptState.INTENT, AttemptState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Receipt:
    """What must not be lost of an accepted submit."""

    attempt_id: int
    task_id: TaskId
    #: UTC seconds.
    submitted_at: float


def spool_path(state: Path) -> Path:
    """Give where the spool of a state lies: beside it."""
    return state.with_name(f"{state.name}.spool")


def keep(state: Path, receipt: Receipt) -> bool:
    """Append a receipt durably; False when the disk does not take it either. Blocks."""
    # A line break on both sides: the line before may have been cut.
    line = "\n" + json.dumps(asdict(receipt)) + "\n"
    try:
        _synced(spool_path(state), os.O_CREAT | os.O_WRONLY | os.O_APPEND, line.encode())
        if _SYNCS_FOLDERS:
            _synced(state.parent, os.O_RDONLY)
    except OSError:
        return False
    return True


def _synced(path: Path, flags: int, content: bytes = b"") -> None:
    """Open a file or folder, write if there is something to write, and sync it."""
    handle = os.open(path, flags, 0o600)
    try:
        if content and os.write(handle, content) < len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(handle)
    finally:
        os.close(handle)


def take_in(connection: sqlite3.Connection, state: Path, now: float) -> int:
    """Record every kept receipt whose attempt is still unanswered, then end the spool.

    Gives how many there were. A spool with lines that are no receipts (a crash may have cut the
    last one) is kept as `.unread`.

    Raises:
        StateError: the state does not have such an attempt: it is older than its spool.
    """
    path = spool_path(state)
    if not path.exists():
        return 0
    lines = [line for line in path.read_bytes().splitlines() if line]
    connection.execute("BEGIN IMMEDIATE")
    receipts = list(_receipts(path))
    newest = connection.execute("SELECT coalesce(max(id), 0) FROM attempt").fetchone()[0]
    if any(receipt.attempt_id > newest for receipt in receipts):
        raise StateError(older_than_spool(state))
    count = sum(_recorded(connection, receipt, now) for receipt in receipts)
    connection.execute("COMMIT")
    if len(receipts) < len(lines):
        path.replace(path.with_name(f"{path.name}.unread"))
    else:
        path.unlink()
    return count


def last_spooled(state: Path) -> int:
    """Give the largest attempt id that the spool of a state names; 0 when there is no spool."""
    try:
        return max((receipt.attempt_id for receipt in _receipts(spool_path(state))), default=0)
    except OSError:
        return 0


def older_than_spool(state: Path) -> Message:
    """Word that a state does not have an attempt that its spool names."""
    return msg(
        "the state {path} is older than {spool} beside it, which holds ids of paid tasks; nothing"
        " was sent. Put the newest one back. If that is gone for good: `batchgen ledger JOB"
        " --reconcile BILL` shows what this one does not know and would buy again; to go on with"
        " it, move {spool} away",
        path=state,
        spool=spool_path(state).name,
    )


def _recorded(connection: sqlite3.Connection, receipt: Receipt, now: float) -> bool:
    """Record a receipt; False when its attempt has an answer, or its task another attempt."""
    if changes.attempt(connection, receipt.attempt_id).state not in _UNANSWERED:
        return False
    facts = Facts(task_id=receipt.task_id, submitted_at=receipt.submitted_at)
    reason = "kept beside the state"
    try:
        changes.move(connection, receipt.attempt_id, AttemptState.ACCEPTED, reason, facts, now)
    except TaskIdTaken:
        return False
    return True


def _receipts(path: Path) -> Iterator[Receipt]:
    """Yield the lines that were written whole and are receipts."""
    for line in path.read_bytes().splitlines():
        try:
            receipt = Receipt(**json.loads(line))
        except (ValueError, TypeError):
            continue
        if [type(value) for value in astuple(receipt)] == [int, str, float]:
            yield receipt
