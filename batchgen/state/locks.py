"""One runner at a time: a lock on the state and one on the account, freed by the kernel.

The lock is advisory file locking, so a killed process never leaves one behind. Beside the lock file
stands a small note that names the holder; it is only ever read to word the refusal.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from batchgen.errors import Busy, StateError
from batchgen.messages import Message, msg
from batchgen.words import local_time


def account_lock_path(account: str) -> Path:
    """Give where the lock of an account lies: in the user's own state folder.

    `account` names provider, account name and API address.
    """
    name = hashlib.sha256(account.encode()).hexdigest()[:24]
    return platformdirs.user_state_path("batchgen") / "locks" / f"account-{name}.lock"


def state_lock_path(state: Path) -> Path:
    """Give where the lock of a state lies: beside it."""
    return state.with_name(f"{state.name}.lock")


@contextlib.contextmanager
def hold(path: Path, what: Message, *, wait: bool = False) -> Iterator[None]:
    """Hold a lock; `what` names in the refusal what is locked.

    Raises:
        Busy: another process holds it and `wait` is false.
        StateError: the lock file cannot be made.
    """
    note = path.with_suffix(".holder")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(path, mode=0o600)
        lock.acquire(timeout=-1 if wait else 0)
    except Timeout as error:
        raise _busy(note, what) from error
    except OSError as error:
        raise StateError(
            msg(
                "the lock file {path} cannot be made ({reason}); nothing was sent."
                " Mend the folder's rights",
                path=path,
                reason=error.strerror or str(error),
            )
        ) from error
    try:
        _write_note(note)
        yield
    finally:
        lock.release()


def _write_note(note: Path) -> None:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    text = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": since})
    with contextlib.suppress(OSError):
        note.write_text(text, encoding="utf-8")


def _busy(note: Path, what: Message) -> Busy:
    try:
        holder = json.loads(note.read_text(encoding="utf-8"))
        pid, host = holder["pid"], holder["host"]
        since = local_time(datetime.fromisoformat(holder["since"]).timestamp())
    except (OSError, ValueError, KeyError, TypeError):
        pid = host = since = "?"
    return Busy(
        msg(
            "another run holds {what} (process {pid} on {host}, since {since}): come back when it"
            " has ended, or let `run` or `retry` wait for it with --wait",
            what=what,
            pid=pid,
            host=host,
            since=since,
        )
    )
