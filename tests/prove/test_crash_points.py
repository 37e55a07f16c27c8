"""Kills `batchgen run` at every crash point in turn, and asks the provider what it bought.

Each kill happens in a shop of its own. The next start, which nothing kills, has to bring home
everything that was paid. There are two kinds of shop: an empty one, whose state is made by the
killed run; and one where a clip is bought again (its first film has to make room), one call is
refused as too many, one answer is lost after it was charged, and one task fails.
"""

from __future__ import annotations

import asyncio
import copy
import shutil
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
    Mapping,
)
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import TypeAlias, get_args

import pytest

from batchgen.clip import Attempt, AttemptState, ClipKey, Status
from batchgen.crash_points import CrashPoint
from batchgen.state.reading import SqliteReader
from tests.prove.figures import note_figures
from tests.prove.shops import Shop
from tests.prove.warm import WarmStarts
from tests.truth.book import Task, Terms
from tests.truth.server import TruthServer

pytestmark = pytest.mark.prove

#: A tier above the number of clips: no start has to wait until doubt gives a slot back.
TIER, SLOTS = "V1", 10
TERMS = Terms(slots=SLOTS, task_s=(0.0, 0.05))
BUDGET = Decimal(20)
KILLED = 137
#: Exit codes of a run that ended by itself: done, incomplete.
ENDED = {0, 3}
#: Parts of all points, so that processes can share them, and starts side by side in each part.
PARTS, LANES = 2, 6
#: The one point that only an empty shop passes.
MAKING: CrashPoint = "state-made"
#: What is neither to be bought nor to be brought home by a plain start.
SETTLED = {Status.DONE, Status.FAILED, Status.UNCERTAIN}


@dataclass(frozen=True, slots=True)
class Template:
    """A shop that was not opened for business yet, and what the provider knows of it."""

    shop: Shop
    clips: int
    #: Points of a run that nothing disturbs, at least.
    least_points: int
    faults: str = ""
    #: Calls whose answer the faults lose.
    lost: int = 0
    tasks: Mapping[str, Task] = field(default_factory=dict)
    #: Clips that are asked for more than once.
    ordered: Mapping[str, int] = field(default_factory=dict)

    @asynccontextmanager
    async def opened(self, folder: Path, starts: WarmStarts) -> AsyncIterator[Trial]:
        """Open a copy in a folder; the folder is removed when every promise was kept."""
        shutil.copytree(self.shop.folder, folder)
        server = TruthServer(TERMS)
        server.book.tasks.update(copy.deepcopy(dict(self.tasks)))
        server.set_faults(self.faults)
        async with server:
            yield Trial(self, Shop(folder, BUDGET), server, starts)
        shutil.rmtree(folder)


@dataclass(frozen=True, slots=True)
class Trial:
    """One shop in which a run is killed."""

    template: Template
    shop: Shop
    server: TruthServer
    starts: WarmStarts

    async def is_killed_at(self, point: str) -> bool:
        """Kill a run at a point and let the next one end; False when it never got there."""
        is_killed = await self.start(point) == KILLED
        self.check()
        in_the_air = self.count(AttemptState.INTENT)
        if is_killed:
            assert await self.start() in ENDED
        self.check_end(in_the_air)
        return is_killed

    async def start(self, point: str | None = None) -> int:
        """Start a run that dies at a crash point, if it gets there; give its exit status."""
        env = self.shop.environment({"BATCHGEN_CRASH_POINT": point} if point else {})
        arguments = self.shop.arguments(self.server.port, "--changed")
        ended = await self.starts.run(self.shop.folder, arguments, env)
        assert ended.status in {*ENDED, KILLED}, ended.errors
        assert "Traceback" not in ended.errors, ended.errors
        return ended.status

    def check(self) -> None:
        """Hold what the provider booked against state and output."""
        truth = self.server.truth()
        verdict = self.shop.check(truth, self.template.ordered)
        put_away = set(map(str, self.put_away()))
        missing = tuple(clip for clip in verdict.missing if clip not in put_away)
        assert replace(verdict, missing=missing).violations() == [], verdict
        asked = set(truth["polls_by_task"])
        recorded = {attempt.task_id for attempt in self.attempts()}
        assert asked <= recorded, "a task was asked for before its id was on disk"

    def put_away(self) -> Iterator[ClipKey]:
        """Yield the clips of which a film that was saved lies in `old/`, to make room."""
        files = (self.shop.folder / "out" / "old").rglob("*.mp4")
        films = {sha256(file.read_bytes()).hexdigest() for file in files}
        for attempt in self.attempts():
            if attempt.state is AttemptState.SAVED and attempt.sha256 in films:
                yield attempt.key

    def check_end(self, in_the_air: int) -> None:
        """Make sure that all was bought, and is home unless it failed or is in doubt.

        `in_the_air`: purchases without a recorded answer at the moment of the kill.
        """
        self.check()
        attempts = self.attempts()
        newest = {attempt.key.sku: attempt.status for attempt in attempts}
        assert len(newest) == self.template.clips
        assert set(newest.values()) <= SETTLED
        assert self.count(AttemptState.UNKNOWN) <= in_the_air + self.template.lost
        failed = {it["task_id"] for it in self.server.truth()["charges"] if it["failed"]}
        for attempt in attempts:
            is_home = attempt.state is AttemptState.SAVED
            assert attempt.task_id is None or is_home or attempt.task_id in failed, attempt

    def attempts(self) -> list[Attempt]:
        """Read every attempt; none where there is no state yet."""
        reader = SqliteReader.open(self.shop.state)
        if reader is None:
            return []
        try:
            return list(reader.attempts())
        finally:
            reader.close()

    def count(self, state: AttemptState) -> int:
        """Count the attempts in a state."""
        return sum(attempt.state is state for attempt in self.attempts())


