"""Damages small catalogues by chance, by number, and tells whether a row read of one is mixed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from tests.catalogue.generated import DELIMITERS, LANGUAGES, LINE_ENDS, write

COLUMNS = ("sku", "title", "image", "prompt", "note")
_TAG = re.compile(r"r(\d+)c(\d+)x")
_LINE_END = re.compile(r"\r\n|\r|\n")
ROWS = 12
_SEPARATORS = ",;\t|"


@dataclass(frozen=True)
class Mutant:
    """A damaged file; each cell of its base names its row and column: `r3c1x`."""

    number: int
    content: bytes
    lines: tuple[str, ...]
    #: Lines of the base, and those of them that are a whole row.
    untouched: frozenset[str]
    whole: frozenset[str]

    def is_mixed(self, cells: Mapping[str, str]) -> bool:
        """Tell whether a row without fault has texts of other rows, or under another column.

        Where the damage itself puts pieces of rows together, on lines next to each other of which
        none is a whole row as it was, the file says so itself, and no reader could know. A line
        that is as it was must be read as it was.
        """
        found = [
            (str(at), tag) for at, text in enumerate(cells.values()) for tag in _TAG.finditer(text)
        ]
        is_of_one_row = len({tag[1] for _, tag in found}) <= 1
        if is_of_one_row and (
            all(at == tag[2] for at, tag in found) or self._has_lost_its_start(*found[0])
        ):
            return False
        tags = [tag[0] for _, tag in found]
        is_on_one_line = any(self._stands_on(tags, line) for line in self.untouched & {*self.lines})
        sizes = (1,) if is_on_one_line else range(1, 6)
        return not any(
            self._says(tags, at, at + size) for at in range(len(self.lines)) for size in sizes
        )

    def _has_lost_its_start(self, at: str, first: re.Match[str]) -> bool:
        """Tell a row whose first cell is one of its later ones, since those before are cut out."""
        return at == "0" and not any(f"r{first[1]}c0x" in line for line in self.lines)

    @staticmethod
    def _stands_on(tags: list[str], text: str) -> bool:
        return all(text.count(tag) >= tags.count(tag) for tag in tags)

    def _says(self, tags: list[str], first: int, end: int) -> bool:
        lines = self.lines[first:end]
        text = "\n".join(lines)
        is_damaged = not self.untouched.issuperset(lines)
        return (
            is_damaged
            and self.whole.isdisjoint(line.rstrip(_SEPARATORS) for line in lines)
            and self._stands_on(tags, text)
        )


def mutant(number: int) -> Mutant:
    """Make the mutant of this number."""
    chance = Random(number)
    language = chance.choice(list(LANGUAGES))
    delimiter, end = chance.choice(DELIMITERS), chance.choice(LINE_ENDS)
    encoding = chance.choice((LANGUAGES[language][0], "utf-8", "utf-8", "utf-8-sig", "utf-16"))
    quirk = chance.choice(("plain", "quoted", "trailing", "blank-rows", "plain"))
    rows = [
        _row(chance, number, delimiter, LANGUAGES[language][2]) for number in range(1, ROWS + 1)
    ]
    base = write(COLUMNS, rows, delimiter, end, quirk)
    content = bytearray(base.encode(encoding))
    for _ in range(chance.randint(1, 3)):
        _EDITS[chance.randrange(len(_EDITS))](chance, content)
    damaged = bytes(content)
    lines = tuple(_LINE_END.split(damaged.decode(encoding, "replace")))
    untouched = frozenset(_LINE_END.split(base))
    by_row = (write(row, [], delimiter, end, quirk) for row in rows if "\n" not in "".join(row))
    whole = frozenset(line.removesuffix(end).rstrip(_SEPARATORS) for line in by_row)
    return Mutant(number, damaged, lines, untouched, whole)


def _row(chance: Random, number: int, delimiter: str, words: Sequence[str]) -> list[str]:
    cells = []
    for column in range(len(COLUMNS)):
        tag = f"r{number}c{column}x"
        text = f"{tag} {chance.choice(words)}"
        if column and chance.random() < 0.2:
            text = chance.choice(
                [
                    "",
                    f'{tag} "{text}"',
                    f"{text}{delimiter}{tag}",
                    f"{text}\n{tag} {delimiter} {tag}",
                    f"{text}\n{tag}",
                ]
            )
        cells.append(tag if column == 0 else text)
    return cells


def _flip(chance: Random, content: bytearray) -> None:
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def _cut_out(chance: Random, content: bytearray) -> None:
    at = chance.randrange(len(content))
    del content[at : at + chance.randint(1, 80)]


def _cut_off(chance: Random, content: bytearray) -> None:
    del content[chance.randrange(len(content) // 2, len(content)) :]


def _double(chance: Random, content: bytearray) -> None:
    at = chance.randrange(len(content))
    content[at:at] = content[at : at + chance.randint(1, 80)]


def _insert(chance: Random, content: bytearray) -> None:
    at = chance.randrange(len(content))
    content[at:at] = chance.choice(
        (b'"', b'"', b'""', b",", b";", b"\t", b"\n", b"\\", b"\0", b"'")
    )


def _drop_quote(chance: Random, content: bytearray) -> None:
    _at_one_of(chance, content, b'"', b"")


def _swap_delimiter(chance: Random, content: bytearray) -> None:
    _at_one_of(chance, content, b",;\t|", chance.choice((b",", b";", b"\t", b"|", b"", b'"')))


def _at_one_of(chance: Random, content: bytearray, signs: bytes, new: bytes) -> None:
    places = [at for at, byte in enumerate(content) if byte in signs]
    if places:
        at = chance.choice(places)
        content[at : at + 1] = new


_EDITS = (
    _flip,
    _cut_out,
    _cut_off,
    _double,
    _insert,
    _insert,
    _drop_quote,
    _drop_quote,
    _swap_delimiter,
    _swap_delimiter,
)
