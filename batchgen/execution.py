"""Wires a job for running: locks, state, output folder and provider around one `Runner`.

1. hold the lock of the state, then that of the account       (`open_session`)
2. open and check the state; the output folder must be ours
3. plan, with nobody else able to change the state under it    (`Session.plan`)
4. run: new or continued, with its budget                      (`Session.run`)
5. write results and report from the state alone               (`Session.write_output`)
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from batchgen.clip import Attempt, ClipRequest, TaskId
from batchgen.engine import SIMULATOR_HOST, Workspace, reading
from batchgen.errors import Busy, InputError, SettingsError, StateError
from batchgen.fetched_pictures import with_fetched_pictures
from batchgen.job.schema import Account
from batchgen.messages import Message, msg
from batchgen.open_files import ensure_open_files
from batchgen.output.download import Downloader
from batchgen.output.folder import OutputFolder
from batchgen.output.owner import claim, record
from batchgen.output.port import ClipFolder
from batchgen.plan.values import Action, Plan, Selection
from batchgen.plan.window import opened_at
from batchgen.provider.base_urls import host_of, is_loopback
from batchgen.provider.bigmodel import BigModelClient
from batchgen.provider.port import PollReply, StopReason, VideoProvider
from batchgen.restoring import restore_films
from batchgen.results import write_output
from batchgen.run.buying import Buyer
from batchgen.run.context import RunContext, Tally
from batchgen.run.fetching import Fetcher
from batchgen.run.following import Follower
from batchgen.run.polling.rhythm import Rhythm
from batchgen.run.ports import Clock, Observer
from batchgen.run.reacting import Reactor
from batchgen.run.resending import Resender, resendable
from batchgen.run.runner import Runner
from batchgen.run.slots import Slots, SlotsByModel
from batchgen.run.stopping import Gate, Stop
from batchgen.simulator.embedded import embedded_simulator
from batchgen.state.ledger import budget_zone, continues, day_of
from batchgen.state.locks import account_lock_path, hold, state_lock_path
from batchgen.state.reading import SqliteReader
from batchgen.state.store import Purse, Run
from batchgen.state.writing import SqliteWriter
from batchgen.video_models import MODELS

#: The embedded simulator runs so many times faster than the real API.
SIMULATOR_SPEED = 60.0
#: A clock that is off by more than this is worth a word (seconds).
_CLOCK_TOLERANCE_S = 300.0
#: A clock behind this was never set: 2000-01-01, in UTC seconds.
_EARLIEST = 946_684_800.0


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended."""

    run: Run
    #: Why it stopped early, or None.
    stopped: StopReason | None
    #: The sentence that goes with it.
    message: Message | None
    #: Seconds this start took.
    seconds: float


