"""Every measurement there is, one after another: prints the tables, and saves them as JSON.

python -m tests.bench [PART ...]

The parts are those of `PARTS`; without a name, all of them. Every part is also a command of its
own (`python -m tests.bench.slots`). Takes about half an hour; asserts nothing.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench import catalogue, crowd, downloads, slots
from tests.bench.measuring import ROOT
from tests.bench.table import print_table

Rows = Sequence[dict[str, Any]]
#: Part -> gives its table.
PARTS: dict[str, Callable[[], Rows]] = {
    "slots": slots.rows,
    "crowd": crowd.rows,
    "downloads": downloads.rows,
    "catalogue": catalogue.measure,
}
#: Parts that print their figures themselves.
PRINTING = ("polling", "forecast", "recovery")
SAVED = ROOT / "out" / "bench.json"


def main(names: Sequence[str]) -> None:
    """Measure the parts that are named, print and save."""
    tables: dict[str, Rows] = {}
    for name in names or (*PARTS, *PRINTING):
        print(f"\n{name}", flush=True)
        if name in PRINTING:
            subprocess.run([sys.executable, "-m", f"tests.bench.{name}"], cwd=ROOT, check=True)
            continue
        tables[name] = PARTS[name]()
        print_table(tables[name])
        save(tables, SAVED)


def save(tables: dict[str, Rows], path: Path) -> None:
    """Write the tables with date and class of the machine; other parts that are there stay."""
    before = json.loads(path.read_text("utf-8"))["tables"] if path.exists() else {}
    told = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "tables": before | tables,
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(told, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
