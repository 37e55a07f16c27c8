"""How fast paid clips come home: batchgen, with checks and syncs, beside curl and aria2 without.

Over loopback, which is as fast as this machine copies bytes, and over links of a given speed.

python -m tests.bench.downloads [--files 200] [--megabytes 5] [--links 1000,0]
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.film import make_film
from tests.bench.measuring import Server, Used, environment, measured, serving
from tests.bench.table import print_table

#: Files that a client fetches at once; as many as batchgen does.
AT_ONCE = 8


def batchgen(server: Server, files: int, folder: Path) -> Used:
    """Bring so many paid clips home."""
    module = [sys.executable, "-m", "tests.bench.fetching_client"]
    log = folder / "log"
    measured([*module, server.base_url, str(files), str(folder)], environment(folder), log)
    told = json.loads(log.read_text())
    if told["clips"] != files:
        raise RuntimeError(f"{told['clips']} of {files} clips came home")
    return Used(told["cpu_s"], told["wall_s"])


def curl(server: Server, files: int, folder: Path) -> Used:
    """Fetch the same files with `curl --parallel`."""
    command = _curl(server, files, folder)
    return measured(command, environment(folder), folder / "log")


def curl_and_sync(server: Server, files: int, folder: Path) -> Used:
    """Fetch the same files with `curl --parallel`, then sync each, as batchgen does."""
    command = ["sh", "-c", f'"$@" && sync {folder}/*.mp4', "sh", *_curl(server, files, folder)]
    return measured(command, environment(folder), folder / "log")


def _curl(server: Server, files: int, folder: Path) -> list[str]:
    names = [f"{number}.mp4" for number in range(files)]
    lines = [f'url = "{server.origin}/films/{n}"\noutput = "{folder / n}"' for n in names]
    (folder / "list").write_text("\n".join(lines))
    limits = ["--parallel", "--parallel-max", str(AT_ONCE), "--silent", "--fail"]
    return ["curl", *limits, "--config", str(folder / "list")]


def aria2(server: Server, files: int, folder: Path) -> Used:
    """Fetch the same files with aria2."""
    links = [f"{server.origin}/films/{n}.mp4\n out={n}.mp4" for n in range(files)]
    (folder / "list").write_text("\n".join(links))
    limits = [f"--max-concurrent-downloads={AT_ONCE}", "--split=1", "--quiet"]
    command = ["aria2c", *limits, f"--input-file={folder}/list", f"--dir={folder}"]
    return measured(command, environment(folder), folder / "log")


Fetch = Callable[[Server, int, Path], Used]
CLIENTS: dict[str, Fetch] = {
    "curl --parallel": curl,
    "curl --parallel, then sync": curl_and_sync,
    "aria2c": aria2,
    "batchgen": batchgen,
}


def rows(
    files: int = 200, megabytes: int = 5, rounds: int = 3, links: tuple[int, ...] = (1000, 0)
) -> list[dict[str, Any]]:
    """Measure each client some times, by turns; give the table, as ratios of curl.

    A link is given in megabits a second; 0 is loopback.
    """
    size_bytes = megabytes * 1_000_000
    with tempfile.TemporaryDirectory() as name:
        film = make_film(Path(name) / "film.mp4", width=1280, height=720, size_bytes=size_bytes)
        return [row for link in links for row in _over(link, film, files, rounds)]


def _over(megabits: int, film: Path, files: int, rounds: int) -> list[dict[str, Any]]:
    found: dict[str, list[Used]] = {}
    with serving(film, **({"megabits": megabits} if megabits else {})) as server:
        for _ in range(rounds):
            for client, fetch in CLIENTS.items():
                if client == "aria2c" and not shutil.which(client):
                    continue
                used = _once(fetch, server, files)
                print(megabits, client, used, file=sys.stderr, flush=True)
                found.setdefault(client, []).append(used)
    link = f"{megabits} Mbit/s" if megabits else "loopback"
    megabytes = files * film.stat().st_size / 1_000_000
    return [{"link": link} | row for row in _table(found, files, megabytes)]


def _once(fetch: Fetch, server: Server, files: int) -> Used:
    with tempfile.TemporaryDirectory() as name:
        return fetch(server, files, Path(name))


def _table(found: dict[str, list[Used]], files: int, megabytes: float) -> list[dict[str, Any]]:
    seconds = {name: statistics.median(it.wall_s for it in used) for name, used in found.items()}
    cpu_s = {name: statistics.median(it.cpu_s for it in used) for name, used in found.items()}
    return [
        {
            "client": name,
            "of curl's speed": round(seconds["curl --parallel"] / wall_s, 2),
            "of curl's, synced": round(seconds["curl --parallel, then sync"] / wall_s, 2),
            "MB/s": round(megabytes / wall_s),
            "cpu ms a file": round(1000 * cpu_s[name] / files, 1),
        }
        for name, wall_s in seconds.items()
    ]


def main() -> None:
    """Measure what the command line asks for, and print it."""
    parser = argparse.ArgumentParser(description="How fast do paid clips come home?")
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--megabytes", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--links", default="1000,0", help="megabits a second; 0 is loopback")
    said = parser.parse_args()
    links = tuple(int(link) for link in said.links.split(","))
    print_table(rows(said.files, said.megabytes, said.rounds, links))


if __name__ == "__main__":
    main()
