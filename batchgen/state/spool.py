"""Task ids that the state could not take: one synced line each, taken in by the next start.

The id of a task is the only handle on what was paid for it. Where the database cannot record one
(a full disk, a failed sync), it is appended here instead. Knows where its file lies and how a line
looks; whether the database is to be trusted is for others.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from batchgen.clip import AttemptState, TaskId
from batchgen.errors import StateError
from batchgen.messages import msg
from batchgen.state import changes
from batchgen.state.store import Facts

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
    line = json.dumps(asdict(receipt)) + "\n"
    try:
        _synced(spool_path(state), os.O_CREAT | os.O_WRONLY | os.O_APPEND, line.encode())
        if os.name != "nt":  # there a folder cannot be opened, and needs no sync
            _synced(state.parent, os.O_RDONLY)
    except OSError:
        return False
    return True


def _synced(path: Path, flags: int, content: bytes = b"") -> None:
    """Open a file or folder, write if there is something to write, and sync it."""
    handle = os.open(path, flags, 0o600)
    try:
        if content:
            os.write(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)


def take_in(connection: sqlite3.Connection, state: Path, now: float) -> int:
    """Record every kept receipt whose attempt is still unanswered, then end the spool.

    Gives how many there were.

    Raises:
        StateError: the state does not have such an attempt: it is older than its spool.
    """
    path = spool_path(state)
    if not path.exists():
        return 0
    connection.execute("BEGIN IMMEDIATE")
    receipts = list(_receipts(path))
    newest = connection.execute("SELECT coalesce(max(id), 0) FROM attempt").fetchone()[0]
    if any(receipt.attempt_id > newest for receipt in receipts):
        raise StateError(
            msg(
                "the state {path} is older than {spool} beside it; nothing was sent. Put the"
                " newest one back",
                path=state,
                spool=path.name,
            )
        )
    count = sum(_recorded(connection, receipt, now) for receipt in receipts)
    connection.execute("COMMIT")
    path.unlink()
    return count


def _recorded(connection: sqlite3.Connection, receipt: Receipt, now: float) -> bool:
    """Record a receipt; False when the commit that seemed to fail had stood after all."""
    if changes.attempt(connection, receipt.attempt_id).state not in _UNANSWERED:
        return False
    facts = Facts(task_id=receipt.task_id, submitted_at=receipt.submitted_at)
    changes.move(
        connection, receipt.attempt_id, AttemptState.ACCEPTED, "kept beside the state", facts, now
    )
    return True


def _receipts(path: Path) -> Iterator[Receipt]:
    """Yield the lines that were written whole; a crash may have cut the last one."""
    for line in path.read_bytes().splitlines():
        try:
            yield Receipt(**json.loads(line))
        except (ValueError, TypeError):
            continue
