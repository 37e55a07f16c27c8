"""One manifest file: its bytes, its text, and how to say what is wrong with it.

    path ─► text.containers (gz, zip) ─► content() ─► text.encodings ─► text(), lines()

Knows no format and no column.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import IO

from batchgen.catalogue.text.containers import (
    PackingError,
    contents_note,
    inner_suffix,
    unpacked,
)
from batchgen.catalogue.text.encodings import Decoding, find_decoding
from batchgen.catalogue.text.magic import binary_kind
from batchgen.errors import ManifestError
from batchgen.item import Fault
from batchgen.messages import Message, msg

#: Bytes of a file that is read as a whole; delimited text is read line by line.
_WHOLE_BYTES_LIMIT = 500_000_000
_BLOCK_BYTES = 1 << 20
_MAGIC_BYTES = 32


@dataclass(frozen=True)
class Source:
    """One manifest as it lies on disk; a packed one reads as what is packed in it."""

    #: As the job names it.
    file: str
    path: Path
    #: `auto` or a Python name of an encoding.
    encoding: str = "auto"
    #: Sheet of a workbook; None for the first.
    sheet: str | None = None
    #: Number of the record that is the header, where a vendor's layout says so; else it is found.
    header_row: int | None = None

    @cached_property
    def suffix(self) -> str:
        """Lower-case suffix of the catalogue itself: `.csv` of `x.csv.gz` and of the csv in a zip.

        Raises:
            ManifestError: a zip that cannot be opened, or holds no catalogue or several.
        """
        with self._worded():
            return inner_suffix(self.path)

    def content(self) -> bytes:
        """Read the whole file, unpacked.

        Raises:
            ManifestError: it cannot be read, or has more than `_WHOLE_BYTES_LIMIT`.
        """
        with self.opened() as stream:
            content = stream.read(_WHOLE_BYTES_LIMIT + 1)
        if len(content) > _WHOLE_BYTES_LIMIT:
            limit = _WHOLE_BYTES_LIMIT // 1_000_000
            raise self.error(
                msg(
                    "it has more than {limit} MB: save it as .csv or .jsonl, or split it",
                    limit=limit,
                )
            )
        return content

    def text(self) -> str:
        """Read and decode the whole file.

        Raises:
            ManifestError: it cannot be read, is too big, or is not text in its encoding.
        """
        if self.decoding.is_damaged:
            raise self.error(
                msg("some of its bytes are no {codec} text: save it again", codec=self.codec)
            )
        content = self.content()
        with self._worded():
            text = content.decode(self.codec)
        if "\0" in text:
            raise self.error(
                msg(
                    "it does not read as {encoding} text: name the encoding in"
                    " manifest.encoding or --encoding (utf-16-le?)",
                    encoding=self.codec,
                )
            )
        return text.removeprefix("\ufeff")

    def lines(self) -> Iterator[str]:
        """Read and decode line by line, line ends included, in memory of one line.

        Where `decoding.is_damaged`, bytes that do not fit read as U+FFFD.

        Raises:
            ManifestError: the file cannot be read, or is not text in its encoding.
        """
        errors = "replace" if self.decoding.is_damaged else "strict"
        with (
            self.opened() as stream,
            io.TextIOWrapper(stream, self.codec, errors=errors, newline="") as file,
        ):
            first = file.readline()
            if first:
                yield first.removeprefix("\ufeff")
            yield from file

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """Open the bytes of the catalogue, unpacked, to be read once from the beginning.

        Raises:
            ManifestError: it cannot be read; also from reading inside the block.
        """
        with self._worded(), unpacked(self.path) as stream:
            yield stream

    @cached_property
    def decoding(self) -> Decoding:
        """The encoding, found by reading the file once.

        Raises:
            ManifestError: it cannot be read, is no text, or is not in the encoding that was named.
        """
        beginning = next(self._blocks(), b"")[:_MAGIC_BYTES]
        kind = binary_kind(beginning)
        if kind is not None:
            raise self.error(
                msg(
                    "by its first bytes it is {kind}, not text: give its name the right ending,"
                    " or export the catalogue as .csv or .xlsx",
                    kind=kind,
                )
            )
        try:
            return find_decoding(self._blocks, None if self.encoding == "auto" else self.encoding)
        except ManifestError as error:
            raise self._named(error) from error

    @property
    def codec(self) -> str:
        """Python name of the encoding; raises as `decoding` does."""
        return self.decoding.codec

    def _blocks(self) -> Iterator[bytes]:
        with self.opened() as stream:
            yield from iter(partial(stream.read, _BLOCK_BYTES), b"")

    def notes(self) -> tuple[tuple[Message, ...], tuple[Fault, ...]]:
        """Say how the text was read, for `Table.facts`, and what is doubtful, for its warnings.

        Raises:
            ManifestError: as `decoding`.
        """
        warnings: list[Fault] = []
        with self._worded():
            others = contents_note(self.path)
        if others is not None:
            warnings.append(self.warning("zip-others", others))
        if self.decoding.doubt is not None:
            warnings.append(self.warning("encoding-doubtful", self.decoding.doubt))
        return (self.decoding.fact,), tuple(warnings)

    def sha256(self) -> str:
        """Give the hash of the file's bytes as they lie on disk.

        Raises:
            ManifestError: it cannot be read.
        """
        with self._worded(), self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @contextmanager
    def _worded(self) -> Iterator[None]:
        """Turn what goes wrong with the file while the block lasts into errors that name it."""
        try:
            yield
        except PackingError as error:
            raise self._named(error) from error
        except UnicodeDecodeError as error:  # all of it was decoded once, to tell the encoding
            raise self.changed() from error
        except OSError as error:
            raise self.unreadable(error) from error

    def changed(self) -> ManifestError:
        """Make the error for a file that is another one than when its columns were found."""
        return self.error(msg("it was changed while it was read: try again"))

    def _named(self, error: ManifestError) -> ManifestError:
        return self.error(error.message)

    def unreadable(self, error: OSError) -> ManifestError:
        """Make the error for a file that cannot be read."""
        return self.error(
            msg("{path} cannot be read: {reason}", path=self.path, reason=error.strerror)
        )

    def error(self, problem: Message) -> ManifestError:
        """Make the error for a manifest that cannot be read as a whole."""
        return ManifestError(msg("{file}: {problem}", file=self.file, problem=problem))

    def fault(self, row: int, code: str, message: Message) -> Fault:
        """Make the fault of a row that cannot be read."""
        return Fault(self.file, row, None, code, message)

    def warning(self, code: str, message: Message) -> Fault:
        """Make a warning that concerns the whole file."""
        return Fault(self.file, None, None, code, message)
