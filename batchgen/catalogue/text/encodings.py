"""Tells the encoding of a text: by its mark, as UTF-8, else among what Windows writes. Pure.

    byte order mark ─► zeros of UTF-16 ─► strict UTF-8 ─► `windows`

A text is looked at once as a whole, so that decoding it later cannot fail half-way. Where a few
bytes do not fit, `Decoding.is_damaged`: those bytes read as U+FFFD, and no row may hold that.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from batchgen.catalogue.text.windows import guess_codec
from batchgen.errors import ManifestError
from batchgen.messages import Message, msg

#: What stands for bytes that do not fit.
REPLACEMENT = "\ufffd"

#: The longer marks first: UTF-32's begins as UTF-16's does.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
#: Line ends of UTF-16 after a byte that is missing: U+0A00 is no character, and U+0D00 an archaic
#: sign of Malayalam.
_SHIFTED = re.compile("[\u0a00\u0d00]")
#: Bytes of lines with other text than ASCII that tell the encoding, and of the beginning for zeros.
_SAMPLE_BYTES = 200_000
_BEGINNING_BYTES = 65_536
#: Lines that may hold the header.
_HEADER_LINES = 5
#: Good lines that show an encoding although others do not fit it.
_FEWEST_GOOD = 3
#: Characters beyond ASCII that show UTF-8, one in ten of them damaged.
_FEWEST_CHARACTERS = 20
#: Gives the bytes of the file from its beginning, in blocks.
Blocks = Callable[[], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Decoding:
    """The encoding of a text, and how sure that is."""

    codec: str
    #: How it was told, for people.
    fact: Message
    #: Some bytes do not fit and read as U+FFFD.
    is_damaged: bool = False
    #: What a person should look at.
    doubt: Message | None = None


def find_decoding(blocks: Blocks, named: str | None) -> Decoding:
    """Find the encoding, or check the one that was `named`.

    Raises:
        ManifestError: the text is not in the named encoding, or in none that is known.
    """
    beginning = next(blocks(), b"")[:_BEGINNING_BYTES]
    marked = next((codec for mark, codec in _MARKS if beginning.startswith(mark)), None)
    if marked is not None:
        return _marked(blocks, marked, named)
    if named is not None:
        return _named(blocks, named)
    wide = _wide(beginning)
    if wide is not None and _misfit(blocks, wide) is None:
        return Decoding(wide, msg("encoding {codec}, told by its zero bytes", codec=wide))
    misfit = _misfit(blocks, "utf-8")
    if misfit is None:
        return Decoding("utf-8", msg("encoding utf-8: all of it fits"))
    if misfit.is_cut or _is_mostly(blocks, "utf-8"):
        return Decoding("utf-8", msg("encoding utf-8: all but a few bytes fit"), is_damaged=True)
    return _windows(blocks)


def _marked(blocks: Blocks, codec: str, named: str | None) -> Decoding:
    """Believe a byte order mark, whatever the job says: as another text it would be nonsense."""
    shown = codec.removesuffix("-sig")
    is_damaged = _misfit(blocks, codec) is not None
    if is_damaged and not _is_mostly(blocks, codec):
        raise ManifestError(
            msg("it begins like {codec} text but is none: export it again", codec=shown)
        )
    doubt = None
    if named is not None and not _is_same(named, shown):
        doubt = msg(
            "it begins with the byte order mark of {codec} and was read so, not as {named}:"
            " correct manifest.encoding",
            codec=shown,
            named=named,
        )
    fact = msg("encoding {codec}, told by its byte order mark", codec=shown)
    return Decoding(codec, fact, is_damaged, doubt)


def _is_same(named: str, codec: str) -> bool:
    """Tell whether a name means a codec, whatever it says of byte order and mark."""
    try:
        return codecs.lookup(named).name.startswith(codecs.lookup(codec).name)
    except LookupError:
        return False


def _named(blocks: Blocks, named: str) -> Decoding:
    try:
        b"".decode(named)
        misfit = _misfit(blocks, named)
    except (LookupError, UnicodeError, ValueError) as error:
        raise ManifestError(
            msg("{encoding} is no encoding that is known here", encoding=named)
        ) from error
    if misfit is not None:
        raise ManifestError(
            msg(
                "it is not {encoding} text (line {line}): name its encoding in manifest.encoding"
                " or with --encoding, or leave it out to have it recognised",
                encoding=named,
                line=misfit.line,
            )
        )
    return Decoding(named, msg("encoding {codec}, as it was named", codec=named))


def _wide(beginning: bytes) -> str | None:
    """Tell UTF-16 without a mark: every ASCII character has a zero on the same side."""
    zeros = beginning.count(0)
    if not zeros:
        return None
    low, high = beginning[::2].count(0), beginning[1::2].count(0)
    is_one_sided = max(low, high) >= 0.9 * zeros and max(low, high) * 20 >= len(beginning)
    if not is_one_sided:
        return None
    return "utf-16-le" if high > low else "utf-16-be"


@dataclass(frozen=True, slots=True)
class _Misfit:
    """Where a text first does not fit an encoding."""

    line: int
    #: All fits, other text than ASCII too, but the last character is not whole.
    is_cut: bool = False


def _misfit(blocks: Blocks, codec: str) -> _Misfit | None:
    decoder = codecs.getincrementaldecoder(codec)()
    lines, is_ascii, is_wide = 1, True, codec.startswith("utf-16")
    for block in blocks():
        try:
            text = decoder.decode(block)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(codec, "replace")
            return _Misfit(lines + before.count("\n"))
        if is_wide and (shifted := _SHIFTED.search(text)):
            return _Misfit(lines + text[: shifted.start()].count("\n"))
        lines += text.count("\n")
        is_ascii = is_ascii and text.isascii()
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return _Misfit(lines, is_cut=not is_ascii)
    return None


def _is_mostly(blocks: Blocks, codec: str) -> bool:
    """Tell whether at least two of three lines with other text than ASCII fit, and a few do.

    UTF-8 is also told by its characters: of no other encoding so many have its shape by chance.
    """
    good, bad, is_wide = 0, 0, codec.startswith("utf-16")
    characters = damaged = 0
    for line in _decoded_lines(blocks, codec):
        if line.isascii():
            continue
        if is_wide and _SHIFTED.search(line):
            return False
        signs = line.count(REPLACEMENT)
        good, bad = (good, bad + 1) if signs else (good + 1, bad)
        damaged += signs
        characters += len(line) - len(line.encode("ascii", "ignore")) - signs
    if codec == "utf-8" and characters >= max(_FEWEST_CHARACTERS, 10 * damaged):
        return True
    return good >= _FEWEST_GOOD and good >= 2 * bad


def _decoded_lines(blocks: Blocks, codec: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(codec)("replace")
    rest = ""
    for block in blocks():
        *lines, rest = (rest + decoder.decode(block)).replace("\r", "\n").split("\n")
        yield from lines
    yield rest + decoder.decode(b"", final=True)


def _windows(blocks: Blocks) -> Decoding:
    guess = guess_codec(list(_high_lines(blocks)), list(islice(_lines(blocks), _HEADER_LINES)))
    is_damaged = _misfit(blocks, guess.codec) is not None
    if is_damaged and not _is_mostly(blocks, guess.codec):
        raise ManifestError(
            msg(
                "its encoding cannot be told: name it in manifest.encoding or with --encoding"
                " (gb18030 for Chinese Excel, cp1252 for western Windows)"
            )
        )
    return Decoding(guess.codec, guess.fact, is_damaged, guess.doubt)


def _high_lines(blocks: Blocks) -> Iterator[bytes]:
    taken = 0
    for line in _lines(blocks):
        if not line.isascii():
            yield line
            taken += len(line)
        if taken >= _SAMPLE_BYTES:
            return


def _lines(blocks: Blocks) -> Iterator[bytes]:
    rest = b""
    for block in blocks():
        *lines, rest = (rest + block).replace(b"\r", b"\n").split(b"\n")
        yield from filter(None, lines)
    yield rest
