"""Guesses which of the encodings that Windows programs write a text has. Pure.

    names of columns in the header ─► chardet ─► what no text of a language has

Only lines with other text than ASCII are looked at, and only six encodings are allowed. That
matters more than the detector: 97 % against 78 % of 793 generated files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import chardet

from batchgen.catalogue.headers import column_words
from batchgen.messages import Message, msg

#: What Windows and its office programs write where they do not write Unicode.
_WINDOWS = ("gb18030", "big5", "cp932", "cp949", "windows-1252", "windows-1251")
#: Excel writes Big5 as cp950; the Hong Kong form has what cp950 has not.
_CODECS = {"big5hkscs": ("cp950", "big5hkscs"), "big5": ("cp950", "big5hkscs")}
_CANDIDATES = ("gb18030", "cp950", "cp932", "cp949", "cp1252", "cp1251")
#: Letters beyond ASCII below which the detector's answer is doubtful: the misses had fewer. Of
#: western texts a letter or two are enough.
_FEWEST_LETTERS = {"gb18030": 8, "cp950": 8, "big5hkscs": 8, "cp932": 8, "cp949": 8}
_FEWEST_OTHERS = 2

#: Lines without damage that show an encoding beside damaged ones.
_FEWEST_LINES = 3
_WORD = re.compile(r"\w+")
_LATIN = re.compile(r"[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Guess:
    """An encoding, how it was told, and what a person should look at."""

    codec: str
    fact: Message
    doubt: Message | None = None


def guess_codec(lines: Sequence[bytes], header: Sequence[bytes]) -> Guess:
    """Guess from lines with other text than ASCII, and from the first lines of the file."""
    fitting = [codec for codec in _CANDIDATES if _is_mostly(lines, codec)]
    codec = _codec_by_words(header, fitting)
    if codec is not None:
        return Guess(codec, msg("encoding {codec}, told by the names of its columns", codec=codec))
    codec = _codec_by_letters(lines, fitting)
    fact = msg("encoding {codec}, told by its letters", codec=codec)
    return Guess(codec, fact, _doubt(b"\n".join(lines), codec))


def _is_mostly(lines: Sequence[bytes], codec: str) -> bool:
    """Tell whether at least four of five lines fit: a damaged line does not change the encoding."""
    return sum(_fits(line, codec) for line in lines) * 5 >= len(lines) * 4


def _codec_by_letters(lines: Sequence[bytes], fitting: Sequence[str]) -> str:
    """Ask the detector; a line that does not fit an encoding is no proof against it."""
    for codec in fitting:
        good = [line for line in lines if _fits(line, codec)]
        if _FEWEST_LINES <= len(good) < len(lines) and _detected(good, fitting) == codec:
            return codec
    return _detected(lines, fitting)


def _fits(sample: bytes, codec: str) -> bool:
    try:
        sample.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _codec_by_words(lines: Sequence[bytes], fitting: Iterable[str]) -> str | None:
    """Give the one encoding in which the header has most known names of columns beyond ASCII."""
    found = {codec: _known_words(lines, codec) for codec in fitting}
    most = max(found.values(), default=0)
    best = [codec for codec, count in found.items() if count == most]
    return best[0] if most and len(best) == 1 else None


def _known_words(lines: Sequence[bytes], codec: str) -> int:
    text = b"\n".join(lines).decode(codec, "replace").casefold()
    for separator in ",;\t|":
        text = text.replace(separator, "\n")
    cells = {cell.strip(' "*\r') for cell in text.split("\n")}
    return sum(not cell.isascii() for cell in cells & column_words())


def _detected(lines: Sequence[bytes], fitting: Sequence[str]) -> str:
    sample = b"\n".join(lines)
    found = chardet.detect(
        sample, include_encodings=_WINDOWS, prefer_superset=True, compat_names=False
    )
    name = found["encoding"] or "cp1252"
    choices = _CODECS.get(name, (name,))
    codec = next((codec for codec in choices if _fits(sample, codec)), choices[-1])
    return _corrected(sample, codec, fitting)


def _corrected(sample: bytes, codec: str, fitting: Sequence[str]) -> str:
    """Overrule the detector where few letters mislead it, by what no text of a language has.

    Measured on 637 generated files of one or two rows: right in 93 % without this, in 99 % with it.
    """
    if "cp932" in fitting and _is_japanese(sample.decode("cp932", "replace")):
        return "cp932"
    if (
        codec == "cp949"
        and "gb18030" in fitting
        and _is_half_hanja(sample.decode("cp949", "replace"))
    ):
        return "gb18030"
    if (
        codec == "cp1251"
        and "cp1252" in fitting
        and _is_mixed_script(sample.decode("cp1251", "replace"))
    ):
        return "cp1252"
    return codec


def _is_japanese(text: str) -> bool:
    """Tell kana, and none of the half-width ones, which other encodings' bytes read as."""
    letters = _letters(text)
    kana = sum("\u3041" <= letter <= "\u30fe" for letter in letters)
    return kana * 5 >= max(len(letters), 1) and not any("\uff61" <= x <= "\uff9f" for x in letters)


def _is_half_hanja(text: str) -> bool:
    """Tell Chinese read as Korean: Korean products have next to no Chinese characters."""
    letters = _letters(text)
    return sum(map(_is_hanja, letters)) * 5 >= len(letters)


def _is_hanja(letter: str) -> bool:
    return "\u4e00" <= letter <= "\u9fff" or "\uf900" <= letter <= "\ufaff"


def _is_mixed_script(text: str) -> bool:
    """Tell accents read as Cyrillic: within one word there is only one script."""
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    mixed = sum(bool(_LATIN.search(word)) for word in words)
    return mixed * 2 >= len(words)


def _letters(text: str) -> list[str]:
    return [character for character in text if character > "\x7f" and character.isalpha()]


def _doubt(sample: bytes, codec: str) -> Message | None:
    letters = len(_letters(sample.decode(codec, "replace")))
    if letters >= _FEWEST_LETTERS.get(codec, _FEWEST_OTHERS):
        return None
    return msg(
        "it has so few letters beyond ASCII that its encoding, taken for {codec}, may be another:"
        " look at the titles, and name it in manifest.encoding",
        codec=codec,
    )
