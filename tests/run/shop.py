"""A shop with a state, a scripted provider and a folder, whose runs the tests start and break."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar, Unpack

from batchgen.clip import (
    AccountScope,
    Attempt,
    AttemptState,
    Balance,
    ClipKey,
    ClipRequest,
    Intent,
    RemotePicture,
)
from batchgen.errors import StateError
from batchgen.job.schema import Budget, Window
from batchgen.messages import Message, msg
from batchgen.plan.values import Action, Clip, PlannedClip
from batchgen.run.buying import Buyer
from batchgen.run.context import RunContext, Tally
from batchgen.run.fetching import Fetcher
from batchgen.run.following import Follower
from batchgen.run.polling.rhythm import Rhythm
from batchgen.run.ports import Progress
from batchgen.run.reacting import Reactor
from batchgen.run.resending import Resender, resendable
from batchgen.run.runner import Runner
from batchgen.run.slots import Slots, SlotsByModel
from batchgen.run.stopping import Gate, Stop
from batchgen.state.ledger import budget_zone
from batchgen.state.reading import SqliteReader
from batchgen.state.store import Facts, Limit, Order, Purse, Run
from batchgen.state.writing import SqliteWriter
from tests.run.scripted import ScriptedFolder, ScriptedProvider, nowhere
from tests.run.virtual_loop import START, VirtualClock, in_thread
from tests.state.test_state_writing import PATHS

ACCOUNT = AccountScope("bigmodel", "default", "open.bigmodel.cn")
PRICE = Decimal("1.25")
#: An attempt that may be sent again by a plain run.
AGAIN = {AttemptState.REJECTED, AttemptState.DECLARED_UNPAID}
_T = TypeVar("_T")


class Watched:
    """The real state, with a point before and after each change, and writes that can fail."""

    def __init__(self, writer: SqliteWriter, point: Callable[[], None]) -> None:
        self._writer = writer
        self._point = point
        self._broken_for: AttemptState | None = None

    def break_for(self, to: AttemptState) -> None:
        """Refuse every move to a state from now on; INTENT: every purchase."""
        self._broken_for = to

    async def start_run(self, run: Run) -> None:
        """Record a run."""
        await self._change(self._writer.start_run(run))

    async def end_run(self, run_id: str, exit_code: int, stopped: str | None) -> None:
        """Record the end of a run."""
        await self._change(self._writer.end_run(run_id, exit_code, stopped))

    async def reserve(self, run: Run, intent: Intent, day: str, limits: Sequence[Limit]) -> Attempt:
        """Reserve."""
        self._fail_if_broken(AttemptState.INTENT)
        return await self._change(self._writer.reserve(run, intent, day, limits))

    async def move(
        self, attempt_id: int, to: AttemptState, reason: str = "", **facts: Unpack[Facts]
    ) -> Attempt:
        """Move."""
        self._fail_if_broken(to)
        return await self._change(self._writer.move(attempt_id, to, reason, **facts))

    async def place_order(
        self, job: str, account: AccountScope, kind: str, keys: Sequence[ClipKey]
    ) -> Order:
        """Place an order."""
        return await self._change(self._writer.place_order(job, account, kind, keys))

    async def close(self) -> None:
        """Close the state."""
        await in_thread(self._writer.close())

    def _fail_if_broken(self, to: AttemptState) -> None:
        if self._broken_for is to:
            raise StateError(msg("disk full"))

    async def _change(self, write: Awaitable[_T]) -> _T:
        task = asyncio.ensure_future(write)
        try:
            self._point()
        except BaseException:
            task.cancel()
            raise
        outcome = await in_thread(asyncio.shield(task))
        self._point()
        return outcome


@dataclass
class Audience:
    """An `Observer` that remembers."""

    notes: list[str] = field(default_factory=list)
    figures: list[Progress] = field(default_factory=list)
    moves: list[tuple[str, AttemptState]] = field(default_factory=list)

    def moved(self, attempt: Attempt) -> None:
        """Remember a move."""
        self.moves.append((attempt.key.sku, attempt.state))

    def progress(self, progress: Progress) -> None:
        """Remember the figures."""
        self.figures.append(progress)

    def note(self, message: Message) -> None:
        """Remember the text, with its values filled in."""
        self.notes.append(str(message))


class Shop:
    """One account, one state and one folder over any number of starts."""

    def __init__(self, path: Path, slots: int = 2, point: Callable[[], None] = nowhere) -> None:
        self._path = path
        self._point = point
        self.slots = slots
        self.clock = VirtualClock()
        self.provider = ScriptedProvider(self.clock, point)
        self.folder = ScriptedFolder(path / "out", self.clock, point)
        self.audience = Audience()
        self.budget = Budget()
        self.window: Window | None = None
        #: The ceiling of the run.
        self.ceiling: Decimal | None = None
        self.give_up_after_s = 7200.0
        self.poll_cost_s: float | None = None
        self.calls_per_second = 10.0
        #: Whether what is in doubt is sent again under its request id.
        self.resends = False
        #: Whether each model has slots of its own.
        self.is_capped_by_model = False
        #: SKU -> model, where it is not vidu2-image.
        self.models: dict[str, str] = {}
        self.job = "spring"
        #: Called when the runner is ready to run.
        self.before_run: Callable[[], None] = lambda: None
        self._numbers = itertools.count(1)
        self.state: Watched
        self.runner: Runner

    def planned(self, sku: str, **changes: Any) -> PlannedClip:
        """Plan a clip of a SKU; the prompt is the SKU."""
        request = ClipRequest(
            model=self.models.get(sku, "vidu2-image"),
            prompt=sku,
            pictures=(RemotePicture("https://shop.example/1.jpg"),),
            size="1280x720",
            duration=4,
            movement_amplitude="auto",
            with_audio=False,
        )
        clip = Clip(ClipKey(sku), request, f"v1:{sku}", PRICE, 2)
        return PlannedClip(replace(clip, **changes), Action.BUY)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Hold the state open."""
        self.state = Watched(SqliteWriter(self._path / "state.db", self.clock.now), self._point)
        try:
            yield
        finally:
            await self.state.close()

    async def run(
        self, *skus: str, while_running: Callable[[], Awaitable[None]] | None = None
    ) -> Stop:
        """Make one start: buy the SKUs that were not bought yet, and bring everything home."""
        return await self.run_clips([self.planned(sku) for sku in skus], while_running)

    async def run_clips(
        self,
        clips: Sequence[PlannedClip],
        while_running: Callable[[], Awaitable[None]] | None = None,
    ) -> Stop:
        """Make one start for planned clips; `while_running` goes on beside it."""
        async with self.open():
            run = await self._start_run()
            newest = {attempt.key: attempt for attempt in self.newest()}
            to_buy = [
                entry
                for entry in clips
                if entry.clip.key not in newest or newest[entry.clip.key].state in AGAIN
            ]
            left = self.unfinished()
            in_doubt = resendable(
                [
                    replace(entry, action=Action.LEAVE, attempt=newest[entry.clip.key])
                    for entry in clips
                    if entry not in to_buy
                ],
                self.job,
            )
            self.runner = self._runner(run, to_buy, left, in_doubt)
            self.before_run()
            beside = asyncio.ensure_future(while_running()) if while_running else None
            await self.runner.run(to_buy, left)
            if beside is not None:
                await beside
            return self.runner.context.stop

    async def prepared_runner(self) -> Runner:
        """Make a runner for one more start with nothing to take over."""
        return self._runner(await self._start_run(), [], [], {})

    async def _start_run(self) -> Run:
        run = Run("run-1", self.job, ACCOUNT, str(self._path / "out"), self.ceiling, START)
        await self.state.start_run(run)
        return run

    async def have(self, sku: str, state: AttemptState, job: str = "spring") -> Attempt:
        """Write an attempt that an earlier start brought to a state; the provider has its task."""
        async with self.open():
            run = Run(f"run-of-{job}", job, ACCOUNT, str(self._path / "out"), None, START)
            await self.state.start_run(run)
            clip = self.planned(sku).clip
            number = f"earlier-{next(self._numbers)}"
            intent = Intent(
                clip.key, number, clip.fingerprint, clip.request.model, PRICE, "CNY", {}
            )
            attempt = await self.state.reserve(run, intent, "2026-11-23", [])
            for step in PATHS[state]:
                facts = await self._facts(attempt, step)
                attempt = await self.state.move(attempt.id, step, **facts)
            return attempt

    async def _facts(self, attempt: Attempt, step: AttemptState) -> Facts:
        now = self.clock.now()
        match step:
            case AttemptState.ACCEPTED:
                task_id = self.provider.make_task(attempt.key.sku)
                return Facts(task_id=task_id, submitted_at=now)
            case AttemptState.SUCCEEDED:
                link = f"https://files.example/{attempt.task_id}.mp4"
                return Facts(finished_at=now, video_url=link, url_expires_at=now + 86400)
            case AttemptState.VERIFIED:
                fetched = await self.folder.fetch(attempt)
                return Facts(file=fetched.file, sha256=fetched.sha256)
            case AttemptState.SAVED:
                await self.folder.publish(attempt)
                return Facts()
            case _:
                return Facts()

    def newest(self) -> list[Attempt]:
        """Read the newest attempt of each clip."""
        return self._read(lambda reader: list(reader.newest_attempts(ACCOUNT)))

    def attempts(self) -> list[Attempt]:
        """Read every attempt."""
        return self._read(lambda reader: list(reader.attempts(ACCOUNT)))

    def unfinished(self) -> list[Attempt]:
        """Read what an earlier start left."""
        return self._read(lambda reader: reader.unfinished(ACCOUNT))

    def states(self) -> dict[str, AttemptState]:
        """Read SKU -> state of its newest attempt."""
        return {attempt.key.sku: attempt.state for attempt in self.newest()}

    def money(self, job: str = "spring") -> Balance:
        """Read the money of a job."""
        return self._read(lambda reader: reader.balance(ACCOUNT, Purse("job", job)))

    def counts(self) -> Counter[AttemptState]:
        """Count the newest attempts by state."""
        return Counter(self.states().values())

    def _read(self, what: Callable[[SqliteReader], _T]) -> _T:
        reader = SqliteReader.open(self._path / "state.db")
        assert reader is not None
        try:
            return what(reader)
        finally:
            reader.close()

    def _runner(
        self,
        run: Run,
        to_buy: Sequence[PlannedClip],
        left: Sequence[Attempt],
        in_doubt: Mapping[int, ClipRequest],
    ) -> Runner:
        stop = Stop()
        models = dict.fromkeys([entry.clip.request.model for entry in to_buy] + ["vidu2-image"])
        seconds = self._read(
            lambda reader: {model: reader.task_seconds(ACCOUNT, model)[::-1] for model in models}
        )
        context = RunContext(
            run=run,
            budget=self.budget,
            currency="CNY",
            state=self.state,
            clock=self.clock,
            observer=self.audience,
            stop=stop,
            slots=SlotsByModel(self.slots, models)
            if self.is_capped_by_model
            else Slots(self.slots),
            window=self.window,
            zone=budget_zone(self.window),
            tally=Tally(
                job=run.job,
                currency="CNY",
                total=len(to_buy) + sum(attempt.job == run.job for attempt in left),
                before=self.money(run.job),
                waiting=Counter(entry.clip.request.model for entry in to_buy),
                seconds=seconds,
            ),
        )
        before_s = {model: tuple(seen_s) for model, seen_s in seconds.items()}
        rhythm = Rhythm(before_s, self.poll_cost_s, self.calls_per_second)
        follower = Follower(context, self.provider, self.give_up_after_s, lambda: 1.0, rhythm)
        gate = Gate(self.clock, stop, lambda: 1.0)
        buyer = Buyer(
            context=context,
            provider=self.provider,
            gate=gate,
            reactor=Reactor(context, gate, self.resends),
            new_request_id=lambda: f"request-{next(self._numbers)}",
        )
        fetcher = Fetcher(context, follower, lambda _: self.folder)
        resender = Resender(buyer, in_doubt) if self.resends else None
        return Runner(context, buyer, follower, fetcher, resender)
