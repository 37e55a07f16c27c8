"""A thousand tasks alive in one process: 50 accounts of 20 slots each, held to one core.

python -m tests.bench.crowd [--accounts 50] [--clips 60] [--median 30]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.bench.film import make_film
from tests.bench.measuring import environment, measured, serving
from tests.bench.table import print_table

SLOTS = 20


def rows(accounts: int = 50, clips: int = 60, median_s: float = 30.0) -> list[dict[str, Any]]:
    """Run so many accounts at once, each with so many clips; give the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film = make_film(folder / "film.mp4")
        with serving(film, slots=SLOTS, median=median_s) as server:
            module = [sys.executable, "-m", "tests.bench.crowd_client"]
            command = [*module, server.base_url, str(accounts), str(clips), name]
            measured(command, environment(folder), folder / "log")
            told = json.loads((folder / "log").read_text().splitlines()[-1])
            figures = server.figures()
    if told["stopped"]:
        raise RuntimeError(f"stopped: {told['stopped']}")
    seen = figures["together"]
    return [
        {
            "accounts": accounts,
            "alive at once": figures["most_alive"],
            "clips": seen["clips"],
            "efficiency": round(seen["efficiency"], 3),
            "polls a clip": round(seen["polls_per_clip"], 1),
            "lag ms": round(1000 * seen["lag_mean_s"]),
            "refused": seen["refused"],
            "clips a second": round(seen["clips"] / told["wall_s"], 1),
            "cpu ms a clip": round(1000 * told["cpu_s"] / seen["clips"], 1),
            "share of one core": round(told["cpu_s"] / told["wall_s"], 2),
            "server's share": round(figures["cpu_s"] / told["wall_s"], 2),
        }
    ]


def main() -> None:
    """Measure what the command line asks for, and print it."""
    parser = argparse.ArgumentParser(description="How do a thousand tasks do in one process?")
    parser.add_argument("--accounts", type=int, default=50)
    parser.add_argument("--clips", type=int, default=60, help="of each account")
    parser.add_argument("--median", type=float, default=30.0, help="of task times, in seconds")
    said = parser.parse_args()
    print_table(rows(said.accounts, said.clips, said.median))


if __name__ == "__main__":
    main()
