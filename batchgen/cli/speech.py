"""How commands speak: results on stdout, everything else on stderr, in the reader's language."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, TextIO

import click

from batchgen.errors import BatchgenError, JobFileError
from batchgen.item import Fault
from batchgen.language import say_here
from batchgen.messages import Message, msg, visible
from batchgen.plan.values import plain
from batchgen.wrapping import fitted, is_wide

#: Lines of faults that are shown; the rest is counted.
_FAULTS_SHOWN = 200
#: A fault in more rows than this is told once, with the first rows.
_MANY_ROWS = 20
_ROWS_NAMED = 5
#: A pipe whose reader left, a terminal that is gone: nobody is there to be told.
_NOBODY_READS = frozenset({errno.EPIPE, errno.EIO})


def heard(message: Message) -> str:
    """Word a message in the reader's language, safe to show on a terminal."""
    return visible(say_here()(message))


def tell(message: Message) -> None:
    """Print a sentence of the result."""
    write_line(fitted(heard(message), sys.stdout))


def remark(message: Message) -> None:
    """Print a sentence that is not a result."""
    write_line(fitted(heard(message), sys.stderr), to_stderr=True)


def tell_json(value: Any) -> None:
    """Print a result for programs; what a terminal would obey stands as JSON escapes."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    safe = (c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)
    write_line("".join(safe))


def write_line(text: str, *, to_stderr: bool = False) -> None:
    """Print a line; where it cannot be written, the command goes on in silence.

    That a full disk takes no more results is told once on stderr.
    """
    try:
        click.echo(text, err=to_stderr)
    except OSError as error:
        _silence(sys.stderr if to_stderr else sys.stdout)
        if not to_stderr and error.errno not in _NOBODY_READS:
            reason = error.strerror or type(error).__name__
            remark(msg("the result cannot be printed in full ({reason})", reason=reason))


def fill_closed_streams() -> None:
    """Open the null device for each standard stream that was closed before the start.

    Without it the next file that is opened takes the stream's place, and what is meant for the
    stream is written into that file.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115 - for good
            setattr(sys, name, stream)


def _silence(stream: TextIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def complain(error: BatchgenError) -> None:
    """Print an error with its details."""
    remark(msg("error: {message}", message=error.message))
    if isinstance(error, JobFileError):
        for detail in error.details:
            remark(msg("  {detail}", detail=detail))


def tell_faults(faults: Sequence[Fault], *, as_error: bool = False) -> None:
    """Print faults one a line, with file, row, column, code and remedy.

    Those of one code are one line where they stand in many rows.
    """
    print_one = remark if as_error else tell
    lines = list(_fault_lines(faults))
    for line in lines[:_FAULTS_SHOWN]:
        print_one(line)
    if len(lines) > _FAULTS_SHOWN:
        print_one(msg("... and {count} more", count=len(lines) - _FAULTS_SHOWN))


def _fault_lines(faults: Iterable[Fault]) -> Iterator[Message]:
    """Word each fault; of those that are many, the first of its code for all."""
    rows_of: dict[str, dict[tuple[str, int], None]] = {}
    for fault in faults:
        if fault.row is not None:
            rows_of.setdefault(fault.code, {})[fault.file, fault.row] = None
    many = {code: list(rows) for code, rows in rows_of.items() if len(rows) > _MANY_ROWS}
    told: set[str] = set()
    for fault in faults:
        if fault.row is None or fault.code not in many:
            yield _fault_line(fault)
        elif fault.code not in told:
            told.add(fault.code)
            yield _line_of_many(fault, many[fault.code])


def _line_of_many(first: Fault, rows: Sequence[tuple[str, int]]) -> Message:
    """Word faults of one code by the first of them, with the first rows and their count."""
    files = groupby(rows[:_ROWS_NAMED], key=itemgetter(0))
    places = (
        heard(msg("{file}, rows {rows}", file=file, rows=", ".join(str(row) for _, row in named)))
        for file, named in files
    )
    return msg(
        "{places}, ... [{code}], {count} rows in all; the first: {text}",
        places="; ".join(places),
        code=first.code,
        count=len(rows),
        text=first.message,
    )


def _fault_line(fault: Fault) -> Message:
    place: Message | str = fault.file
    if fault.row is not None:
        place = msg("{place}, row {row}", place=place, row=fault.row)
    if fault.column is not None:
        place = msg("{place}, column {column}", place=place, column=fault.column)
    if fault.sku:
        place = msg("{place}, SKU {sku}", place=place, sku=fault.sku)
    return msg("{place} [{code}]: {text}", place=place, code=fault.code, text=fault.message)


def tell_table(header: Sequence[Message], rows: Iterable[Sequence[object]]) -> None:
    """Print a small table: text to the left, everything else to the right, decimals as money."""
    lines = [[heard(cell) for cell in header]]
    cells = [list(row) for row in rows]
    lines += [[visible(_shown(cell)) for cell in row] for row in cells]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    is_text = [all(isinstance(row[n], str) for row in cells) for n in range(len(widths))]
    for line in lines:
        padded = (
            _padded(cell, width, to_left=left)
            for cell, width, left in zip(line, widths, is_text, strict=True)
        )
        write_line(("  " + "  ".join(padded)).rstrip())


def _shown(cell: object) -> str:
    return plain(cell) if isinstance(cell, Decimal) else str(cell)


def _padded(cell: str, width: int, *, to_left: bool) -> str:
    blanks = " " * (width - _width(cell))
    return cell + blanks if to_left else blanks + cell


def _width(text: str) -> int:
    """Count terminal columns."""
    return sum(2 if is_wide(character) else 1 for character in text)
