"""Says what cannot be seen in workbooks that are no .xlsx: .xls and .xlsb. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from batchgen.catalogue.formats.workbook.behind.package import Package
from batchgen.catalogue.source import Source
from batchgen.item import Fault
from batchgen.messages import msg

#: A format of zeros among the styles of an .xlsb, where each character has two bytes.
_ZEROS = re.compile(rb"(?<!\.\x00)(?:0\x00){3,}")
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0\x00\x10JFIF", b"\xff\xd8\xff\xe1")


def xls_warnings(source: Source, content: bytes) -> Iterator[Fault]:
    """Warn of pictures in an .xls, which are not looked for."""
    if any(start in content for start in _PICTURES):
        yield _pictures(source)


def xlsb_warnings(source: Source, package: Package) -> Iterator[Fault]:
    """Warn of number formats and pictures in an .xlsb, which are not looked for."""
    if "xl/workbook.bin" not in package.names:
        return
    if _ZEROS.search(package.part("xl/styles.bin")):
        yield source.warning(
            "formats-unknown",
            msg(
                "some of its numbers are shown with leading zeros, which are lost here: save it"
                " as .xlsx if codes begin with 0"
            ),
        )
    if any(name.startswith("xl/media/") for name in package.names):
        yield _pictures(source)


def _pictures(source: Source) -> Fault:
    return source.warning(
        "pictures-unknown",
        msg("the pictures in it are not taken out: save it as .xlsx for that"),
    )
