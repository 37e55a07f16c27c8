"""Kills runs that send again what is in doubt, at a provider that recognises a repeated id.

Answers are lost all the time, of calls that were booked and of calls that were not. What the
provider booked decides: nothing twice, and in the end no clip in doubt whose task can be had.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
from asyncio.subprocess import Process
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest

from batchgen.clip import Attempt, Status
from batchgen.provider.port import REPEATED_CODE
from batchgen.state.reading import SqliteReader
from tests.prove.figures import note_figures
from tests.prove.shops import Shop
from tests.truth.book import Terms
from tests.truth.server import TruthServer

pytestmark = pytest.mark.prove

_KILLS = 5
_CLIPS = 20
_PRICE = Decimal("1.25")
#: Seconds that a run may live before it is killed whatever it does.
_LIFE_S = 3.0
_FAULTS = """
    submit: reset+made 8%, reset 4%, close+made 8%, half-head+made 4%, garbage+made 4%,
        html-502+made 4%, html-500 4%, broken-json+made 4%, no-id+made 4%, code-1305 4%;
    poll: html-500 5%, reset 5%
"""


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("dedupe", ["same", "refuse"])
async def test_a_recognised_repeat_buys_nothing_twice(
    dedupe: Literal["same", "refuse"], seed: int, tmp_path: Path
) -> None:
    """After every kill all promises hold; then what is still in doubt is known to have arrived."""
    chance = random.Random(f"resend:{dedupe}:{seed}")
    shop = _shop(tmp_path / "shop")
    terms = Terms(task_s=(0.2, 1.0), dedupe=dedupe)
    async with TruthServer(terms, seed=seed, answer_s=0.02) as server:
        server.set_faults(_FAULTS)
        kills = 0
        for _ in range(_KILLS):
            kills += await _killed(await shop.start(server.port), server, chance)
            verdict = shop.check(server.truth())
            assert verdict.violations() == [], f"{verdict}"
        server.set_faults("")
        last = await shop.start(server.port)
        _, errors = await last.communicate()
        assert last.returncode in {0, 3}, errors.decode()
        truth = server.truth()
    verdict = shop.check(truth)
    assert verdict.violations() == [], f"{verdict}"
    assert verdict.charges == verdict.saved + verdict.held == _CLIPS
    assert all(attempt.error_code == REPEATED_CODE for attempt in _held(shop))
    assert verdict.held == 0 or dedupe == "refuse"
    posts = len(truth["posts"])
    note_figures("resend", seed=seed, dedupe=dedupe, kills=kills, posts=posts, held=verdict.held)


def _shop(folder: Path) -> Shop:
    """Open a shop whose account may send again, with money for all clips."""
    shop = Shop.open(folder, _CLIPS, _CLIPS * _PRICE)
    job = folder / "job.yaml"
    text = job.read_text(encoding="utf-8")
    account = "account: {resend_same_request_id: true, "
    job.write_text(text.replace("account: {", account), encoding="utf-8")
    return shop


async def _killed(process: Process, server: TruthServer, chance: random.Random) -> bool:
    """Kill a run at some request, or when it is old; False when it ended by itself before."""
    ending = asyncio.ensure_future(process.communicate())
    moment = asyncio.ensure_future(server.requests(chance.randint(1, 30)))
    await asyncio.wait({ending, moment}, timeout=_LIFE_S, return_when=asyncio.FIRST_COMPLETED)
    moment.cancel()
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    _, errors = await ending
    is_killed = process.returncode == -signal.SIGKILL
    assert is_killed or process.returncode in {0, 3, 4}, errors.decode()
    return is_killed


def _held(shop: Shop) -> list[Attempt]:
    """List the attempts in doubt."""
    reader = SqliteReader.open(shop.state)
    assert reader is not None
    with contextlib.closing(reader):
        return [it for it in reader.attempts() if it.status is Status.UNCERTAIN]
