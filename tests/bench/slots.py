"""How busy the slots are kept: batchgen and its peers, one after another, on the same work.

python -m tests.bench.slots [--clips 400] [--tiers V0,V3]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batchgen.video_models import TIERS
from tests.bench.film import make_film
from tests.bench.measuring import Used, environment, measured, serving
from tests.bench.shop import run_command, write_shop
from tests.bench.table import print_table

#: A lower price of a poll than the default, in seconds.
LOW_POLL_COST = "0.001s"


@dataclass(frozen=True, slots=True)
class Client:
    """One way to make clips."""

    name: str
    #: A module of a peer, or None for batchgen.
    module: str | None = None
    #: Between the polls of a peer.
    gap_s: float = 0.0
    #: What batchgen's job file says of the account.
    account: tuple[tuple[str, object], ...] = ()

    def command(self, base_url: str, clips: int, tier: str, folder: Path) -> list[str]:
        """Write what the client needs and give its command line."""
        if self.module is None:
            job = write_shop(folder / "shop", clips, {"tier": tier} | dict(self.account))
            return run_command(job, base_url)
        said = (base_url, clips, TIERS[tier], self.gap_s, folder)
        return [sys.executable, "-m", f"tests.bench.{self.module}", *map(str, said)]


SEMAPHORE = "semaphore_script"
SDK = "sdk_script"
OURS = (
    Client("batchgen"),
    Client("batchgen, lower poll_cost", account=(("poll_cost", LOW_POLL_COST),)),
)
#: The first is a script whose slots are about as busy as batchgen's.
PEERS = (
    Client("semaphore, polls every 0.075 s", SEMAPHORE, 0.075),
    Client("semaphore, polls every 0.1 s", SEMAPHORE, 0.1),
    Client("semaphore, polls every 0.2 s", SEMAPHORE, 0.2),
    Client("semaphore, polls every 1 s", SEMAPHORE, 1.0),
    Client("zai-sdk in threads, sleeps 1 s", SDK, 1.0),
)
#: What is measured on which tier; with five slots, longer sleeps only take longer.
CLIENTS = {
    "V0": (*OURS, *PEERS),
    "V3": (
        *OURS,
        *PEERS,
        Client("zai-sdk in threads, sleeps 0.075 s", SDK, 0.075),
        Client("zai-sdk in threads, sleeps 5 s", SDK, 5.0),
    ),
}


def measure(client: Client, clips: int, tier: str, film: Path) -> dict[str, Any]:
    """Run one client against a server of its own; give its row of the table."""
    with (
        tempfile.TemporaryDirectory() as name,
        serving(film, slots=TIERS[tier]) as server,
    ):
        folder = Path(name)
        command = client.command(server.base_url, clips, tier, folder)
        used = measured(command, environment(folder), folder / "log")
        return _row(client, tier, server.figures(), used)


def _row(client: Client, tier: str, figures: dict[str, Any], used: Used) -> dict[str, Any]:
    seen = figures["together"]
    return {
        "client": client.name,
        "tier": tier,
        "efficiency": round(seen["efficiency"], 3),
        "polls a clip": round(seen["polls_per_clip"], 1),
        "lag ms": round(1000 * seen["lag_mean_s"]),
        "refused": seen["refused"],
        "most alive": seen["most_alive"],
        "clips": seen["clips"],
        "cpu ms a clip": round(1000 * used.cpu_s / seen["clips"], 1),
        "server cpu share": round(figures["cpu_s"] / used.wall_s, 2),
    }


def rows(
    clips: int = 400, tiers: Sequence[str] = ("V0", "V3"), only: str = ""
) -> list[dict[str, Any]]:
    """Measure the clients of each tier whose names hold `only`; give the table."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        film = make_film(Path(name) / "film.mp4")
        for tier in tiers:
            for client in CLIENTS[tier]:
                if only in client.name:
                    found.append(measure(client, clips, tier, film))
                    print(found[-1], file=sys.stderr, flush=True)
    return _with_cpu_ratios(found)


def _with_cpu_ratios(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add the CPU of each client as a multiple of the first script's on the same tier."""
    base = {row["tier"]: row["cpu ms a clip"] for row in found if row["client"] == PEERS[0].name}
    return [
        row | {"cpu ratio": round(row["cpu ms a clip"] / base[row["tier"]], 1)}
        if row["tier"] in base
        else row
        for row in found
    ]


def main() -> None:
    """Measure what the command line asks for, and print it."""
    parser = argparse.ArgumentParser(description="How busy are the slots kept?")
    parser.add_argument("--clips", type=int, default=400)
    parser.add_argument("--tiers", default="V0,V3")
    parser.add_argument("--only", default="", help="clients whose name holds this")
    said = parser.parse_args()
    print_table(rows(said.clips, said.tiers.split(","), said.only))


if __name__ == "__main__":
    main()
