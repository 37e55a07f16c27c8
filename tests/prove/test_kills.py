"""Kills `batchgen run` at random moments, with faults on, and asks the provider what it bought.

Each case is a seed: it kills ten times, over as many shops as that takes, and every start goes on
where the killed one was. A shop ends when nothing is left to do or when doubt holds its slots.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
from asyncio.subprocess import Process
from decimal import Decimal
from pathlib import Path

import pytest

from tests.prove.figures import note_figures
from tests.prove.shops import Shop
from tests.truth.book import Terms
from tests.truth.proxy import FaultProxy
from tests.truth.server import TruthServer

pytestmark = pytest.mark.prove

KILLS = int(os.environ.get("BATCHGEN_PROVE_KILLS", "100"))
FIRST_SEED = int(os.environ.get("BATCHGEN_PROVE_SEED", "0"))
_KILLS_A_CASE = 10
_CLIPS = 40
_SLOTS = {"V1": 10, "V3": 20}
#: Shares of the slots in doubt that leave too few to go on with.
_MOST_HELD = 0.75
#: Exit codes of a run that ended by itself: done, incomplete, stopped early.
_ENDED = {0, 3, 4}

SERVER_FAULTS = """
    submit: reset+made 2%, reset 1%, close+made 2%, half-head+made 1%, garbage+made 1%,
        hang(0.3)+made 1%, html-502+made 1%, html-500 1%, html-429 1%, broken-json+made 1%,
        no-id+made 1%, other-request-id+made 1%, redirect-307+made 1%,
        code-1301 1%, code-1303 2%, code-1305 3%;
    poll: html-500 3%, garbage 2%, reset 3%, half-head 2%, hang(0.3) 2%, broken-json 2%,
        unknown-404 2%, unknown-1233 2%, empty-result 2%, odd-status 2%, other-request-id 2%,
        code-1305 2%;
    download: cut 6%, cut-no-length 6%, page 5%, gone-404 5%, expired-403 3%, slow(0.5) 3%,
        wrong-type 3%, gzip 3%, reset 3%, html-500 3%;
    task: bare 3%, error-object 2%, error-text 1%
"""
PROXY_FAULTS = """
    latency(0.02) 10%, slices(40) 5%, bandwidth(20000) 3%, slow-close(0.2) 2%,
    cut(30) 1%, cut(150) 1%, limit(300) 1%, drop 1%, reset(0.05) 1%, silence(0.3) 1%, down 1%
"""


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + KILLS // _KILLS_A_CASE))
async def test_killed_runs_buy_nothing_twice(seed: int, tmp_path: Path) -> None:
    """After every kill, and after the end, all promises hold by the provider's own book."""
    chance = random.Random(f"kills:{seed}")
    kills = shops = 0
    while kills < _KILLS_A_CASE:
        shops += 1
        kills += await _torment(tmp_path / f"shop-{shops}", chance, _KILLS_A_CASE - kills)
    note_figures("kills", seed=seed, kills=kills, shops=shops)


async def _torment(folder: Path, chance: random.Random, kills_wanted: int) -> int:
    """Open a shop, kill its runs until it cannot go on, then let it end; give the kills."""
    budget = Decimal(chance.randint(16, 60))
    tier = chance.choice(list(_SLOTS))
    shop = Shop.open(folder, _CLIPS, budget, tier=tier, rate=chance.choice([25, 50, 200]))
    seed = chance.randrange(1_000_000)
    kills = 0
    terms = Terms(slots=_SLOTS[tier], task_s=chance.choice([(0.2, 1.5), (2.0, 5.0)]))
    async with (
        TruthServer(terms, seed=seed, answer_s=0.03) as server,
        _proxy(server, seed) as proxy,
    ):
        server.set_faults(SERVER_FAULTS)
        while kills < kills_wanted and await _killed(shop, server, proxy, chance):
            kills += 1
            verdict = shop.check(server.truth())
            assert verdict.violations() == [], f"server seed {seed}\n{verdict}"
            if verdict.held >= _MOST_HELD * terms.slots:
                break
        server.set_faults("")
        proxy.set_faults("")
        is_over = await _ended(await shop.start(proxy.port))
        verdict = shop.check(server.truth())
    assert verdict.violations() == [], f"server seed {seed}\n{verdict}"
    assert not (is_over and verdict.unsaved), f"server seed {seed}\n{verdict}"
    truth = server.truth()
    note_figures(
        "shop",
        seed=seed,
        kills=kills,
        charges=verdict.charges,
        held=verdict.held,
        saved=verdict.saved,
        posts=len(truth["posts"]),
        most=verdict.max_in_flight,
    )
    return kills


def _proxy(server: TruthServer, seed: int) -> FaultProxy:
    proxy = FaultProxy(server.port, seed=seed)
    proxy.set_faults(PROXY_FAULTS)
    return proxy


async def _killed(
    shop: Shop, server: TruthServer, proxy: FaultProxy, chance: random.Random
) -> bool:
    """Start a run and kill it at a random moment; False when it ended by itself before that."""
    process = await shop.start(proxy.port)
    ending = asyncio.ensure_future(process.communicate())
    moment = asyncio.ensure_future(_moment(server, chance))
    await asyncio.wait({ending, moment}, return_when=asyncio.FIRST_COMPLETED)
    moment.cancel()
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    _, errors = await ending
    is_killed = process.returncode == -signal.SIGKILL
    assert is_killed or process.returncode in _ENDED, errors.decode()
    return is_killed


async def _moment(server: TruthServer, chance: random.Random) -> None:
    """Wait for a random moment: early by the clock, or at some request; at most some seconds."""
    if chance.random() < 0.15:
        await asyncio.sleep(chance.uniform(0.2, 1.0))
        return
    try:
        async with asyncio.timeout(4):
            await server.requests(chance.randint(1, 40))
    except TimeoutError:
        return
    await asyncio.sleep(chance.uniform(0, 0.05))


async def _ended(process: Process) -> bool:
    """Let a run end; one that waits for doubt to pass is stopped by a signal (False then)."""
    ending = asyncio.ensure_future(process.communicate())
    done, _ = await asyncio.wait({ending}, timeout=15)
    if not done:
        process.send_signal(signal.SIGINT)
    _, errors = await ending
    allowed = _ENDED if done else _ENDED | {128 + signal.SIGINT}
    assert process.returncode in allowed, errors.decode()
    return bool(done)
