"""Lets the N-th fsync, write, rename, open, ... of `batchgen run` fail in the kernel, for all N.

`strace` gives the error in the place of the call; each thread counts its own calls. One clip was
bought before, so that the state is there; another one is bought meanwhile. After it the disk is
sound, and the next start has to bring everything home.
"""

from __future__ import annotations

import asyncio
import copy
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest

from batchgen.clip import Attempt, AttemptState
from batchgen.state.reading import SqliteReader
from tests.prove import strace
from tests.prove.figures import note_figures
from tests.prove.shops import Shop
from tests.prove.strace import Fault
from tests.prove.warm import WarmStarts
from tests.truth.book import Task, Terms
from tests.truth.server import TruthServer

_WHY_NOT = strace.why_not()
pytestmark = [pytest.mark.prove, pytest.mark.skipif(_WHY_NOT is not None, reason=str(_WHY_NOT))]

TERMS = Terms(slots=10, task_s=(0.0, 0.05))
#: No start takes as long, in seconds.
_LONGEST_S = 60.0
#: Exit codes: done, input or state unusable, incomplete, stopped early.
ALLOWED = {0, 2, 3, 4}
#: What a sentence of a run that could not go on tells a person to do.
REMEDIES = (
    "run again",
    "the next run",
    "Check the disk",
    "Mend the",
    "name another",
    "batchgen report",
)
_NEW = "out/clips/SKU-002/main"
#: Files that are written in small pieces, and folders, of the clip that is bought meanwhile.
_FILES = (
    *(".batchgen/state.db.mark", ".batchgen/state.db.spool", f"{_NEW}.mp4.part"),
    *("out/..batchgen-owner.json.tmp", "out/.report.html.tmp", "out/.results.csv.tmp"),
    *("out/.results.jsonl.tmp", "out/.results.xlsx.tmp", "out/clips/SKU-002/.main.jpg.tmp"),
    "out/clips/SKU-002/.main.json.tmp",
)
_OPENED = (
    *_FILES,
    *(".batchgen/state.db", ".batchgen/state.db-wal", ".batchgen/state.db.lock"),
    *("out", "out/clips/SKU-002", f"{_NEW}.mp4", "out/.batchgen-owner.json"),
)


@dataclass(frozen=True, slots=True)
class Case:
    """A fault, and how it is looked at."""

    fault: Fault
    #: Paths below the shop's folder that it is limited to.
    paths: tuple[str, ...] = ()
    #: Uses in a run that nothing disturbs, at least.
    least: int = 1
    #: From one number to the next; all N unless said otherwise.
    step: int = 1
    #: The spool fails too: then a task id may only be told.
    may_only_tell: bool = False


CASES = {
    "sync of the state": Case(Fault("fdatasync", "EIO"), least=7),
    "every sync of the state from then on": Case(Fault("fdatasync", "EIO", lasts=True), least=7),
    "write of the state": Case(Fault("pwrite64", "EIO"), least=40),
    "every write of the state from then on": Case(
        Fault("pwrite64", "ENOSPC", lasts=True), least=40
    ),
    "sync of a file": Case(Fault("fsync", "EIO"), least=5),
    "every sync of a file from then on": Case(Fault("fsync", "EIO", lasts=True), least=5),
    "rename": Case(Fault("rename", "EIO"), least=4),
    "every rename from then on": Case(Fault("rename", "EACCES", lasts=True), least=4),
    "write of a file": Case(Fault("write", "EIO"), _FILES, least=5),
    "every write of a file from then on": Case(
        Fault("write", "ENOSPC", lasts=True), _FILES, least=5
    ),
    "opening": Case(Fault("openat", "EACCES"), _OPENED, least=8),
    "removal": Case(Fault("unlink", "EACCES"), least=3),
    "folder": Case(Fault("mkdir", "ENOSPC"), least=3),
    "shortening": Case(Fault("ftruncate", "EIO"), least=1),
    "everything from then on": Case(
        Fault("pwrite64,fdatasync,fsync", "EIO", lasts=True),
        least=40,
        step=3,
        may_only_tell=True,
    ),
}


