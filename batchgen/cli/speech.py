"""How commands speak: results on stdout, everything else on stderr, in the reader's language."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click

from batchgen.errors import BatchgenError, JobFileError
from batchgen.item import Fault
from batchgen.language import say_here
from batchgen.messages import Message, msg, visible

#: Faults shown one by one; the rest is counted.
_FAULTS_SHOWN = 200


def heard(message: Message) -> str:
    """Word a message in the reader's language, safe to show on a terminal."""
    return visible(say_here()(message))


def tell(message: Message) -> None:
    """Print a sentence of the result."""
    click.echo(heard(message))


def remark(message: Message) -> None:
    """Print a sentence that is not a result."""
    click.echo(heard(message), err=True)


def tell_json(value: Any) -> None:
    """Print a result for programs."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def complain(error: BatchgenError) -> None:
    """Print an error with its details."""
    remark(msg("error: {message}", message=error.message))
    if isinstance(error, JobFileError):
        for detail in error.details:
            remark(msg("  {detail}", detail=detail))


def tell_faults(faults: Sequence[Fault], *, as_error: bool = False) -> None:
    """Print faults one a line, with file, row, column, code and remedy."""
    print_one = remark if as_error else tell
    for fault in faults[:_FAULTS_SHOWN]:
        print_one(_fault_line(fault))
    if len(faults) > _FAULTS_SHOWN:
        print_one(msg("... and {count} more", count=len(faults) - _FAULTS_SHOWN))


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
    """Print a small table; text to the left, everything else to the right."""
    lines = [[heard(cell) for cell in header]]
    cells = [list(row) for row in rows]
    lines += [[visible(str(cell)) for cell in row] for row in cells]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    is_text = [all(isinstance(row[n], str) for row in cells) for n in range(len(widths))]
    for line in lines:
        padded = (
            _padded(cell, width, to_left=left)
            for cell, width, left in zip(line, widths, is_text, strict=True)
        )
        click.echo(("  " + "  ".join(padded)).rstrip())


def _padded(cell: str, width: int, *, to_left: bool) -> str:
    blanks = " " * (width - _width(cell))
    return cell + blanks if to_left else blanks + cell


def _width(text: str) -> int:
    """Count terminal columns: East Asian wide characters take two."""
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
