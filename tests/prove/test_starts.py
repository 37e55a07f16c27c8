"""Starts two runs at once, on one state or on one account, and asks the provider who came."""

from __future__ import annotations

import asyncio
import os
import random
from asyncio.subprocess import Process
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from batchgen.state.reading import SqliteReader
from tests.prove.figures import note_figures
from tests.prove.shops import Shop
from tests.truth.book import Terms
from tests.truth.server import TruthServer

pytestmark = pytest.mark.prove

RACES = int(os.environ.get("BATCHGEN_PROVE_RACES", "50"))
_RACES_A_CASE = 10
_BUSY = 75
#: Tasks live until they are told to end, so that the winner cannot be done before the loser starts.
_FOR_EVER = Terms(task_s=(1e9, 1e9))


@dataclass(frozen=True, slots=True)
class Racer:
    """One of two starts, known to the provider by its key."""

    shop: Shop
    key: str
    process: Process


@pytest.mark.parametrize("seed", range(RACES // _RACES_A_CASE))
async def test_of_two_starts_on_one_state_one_runs(seed: int, tmp_path: Path) -> None:
    """The other one exits 75 without having written or sent anything."""
    chance = random.Random(f"starts:{seed}")
    for race in range(_RACES_A_CASE):
        folder = tmp_path / f"race-{race}"
        shop = _shop(folder / "one")
        await _race(folder / "home", (shop, shop), chance)
        assert _rows(shop) == (1, 2)
    note_figures("starts", seed=seed, races=_RACES_A_CASE)


async def test_of_two_states_on_one_account_one_runs(tmp_path: Path) -> None:
    """Two states may not use one account at once; the other state has no run in it."""
    chance = random.Random("accounts")
    for race in range(_RACES_A_CASE):
        folder = tmp_path / f"race-{race}"
        shops = (_shop(folder / "one"), _shop(folder / "two"))
        await _race(folder / "home", shops, chance)
        assert sorted(map(_rows, shops)) == [(0, 0), (1, 2)]


async def _race(home: Path, shops: tuple[Shop, Shop], chance: random.Random) -> None:
    """Start both within a few milliseconds; exactly one may reach the provider."""
    async with TruthServer(_FOR_EVER) as server:
        racers = []
        for shop, key in zip(shops, ("key-a", "key-b"), strict=True):
            process = await shop.start(server.port, home=home, key=key)
            racers.append(Racer(shop, key, process))
            await asyncio.sleep(chance.choice([0, 0, 0.01, 0.05]))
        winner, loser, said = await _first_to_end(racers)
        assert loser.process.returncode == _BUSY, said
        server.book.end_all()
        server.book.terms = Terms(task_s=(0, 0))
        _, errors = await winner.process.communicate()
        assert winner.process.returncode == 0, errors.decode()
    verdict = winner.shop.check(server.truth())
    assert verdict.violations() == [], verdict
    assert server.truth()["accounts"] == [winner.key]


async def _first_to_end(racers: list[Racer]) -> tuple[Racer, Racer, str]:
    """Wait for one to end while the other cannot; give the other, that one, and what it said."""
    endings = {asyncio.ensure_future(racer.process.wait()): racer for racer in racers}
    done, rest = await asyncio.wait(endings, timeout=60, return_when=asyncio.FIRST_COMPLETED)
    assert len(done) == 1, "both ended, or none"
    for ending in rest:
        ending.cancel()
    loser = endings[done.pop()]
    winner = next(racer for racer in racers if racer is not loser)
    said = await loser.process.stderr.read() if loser.process.stderr else b""
    return winner, loser, said.decode()


def _shop(folder: Path) -> Shop:
    return Shop.open(folder, clips=2, budget=Decimal(10))


def _rows(shop: Shop) -> tuple[int, int]:
    """Count the runs and the attempts of a state."""
    reader = SqliteReader.open(shop.state)
    if reader is None:
        return 0, 0
    rows = len(list(reader.runs())), len(list(reader.attempts()))
    reader.close()
    return rows
