"""How long shops' exports take to become rows, each read by a process of its own.

    python -m tests.bench.exports             all of them
    python -m tests.bench.exports JOB.yaml    reads one job's catalogue, prints its figures as JSON

From the start of the process to the last row, imports included: a workbook with zero-padded codes,
JSON Lines with lists of pictures, and a Shopify export whose products have several rows.
"""

from __future__ import annotations

import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import xlsxwriter

from batchgen.engine import Options, open_workspace
from tests.bench.measuring import ROOT, environment
from tests.bench.table import print_table

_LINK = "https://cdn.example.com/pictures"
_WIDE = 30
_SHOPIFY = (
    *("Handle", "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Published"),
    *("Option1 Name", "Option1 Value", "Variant SKU", "Variant Price", "Image Src"),
    *("Image Position", "Variant Image", "Status"),
)
#: Rows of a product in the Shopify export: three variants, and one more picture.
_COLOURS = ("Red", "Blue", "Green", "")


def write_workbook(path: Path, rows: int) -> None:
    """Write a sheet of thirty columns; its SKUs are numbers that the format 00000000 pads."""
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet, padded = book.add_worksheet(), book.add_format({"num_format": "00000000"})
        others = [f"attribute {at}" for at in range(_WIDE - 3)]
        sheet.write_row(0, 0, ["sku", "title", "image", *others])
        for row in range(1, rows + 1):
            sheet.write_number(row, 0, row, padded)
            sheet.write_row(row, 1, [f"Oak chair number {row}", f"{_LINK}/{row}.jpg"])
            cells = [row * at if at % 2 else f"value {row % 50} of {at}" for at in range(3, _WIDE)]
            sheet.write_row(row, 3, cells)


def write_json_lines(path: Path, rows: int) -> None:
    """Write one object a line."""
    with path.open("w", encoding="utf-8") as file:
        for row in range(rows):
            entry = {
                "sku": f"SKU-{row:07d}",
                "title": f"Oak chair number {row} with linen seat",
                "image": f"{_LINK}/{row}.jpg",
                "images": [f"{_LINK}/{row}-{at}.jpg" for at in range(2)],
                "price": f"{row % 900}.90",
                "brand": "Pinewood",
            }
            file.write(json.dumps(entry) + "\n")


def write_shopify(path: Path, rows: int) -> None:
    """Write products of four rows each, what concerns all of it in the first."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(_SHOPIFY)
        for row in range(rows):
            product, at = divmod(row, len(_COLOURS))
            told = (f"Oak chair {product}", f"<p>A chair of <b>oak</b>, {product}</p>", "Pinewood")
            about = (*told, "Chairs", "oak, chair", "TRUE", "Colour") if at == 0 else ("",) * 7
            colour = _COLOURS[at]
            variant = (colour, f"C-{product}-{at}", f"{product % 900}.90") if colour else ("",) * 3
            picture = (f"{_LINK}/{product}-{at}.jpg", at + 1, "", "active" if at == 0 else "")
            table.writerow([f"chair-{product}", *about, *variant, *picture])


#: What is read -> name of the file, rows, what writes it.
EXPORTS: dict[str, tuple[str, int, Callable[[Path, int], None]]] = {
    "XLSX, 20,000 rows x 30, padded codes": ("wide.xlsx", 20_000, write_workbook),
    "JSON Lines, 200,000 rows": ("list.jsonl", 200_000, write_json_lines),
    "Shopify CSV, 100,000 rows, grouped": ("shopify.csv", 100_000, write_shopify),
}


def rows() -> Iterator[dict[str, object]]:
    """Measure all of them; give a line of figures for each."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for what, (file, count, write) in EXPORTS.items():
            write(folder / file, count)
            job = folder / f"{file}.yaml"
            job.write_text(
                f"name: bench\nmanifest: {{path: {file}}}\nclip: {{prompt: x}}\noutput: out\n",
                encoding="utf-8",
            )
            began = time.perf_counter()
            said = subprocess.run(
                [sys.executable, "-m", "tests.bench.exports", str(job)],
                cwd=ROOT,
                env=environment(folder),
                check=True,
                capture_output=True,
                text=True,
            )
            wall_s = time.perf_counter() - began
            yield {"what": f"reading {what}", "s": round(wall_s, 1), **json.loads(said.stdout)}


def read(job: Path) -> dict[str, object]:
    """Read the catalogue of a job to its end; give the products and the peak of memory."""
    found = open_workspace(job, Options(), {}).catalogue.rows()
    products = sum(row.item is not None for row in found)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak_mb = peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return {"products": products, "peak MB": round(peak_mb)}


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(read(Path(sys.argv[1]))))
    else:
        print_table(list(rows()))
