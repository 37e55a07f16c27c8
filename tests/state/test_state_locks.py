"""One runner at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from batchgen.errors import Busy
from batchgen.messages import msg
from batchgen.state import locks
from batchgen.words import local_time

#: Holds the lock named by its argument until its stdin closes.
_HOLDER = """
import sys
from pathlib import Path
from batchgen.messages import msg
from batchgen.state import locks
with locks.hold(Path(sys.argv[1]), msg("the state")):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    """While one process holds the lock, another gets its pid at once."""
    lock = tmp_path / "state.db.lock"
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Busy, match=str(holder.pid)), locks.hold(lock, msg("the state")):
            pass
        holder.communicate()


def test_a_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    """The lock of a killed process is free at once."""
    lock = tmp_path / "state.db.lock"
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        holder.kill()
        holder.wait()
    with locks.hold(lock, msg("the state")):
        assert lock.exists()


def test_the_holder_is_told_with_the_moment_as_the_reader_counts_it(tmp_path: Path) -> None:
    """The note keeps UTC; people read the time of day where they are."""
    lock = tmp_path / "state.db.lock"
    with locks.hold(lock, msg("the state")):
        note = '{"pid": 7, "host": "shop", "since": "2026-11-23T21:12:59+00:00"}'
        lock.with_suffix(".holder").write_text(note)
        since = local_time(1_795_468_379.0)
        with (
            pytest.raises(Busy, match=rf"process 7 on shop, since {since}"),
            locks.hold(lock, msg("the state")),
        ):
            pass


def test_two_accounts_have_two_locks() -> None:
    """The lock of an account lies in the user's folder and belongs to it alone."""
    one, other = (locks.account_lock_path(f"bigmodel:{name}@host") for name in ("a", "b"))
    assert one != other
    assert one.parent == other.parent
