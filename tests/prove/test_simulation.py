"""Simulated worlds, each from one number: whatever happens in them, every promise is kept.

BATCHGEN_PROVE_SEEDS says how many worlds are lived through, BATCHGEN_PROVE_SEED with which number
they begin. A world that breaks a promise is told with the smallest one that still does:
`live(Scope(...))` makes it happen again.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from batchgen.state import opening
from tests.prove.figures import note_figures
from tests.prove.world import Scope, live, smallest

pytestmark = pytest.mark.prove

SEEDS = int(os.environ.get("BATCHGEN_PROVE_SEEDS", "500"))
FIRST_SEED = int(os.environ.get("BATCHGEN_PROVE_SEED", "0"))
#: Seeds of one case, so that cases can be shared between processes.
_A_CASE = max(20, SEEDS // 250)
_PARTS = range(FIRST_SEED, FIRST_SEED + SEEDS, _A_CASE)


@pytest.fixture(autouse=True)
def lean_collections() -> Iterator[None]:
    """Keep what was imported out of each collection of garbage."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize("first", _PARTS)
def test_every_world_keeps_the_promises(first: int) -> None:
    """No clip is bought twice, no yuan is lost or over budget, and all that is paid comes home."""
    figures: Counter[str] = Counter()
    began = time.perf_counter()
    seeds = range(first, min(first + _A_CASE, FIRST_SEED + SEEDS))
    for seed in seeds:
        history = live(Scope(seed))
        if history.violation is not None:
            pytest.fail(_told(Scope(seed), history.violation))
        figures.update(history.figures)
    figures["virtual_days"] = figures.pop("virtual_hours") // 24
    note_figures(
        "simulation",
        seed=first,
        seeds=len(seeds),
        seconds=round(time.perf_counter() - began, 2),
        **figures,
    )


def _told(scope: Scope, violation: str) -> str:
    found = smallest(scope)
    again = live(found).violation
    return f"{scope}: {violation}\nsmallest: {found}: {again}"


def test_the_same_number_makes_the_same_world() -> None:
    """What happens depends on the number alone, in this process and in any other."""
    seeds = range(5)
    here = [live(Scope(seed)).digest for seed in seeds]
    assert [live(Scope(seed)).digest for seed in seeds] == here
    code = "from tests.prove.world import Scope, live\n"
    code += f"for seed in range({len(seeds)}): print(live(Scope(seed)).digest)"
    elsewhere = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert elsewhere.stdout.split() == here
    assert len(set(here)) == len(here)


def test_a_state_that_does_not_sync_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Power losses are real ones: without a sync at each commit, promises break."""
    unsynced = opening._WRITER_PRAGMAS.replace("synchronous = FULL", "synchronous = NORMAL")
    monkeypatch.setattr(opening, "_WRITER_PRAGMAS", unsynced)
    seed = next((seed for seed in range(40) if live(Scope(seed)).violation is not None), None)
    assert seed is not None
    found = smallest(Scope(seed))
    assert "power" in found.faults
    assert live(found).violation is not None
