"""Reads the table of an HTML page: what many shops export under the name .xls.

Cells are text there, so nothing is lost. Pictures count by their address. Knows no column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Record, Table, tabulate
from batchgen.messages import msg

_BEGINNING_BYTES = 4096
_MARKS = re.compile("^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)")
_HTML = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|meta|style|table)\b",
    re.IGNORECASE | re.DOTALL,
)
#: Rows and columns that one cell may stand for.
_SPAN_LIMIT = 1000
_BREAKS = {"br", "p", "div", "li", "img"}


def is_html(content: bytes) -> bool:
    """Tell whether a file is a page of HTML, by its beginning."""
    beginning = content[:_BEGINNING_BYTES].replace(b"\0", b"").decode("latin-1")
    return _HTML.match(_MARKS.sub("", beginning)) is not None


def read_html_table(source: Source) -> Table:
    """Read the longest table of a page.

    Raises:
        ManifestError: the page cannot be decoded, or has no table.
    """
    page = _Page()
    page.feed(source.text())
    page.close()
    if not page.tables:
        raise source.error(
            msg("it is a page of HTML without a table: export the catalogue as .xlsx or .csv")
        )
    rows = list(_laid_out(max(page.tables, key=len)))
    message = msg(
        "it is no workbook but a page of HTML: its table of {count} rows was read", count=len(rows)
    )
    records = [Record(number, cells) for number, cells in enumerate(rows, 1)]
    return tabulate(source, records, [source.warning("html-table", message)])


@dataclass(slots=True)
class _Cell:
    #: Rows and columns that it stands for.
    rows: int
    columns: int
    parts: list[str] = field(default_factory=list)

    def text(self) -> str:
        lines = (line.strip() for line in "".join(self.parts).split("\n"))
        return "\n".join(filter(None, lines))


class _Page(HTMLParser):
    """The tables of a page; a table inside of a cell is text of that cell."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[_Cell]]] = []
        self._depth = 0
        self._cell: _Cell | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a table, a row or a cell; take the address of a picture."""
        named = dict(attrs)
        if tag == "table":
            self._depth += 1
            if self._depth == 1:
                self.tables.append([])
        elif tag == "tr" and self._depth == 1:
            self._cell = None
            self.tables[-1].append([])
        elif tag in {"td", "th"} and self._depth == 1:
            self._cell = _Cell(_span(named.get("rowspan")), _span(named.get("colspan")))
            self.tables[-1] = self.tables[-1] or [[]]
            self.tables[-1][-1].append(self._cell)
        elif self._cell is not None and tag in _BREAKS:
            self._cell.parts.append(f"\n{named.get('src') or ''}\n")

    def handle_endtag(self, tag: str) -> None:
        """End a cell or a table."""
        if self._depth == 1 and tag in {"td", "th", "tr", "table"}:
            self._cell = None
        if tag == "table" and self._depth:
            self._depth -= 1

    def handle_data(self, data: str) -> None:
        """Take the text of a cell."""
        if self._cell is not None:
            self._cell.parts.append(re.sub(r"\s+", " ", data))


def _laid_out(rows: Sequence[Sequence[_Cell]]) -> Iterator[list[str]]:
    """Give the text of each row; a cell that spans rows stands in each of them."""
    #: Column -> text and number of rows that it still reaches down to.
    reaching: dict[int, tuple[str, int]] = {}
    for cells in rows:
        line: list[str] = []
        rest = iter(cells)
        while (cell := _next(line, reaching, rest)) is not None:
            text = cell.text()
            if cell.rows > 1:
                reaching[len(line)] = (text, cell.rows - 1)
            line.extend([text] + [""] * (cell.columns - 1))
        yield line


def _next(
    line: list[str], reaching: dict[int, tuple[str, int]], rest: Iterator[_Cell]
) -> _Cell | None:
    """Give the row's next cell, after what reaches down into the columns before it."""
    while True:
        if len(line) in reaching:
            text, count = reaching.pop(len(line))
            if count > 1:
                reaching[len(line)] = (text, count - 1)
            line.append(text)
        elif (cell := next(rest, None)) is not None:
            return cell
        elif any(column > len(line) for column in reaching):
            line.append("")
        else:
            return None


def _span(text: str | None) -> int:
    return min(int(text), _SPAN_LIMIT) if text and text.isdecimal() and int(text) else 1
