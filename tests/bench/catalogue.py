"""How large a catalogue may be: a million rows planned, and a state of a million clips resumed.

    python -m tests.bench.catalogue [ROWS]

Planning is measured on the real command, beside a script that only reads the same rows with pandas
and checks them with pydantic; other formats are read by `tests.bench.exports`. Resuming is measured
from the start of the process to the first paid request: of a job of a thousand rows, and of one
that still holds every row of the state.
"""

from __future__ import annotations

import asyncio
import csv
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from batchgen.clip import AccountScope
from batchgen.engine import Options, open_workspace
from tests.bench import exports
from tests.bench.measuring import ROOT, environment
from tests.bench.states import write_done
from tests.bench.table import print_table

ROWS = 1_000_000
UNSENT = 10
SMALL = 1000
_ACCOUNT = AccountScope("bigmodel", "default", "127.0.0.1")
_NAIVE = """
import sys
import pandas as pd
from pydantic import BaseModel
class Row(BaseModel):
    sku: str
    title: str
    image: str
    price: str
    campaign: str
rows = [Row(**row) for row in pd.read_csv(sys.argv[1], dtype=str).to_dict("records")]
print(len([(row.sku, f"{row.title} turns slowly on a table", row.image) for row in rows]))
"""


@dataclass(frozen=True, slots=True)
class Used:
    """What one process used."""

    cpu_s: float
    peak_mb: float


def measure(rows: int = ROWS) -> list[dict[str, object]]:
    """Measure all of it; give a line of figures for each."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        job = _write_job(folder, "all", range(rows))
        lines = [*exports.rows(), *_planning(folder, job, rows)]
        workspace = open_workspace(job, Options(), {})
        done = (
            clip for number, clip in enumerate(workspace.layout.clips(), UNSENT) if number < rows
        )
        write_done(folder / ".batchgen" / "state.db", _ACCOUNT, "all", folder / "out", done)
        small = _write_job(folder, "small", range(rows - SMALL, rows))
        for label, resumed in ((f"{SMALL:,} rows", small), (f"{rows:,} rows", job)):
            first_s = asyncio.run(_first_submit_s(folder, resumed))
            what = f"resume of {rows:,} done clips, job of {label}"
            lines.append({"what": what, "first submit s": round(first_s, 1)})
        return lines


def _planning(folder: Path, job: Path, rows: int) -> Iterator[dict[str, object]]:
    commands = {
        "batchgen plan": [sys.executable, "-m", "batchgen", "plan", str(job), "--json"],
        "pandas + pydantic": [sys.executable, "-c", _NAIVE, str(folder / "all.csv")],
    }
    for name, command in commands.items():
        used = _used(command, environment(folder))
        yield {
            "what": f"{name}, {rows:,} rows",
            "us a row": round(used.cpu_s / rows * 1e6, 1),
            "peak MB": round(used.peak_mb),
        }


def _used(command: list[str], environ: Mapping[str, str]) -> Used:
    """Run a command in a process of its own, so that its peak of memory is its alone."""
    code = (
        "import json, resource, subprocess, sys;"
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN);"
        "print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss]))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, *command],
        cwd=ROOT,
        env=dict(environ),
        check=True,
        capture_output=True,
        text=True,
    )
    cpu_s, peak = json.loads(said.stdout)
    return Used(cpu_s, peak / (1024 * 1024 if sys.platform == "darwin" else 1024))


def _write_job(folder: Path, name: str, numbers: Iterable[int]) -> Path:
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["sku", "title", "image", "price", "campaign"])
        table.writerows(
            [
                f"SKU-{n:07d}",
                f"Oak chair number {n} with linen seat",
                f"https://cdn.example.com/pictures/{n}.jpg",
                f"{n % 900}.90",
                f"c{n % 7}",
            ]
            for n in numbers
        )
    job = folder / f"{name}.yaml"
    job.write_text(
        f"name: {name}\n"
        f"manifest: {{path: {name}.csv}}\n"
        'clip: {prompt: "{{ title }} turns slowly on a table"}\n'
        f"output: out/{name}\n",
        encoding="utf-8",
    )
    (folder / ".batchgen").mkdir(exist_ok=True)
    return job


async def _first_submit_s(folder: Path, job: Path) -> float:
    asked: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (await reader.readline()).startswith(b"POST") and not asked.done():
            asked.set_result(time.perf_counter())
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "batchgen", "run", str(job), "--yes", "--no-progress"),
        f"--base-url=http://127.0.0.1:{port}/api/paas/v4",
        cwd=ROOT,
        env=environment(folder),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        return await asked - began
    finally:
        process.kill()
        await process.wait()
        server.close()


if __name__ == "__main__":
    print_table(measure(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS))