Kind: TypeAlias = Callable[[Path, WarmStarts], Awaitable[Template]]


async def empty_shop(folder: Path, _: WarmStarts) -> Template:
    """Write a shop of two clips that has no state and no output yet."""
    shop = Shop.open(folder, 2, BUDGET, tier=TIER)
    return Template(shop, clips=2, least_points=40)


async def troubled_shop(folder: Path, starts: WarmStarts) -> Template:
    """Write a shop of seven clips, of which the first was bought before it was described anew."""
    shop = Shop.open(folder, 7, BUDGET, tier=TIER, rate=60)
    catalog = folder / "catalog.csv"
    rows = catalog.read_text(encoding="utf-8")
    catalog.write_text("".join(rows.splitlines(keepends=True)[:2]), encoding="utf-8")
    async with TruthServer(TERMS) as server:
        ended = await starts.run(folder, shop.arguments(server.port), shop.environment({}))
    assert ended.status == 0, ended.errors
    catalog.write_text(rows.replace("Mug 1,", "Large mug,"), encoding="utf-8")
    return Template(
        shop,
        clips=7,
        least_points=90,
        faults="submit: none*2, close+made*1, none*1, code-1302*1; task: none*1, bare*1",
        lost=1,
        tasks=server.book.tasks,
        ordered={"SKU-001/main": 2},
    )


async def lane(folder: Path, template: Template, points: Iterable[str]) -> list[str]:
    """Kill runs at these points, up to the first that no run gets to; name those that were met."""
    met: list[str] = []
    async with WarmStarts() as starts:
        for point in points:
            async with template.opened(folder / point.replace("*", "any"), starts) as trial:
                if not await trial.is_killed_at(point):
                    break
            met.append(point)
    return met


async def side_by_side(lanes: Iterable[Coroutine[None, None, list[str]]]) -> list[str]:
    """Wait for all lanes; give the points that were met in any of them."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(lane) for lane in lanes]
    return [point for task in tasks for point in task.result()]


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("kind", [empty_shop, troubled_shop])
async def test_killed_at_every_point_in_turn(kind: Kind, part: int, tmp_path: Path) -> None:
    """Nothing is bought twice, nothing paid is lost, and only what was in the air is in doubt."""
    async with WarmStarts() as starts:
        template = await kind(tmp_path / "template", starts)
    numbers = [count(1 + part + PARTS * n, PARTS * LANES) for n in range(LANES)]
    met = await side_by_side(
        lane(tmp_path, template, (f"*:{number}" for number in lane_numbers))
        for lane_numbers in numbers
    )
    assert len(met) >= template.least_points // PARTS
    note_figures("crash points", shop=kind.__name__, part=part, points=len(met))


async def test_every_name_is_reached(tmp_path: Path) -> None:
    """Every point that the code names has killed a run, and all promises held."""
    async with WarmStarts() as starts:
        empty = await empty_shop(tmp_path / "empty", starts)
        troubled = await troubled_shop(tmp_path / "troubled", starts)
    points = [f"{name}:1" for name in get_args(CrashPoint) if name != MAKING]
    met = await side_by_side(
        [
            lane(tmp_path, empty, [f"{MAKING}:1"]),
            *(lane(tmp_path, troubled, points[n::LANES]) for n in range(LANES)),
        ]
    )
    assert set(met) == {f"{MAKING}:1", *points}
