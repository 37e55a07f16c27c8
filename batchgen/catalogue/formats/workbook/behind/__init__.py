"""What stands behind the values of a sheet, in the zip's XML, where the fast reader looks away."""

from __future__ import annotations

from batchgen.catalogue.formats.workbook.behind import opendocument, spreadsheetml
from batchgen.catalogue.formats.workbook.behind.findings import Findings
from batchgen.catalogue.formats.workbook.behind.package import Package


def look_behind(package: Package, sheet: str, rows: int, columns: int) -> Findings:
    """Find what the values of a sheet do not say; nothing for kinds without XML.

    Raises:
        DamagedPart: a part cannot be read.
    """
    if "content.xml" in package.names:
        return opendocument.look_behind(package, sheet, opendocument.Extent(rows, columns))
    if "xl/workbook.bin" in package.names:
        return Findings()
    return spreadsheetml.look_behind(package, sheet)
