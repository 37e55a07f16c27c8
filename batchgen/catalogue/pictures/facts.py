"""Remembers what was found in pictures, so that the next command need not look at them again.

One small SQLite file in the user's cache folder, for all jobs; deleting it costs only time. A
picture file is known again by path, size, times and inode; a picture on the web by its URL, for as
long as the asker trusts that. Where the file cannot be used, pictures are looked at as if it were
not there. Nothing is sent on its word: whoever sends a picture hashes it anew
(`provider.pictures.sending`). Knows no row, decodes nothing and asks no network.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import platformdirs

from batchgen.clip import LocalPicture
from batchgen.messages import Message
from batchgen.video_models import PICTURE_BYTES_LIMIT, PICTURE_FORMATS, PICTURE_PIXELS_LIMIT

#: What pictures are measured by. Raise the number when measuring changes.
_RULES = f"1 {PICTURE_BYTES_LIMIT} {PICTURE_PIXELS_LIMIT} {','.join(PICTURE_FORMATS)}"
#: Another process writes for far less than this (seconds).
_PATIENCE_S = 1.0
_TABLE = """CREATE TABLE IF NOT EXISTS picture
    (path TEXT PRIMARY KEY, stamp TEXT NOT NULL, facts TEXT NOT NULL, checksum INTEGER NOT NULL)"""
#: A file that changed just now may change again within one tick of its clock, so it is not
#: remembered. SQLite is asked for the time: nobody needs to pass a clock.
_REMEMBER = """INSERT OR REPLACE INTO picture SELECT ?, ?, ?, ?
    WHERE ? < (CAST(strftime('%s', 'now') AS INTEGER) - ?) * 1000000000"""
#: The coarsest tick of a file system's clock (FAT's) in seconds.
_TICK_S = 2
_REMOTE_TABLE = """CREATE TABLE IF NOT EXISTS remote_picture
    (url TEXT PRIMARY KEY, asked_at INTEGER NOT NULL, facts TEXT NOT NULL,
    checksum INTEGER NOT NULL) WITHOUT ROWID"""
_NOTE_REMOTE = """INSERT OR REPLACE INTO remote_picture
    SELECT ?, CAST(strftime('%s', 'now') AS INTEGER), ?, ?"""
_SEEN_REMOTE = """SELECT facts, checksum, CAST(strftime('%s', 'now') AS INTEGER) - asked_at
    FROM remote_picture WHERE url = ?"""
#: What was found in a picture on the web is trusted for so long (seconds).
FRESH_S = 24 * 3600

_T = TypeVar("_T")


class _Stamp(NamedTuple):
    """By what a file is known again."""

    text: str
    #: The newest of its times, in nanoseconds.
    changed_at: int


@dataclass(frozen=True, slots=True)
class PictureProblem:
    """Why a picture cannot be used."""

    #: Stable code of the fault.
    code: str
    message: Message


@dataclass(frozen=True, slots=True)
class RemoteFacts:
    """What was found when a picture on the web was asked for; None: that was not told."""

    #: `png`, `jpeg` or `webp`.
    format: str | None = None
    #: As a viewer shows it, in pixels.
    width: int | None = None
    height: int | None = None
    size_bytes: int | None = None
    #: Of all its bytes, where they were read.
    sha256: str | None = None
    #: File that holds its bytes.
    kept: str | None = None
    #: By these its server knows it again.
    etag: str | None = None
    modified: str | None = None
    problem: PictureProblem | None = None
    #: How long ago that was (seconds); not kept, but counted.
    age_s: int = 0

    @property
    def is_fresh(self) -> bool:
        """Whether it need not be asked for again; a clock that was set back makes nothing fresh."""
        return 0 <= self.age_s < FRESH_S


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What is known of pictures."""

    #: None where the file cannot be used.
    _connection: sqlite3.Connection | None = None
    _tick_s: int = _TICK_S
    #: Whether any picture on the web was known when the facts were opened.
    knows_remote: bool = False

    def of(self, path: Path, measure: Callable[[Path], _T]) -> LocalPicture | _T:
        """Give the facts of a file: those remembered, else what `measure` finds."""
        before = _stamp_of(path)
        known = self._recall(path, before)
        if known is not None:
            return known
        found = measure(path)
        if isinstance(found, LocalPicture) and before == _stamp_of(path):
            self._remember(path, before, found)
        return found

    def _recall(self, path: Path, stamp: _Stamp | None) -> LocalPicture | None:
        if self._connection is None or stamp is None:
            return None
        with suppress(sqlite3.Error, ValueError, TypeError):
            row = self._connection.execute(
                "SELECT facts, checksum FROM picture WHERE path = ? AND stamp = ?",
                (str(path), stamp.text),
            ).fetchone()
            if row is not None and _checksum(path, stamp, row[0]) == row[1]:
                return LocalPicture(**json.loads(row[0]))
        return None

    def _remember(self, path: Path, stamp: _Stamp | None, picture: LocalPicture) -> None:
        if self._connection is None or stamp is None:
            return
        with suppress(sqlite3.Error, ValueError):  # a full disk; a name that is no text
            facts = json.dumps(asdict(picture))
            checksum = _checksum(path, stamp, facts)
            values = (str(path), stamp.text, facts, checksum, stamp.changed_at, self._tick_s)
            self._connection.execute(_REMEMBER, values)

    def seen(self, url: str) -> RemoteFacts | None:
        """Give what was found when a picture on the web was last asked for, however long ago."""
        if self._connection is None:
            return None
        with suppress(sqlite3.Error, ValueError, TypeError, KeyError):
            row = self._connection.execute(_SEEN_REMOTE, (url,)).fetchone()
            if row is not None and _remote_checksum(url, row[0]) == row[1]:
                return _remote_facts(json.loads(row[0]), row[2])
        return None

    def note(self, url: str, found: RemoteFacts) -> None:
        """Remember what was found in a picture on the web just now."""
        if self._connection is None:
            return
        with suppress(sqlite3.Error, ValueError):
            facts = json.dumps(_as_plain(found))
            self._connection.execute(_NOTE_REMOTE, (url, facts, _remote_checksum(url, facts)))


