"""Finds the header of a table and names its columns; tells rows from totals and separators.

Works on lines of stripped cells; knows no file but the package's own list of usual names. Which
column means what is told elsewhere.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from statistics import median

from batchgen.catalogue.profiles.loading import general_profile
from batchgen.catalogue.profiles.schema import COLUMNS, DESCRIBING

_OTHER_WORDS = """
    code handle 代码 库存 庫存 数量 數量 规格 規格 颜色 顏色 尺码 尺寸 条码 條碼 商品条码 原价
    数字id 在庫 色 サイズ 재고 색상 사이즈 товар остаток цвет размер größe grösse stückzahl
    quantité tamaño
"""
#: Names of columns that no name of ours takes, lower-case.
_OF_NO_USE = frozenset(_OTHER_WORDS.split())

_TOTALS = """
    合计 总计 小计 共计 总额 合計 總計 小計 共計 総計 합계 총계 소계 total totals subtotal sub-total
    sum summe gesamt gesamtsumme zwischensumme somme totale suma итого всего
"""
#: How a line begins that only sums the others up.
_TOTAL_WORDS = frozenset(_TOTALS.split()) | {"grand total", "sub total"}
_RULE_SIGNS = "-=_*~—–─━═"
#: First two characters of lines that may be none; most rows are passed over at this.
SUSPECTS = frozenset(
    {""}
    | {a + b for a in _RULE_SIGNS + "|+" for b in _RULE_SIGNS + "|+ "}
    | {form(word)[:2] for word in _TOTAL_WORDS for form in (str.lower, str.upper, str.title)}
    | {word[0] + blank for word in _TOTAL_WORDS for blank in " \u3000"}
)
_RULE = re.compile(rf"[{re.escape(_RULE_SIGNS)}+|:\s]*")
_AMOUNT = re.compile(r"[A-Z]{0,3}[\s\d.,'%¥￥$€£₩₽元円+-]*\d[\s\d.,'%¥￥$€£₩₽元円-]*[A-Z]{0,3}|-")

#: Lines that may stand above a header, and lines below that must bear it out.
_TITLES = 10
_ROWS_BELOW = 20
#: A title has at most this part of the header's cells.
_TITLE_SHARE = 1 / 3
_FEWEST_COLUMNS = 2
#: Headers that a message names, and characters of each.
_LISTED, _SHOWN = 60, 60
#: Rows of another width than the header that make it a habit, and their part of short ones.
_FEWEST_ALIKE = 2
_SHORT_SHARE = 0.2


def is_separator(cells: Sequence[str]) -> bool:
    """Tell a line of dashes or equals signs from a row."""
    filled = list(filter(None, cells))
    has_rule = any(len(cell) > 1 for cell in filled)
    return has_rule and all(_RULE.fullmatch(cell) for cell in filled)


def is_total(cells: Sequence[str]) -> bool:
    """Tell a line that sums others up: a word for it, and besides only amounts or nothing."""
    filled = list(filter(None, cells))
    word = filled[0].rstrip(":： ").casefold()
    if word not in _TOTAL_WORDS and re.sub(r"\s", "", word) not in _TOTAL_WORDS:
        return False
    return all(_AMOUNT.fullmatch(cell) for cell in filled[1:])


def header_at(lines: Sequence[Sequence[str]]) -> int | None:
    """Give the place of the header: the first line with any text, or the one below titles.

    A line is a title only if that is certain: it has few cells, one below it has many that read as
    names, and the lines below that have as many.
    """
    filled = [at for at, cells in enumerate(lines) if any(cells)]
    for place in range(1, min(len(filled), _TITLES)):
        if _is_title(lines[filled[place - 1]], lines[filled[place]]) and _is_header(
            lines[filled[place]], [lines[at] for at in filled[place + 1 :][:_ROWS_BELOW]]
        ):
            above = [lines[at] for at in filled[:place]]
            if all(_is_title(line, lines[filled[place]]) for line in above):
                return filled[place]
    return filled[0] if filled else None


def _is_title(line: Sequence[str], header: Sequence[str]) -> bool:
    texts = list(filter(None, line))
    width = _filled(header)
    is_sparse = len(texts) == 1 or len(texts) <= width * _TITLE_SHARE
    is_wide_enough = width > _FEWEST_COLUMNS or _known(header) > 0
    return is_sparse and width > len(texts) and is_wide_enough and not _known(line)


def _is_header(line: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    texts = list(filter(None, line))
    if len(set(texts)) < len(texts) or not all(map(_is_name, texts)):
        return False
    if not below:
        return _known(line) >= _FEWEST_COLUMNS
    width = extent(line)
    fitting = sum(width / 2 < extent(cells) <= len(line) + 1 for cells in below)
    return fitting >= 0.8 * len(below) and median(map(_filled, below)) > 1


def _is_name(text: str) -> bool:
    return len(text) <= 60 and "://" not in text and not _AMOUNT.fullmatch(text)


@cache
def column_words() -> frozenset[str]:
    """Give what exports in many languages call their columns, lower-case.

    They settle where a header is and in which encoding; what a column means is told elsewhere.
    """
    usual = general_profile().columns.values()
    return _OF_NO_USE.union(map(str.casefold, chain(COLUMNS, DESCRIBING, *usual)))


def _known(line: Sequence[str]) -> int:
    words = column_words()
    return sum(cell.strip("* ").casefold() in words for cell in line)


def _filled(line: Sequence[str]) -> int:
    return sum(1 for cell in line if cell)


def listed(headers: Iterable[str]) -> str:
    """Name headers for people: not all of very many, and long ones by their beginning."""
    named = [one if len(one) <= _SHOWN else f"{one[: _SHOWN - 1]}…" for one in headers if one]
    more = len(named) - _LISTED
    return ", ".join(named[:_LISTED]) + (f", … (+{more})" if more > 0 else "")


def extent(cells: Sequence[str]) -> int:
    """Count the cells up to the last one that is not blank."""
    return next((at for at in range(len(cells), 0, -1) if cells[at - 1]), 0)


@dataclass(frozen=True, slots=True)
class Names:
    """What the columns are called."""

    names: tuple[str, ...]
    #: Names that were given: new name -> the name in the file, which stood there before.
    repeated: dict[str, str]
    #: Names that were given to columns without any in which rows have values.
    nameless: tuple[str, ...]


def column_names(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Names:
    """Name every column once: `title (2)` for a second `title`, `column 7` for one without a name.

    `rows` are some of those below. A nameless column behind the last name is one only if half of
    them have a value there; else a value there is one cell too many.
    """
    below = list(rows)
    counts = Counter(at for cells in below for at, cell in enumerate(cells) if cell)
    width = extent(header)
    for at in range(width, len(header)):
        if below and counts[at] * 2 >= len(below):
            width = at + 1
    names: list[str] = []
    repeated: dict[str, str] = {}
    taken = set(filter(None, header))
    for at, name in enumerate(header[:width], 1):
        unique = name
        if not name:
            unique = _free(f"column {at}", taken, 1)
        elif name in names:
            unique = _free(name, taken, 2)
            repeated[unique] = name
        taken.add(unique)
        names.append(unique)
    nameless = tuple(names[at] for at in range(width) if not header[at] and counts[at])
    return Names(tuple(names), repeated, nameless)


def _free(name: str, taken: set[str], number: int) -> str:
    """Give the name with the lowest number from `number` on that is free; 1 is the bare one."""
    while (unique := name if number == 1 else f"{name} ({number})") in taken:
        number += 1
    return unique


@dataclass(frozen=True, slots=True)
class Habit:
    """How many cells the rows of a text have, where it is certain."""

    usual: int
    #: Every row has one separator or more behind its last cell, unlike the header.
    has_trailing: bool = False
    #: Rows end at their last cell with text.
    may_be_short: bool = False
    #: Most rows have another width than the header, and it cannot be told why: (how many, of how
    #: many, their cells). Then also rows that fit may be pieces of others.
    contradiction: tuple[int, int, int] | None = None


def habit_of(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Habit:
    """Tell how many cells rows have from some of them, header and rows as they are cut.

    A separator too many or too few moves values under other columns, and a blank cell at the end
    hides it. So another width than the header's is right only as the habit of the whole file.
    """
    counts = Counter(map(len, rows))
    usual, often = counts.most_common(1)[0] if counts else (len(header), 0)
    if often >= _FEWEST_ALIKE and often >= 0.9 * len(rows):
        is_blank = not any(any(cells[len(header) :]) for cells in rows if len(cells) == usual)
        if usual > len(header) and is_blank:
            return Habit(usual, has_trailing=True)
        if extent(header) <= usual < len(header):
            return Habit(usual)
    may_be_short = _ends_early(len(header), rows)
    is_most = usual != len(header) and often * 2 > len(rows) and often > _FEWEST_ALIKE
    contradiction = (often, len(rows), usual) if is_most and not may_be_short else None
    return Habit(len(header), may_be_short=may_be_short, contradiction=contradiction)


def has_stray_quote(cells: Sequence[str]) -> bool:
    """Tell a cell that ends with a quote which opened nowhere; also `19"`, in inches."""
    return any(cell.endswith('"') and cell.count('"') % 2 == 1 for cell in cells)


def _ends_early(width: int, rows: Sequence[Sequence[str]]) -> bool:
    """Tell an exporter that leaves out blanks at the end: many rows are short, none ends blank.

    Some must be whole, else the header may have a name too many; and none the end of a quoted text
    whose beginning was lost, else short rows may be pieces of others.
    """
    if any(map(has_stray_quote, rows)):
        return False
    short = sum(len(cells) < width for cells in rows)
    fits = all(len(cells) <= width and cells[-1] for cells in rows)
    is_often = short >= max(_FEWEST_ALIKE, _SHORT_SHARE * len(rows))
    return fits and is_often and len(rows) - short >= _FEWEST_ALIKE
