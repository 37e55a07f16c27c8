"""Opens a SQLite state, for one writer or for any number of readers, or says why it may not.

A state that is not ours, newer than this release or damaged is refused before anything is sent.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from batchgen.crash_points import crash_point
from batchgen.errors import StateError
from batchgen.messages import msg
from batchgen.state import schema
from batchgen.state.disk_reserve import make_reserve
from batchgen.state.marks import height_of, refuse_if_behind, refuse_if_deleted
from batchgen.state.places import refuse_bad_place
from batchgen.state.spool import take_in

#: WAL with FULL: a commit that returned survives a power cut. A backup or a viewer may hold the
#: database for a while: a change waits a minute for it before it gives up.
_WRITER_PRAGMAS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA fullfsync = ON;
PRAGMA checkpoint_fullfsync = ON;
PRAGMA busy_timeout = 60000;
PRAGMA journal_size_limit = 67108864;
PRAGMA foreign_keys = ON;
PRAGMA trusted_schema = OFF;
PRAGMA cell_size_check = ON;
PRAGMA mmap_size = 0;
PRAGMA temp_store = MEMORY;
"""


def open_for_writing(path: Path, now: float) -> sqlite3.Connection:
    """Open the state, making it when it is not there, and begin its next epoch.

    What an earlier start kept in the spool is taken in, as of `now` (UTC seconds). The file is
    readable by its owner only.

    Raises:
        StateError: damaged, foreign, too new, gone back in time, deleted, in a place where it is
            not safe, or not writable.
    """
    try:
        refuse_bad_place(path)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists() or path.stat().st_size == 0:
            refuse_if_deleted(path)
            _make(path)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        _check(connection, path)
        refuse_if_behind(path, height_of(connection))
        connection.executescript(_WRITER_PRAGMAS)
        make_reserve(path)
        _upgrade(connection, path)
        take_in(connection, path, now)
        connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'epoch'")
    except (OSError, UnicodeError, sqlite3.Error) as error:
        raise unusable(path, error) from error
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection | None:
    """Open the state for reading beside a running writer; None when there is none yet.

    Raises:
        StateError: damaged, foreign or too new.
    """
    if not path.exists() or path.stat().st_size == 0:
        return None
    try:
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode=ro",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA busy_timeout = 5000")
        _check_kind(connection, path)
    except (UnicodeError, sqlite3.Error) as error:
        raise unusable(path, error) from error
    return connection


def _make(path: Path) -> None:
    """Make a state under another name first, so that a killed start leaves none that is half made.

    The rename is durable with the first commit: SQLite syncs the folder of a new WAL file.

    Raises:
        sqlite3.DatabaseError: the log of an older state stands there and would be taken in.
    """
    if path.with_name(f"{path.name}-wal").exists():
        message = f"the file is gone, but its log {path.name}-wal is there"
        raise sqlite3.DatabaseError(message)
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    connection = sqlite3.connect(fresh, isolation_level=None)
    try:
        # No journal file: what is half made is thrown away, never rolled back.
        connection.execute("PRAGMA journal_mode = MEMORY")
        schema.create(connection)
    finally:
        connection.close()
    fresh.replace(path)
    crash_point("state-made")


def _upgrade(connection: sqlite3.Connection, path: Path) -> None:
    """Bring an older state up to this release; a copy of it as it was stays beside it."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == schema.SCHEMA_VERSION:
        return
    copy = path.with_name(f"{path.name}.version-{version}")
    copy.unlink(missing_ok=True)
    os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with contextlib.closing(sqlite3.connect(copy)) as target:
        connection.backup(target)
    schema.upgrade(connection)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    _check_kind(connection, path)
    verdict = verdict_of(connection)
    if verdict != "ok":
        raise StateError(
            msg(
                "the state {path} is damaged ({verdict}); nothing was sent. Keep it, and put a"
                " backup in its place: the README says how, under Keeping the state safe",
                path=path,
                verdict=verdict,
            )
        )


def verdict_of(connection: sqlite3.Connection) -> str:
    """Check the database: `ok`, or the first thing that is wrong with it."""
    verdict = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    return verdict.splitlines()[-1]  # above it stands only which database is meant


def _check_kind(connection: sqlite3.Connection, path: Path) -> None:
    application_id = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application_id != schema.APPLICATION_ID:
        raise StateError(
            msg("{path} is not a batchgen state; name another file with --state", path=path)
        )
    if version not in schema.READABLE:
        raise StateError(
            msg(
                "the state {path} has version {version}, this batchgen reads version {ours};"
                " use the release that wrote it, or a newer one",
                path=path,
                version=version,
                ours=schema.SCHEMA_VERSION,
            )
        )


def unusable(path: Path, error: Exception) -> StateError:
    """Word that a state cannot be used."""
    return StateError(
        msg(
            "the state {path} cannot be used ({reason}); nothing was sent."
            " Check the disk and the file's rights, or restore a backup",
            path=path,
            reason=str(error),
        )
    )
