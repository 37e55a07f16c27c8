"""Opens a file on disk as the one catalogue in it: plain, packed by gzip, or alone in a zip.

Everything streams; nothing is unpacked to the disk. Knows no encoding and no format.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Protocol

from batchgen.errors import ManifestError
from batchgen.messages import Message, msg

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_SUFFIXES = (
    ".csv .tsv .txt .xlsx .xlsm .xlsb .xls .ods .json .jsonl .ndjson .yaml .yml .xml .rss .atom"
    " .parquet .pq"
)
#: What a catalogue in a zip may be called; pictures and notes beside it are passed over.
CATALOGUE_SUFFIXES = frozenset(_SUFFIXES.split())
#: Bytes that may come out of a packed file, and times its own size, above `_SMALL_BYTES`. Deflate
#: packs at most 1,032 times; catalogues are packed 5 to 50 times.
_UNPACKED_LIMIT = 20_000_000_000
_RATIO_LIMIT = 500
_SMALL_BYTES = 50_000_000
#: Names that operating systems leave in every zip.
_LITTER = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
_IS_LOCKED, _IS_UTF8 = 0x1, 0x800
_DAMAGED = (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, NotImplementedError)


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


class PackingError(ManifestError):
    """A packed file cannot be opened, or holds no catalogue or several."""


def inner_suffix(path: Path) -> str:
    """Give the suffix of the catalogue itself, lower-case: `.csv` of `x.csv.gz`.

    Raises:
        PackingError: a zip that cannot be opened, or holds no catalogue or several.
        OSError: the file cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix == ".gz":
        return Path(path.stem).suffix.lower()
    if suffix == ".zip":
        with _zip(path) as archive:
            return PurePosixPath(_member(archive).filename).suffix.lower()
    return suffix


@contextmanager
def unpacked(path: Path) -> Iterator[IO[bytes]]:
    """Open the catalogue to be read from its beginning; damage shows while it is read.

    Raises:
        PackingError: see `inner_suffix`; also from every read inside the block.
        OSError: the file cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix == ".gz":
        with gzip.open(path, "rb") as stream:
            yield _guarded(stream, path.stat().st_size)
    elif suffix == ".zip":
        with _zip(path) as archive:
            member = _member(archive)
            with _open_member(archive, member) as stream:
                yield _guarded(stream, member.compress_size)
    else:
        with path.open("rb") as stream:
            yield stream


def contents_note(path: Path) -> Message | None:
    """Say what else lies in a zip and is not read.

    Raises:
        PackingError: see `inner_suffix`.
        OSError: the file cannot be read.
    """
    if path.suffix.lower() != ".zip":
        return None
    with _zip(path) as archive:
        taken = _member(archive)
        others = [entry for entry in _entries(archive) if entry.filename != taken.filename]
    if not others:
        return None
    return msg(
        "of the zip only {name} is read, its other files ({count}) are not: unpack it if the"
        " pictures are among them",
        name=_shown(taken),
        count=len(others),
    )


@contextmanager
def _zip(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except (*_DAMAGED, ValueError) as error:
        raise PackingError(
            msg("the zip cannot be opened, it is damaged or no zip: pack it again")
        ) from error
    with archive:
        yield archive


def _entries(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """List the files that a person packed."""
    return [entry for entry in archive.infolist() if not entry.is_dir() and not _is_litter(entry)]


def _is_litter(entry: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    return "__MACOSX" in path.parts or path.name.lower() in _LITTER or path.name.startswith("._")


def _member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    entries = _entries(archive)
    catalogues = [
        entry
        for entry in entries
        if PurePosixPath(entry.filename).suffix.lower() in CATALOGUE_SUFFIXES
    ]
    if len(catalogues) == 1:
        return catalogues[0]
    named = ", ".join(_shown(entry) for entry in (catalogues or entries)[:10])
    if catalogues:
        problem = msg(
            "the zip holds {count} catalogues ({names}): unpack it and name one",
            count=len(catalogues),
            names=named,
        )
    else:
        problem = msg("the zip holds no catalogue; it holds: {names}", names=named or "-")
    raise PackingError(problem)


def _shown(entry: zipfile.ZipInfo) -> str:
    """Give an entry's name; without the UTF-8 flag it is mostly UTF-8 or GBK all the same."""
    if entry.flag_bits & _IS_UTF8:
        return entry.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return entry.filename.encode("cp437").decode(encoding)
        except UnicodeError:
            continue
    return entry.filename


def _open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> IO[bytes]:
    if member.flag_bits & _IS_LOCKED:
        raise PackingError(
            msg("{name} in the zip has a password: unpack it yourself", name=_shown(member))
        )
    try:
        return archive.open(member)
    except (*_DAMAGED, RuntimeError) as error:
        raise _damaged(error) from error


def _guarded(stream: _Stream, packed_bytes: int) -> IO[bytes]:
    return io.BufferedReader(_Guarded(stream, packed_bytes), buffer_size=1 << 17)


class _Guarded(io.RawIOBase):
    """Counts what comes out of a packed stream, and words what is wrong with it."""

    def __init__(self, stream: _Stream, packed_bytes: int) -> None:
        self._stream = stream
        self._left = min(_UNPACKED_LIMIT, max(_SMALL_BYTES, packed_bytes * _RATIO_LIMIT))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        try:
            content = self._stream.read(len(view))
        except _DAMAGED as error:
            raise _damaged(error) from error
        self._left -= len(content)
        if self._left < 0:
            raise PackingError(
                msg("it unpacks to far more than a catalogue has: unpack it and look at it")
            )
        view[: len(content)] = content
        return len(content)


def _damaged(error: Exception) -> PackingError:
    return PackingError(
        msg(
            "the packed file is damaged or cut short ({reason}): pack or download it again",
            reason=str(error) or type(error).__name__,
        )
    )