@dataclass(frozen=True, slots=True)
class Session:
    """One job whose state and account nobody else can use meanwhile."""

    workspace: Workspace
    clock: Clock
    writer: SqliteWriter
    reader: SqliteReader

    def plan(self, selection: Selection, *, new_run: bool = False) -> Plan:
        """Plan the job against the state as it is now, for the open run or a new one."""
        return self.workspace.plan(self.reader, selection, self.clock.now(), new_run=new_run)

    async def run(
        self,
        plan: Plan,
        observer: Observer,
        *,
        new_run: bool = False,
        on_runner: Callable[[Runner], None] = lambda _: None,
    ) -> Ending:
        """Buy what the plan buys and bring everything home; `on_runner` gets what can be stopped.

        Raises:
            SettingsError: there is no key, or the simulator did not start.
        """
        started = self.clock.monotonic()
        stop = Stop()
        async with AsyncExitStack() as stack:
            provider, downloader = await self._connect(stack)
            buying = await stack.enter_async_context(
                with_fetched_pictures(self.workspace.job.manifest, provider)
            )
            folder = OutputFolder(self.workspace.output, downloader)

            def folder_of(attempt: Attempt) -> ClipFolder:
                is_ours = attempt.job == plan.job
                return folder if is_ours else OutputFolder(Path(attempt.output), downloader)

            run = await self._start_run(plan, new_run=new_run)
            left = self.reader.unfinished(self.workspace.account)
            ours = [attempt for attempt in left if attempt.job == plan.job]
            tally = self._tally(plan, total=len(plan.to_buy) + len(ours))
            context = self._context(run, tally, stop, observer)
            in_doubt = resendable(plan.with_actions({Action.LEAVE}), plan.job)
            runner = _runner(self.workspace, context, buying, folder_of, in_doubt)
            on_runner(runner)
            done = plan.with_actions({Action.DONE})
            restoring = asyncio.ensure_future(
                restore_films(
                    done, self.workspace.output, folder, self.writer, self.clock, observer
                )
            )
            stack.push_async_callback(_ended, restoring)
            stack.callback(self._note_how_far)
            await runner.run(plan.to_buy, left, restoring)
            _tell_clock(provider.clock_offset_s, observer)
        if stop.reason is None and context.held_by_budget:
            stop.request(StopReason.BUDGET, msg("a budget kept some clips from being bought"))
        return Ending(run, stop.reason, stop.message, self.clock.monotonic() - started)

    async def ask(self, task_id: TaskId, request_id: str) -> PollReply:
        """Ask the provider once about a task that a request may have made; record nothing.

        Raises:
            SettingsError: there is no key, or the simulator did not start.
        """
        async with AsyncExitStack() as stack:
            provider, _ = await self._connect(stack)
            return await provider.poll(task_id, request_id)

    async def _connect(self, stack: AsyncExitStack) -> tuple[BigModelClient, Downloader]:
        """Open the provider and the downloads for as long as the stack lasts."""
        account = self.workspace.job.account
        base_url = self.workspace.base_url
        if base_url is None:
            folder = self.workspace.state_path.parent / "simulator"
            simulator = embedded_simulator(folder, tier=account.tier, speed=SIMULATOR_SPEED)
            base_url = await stack.enter_async_context(simulator)
        provider = await stack.enter_async_context(
            BigModelClient(
                base_url,
                self.workspace.key(),
                provider=account.provider,
                max_per_second=account.max_polls_per_second,
                now=self.clock.now,
            )
        )
        downloader = await stack.enter_async_context(
            Downloader(allow_loopback=is_loopback(host_of(base_url)))
        )
        return provider, downloader

    async def _start_run(self, plan: Plan, *, new_run: bool) -> Run:
        """Continue the job's open run, or open a new one; give it with the ceiling it now has.

        A budget that was said is kept for the next start. Without one, what this start's plan
        costs is the ceiling.
        """
        account, said = self.workspace.account, self.workspace.job.budget.run
        last = self.reader.last_run(plan.job, account)
        run_id = _new_run_id()
        since = opened_at(self.workspace.job.window, self.clock.now())
        if last is not None and not new_run and continues(last, said, since):
            run_id, said = last.id, self.workspace.asked_budget or last.budget or said
        run = Run(
            id=run_id,
            job=plan.job,
            account=account,
            output=str(self.workspace.output),
            budget=said,
            started_at=self.clock.now(),
        )
        await self.writer.start_run(run)
        committed = self.reader.balance(account, Purse("run", run_id)).committed
        return replace(run, budget=said or committed + plan.cost)

    def _context(self, run: Run, tally: Tally, stop: Stop, observer: Observer) -> RunContext:
        account = self.workspace.job.account
        return RunContext(
            run=run,
            budget=self.workspace.job.budget,
            currency=tally.currency,
            state=self.writer,
            clock=self.clock,
            observer=observer,
            stop=stop,
            slots=_slots(account),
            tally=tally,
            window=None if account.provider == "simulator" else self.workspace.job.window,
            zone=budget_zone(self.workspace.job.window),
        )

    def _tally(self, plan: Plan, total: int) -> Tally:
        account = self.workspace.account
        return Tally(
            job=plan.job,
            currency=plan.currency,
            total=total,
            before=self.reader.balance(account, Purse("job", plan.job)),
            waiting=Counter(plan.bought_models),
            seconds={model: self.reader.task_seconds(account, model)[::-1] for model in MODELS},
        )

    def _note_how_far(self) -> None:
        """Note in the output folder how far the state has come: an older copy is known by it."""
        with contextlib.suppress(InputError):  # a full disk; the next start notes it
            record(self.workspace.output, self.workspace.claimant(self.reader))

    def write_output(self, plan: Plan, language: str) -> list[Message]:
        """Write results and report of a plan made after the run. See `write_output`."""
        return write_output(self.workspace, plan, self.reader, self.clock.now(), language)


