"""A whole world in virtual time, made from one number: a shop, its provider, disk, clock, person.

The program is the real one, wired by its own `Session`, on a real SQLite file; only what lies
beyond its ports is made up. A seed goes through some starts. Each may be killed, lose its power,
get signals or jumps of the clock at any step; the last one is left alone and must bring everything
home. After each, the provider's book is compared with the state and the files.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import math
import shutil
import sqlite3
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from batchgen import crash_points, execution
from batchgen.catalogue import Catalogue, Part
from batchgen.catalogue.profiles.shape import Shape
from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Table
from batchgen.clip import AccountScope, Attempt, AttemptState, RemotePicture, Status
from batchgen.engine import Workspace
from batchgen.errors import StateError
from batchgen.execution import Session
from batchgen.item import Item, ManifestRow
from batchgen.job.schema import Job
from batchgen.job.settings import Origin, Setting, Settings
from batchgen.output.owner import claim
from batchgen.plan.clips import expand
from batchgen.plan.clips.prompts import compile_prompt
from batchgen.plan.values import Action, Plan, PlannedClip, Selection
from batchgen.run.ports import SilentObserver
from batchgen.run.runner import Runner
from batchgen.state import committing, opening, writing
from batchgen.state.reading import SqliteReader
from batchgen.state.writing import SqliteWriter
from batchgen.video_models import TIERS
from tests.prove.world_judge import Judge, Record, Wishes
from tests.prove.world_machine import Chance, Machine, Moment, Process, StateFiles, WorldLoop
from tests.prove.world_outside import FAULTS, Disk, Provider, Weather

ACCOUNT = AccountScope("bigmodel", "default", "open.bigmodel.cn")
JOB = "spring"
#: A start that is left alone ends within so many virtual seconds, whatever went before.
_MOST_S = 5 * 86400.0
_MOST_STARTS = 8
#: How likely a world has each kind of fault at all.
_HAS_FAULT = 0.75
#: Steps at which something happens more often than by their number.
_STEPS = (
    *("state-made", "whole-before-rename", "whole-after-rename", "commit-before", "commit-after"),
    *("submit-before", "submit-sent", "submit-arrived", "submit-answered", "submit-after"),
    *("poll-after", "fetch", "part-written", "part-synced", "publish", "retired", "renamed"),
    *("published", "restore"),
)
_MEMORY = Path("/dev/shm")
_MODULES = [
    module
    for name, module in sorted(sys.modules.items())
    if name.startswith("batchgen.")
    and name != crash_points.__name__
    and hasattr(module, "crash_point")
]


@dataclass(frozen=True)
class ListedCatalogue(Catalogue):
    """A catalogue whose rows are given."""

    items: tuple[Item, ...] = ()

    def rows(self) -> Iterator[ManifestRow]:
        """Yield them."""
        return (ManifestRow(item) for item in self.items)


@dataclass(frozen=True)
class Scope:
    """What a world is made of; everything else follows from the seed."""

    seed: int
    #: Products, and starts at most; None: as the seed has it.
    clips: int | None = None
    starts: int | None = None
    faults: frozenset[str] = FAULTS

    def __repr__(self) -> str:
        faults = "FAULTS" if self.faults == FAULTS else f"frozenset({sorted(self.faults)})"
        return f"Scope({self.seed}, clips={self.clips}, starts={self.starts}, faults={faults})"


@dataclass
class History:
    """What became of a world."""

    #: The first broken promise, or None.
    violation: str | None = None
    #: What the program raised, where that is the violation.
    error: Exception | None = None
    digest: str = ""
    figures: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Start(Session):
    """A session that reaches into the simulated world instead of the real one."""

    provider: Provider
    disk: Disk

    async def _connect(self, stack: contextlib.AsyncExitStack) -> Any:
        return self.provider, self.disk


def live(scope: Scope) -> History:
    """Let a world live; give what became of it."""
    folder = Path(tempfile.mkdtemp(prefix="world-", dir=_MEMORY if _MEMORY.is_dir() else None))
    loop = WorldLoop()
    world = World(scope, folder, loop)
    try:
        with world.in_place():
            world.live()
    except Exception as error:  # noqa: BLE001 - whatever is raised breaks a promise, too
        world.history.violation = f"{type(error).__name__}: {error}"
        world.history.error = error
    finally:
        world.files.put_back()
        loop.close()
        shutil.rmtree(folder)
    return world.history


def smallest(scope: Scope) -> Scope:
    """Give the smallest world with the same seed in which a promise is still broken."""
    found = scope
    is_shrinking = True
    while is_shrinking:
        is_shrinking = False
        for smaller in _smaller(found):
            if live(smaller).violation is not None:
                found, is_shrinking = smaller, True
                break
    return found


def _smaller(scope: Scope) -> Iterator[Scope]:
    """Yield smaller worlds, the smallest first."""
    clips, starts = scope.clips or 30, scope.starts or _MOST_STARTS
    for fewer in sorted({1, 2, clips // 2, clips - 1} - {0}):
        if fewer < clips:
            yield replace(scope, clips=fewer)
    if starts > 1:
        yield replace(scope, starts=starts - 1)
    for fault in sorted(scope.faults):
        yield replace(scope, faults=scope.faults - {fault})


class World:
    """One seed."""

    def __init__(self, scope: Scope, folder: Path, loop: WorldLoop) -> None:
        self.scope = scope
        self.history = History()
        self._loop = loop
        self._folder = folder
        self._chance = chance = Chance(scope.seed)
        self._machine = Machine(loop, chance)
        self._faults = frozenset(
            fault for fault in scope.faults if chance.happens(_HAS_FAULT, "has", fault)
        )
        self._weather = Weather(chance, self._faults)
        self._provider = Provider(self._machine, chance, self._weather)
        self._disk = Disk(self._machine, chance, (self._weather, self._provider))
        self.files = StateFiles(folder / "state.db", chance)
        self._clips = scope.clips or chance.whole(12, 30, "clips")
        self._starts = min(chance.whole(2, _MOST_STARTS, "starts"), scope.starts or _MOST_STARTS)
        self._takes = 2 if chance.happens(0.12, "takes") else 1
        self._resends = "resend" in self._faults and chance.happens(0.25, "resends")
        if self._resends:
            self._provider.on_repeat = chance.choice(["same", "refuse"], "on-repeat")
        self._wishes = Wishes(takes=self._takes, regenerates=chance.happens(0.2, "on-change"))
        self._judge = Judge(self._provider, self._disk, self._wishes)
        self._versions: Counter[int] = Counter()
        self._runner: Runner | None = None
        #: Signals and failed commits of this start.
        self._signals = 0
        self._failed_commits = 0
        self._names = 0

    # ------------------------------------------------------------ the whole life

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Put this world in the place of threads, chance and the output folder."""
        parts: list[tuple[Any, str, Any]] = [
            *((module, "crash_point", self._step) for module in _MODULES),
            (expand, "compile_prompt", cache(compile_prompt)),
            (execution, "OutputFolder", lambda root, disk: disk),
            (execution, "uuid", SimpleNamespace(uuid4=self._new_uuid)),
            (execution, "random", SimpleNamespace(random=self._jitter)),
            (committing, "queue", SimpleNamespace(SimpleQueue=self._writer_queue)),
            (committing, "threading", SimpleNamespace(Thread=self._writer_thread)),
            (writing, "open_for_writing", partial(self._opened, opening.open_for_writing)),
        ]
        with contextlib.ExitStack() as stack:
            for module, name, part in parts:
                stack.enter_context(patch.object(module, name, part))
            yield

    def live(self) -> None:
        """Go through all starts, as long as no promise is broken."""
        since = 0
        for number in range(self._starts):
            is_last = number == self._starts - 1
            self._between(number)
            self._weather.is_calm = is_last
            self._one_start(number, is_last=is_last)
            record = Record.read(self.files.path)
            found = self._judge.violations(record)
            if is_last:
                found += self._judge.unfinished(record)
            elif self._ended_gently():
                # What an earlier start left may stay where a signal came before the runner.
                found += self._judge.unanswered(record, since if self._signals else 0)
            since = len(record.attempts)
            if found:
                self.history.violation = f"start {number + 1} of {self._starts}: {found[0]}"
                break
        self._sum_up()

    def _ended_gently(self) -> bool:
        """Tell whether the last start had the time, and the disk, to leave nothing unanswered."""
        is_cut_off = self._machine.process.is_dead or self._signals > 1
        return not is_cut_off and not self._failed_commits

    def _sum_up(self) -> None:
        record = Record.read(self.files.path)
        truth = [(task.id, task.prompt, task.began_s) for task in self._provider.tasks.values()]
        files = sorted((name, len(content)) for name, content in self._disk.files.items())
        text = repr((record.digest(), truth, files))
        self.history.digest = hashlib.sha256(text.encode()).hexdigest()
        self.history.figures.update(
            charges=len(self._provider.tasks),
            saved=sum(row["state"] == "saved" for row in record.attempts),
            virtual_hours=int(self._machine.true_s / 3600),
        )

    def _between(self, number: int) -> None:
        """Let some time pass between two starts."""
        most_s = self._chance.choice([3.0, 30.0, 600.0, 7200.0, 1.5 * 86400], "gap", number)
        gap_s = self._chance.between(0, most_s, "passes", number)
        self._loop.turns = 0
        if number:
            self._loop.run_until_complete(_pass(gap_s))

    # ------------------------------------------------------------ one start

    def _one_start(self, number: int, *, is_last: bool) -> None:
        events = {} if is_last else self._events(number)
        self._machine.process = process = Process(self._loop, self._chance, events)
        self._runner, self._signals, self._failed_commits = None, 0, 0
        self.history.figures["starts"] += 1
        self.files.opening()
        was_durable = self.files.is_durable
        try:
            process.live(self._life(number), _MOST_S)
        except StateError as error:
            is_harmless = "state-disk" in self._faults and not is_last
            if was_durable and not is_harmless:
                message = f"the state was refused although nothing was lost: {error}"
                raise AssertionError(message) from error
        finally:
            is_dead = process.is_dead
            self.files.put_back()
        if not is_dead:
            self.files.closed()
        self.history.figures["steps"] += process.steps
        self.history.figures["failed_commits"] += self._failed_commits

    def _events(self, number: int) -> dict[Moment, Callable[[str], None]]:
        """Decide what happens at which steps of a start."""
        chance, events = self._chance, dict[Moment, Callable[[str], None]]()
        happenings: list[tuple[str, float, Callable[[str], None]]] = [
            ("sleep", 0.2, partial(self._sleep, number)),
            ("jump", 0.2, partial(self._jump, number)),
            ("signal", 0.2, self._signal),
            ("kill", 0.45, self._kill),
            ("power", 0.3, partial(self._lose_power, number)),
        ]
        for fault, probability, happen in happenings:
            if fault in self._faults and chance.happens(probability, fault, "start", number):
                events[self._moment(fault, number)] = happen
                if fault == "signal" and chance.happens(0.4, "second-signal", number):
                    events[self._moment("second-signal", number)] = happen
        return events

    def _moment(self, fault: str, number: int) -> Moment:
        """Choose a step: early ones as often as late ones, rare ones as often as others."""
        chance = self._chance
        if chance.happens(0.5, fault, "by-name", number):
            name = chance.choice(_STEPS, fault, "name", number)
            return name, round(math.exp(chance.between(0, math.log(20), fault, "nth", number)))
        return round(math.exp(chance.between(0, math.log(600), fault, "when", number)))

    async def _life(self, number: int) -> None:
        """Be one start of the program: the person settles and orders, then it runs."""
        workspace = self._workspace(number)
        clock = self._machine
        writer = SqliteWriter(self.files.path, clock.now)
        reader: SqliteReader | None = None
        try:
            reader = SqliteReader.open(self.files.path)
            assert reader is not None
            claim(workspace.output, workspace.claimant(reader))
            start = _Start(workspace, clock, writer, reader, self._provider, self._disk)
            if "person" in self._faults:
                await self._settle(start, number)
                await self._order(start, number)
            await self._run(start, number)
        finally:
            if reader is not None:
                reader.close()
            await writer.close()

    async def _run(self, start: _Start, number: int) -> None:
        plan = start.plan(Selection())
        is_new = self._chance.happens(0.2, "new-run", number)
        ending = await start.run(plan, SilentObserver(), new_run=is_new, on_runner=self._running)
        if not self._signals:
            code = 0 if ending.stopped is None else 4
            with contextlib.suppress(StateError):
                await start.writer.end_run(ending.run.id, code, ending.stopped)
        if ending.stopped is not None:
            self.history.figures[f"stopped-{ending.stopped}"] += 1

    def _running(self, runner: Runner) -> None:
        """Learn what a signal stops, and the ceiling that this start has."""
        self._runner = runner
        run = runner.context.run
        ceiling = 0 if run.budget is None else int(run.budget * 1000)
        before = self._wishes.run_ceilings.get(run.id, 0)
        self._wishes.run_ceilings[run.id] = max(before, ceiling)
        if self._signals:
            runner.leave()

    # ------------------------------------------------------------ what happens at a step

    def _step(self, name: str) -> None:
        """Be a crash point of the program."""
        if name == "commit-before":
            self.files.committing()
            self._fail_to_write()
        elif name == "commit-after":
            self.files.committed()
        self._machine.process.step(name)

    def _fail_to_write(self) -> None:
        """Let the disk of the state fail for a while."""
        now = self._machine.true_s
        if not self._weather.lasts("state-disk", 0.05, now, 300.0):
            return
        is_full = self._chance.happens(0.5, "state-full", int(now // 300))
        error = sqlite3.OperationalError("disk full" if is_full else "disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL if is_full else sqlite3.SQLITE_IOERR
        self._failed_commits += 1
        raise error

    def _kill(self, name: str) -> None:
        self.history.figures["kills"] += 1
        self.files.killed()
        self._machine.process.die()

    def _lose_power(self, number: int, name: str) -> None:
        self.history.figures["power_losses"] += 1
        self.files.lost_power(name, number)
        self._disk.lose_power(number)
        self._machine.process.die()

    def _signal(self, name: str) -> None:
        self.history.figures["signals"] += 1
        self._signals += 1
        if self._runner is not None:
            leave = self._runner.leave if self._signals == 1 else self._runner.leave_now
            self._loop.call_soon(leave)

    def _sleep(self, number: int, name: str) -> None:
        self.history.figures["sleeps"] += 1
        self._machine.nap(self._chance.between(60, 40 * 3600, "nap", number))

    def _jump(self, number: int, name: str) -> None:
        self.history.figures["jumps"] += 1
        most_s = self._chance.choice([3600, 86400, 3 * 365 * 86400], "far", number)
        self._machine.jump(self._chance.between(-most_s, most_s, "jump", number))

    # ------------------------------------------------------------ what stands in for the machine

    def _jitter(self) -> float:
        self._names += 1
        return self._chance.share("jitter", self._names)

    def _new_uuid(self) -> uuid.UUID:
        self._names += 1
        return uuid.UUID(
            int=int(self._chance.share("uuid", self._names) * 2**48) << 80 | self._names
        )

    def _writer_queue(self) -> Any:
        return self._machine.process.turns.as_queue()

    def _writer_thread(self, target: Callable[[], None], name: str) -> Any:
        return self._machine.process.turns.as_thread(target, name)

    def _opened(self, open_state: Callable[..., sqlite3.Connection], *said: Any) -> Any:
        connection = open_state(*said)
        self.files.opened(connection)
        return connection

    # ------------------------------------------------------------ the job, and the person

    def _workspace(self, number: int) -> Workspace:
        """Give the job as it is at a start, with the catalogue as the person left it."""
        chance = self._chance
        tier = chance.choice(["V0", "V0", "V0", *TIERS], "tier", number // 3)
        self._provider.slots = TIERS[tier]
        job = Job.model_validate(
            {
                "name": JOB,
                "manifest": {"path": "shop.csv"},
                "account": {
                    "tier": tier,
                    "give_up_after": chance.choice([300.0, 1200.0, 3600.0], "give-up"),
                    "resend_same_request_id": self._resends,
                },
                "on_change": "regenerate" if self._wishes.regenerates else "ask",
                "takes": self._takes,
                "budget": self._budget(number),
                "output": str(self._folder / "out"),
                "path": self._folder / "job.yaml",
            }
        )
        items = self._items(number)
        catalogue = ListedCatalogue(
            job.manifest,
            (Part(Source("shop.csv", Path("shop.csv")), Table(("sku",), ()), Shape("plain", {})),),
            (),
            items=tuple(items),
        )
        state = Setting("state", str(self.files.path), Origin.JOB)
        return Workspace(job, Settings(None, None, state), ACCOUNT, catalogue)

    def _items(self, number: int) -> list[Item]:
        chance, has_person = self._chance, "person" in self._faults
        skus = [n for n in range(self._clips) if not (has_person and self._is_removed(n, number))]
        if has_person and chance.happens(0.3, "reordered", number):
            skus.sort(key=lambda n: chance.share("order", n, number))
        return [self._item(n, number) for n in skus]

    def _is_removed(self, n: int, number: int) -> bool:
        return number > 0 and self._chance.happens(0.06, "removed", n, number)

    def _item(self, n: int, number: int) -> Item:
        chance, sku = self._chance, f"S{n}"
        if "person" in self._faults and chance.happens(0.04, "changed", n, number):
            self._versions[n] += 1
        prompt = f"{sku} version {self._versions[n]}"
        self._wishes.prompts[sku].add(prompt)
        campaign = chance.choice(["a", "b", ""], "campaign", n)
        self._wishes.campaigns[sku] = campaign
        model = "vidu2-reference" if chance.happens(0.2, "model", n) else "vidu2-image"
        cells = {"sku": sku, "prompt": prompt, "campaign": campaign, "model": model}
        return Item(sku, "shop.csv", n + 2, cells, (RemotePicture(f"https://shop.example/{n}"),))

    def _budget(self, number: int) -> dict[str, Any]:
        """Give the ceilings of a start: some kinds, none a multiple of the price."""
        chance, budget = self._chance, dict[str, Any]()
        total = self._clips * self._takes * 1.5
        most = {"run": total, "job": 1.5 * total, "day": total, "sku": 6.0, "by:campaign": total}
        for kind, highest in most.items():
            if not chance.happens(0.3, "budget", kind):
                continue
            is_changed = "person" in self._faults and chance.happens(0.3, kind, number)
            share = chance.between(0.3, 1.6, kind, number if is_changed else -1)
            ceiling = Decimal(round(max(share * highest, 1.3) * 100)) / 100
            milli = max(int(ceiling * 1000), self._wishes.ceilings.get(kind, 0))
            self._wishes.ceilings[kind] = milli
            if kind == "by:campaign":
                budget["by"] = {"campaign": str(ceiling)}
            else:
                budget[kind] = str(ceiling)
        return budget

    async def _settle(self, start: _Start, number: int) -> None:
        """Let the person settle some clips in doubt, truthfully."""
        tasks = {task.request_id: task for task in self._provider.tasks.values()}
        for attempt in start.reader.unfinished(ACCOUNT):
            is_doubtful = attempt.state in {AttemptState.INTENT, AttemptState.UNKNOWN}
            is_looked_up = attempt.request_id not in self._provider.on_their_way
            if not (is_doubtful and is_looked_up):
                continue
            if not self._chance.happens(0.2, "settled", attempt.id, number):
                continue
            if attempt.state is AttemptState.INTENT:
                attempt = await start.writer.move(attempt.id, AttemptState.UNKNOWN, "not answered")
            await self._settle_one(start, attempt, tasks.get(attempt.request_id))

    async def _settle_one(self, start: _Start, attempt: Attempt, task: Any) -> None:
        self.history.figures["settled"] += 1
        move = start.writer.move
        if task is None:
            await move(attempt.id, AttemptState.DECLARED_UNPAID, "looked up")
        elif self._chance.happens(0.2, "written-off", attempt.id):
            task.is_let_go = True
            await move(attempt.id, AttemptState.WRITTEN_OFF, "given up")
        else:
            submitted_at = attempt.submitted_at or attempt.created_at
            await move(
                attempt.id, AttemptState.ACCEPTED, task_id=task.id, submitted_at=submitted_at
            )

    async def _order(self, start: _Start, number: int) -> None:
        """Let the person order clips again, twice, and delete a file now and then."""
        kind = self._chance.choice(["failed", "lost", "sku", "uncertain"], "kind", number)
        if number and self._chance.happens(0.4, "orders", number):
            entries = list(self._again(start.plan(Selection()), kind, number))
            keys = sorted(it.clip.key for it in entries)
            if keys:
                open_orders = start.reader.open_orders(JOB, ACCOUNT)
                known = {key for it in open_orders for key in it.outstanding}
                self._wishes.ordered.update(key.sku for key in keys if key not in known)
                self.history.figures["orders"] += len(keys)
                await start.writer.place_order(JOB, ACCOUNT, kind, keys)
                await start.writer.place_order(JOB, ACCOUNT, kind, keys)
        if number and self._chance.happens(0.15, "deletes", number):
            names = [
                name
                for name in self._disk.files
                if name.startswith("clips/") and name.endswith(".mp4")
            ]
            if names:
                self._disk.delete(self._chance.choice(sorted(names), "deleted", number))

    def _again(self, plan: Plan, kind: str, number: int) -> Iterator[PlannedClip]:
        """Yield the clips of a plan that an order of this kind takes in, as `retry` does."""
        statuses = {
            "failed": {Status.FAILED},
            "lost": {Status.LOST},
            "sku": {Status.DONE},
            "uncertain": {Status.UNCERTAIN},
        }[kind]
        probability = 0.1 if kind in {"sku", "uncertain"} else 0.7
        for entry in plan.clips:
            if entry.status not in statuses or entry.action is Action.BRING_HOME:
                continue
            if self._chance.happens(probability, "again", str(entry.clip.key), number):
                yield entry


async def _pass(seconds: float) -> None:
    await asyncio.sleep(seconds)