@contextmanager
def remembered_facts(place: Path | None = None, *, tick_s: int = _TICK_S) -> Iterator[PictureFacts]:
    """Open the facts of this user's pictures, or those in a `place`, while the block lasts."""
    place = place or platformdirs.user_cache_path("batchgen") / "pictures.db"
    connection = _opened(place)
    try:
        yield PictureFacts(connection, tick_s, _knows_remote(connection))
    finally:
        if connection is not None:
            connection.close()


def _opened(place: Path) -> sqlite3.Connection | None:
    """Open the file, or begin it anew where it is damaged; None where neither is possible."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            return _prepared(place)
        except sqlite3.OperationalError:  # locked, or not ours to write
            return None
        except sqlite3.DatabaseError:
            place.unlink()
            return _prepared(place)
    except (OSError, sqlite3.Error):
        return None


def _prepared(place: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        place, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(_TABLE)
        connection.execute(_REMOTE_TABLE)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _stamp_of(path: Path) -> _Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    times = (found.st_mtime_ns, found.st_ctime_ns)
    text = f"{_RULES} {found.st_size} {times[0]} {times[1]} {found.st_ino}"
    return _Stamp(text, max(times))


def _checksum(path: Path, stamp: _Stamp, facts: str) -> int:
    """Sum up a row: SQLite keeps no sums, and a flipped bit would be another picture."""
    return zlib.crc32(f"{path}\n{stamp.text}\n{facts}".encode("utf-8", "surrogatepass"))


def _knows_remote(connection: sqlite3.Connection | None) -> bool:
    if connection is None:
        return False
    try:
        found = connection.execute("SELECT EXISTS (SELECT 1 FROM remote_picture)").fetchone()
    except sqlite3.Error:
        return False
    return bool(found[0])


def _as_plain(found: RemoteFacts) -> dict[str, Any]:
    """Give facts ready for JSON; what is not known is left out."""
    plain = {name: value for name, value in asdict(found).items() if value is not None}
    del plain["age_s"]
    if found.problem is not None:
        message = found.problem.message
        values = {name: _plain_value(value) for name, value in message.values.items()}
        plain["problem"] = {"code": found.problem.code, "text": message.text, "values": values}
    return plain


def _plain_value(value: object) -> object:
    return value if isinstance(value, int | str) else str(value)


def _remote_facts(plain: Mapping[str, Any], age_s: int) -> RemoteFacts:
    problem = None
    if told := plain.get("problem"):
        problem = PictureProblem(told["code"], Message(told["text"], told["values"]))
    return RemoteFacts(**{**plain, "problem": problem, "age_s": age_s})


def _remote_checksum(url: str, facts: str) -> int:
    return zlib.crc32(f"{url}\n{facts}".encode("utf-8", "surrogatepass"))
