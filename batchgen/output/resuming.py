"""A file on its way, and the proof that an answer holds the rest of it. Knows no HTTP library.

What was cut goes on where it stopped only if the server shows that it still speaks of the same
object: the first answer told a strong ETag and the whole length, the next one tells them again
and begins at the very byte that is missing. With anything less, the file starts from its first
byte.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from batchgen.crash_points import crash_point
from batchgen.errors import BadFile
from batchgen.messages import msg

#: A length that a file can have.
_LENGTH = re.compile(r"[0-9]{1,15}")
#: `bytes 100-199/200` (RFC 9110, section 14.4).
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,15})-[0-9]{1,15}/([0-9]{1,15})")
#: A tag of the exact bytes; `W/"..."` is a weak one (RFC 9110, section 8.8.3).
_STRONG_ETAG = re.compile(r'"[!#-~]+"')
_MD5_BYTES = 16


#: Tells one content of one file from any other: device, inode, size, and when it changed (ns).
Stamp = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Received:
    """A complete file on disk, fsynced."""

    sha256: str
    size_bytes: int
    #: Which file it was when it was closed; see `stamp_of`.
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Promise:
    """What the head of a full answer tells of the whole file; each may be missing."""

    size_bytes: int | None = None
    #: Only a strong one, with its quotes.
    etag: str | None = None
    #: Of all bytes (Content-MD5, as object stores send it).
    md5: bytes | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Self:
        """Read a promise; what is malformed promises nothing."""
        length = headers.get("Content-Length", "")
        return cls(
            size_bytes=int(length) if _LENGTH.fullmatch(length) else None,
            etag=_strong_etag(headers),
            md5=_md5(headers.get("Content-MD5", "")),
        )

    def is_kept_by(self, headers: Mapping[str, str], have_bytes: int) -> bool:
        """Tell whether a partial answer is of the same file and begins after the first bytes."""
        told = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", "").strip())
        return (
            told is not None
            and (int(told[1]), int(told[2])) == (have_bytes, self.size_bytes)
            and _strong_etag(headers) == self.etag is not None
        )


class PartFile:
    """A file that is written in order, hashed on the way, and removed unless it was finished.

    What touches the disk (`start`, `flush`, `finish`, `close`) blocks: call it in a thread, and
    nothing else meanwhile.
    """

    _file: BinaryIO

    def __init__(self, path: Path, block_bytes: int) -> None:
        self._path = path
        self._block_bytes = block_bytes
        self.is_open = self._is_finished = False
        #: Bytes of the file that are here, those included that are not yet on the disk.
        self.size_bytes = 0
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._promise: Promise | None = None

    # ------------------------------------------------------------ what of it is here

    @property
    def rest(self) -> dict[str, str]:
        """The headers that ask for the missing rest; none where it could not be proven."""
        promise = self._promise
        if promise is None or promise.etag is None or promise.size_bytes is None:
            return {}
        if not 0 < self.size_bytes < promise.size_bytes:
            return {}
        return {"Range": f"bytes={self.size_bytes}-", "If-Range": promise.etag}

    @property
    def is_whole(self) -> bool:
        """Whether as many bytes are here as were promised, if that is known."""
        promise = self._promise
        return promise is not None and promise.size_bytes in {None, self.size_bytes}

    def goes_on_with(self, headers: Mapping[str, str]) -> bool:
        """Tell whether a partial answer is proven to be the missing rest."""
        return self._promise is not None and self._promise.is_kept_by(headers, self.size_bytes)

    def forget(self) -> None:
        """Give up what is here: the file has to start again."""
        self._promise = None
        self._let_go()
        self.size_bytes = 0

    def take(self, chunk: bytes) -> bool:
        """Append in memory; tell whether that is a block, which is to be flushed."""
        self._held.append(chunk)
        self._held_bytes += len(chunk)
        self.size_bytes += len(chunk)
        return self._held_bytes >= self._block_bytes

    # ------------------------------------------------------------ on the disk

    def start(self, promise: Promise) -> None:
        """Begin at the first byte of a file of which this is promised."""
        if self.is_open:
            self._file.seek(0)
            self._file.truncate()
        else:
            # Removing first and creating exclusively never follows a planted link.
            self._path.unlink(missing_ok=True)
            self._file = self._path.open("xb")
            self.is_open = True
        self._let_go()
        self.size_bytes = 0
        self._promise = promise
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False) if promise.md5 else None

    def flush(self) -> None:
        """Write and hash what was taken."""
        chunks = self._held
        self._let_go()
        self._file.writelines(chunks)
        for chunk in chunks:
            self._sha256.update(chunk)
            if self._md5 is not None:
                self._md5.update(chunk)

    def finish(self) -> Received:
        """Make the file durable and close it.

        Raises:
            BadFile: its bytes are not those that were promised.
        """
        promise = self._promise or Promise()
        self.flush()
        if self._md5 is not None and promise.md5 != self._md5.digest():
            raise BadFile(msg("the file is not what was announced: its MD5 is another"))
        self._file.flush()
        crash_point("part-before-sync")
        os.fsync(self._file.fileno())
        crash_point("part-after-sync")
        stamp = stamp_of(os.fstat(self._file.fileno()))
        self._is_finished = True
        self.close()
        return Received(self._sha256.hexdigest(), self.size_bytes, stamp)

    def close(self) -> None:
        """Close the file; remove it unless it was finished."""
        if not self.is_open:
            return
        self.is_open = False
        try:
            self._file.close()
        finally:  # on a full disk closing fails, too
            if not self._is_finished:
                self._path.unlink(missing_ok=True)

    def _let_go(self) -> None:
        """Forget what is held in memory."""
        self._held, self._held_bytes = [], 0


def stamp_of(status: os.stat_result) -> Stamp:
    """Give the stamp of a file; whoever writes to it later changes it."""
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def _strong_etag(headers: Mapping[str, str]) -> str | None:
    etag = headers.get("ETag", "")
    return etag if _STRONG_ETAG.fullmatch(etag) else None


def _md5(text: str) -> bytes | None:
    try:
        digest = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return digest if len(digest) == _MD5_BYTES else None
