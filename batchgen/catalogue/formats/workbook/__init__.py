"""Reads a sheet of a workbook (.xlsx .xlsm .xlsb .xls .ods); cells become what a person copies.

    calamine ──► values ─────────────────────────────► Grid of text ──► tabulate ──► Table
    the zip's XML ──► Findings: formats, formulas, ──┘
                      links, errors, pictures

Formulas give their stored value, pictures the name of a file that they were taken out to. What
was lost before the file was saved, such as digits after the 15th, is marked and not repaired.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from batchgen.catalogue.formats.html_table import is_html, read_html_table
from batchgen.catalogue.formats.workbook.behind import binary, look_behind, opendocument
from batchgen.catalogue.formats.workbook.behind.findings import Findings, Place, Span
from batchgen.catalogue.formats.workbook.behind.package import DamagedPart, Package, damage
from batchgen.catalogue.formats.workbook.compound import SIGNATURE, Compound
from batchgen.catalogue.formats.workbook.grid import Grid, Merged, grid_of
from batchgen.catalogue.formats.workbook.limits import workbook_problem
from batchgen.catalogue.formats.workbook.links import take_links
from batchgen.catalogue.formats.workbook.older import xls_warnings, xlsb_warnings
from batchgen.catalogue.formats.workbook.reading import choose_sheet, open_workbook, refuse_locked
from batchgen.catalogue.formats.workbook.taking_out import TakingOut
from batchgen.catalogue.formats.workbook.troubles import Troubled, write_troubles
from batchgen.catalogue.pictures.store import own_pictures
from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Table, tabulate
from batchgen.item import Fault
from batchgen.messages import Message, msg

#: Cells that a warning names.
_NAMED = 5


@dataclass(frozen=True, slots=True)
class _Sheet:
    """One sheet on its way to become a table."""

    name: str
    grid: Grid
    #: Merged cells.
    spans: list[Span]
    warnings: list[Fault]


def read_workbook(source: Source) -> Table:
    """Read the named sheet, else the first one shown that has a table.

    Raises:
        ManifestError: no workbook, one too large to read, no such sheet, no header, or a picture
            that cannot be kept.
    """
    content = source.content()
    if is_html(content):
        return read_html_table(source)
    problem = workbook_problem(content)
    if problem is not None:
        raise source.error(problem)
    try:
        is_xls = content.startswith(SIGNATURE)
        return _read_xls(source, content) if is_xls else _read_zip(source, content)
    except DamagedPart as error:
        raise source.error(damage(error)) from error
    except OSError as error:
        raise source.error(
            msg(
                "its pictures cannot be kept ({reason}): free the disk of the cache folder",
                reason=error.strerror,
            )
        ) from error


def _read_xls(source: Source, content: bytes) -> Table:
    refuse_locked(source, content)
    stream = Compound(content).stream("Workbook")
    binary.refuse_excess(stream)
    sheet = _sheet(source, content)
    sheet.warnings.extend(xls_warnings(source, content))
    return _table(source, sheet, binary.look_behind(stream, sheet.name), Package(content))


def _read_zip(source: Source, content: bytes) -> Table:
    package = Package(content)
    opendocument.refuse_broken(package)
    sheet = _sheet(source, content)
    sheet.warnings.extend(xlsb_warnings(source, package))
    size = len(sheet.grid.texts), sheet.grid.width()
    return _table(source, sheet, look_behind(package, sheet.name, *size), package)


def _sheet(source: Source, content: bytes) -> _Sheet:
    with open_workbook(source, content) as workbook:
        chosen, warnings = choose_sheet(source, workbook)
        grid = grid_of(chosen.to_python(skip_empty_area=False))
        return _Sheet(chosen.name, grid, list(chosen.merged_cell_ranges or ()), warnings)


def _table(source: Source, sheet: _Sheet, found: Findings, package: Package) -> Table:
    grid = sheet.grid
    spans = Merged([*sheet.spans, *found.spans], grid)
    facts = [_size(sheet)]
    if shown := grid.show(found.formats):
        facts.append(msg("numbers read as their cell format shows them: {count}", count=shown))
    linked = take_links(grid, found)
    taking = TakingOut(source, package, grid, own_pictures())
    taking.take(found, spans)
    if taking.kept:
        facts.append(msg("pictures taken out of the workbook: {count}", count=len(taking.kept)))
    troubles = found.troubles | taking.troubles
    write_troubles(grid, troubles)
    warnings = [*sheet.warnings, *taking.warnings]
    warnings += _warnings(source, found, linked, grid.fill(spans))
    if hidden := sum(map(grid.is_filled, found.hidden_rows)):
        warnings.append(_hidden(source, hidden))
    table = tabulate(source, list(grid.records()), warnings)
    return replace(
        table,
        entries=Troubled(source, table, troubles) if troubles else table.entries,
        facts=(*table.facts, *facts),
        pictures=taking.kept,
    )


def _size(sheet: _Sheet) -> Message:
    return msg(
        "sheet {sheet}: {rows} rows, {columns} columns",
        sheet=sheet.name,
        rows=len(sheet.grid.texts),
        columns=sheet.grid.width(),
    )


def _warnings(
    source: Source, found: Findings, linked: Sequence[Place], merged: Sequence[str]
) -> Iterator[Fault]:
    if linked:
        yield source.warning(
            "link-taken",
            msg(
                "{cells}: the link of the cell was read as the picture, not its label",
                cells=_names(linked),
            ),
        )
    if merged:
        yield source.warning(
            "cells-merged",
            msg(
                "{cells}: merged cells were read as the same value in each row",
                cells=_names(merged),
            ),
        )
    if found.doubtful:
        yield source.warning(
            "formula-doubtful",
            msg(
                "{cells}: formulas give 0, and the workbook asks to be calculated: open it in"
                " Excel or WPS and save it, if that is not right",
                cells=_names(found.doubtful),
            ),
        )


def _hidden(source: Source, count: int) -> Fault:
    return source.warning(
        "rows-hidden",
        msg(
            "rows that the sheet hides are read like the others ({count}): delete them, or"
            " choose rows by manifest.where",
            count=count,
        ),
    )


def _names(cells: Sequence[object]) -> str:
    """Name some cells: the first few of them, and how many more there are."""
    names = ", ".join(map(str, cells[:_NAMED]))
    more = len(cells) - _NAMED
    return f"{names} (+{more})" if more > 0 else names
