"""Files that are small on disk and large in memory, and what a process needs to refuse them."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPES}.worksheet+xml"/>'
    "</Types>",
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>",
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
    '<sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="r2" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
    "</Relationships>",
}
_SHEET = "xl/worksheets/sheet1.xml"
_MEGABYTE = b"x" * 1_000_000


def workbook(cells: Iterable[bytes], strings: Iterable[bytes] = ()) -> bytes:
    """Pack a workbook whose one sheet holds these pieces of XML after a header `sku`."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in _PARTS.items():
            archive.writestr(name, text)
        with archive.open("xl/sharedStrings.xml", "w") as part:
            part.write(f'<sst xmlns="{_MAIN}">'.encode())
            part.writelines(strings)
            part.write(b"</sst>")
        with archive.open(_SHEET, "w") as part:
            part.write(f'<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
            part.write(b'<row r="1">' + cell("A1", b"sku") + b"</row>")
            part.writelines(cells)
            part.write(b"</sheetData></worksheet>")
    return content.getvalue()


def cell(place: str, text: bytes) -> bytes:
    """Write a cell that holds its text."""
    return f'<c r="{place}" t="inlineStr"><is><t>'.encode() + text + b"</t></is></c>"


def understated(packed: bytes) -> bytes:
    """Let a workbook's list of parts say that its sheet is a thousand bytes long."""
    entry = packed.rindex(_SHEET.encode()) - 46  # the entry's head has 46 bytes
    return packed[: entry + 24] + struct.pack("<I", 1000) + packed[entry + 28 :]


def png(width: int, height: int, *more: tuple[bytes, bytes]) -> bytes:
    """Write a PNG that says to be so large, with these chunks and hardly any pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    chunks = [(b"IHDR", head), *more, (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, body) for kind, body in chunks)


def bombs() -> dict[str, tuple[str, bytes]]:
    """Give each bomb's name, its file's name and its content; none has more than 4 MB."""
    long_text = b'- {sku: &a "' + _MEGABYTE + b'", images: [' + b",".join([b"*a"] * 20_000) + b"]}"
    levels = [f"- &l{n} [{','.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 10)]
    words = b"- &a {" + b",".join(b"k%d: v" % n for n in range(1000)) + b"}\n- <<: ["
    far = [b'<row r="1048576">' + cell("XFD1048576", b"x") + b"</row>"]
    rows = (b"<row>" + cell(f"A{n}", _MEGABYTE[:1000]) + b"</row>" for n in range(2, 300_000))
    unplaced = [b'<row r="1048576">', *([b"<c><v>1</v></c>"] * 2_000), b"</row>"]
    wide = [b"<row>" + cell("A2", b"x") + b"<c r='ZZ900000' s='1'><v>1</v></c></row>"]
    one_cell = [b'<row r="2"><c r="A2" t="inlineStr"><is><t>', *[_MEGABYTE] * 600]
    one_cell.append(b"</t></is></c></row>")
    strings = (b"<si><t>" + _MEGABYTE[:100_000] + b"</t></si>" for _ in range(6000))
    text_chunk = (b"zTXt", b"k\0\0" + zlib.compress(bytes(200_000_000)))
    return {
        "alias of a long text": ("a.yaml", long_text),
        "aliases of aliases": ("a.yaml", "\n".join(["- &l0 [x]", *levels]).encode()),
        "merges of merges": ("a.yaml", words + b",".join([b"*a"] * 5_000) + b"]\n"),
        "deep YAML": ("a.yaml", b"[" * 100_000),
        "deep JSON": ("a.json", b"[" * 400_000),
        "deep JSON line": ("a.jsonl", b'{"sku":' * 200_000),
        "a cell far away": ("a.xlsx", workbook(far)),
        "a cell far away, other quotes": ("a.xlsx", workbook(wide)),
        "cells without a place": ("a.xlsx", workbook(unplaced)),
        "rows that pack well": ("a.xlsx", workbook(rows)),
        "one long cell": ("a.xlsx", workbook(one_cell)),
        "long shared strings": ("a.xlsx", workbook([], strings)),
        "a part that lies": ("a.xlsx", understated(workbook(one_cell))),
        "a wide picture": ("a.png", png(30_000, 30_000)),
        "a picture of 4 billion": ("a.png", png(2**31 - 1, 2**31 - 1)),
        "a picture's long text": ("a.png", png(64, 64, text_chunk)),
        "a picture's long profile": ("a.png", png(64, 64, (b"iCCP", text_chunk[1]))),
    }


#: Reads one manifest in a process of its own; says how it ended and its greatest memory.
_CHILD = """
import json, re, sys
from pathlib import Path
from tests.catalogue.whole import read_whole
from batchgen.errors import InputError
from batchgen.job.schema import Job
manifest = {"path": sys.argv[1]}
job = Job.model_validate(
    {"name": "bomb", "manifest": manifest, "output": "out", "path": Path(sys.argv[2])}
)
try:
    catalogue = read_whole(job)
    end = "faults" if catalogue.faults else "read"
except InputError as error:
    end = type(error).__name__
# Not getrusage: its maximum is inherited from the process that started this one.
status = Path("/proc/self/status").read_text()
kib = int(re.search(r"VmHWM:\\s+([0-9]+)", status)[1])
print(json.dumps({"end": end, "mib": kib // 1024}))
"""


def read_in_own_process(folder: Path, name: str) -> tuple[str, int]:
    """Read a manifest; give how it ended and the most memory (MiB) that it took."""
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, name, str(folder / "job.yaml")],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert child.returncode == 0, child.stderr[-2000:]
    said = json.loads(child.stdout)
    return said["end"], said["mib"]
