"""Interrupts `batchgen run` once, at random moments, while submits are answered slowly.

A single Ctrl-C, `kill` or closed terminal leaves nothing in doubt, because what is in the air is
waited for. Each case is one shop that is interrupted ten times; every start goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
from decimal import Decimal
from pathlib import Path

import pytest

from batchgen.clip import AttemptState
from batchgen.state.reading import SqliteReader
from tests.prove.figures import note_figures
from tests.prove.shops import Shop
from tests.truth.book import Terms
from tests.truth.server import TruthServer

pytestmark = pytest.mark.prove

INTERRUPTS = int(os.environ.get("BATCHGEN_PROVE_INTERRUPTS", "50"))
_A_CASE = 10
_CLIPS = 120
_TERMS = Terms(slots=5, task_s=(0.1, 2.0))
#: How the shell tells by which signal a run ended.
_SIGNALS = {130: signal.SIGINT, 143: signal.SIGTERM, 129: signal.SIGHUP}
_UNANSWERED = {AttemptState.INTENT, AttemptState.UNKNOWN}


@pytest.mark.parametrize("seed", range(INTERRUPTS // _A_CASE))
async def test_an_interrupt_leaves_nothing_in_doubt(seed: int, tmp_path: Path) -> None:
    """After each signal every submit has its answer, and in the end every clip is there once."""
    chance = random.Random(f"interrupts:{seed}")
    shop = Shop.open(tmp_path / "shop", _CLIPS, Decimal(_CLIPS) * 2, tier="V0")
    async with TruthServer(_TERMS, seed=seed) as server:
        for _ in range(_A_CASE):
            server.answer_s = chance.choice([0.03, 0.4, 1.5])
            await _interrupted(shop, server, chance)
            verdict = shop.check(server.truth())
            assert (verdict.violations(), verdict.held) == ([], 0), verdict
            assert not _unanswered(shop)
        server.answer_s = 0.01
        server.book.terms = Terms(slots=5, task_s=(0, 0.05))
        last = await shop.start(server.port)
        _, errors = await last.communicate()
        assert last.returncode == 0, errors.decode()
        verdict = shop.check(server.truth())
    assert (verdict.violations(), verdict.charges, verdict.saved) == ([], _CLIPS, _CLIPS), verdict
    note_figures("interrupts", seed=seed, interrupts=_A_CASE, charges=verdict.charges)


async def _interrupted(shop: Shop, server: TruthServer, chance: random.Random) -> None:
    """Start a run, and interrupt it at some request or some moment after it."""
    code, number = chance.choice(list(_SIGNALS.items()))
    process = await shop.start(server.port)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(10):
            await server.requests(chance.randint(1, 25))
    await asyncio.sleep(chance.uniform(0, 0.5))
    process.send_signal(number)
    _, errors = await process.communicate()
    assert process.returncode == code, errors.decode()


def _unanswered(shop: Shop) -> list[str]:
    reader = SqliteReader.open(shop.state)
    assert reader is not None
    with contextlib.closing(reader):
        return [str(it.key) for it in reader.attempts() if it.state in _UNANSWERED]