@dataclass(frozen=True, slots=True)
class Template:
    """A shop whose first clip is there, and which has another one now; and what was bought."""

    shop: Shop
    tasks: Mapping[str, Task]


async def template(folder: Path, starts: WarmStarts) -> Template:
    """Open the shop and buy its first clip."""
    shop = Shop.open(folder, 2, Decimal(20), tier="V1")
    catalog = folder / "catalog.csv"
    rows = catalog.read_text(encoding="utf-8")
    catalog.write_text("".join(rows.splitlines(keepends=True)[:2]), encoding="utf-8")
    async with TruthServer(TERMS) as server:
        ended = await starts.run(folder, shop.arguments(server.port), shop.environment({}))
    assert ended.status == 0, ended.errors
    catalog.write_text(rows, encoding="utf-8")
    return Template(shop, server.book.tasks)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_any_system_call_may_fail(tmp_path: Path, case: Case) -> None:
    """No clip is bought twice, no task id is lost, and the sentence says what to do."""
    async with WarmStarts() as starts:
        made = await template(tmp_path / "template", starts)
        number, met = 1, 0
        while await is_met(made, tmp_path / str(number), case, number, starts):
            number += case.step
            met += 1
    assert number > case.least
    note_figures("torture: system calls", fault=case.fault.calls, numbers=met)


async def is_met(made: Template, folder: Path, case: Case, number: int, starts: WarmStarts) -> bool:
    """Let a run meet the fault and the next one end; False when there is no such number."""
    shop = Shop(folder, made.shop.budget)
    shutil.copytree(made.shop.folder, folder)
    log = folder / "calls.txt"
    fault = replace(case.fault, paths=tuple(folder / path for path in case.paths))
    async with TruthServer(TERMS) as server:
        server.book.tasks.update(copy.deepcopy(dict(made.tasks)))
        errors = await troubled_start(shop, server, fault.at(number, log))
        if not strace.was_injected(log):
            return False
        ended = await starts.run(folder, shop.arguments(server.port), shop.environment({}))
    assert ended.status in {0, 3}, f"{number}: {errors}\n{ended.errors}"
    verdict = shop.check(server.truth())
    assert verdict.violations() == [], f"{number}: {verdict}"
    assert len({attempt.key for attempt in attempts_of(shop)}) == 2
    for task_id in not_home(shop, server):
        assert case.may_only_tell, f"{number}: {task_id}: {errors}"
        assert task_id in errors, f"{number}: {task_id}: {errors}"
    shutil.rmtree(folder)
    return True


async def troubled_start(shop: Shop, server: TruthServer, under: Sequence[str]) -> str:
    """Start a run that meets a fault, and let it end in order; give what it said."""
    env = {"PYTHONDONTWRITEBYTECODE": "1"}
    process = await shop.start(server.port, env=env, under=under)
    try:
        async with asyncio.timeout(_LONGEST_S):
            _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    errors = said.decode()
    assert "Traceback" not in errors, errors
    assert process.returncode in ALLOWED, errors
    if process.returncode in {2, 4}:
        assert any(remedy in errors for remedy in REMEDIES), errors
    verdict = shop.check(server.truth())
    assert verdict.violations() == [], f"{verdict}\n{errors}"
    return errors


def not_home(shop: Shop, server: TruthServer) -> Iterator[str]:
    """Yield the tasks that were paid and did not come home."""
    home = {it.task_id for it in attempts_of(shop) if it.state is AttemptState.SAVED}
    for charge in server.truth()["charges"]:
        if charge["task_id"] not in home:
            yield charge["task_id"]


def attempts_of(shop: Shop) -> list[Attempt]:
    """Read every attempt."""
    reader = SqliteReader.open(shop.state)
    assert reader is not None
    try:
        return list(reader.attempts())
    finally:
        reader.close()