@asynccontextmanager
async def open_session(
    workspace: Workspace, clock: Clock, *, on_wait: Callable[[Message], None] | None = None
) -> AsyncIterator[Session]:
    """Hold the state and the account of a job while the block lasts.

    Where another run holds one of them, `on_wait` is told and the run waits; without it, it does
    not.

    Raises:
        Busy: another run holds one of them.
        StateError: the state cannot be used.
        InputError: the output folder is not ours, the system's limits are too low, or its clock is
            impossible.
    """
    ensure_open_files(workspace.job.account.most_slots)
    _refuse_impossible(clock.now())
    path = workspace.state_path
    async with AsyncExitStack() as stack:
        _hold(stack, state_lock_path(path), msg("the state {path}", path=path), on_wait)
        if workspace.account.host != SIMULATOR_HOST:
            lock = account_lock_path(f"{workspace.account}:{_port(workspace)}")
            what = msg("the account {account}", account=str(workspace.account))
            _hold(stack, lock, what, on_wait)
        with reading(path, _refuse) as before:  # a start that is refused is not one of the state's
            workspace.refuse_foreign_output(before)
        writer = SqliteWriter(path, clock.now)
        stack.push_async_callback(writer.close)
        reader = SqliteReader.open(path)
        if reader is None:
            message = msg("the state {path} vanished while it was opened", path=path)
            raise InputError(message)
        stack.callback(reader.close)
        claim(workspace.output, workspace.claimant(reader))
        yield Session(workspace, clock, writer, reader)


def _refuse_impossible(now: float) -> None:
    """Refuse a clock that was never set: days of budgets and lives of links would be wrong.

    Raises:
        SettingsError: it is to be set.
    """
    if now < _EARLIEST:
        raise SettingsError(
            msg(
                "this computer's clock says {day}; nothing was sent. Set it, then run again",
                day=day_of(now),
            )
        )


def _refuse(doubt: Message) -> None:
    raise StateError(doubt)


def _hold(
    stack: AsyncExitStack, path: Path, what: Message, on_wait: Callable[[Message], None] | None
) -> None:
    try:
        stack.enter_context(hold(path, what))
    except Busy:
        if on_wait is None:
            raise
        on_wait(msg("another run holds {what}: waiting until it ends", what=what))
        stack.enter_context(hold(path, what, wait=True))


async def _ended(task: asyncio.Task[Any]) -> None:
    """End a task that nobody waits for any more."""
    task.cancel()
    await asyncio.wait([task])


def _tell_clock(offset_s: float | None, observer: Observer) -> None:
    """Say when this computer's clock is far from the API's."""
    if offset_s is not None and abs(offset_s) > _CLOCK_TOLERANCE_S:
        observer.note(
            msg(
                "this computer's clock is {minutes} minutes off from the API's: days of budgets"
                " and times of results are wrong; set the clock",
                minutes=round(abs(offset_s) / 60),
            )
        )


def _runner(
    workspace: Workspace,
    context: RunContext,
    provider: VideoProvider,
    folder_of: Callable[[Attempt], ClipFolder],
    in_doubt: Mapping[int, ClipRequest],
) -> Runner:
    account = workspace.job.account
    resends = account.resend_same_request_id
    before_s = {model: tuple(seen_s) for model, seen_s in context.tally.seconds.items()}
    rhythm = Rhythm(before_s, account.poll_cost, account.max_polls_per_second)
    follower = Follower(context, provider, account.give_up_after, random.random, rhythm)
    gate = Gate(context.clock, context.stop, random.random)
    buyer = Buyer(
        context=context,
        provider=provider,
        gate=gate,
        reactor=Reactor(context, gate, resends),
        new_request_id=lambda: f"bg-{uuid.uuid4().hex}",
    )
    return Runner(
        context=context,
        buyer=buyer,
        follower=follower,
        fetcher=Fetcher(context, follower, folder_of),
        resender=Resender(buyer, in_doubt) if resends else None,
    )


def _slots(account: Account) -> Slots | SlotsByModel:
    if account.cap_scope == "model":
        return SlotsByModel(account.slots, MODELS)
    return Slots(account.slots)


def _new_run_id() -> str:
    return f"run-{uuid.uuid4().hex[:12]}"


def _port(workspace: Workspace) -> str:
    """Give the API's port: two servers on one host (two simulators) are two accounts."""
    return str(urlsplit(workspace.base_url or "").port or "")
