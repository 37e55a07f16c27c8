"""One manifest file as it lies on disk: its bytes, its text, and how to say what is wrong with it.

Knows encodings; knows no format and no column.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from batchgen.errors import ManifestError
from batchgen.item import Fault
from batchgen.messages import Message, msg

#: Byte order mark -> encoding; a UTF-8 one is an ordinary character that `text` takes off.
_BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
#: Bytes of a file that is read as a whole; delimited text is read line by line.
WHOLE_BYTES_LIMIT = 500_000_000


@dataclass(frozen=True, slots=True)
class Source:
    """One manifest as it lies on disk."""

    #: As the job names it.
    file: str
    path: Path
    #: `auto` or a Python name of an encoding.
    encoding: str = "auto"
    #: Sheet of a workbook; None for the first.
    sheet: str | None = None

    def content(self) -> bytes:
        """Read the whole file.

        Raises:
            ManifestError: it cannot be read, or has more than `WHOLE_BYTES_LIMIT`.
        """
        try:
            if self.path.stat().st_size > WHOLE_BYTES_LIMIT:
                limit = WHOLE_BYTES_LIMIT // 1_000_000
                raise self.error(msg("it has more than {limit} MB", limit=limit))
            return self.path.read_bytes()
        except OSError as error:
            raise self.unreadable(error) from error

    def text(self) -> str:
        """Read and decode the whole file.

        Raises:
            ManifestError: it cannot be read, is too big, or is not text in its encoding.
        """
        content = self.content()
        with self._decoding() as encoding:
            text = content.decode(encoding)
        if "\0" in text:
            raise self._no_text(encoding)
        return text.removeprefix("\ufeff")

    def lines(self) -> Iterator[str]:
        """Read and decode line by line, line ends included, in memory of one line.

        Raises:
            ManifestError: the file cannot be read, or is not text in its encoding.
        """
        try:
            with (
                self._decoding() as encoding,
                self.path.open(encoding=encoding, newline="") as file,
            ):
                for number, line in enumerate(file):
                    if "\0" in line:
                        raise self._no_text(encoding)
                    yield line if number else line.removeprefix("\ufeff")
        except OSError as error:
            raise self.unreadable(error) from error

    def sha256(self) -> str:
        """Give the hash of the file's bytes.

        Raises:
            ManifestError: it cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise self.unreadable(error) from error

    @contextmanager
    def _decoding(self) -> Iterator[str]:
        """Give the encoding, and word what goes wrong with it while the block lasts."""
        encoding = self._guessed() if self.encoding == "auto" else self.encoding
        try:
            yield encoding
        except LookupError as error:
            raise self.error(
                msg("{encoding} is no encoding that is known here", encoding=encoding)
            ) from error
        except UnicodeError as error:
            raise self.error(_undecodable(encoding)) from error

    def _guessed(self) -> str:
        """Tell the encoding by the byte order mark; UTF-8 without one."""
        try:
            with self.path.open("rb") as file:
                beginning = file.read(2)
        except OSError as error:
            raise self.unreadable(error) from error
        return _BYTE_ORDER_MARKS.get(beginning, "utf-8")

    def unreadable(self, error: OSError) -> ManifestError:
        """Make the error for a file that cannot be read."""
        return self.error(
            msg("{path} cannot be read: {reason}", path=self.path, reason=error.strerror)
        )

    def _no_text(self, encoding: str) -> ManifestError:
        return self.error(
            msg(
                "it does not read as {encoding} text: name the encoding in"
                " manifest.encoding or --encoding (utf-16-le?)",
                encoding=encoding,
            )
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


def _undecodable(encoding: str) -> Message:
    return msg(
        "it is not {encoding} text: name its encoding in manifest.encoding or with --encoding"
        " (gb18030 for Chinese Excel, cp1252 for western Windows)",
        encoding=encoding,
    )
