"""A run that is killed twelve times, as by power cuts, buys nothing twice and loses no money."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shop import Shop, Watch, ended, kill, skus, start_simulator, until

CLIPS = 120
KILLS = 12
SLOTS = 10
PRICE = Decimal("1.25")
#: What the provider counts -> how much more of it there is between a start and its end. Calls of
#: all kinds end a start at any moment of it; purchases alone end it near one.
LIVES = {("polls", "downloads"): (1, 24), ("submits",): (1, 9)}


@pytest.fixture
def simulator() -> Iterator[Watch]:
    """Serve an account of ten slots whose tasks take about a second."""
    watch = start_simulator("--tier=V1", "--speed=45")
    yield watch
    watch.close()


@pytest.fixture
def shop(tmp_path: Path, simulator: Watch, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Make a shop of 120 products at that account."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "user-state"))
    monkeypatch.setenv("BATCHGEN_API_KEY", "made-up")
    monkeypatch.setenv("BATCHGEN_BASE_URL", simulator.base_url)
    monkeypatch.delenv("BATCHGEN_STATE", raising=False)
    shop = Shop(tmp_path)
    shop.draw()
    shop.write_rows(*skus(CLIPS))
    shop.write_job(budget={"run": str(CLIPS * PRICE)})
    return shop


def test_a_run_killed_twelve_times(shop: Shop, simulator: Watch) -> None:
    """Every clip ends done or uncertain, bought at most once, with the money always covered."""
    chance = random.Random(20261123)
    for counted in KILLS // 2 * tuple(LIVES):
        run_and_kill(shop, simulator, counted, chance.randint(*LIVES[counted]))
        assert_money_is_covered(shop, simulator)
    code, stdout, stderr = ended(start(shop))
    assert "Traceback" not in stderr
    told = json.loads(stdout)
    assert (told["done"] + told["uncertain"], told["stopped"]) == (CLIPS, None)
    assert code == (3 if told["uncertain"] else 0)
    assert_money_is_covered(shop, simulator)
    assert_nothing_was_bought_twice(shop.results(), simulator.bill())
    assert_clips_are_whole(shop)
    stats = simulator.stats()
    assert (stats["refused"], stats["max_in_flight"] <= SLOTS) == (0, True)
    assert len(shop.json("ledger", "--by=run")) == 1


def start(shop: Shop) -> subprocess.Popen[str]:
    """Start the run, or go on with it."""
    return shop.start("run", "--yes", "--json", "--no-progress")


def run_and_kill(shop: Shop, simulator: Watch, counted: tuple[str, ...], more: int) -> None:
    """Start the run and kill it when the provider has counted so much more."""

    def seen() -> int:
        stats = simulator.stats()
        return sum(int(stats[name]) for name in counted)

    end = seen() + more
    run = start(shop)
    until(lambda: seen() >= end, run)
    kill(run)


def assert_money_is_covered(shop: Shop, simulator: Watch) -> None:
    """While no run lives, the ledger is never below the provider's bill, nor above the budget."""
    billed = sum(Decimal(line["price"]) for line in simulator.bill())
    (line,) = shop.json("ledger")
    committed = sum(Decimal(line[place]) for place in ("spent", "at_risk", "reserved"))
    assert billed <= committed <= CLIPS * PRICE


def assert_nothing_was_bought_twice(rows: list[dict[str, Any]], bill: list[dict[str, str]]) -> None:
    """Each line of the bill is the one purchase of a clip of its own."""
    assert len(rows) == CLIPS
    sku_of = {row["request_id"]: row["sku"] for row in rows}
    billed = [sku_of[line["request_id"]] for line in bill]
    assert len(set(billed)) == len(billed)
    assert {row["sku"] for row in rows if row["status"] == "done"} <= set(billed)


def assert_clips_are_whole(shop: Shop) -> None:
    """Every clip that is done lies in the output folder, byte by byte as it was checked."""
    for row in shop.results():
        if row["status"] == "done":
            content = (shop.output / row["file"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == row["sha256"]
