"""What `run`, `retry` and `demo` share: ask, run with signals and progress, tell how it ended."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from types import FrameType
from typing import Any

import click

from batchgen.cli.beside import beside
from batchgen.cli.ending import Outcome, summary, tell_ending, tell_stop
from batchgen.cli.exit_codes import ExitCode, code_of_run
from batchgen.cli.speech import heard, remark, tell_faults, tell_json
from batchgen.clip import AccountScope
from batchgen.errors import InputError, StateError
from batchgen.execution import Ending, Session
from batchgen.finishing import second_files
from batchgen.first_seen import FirstSeen
from batchgen.language import language_here, say_here
from batchgen.messages import Message, msg
from batchgen.output.rows import result_rows
from batchgen.plan.values import Plan, Selection, plain
from batchgen.progress import TerminalProgress
from batchgen.provider.port import StopReason
from batchgen.results import unwritable
from batchgen.run.ports import Observer, SilentObserver
from batchgen.run.runner import Runner
from batchgen.video_models import CURRENCIES

_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


@dataclass(slots=True)
class Manners:
    """How a run behaves towards the person."""

    as_json: bool = False
    yes: bool = False
    no_progress: bool = False
    new_run: bool = False
    skip_invalid: bool = False


def complete(work: Coroutine[Any, Any, int]) -> int:
    """Run a command's coroutine to its end and give its exit code.

    Until `_Stopper` listens, and after it, Ctrl-C ends the command at once. asyncio's own reaction
    waits for the next await: too late where a question or another run's lock is waited for.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return asyncio.run(work)
    signal.signal(signal.SIGINT, _interrupt)
    try:
        return asyncio.run(work)
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def refuse_faults(plan: Plan, manners: Manners) -> None:
    """Print every fault of the catalogue and refuse to run, unless faulty rows are left out.

    Raises:
        InputError: there are faults.
    """
    if not plan.faults or manners.skip_invalid or plan.skip_invalid:
        return
    tell_faults(plan.faults, as_error=True)
    raise InputError(
        msg(
            "faults in the catalogue: {count}; nothing was sent. Mend these rows, or leave"
            " them out with --skip-invalid",
            count=len(plan.faults),
        )
    )


def confirm(clips: int, cost: Decimal, account: AccountScope, manners: Manners) -> None:
    """Ask before real money is spent; without a terminal only `--yes` agrees.

    Raises:
        InputError: nobody agreed.
    """
    if manners.yes or not clips or account.provider == "simulator":
        return
    question = msg(
        "clips to buy: {clips}, for {cost} {currency}. Go on?",
        clips=clips,
        cost=plain(cost),
        currency=CURRENCIES[account.provider],
    )
    if not sys.stdin.isatty():
        raise InputError(
            msg("{question} Nobody is here to ask: agree with --yes", question=question)
        )
    if not click.confirm(heard(question), err=True):
        raise InputError(msg("nothing was sent"))


async def run_and_tell(session: Session, plan: Plan, manners: Manners) -> int:
    """Run a plan, write the output, print how it ended; give the exit code."""
    stopper = _Stopper()
    with stopper.listening():
        with _watching(session, plan, manners) as observer:
            stopper.observer = observer
            ending, after = await _run(session, plan, manners, stopper)
        no_disk = _write_output(session, after)
        ending = replace(ending, stopped=ending.stopped or no_disk)
        asked = FirstSeen()
        for entry in plan.to_buy:
            asked.note(entry.clip.key, 0)
        others = beside(after, session.reader)
        code = code_of_run(after, asked, ending.stopped, stopper.signal, others)
        if stopper.signal is None and not await _end_run(session, ending, code):
            ending = replace(ending, stopped=ending.stopped or StopReason.STATE)
            code = ExitCode.STOPPED
    outcome = Outcome(session, ending, plan, after, others)
    told = summary(outcome)
    tell_stop(ending)
    if manners.as_json:
        tell_json(told | {"exit": code})
    else:
        tell_ending(outcome, told)
    return code


async def _run(
    session: Session, plan: Plan, manners: Manners, stopper: _Stopper
) -> tuple[Ending, Plan]:
    """Run a plan; beside it and after it, second files are made, unless a signal came."""
    observer = stopper.observer
    async with second_files(session.workspace, session.clock, observer.note) as making:
        watching = observer if making is None else making.watching(observer)
        ending = await session.run(plan, watching, new_run=manners.new_run, on_runner=stopper.take)
        after = session.plan(Selection())
        if making is not None and ending.stopped is not StopReason.DISK:
            await stopper.unless_stopped(making.complete(result_rows(after)))
    return ending, after


def _write_output(session: Session, after: Plan) -> StopReason | None:
    """Write results and report; give the reason to come again when the disk does not take them."""
    try:
        warnings = session.write_output(after, language_here())
    except OSError as error:
        remark(unwritable(session.workspace, error))
        return StopReason.DISK
    for warning in warnings:
        remark(warning)
    return None


async def _end_run(session: Session, ending: Ending, code: int) -> bool:
    """Record that the run ended; tell whether the state took it."""
    try:
        await session.writer.end_run(ending.run.id, code, ending.stopped)
    except StateError as error:
        remark(error.message)
        return False
    return True


@contextmanager
def _watching(session: Session, plan: Plan, manners: Manners) -> Iterator[Observer]:
    if manners.no_progress:
        yield _NotesOnly()
        return
    progress = TerminalProgress(len(plan.to_buy), say_here(), sys.stderr, session.clock)
    try:
        yield progress
    finally:
        progress.close()


class _NotesOnly(SilentObserver):
    """Shows what a person should know, and no figures."""

    def note(self, message: Message) -> None:
        """Print the note."""
        remark(message)


class _Stopper:
    """Turns signals into a gentle stop, a second one into an immediate one."""

    def __init__(self) -> None:
        #: Is told that the run stops.
        self.observer: Observer = _NotesOnly()
        #: The first signal that came.
        self.signal: int | None = None
        self._runner: Runner | None = None
        #: What a signal ends at once, as it can be done the next time.
        self._leisure: asyncio.Future[None] | None = None
        self._loop = asyncio.get_running_loop()

    def take(self, runner: Runner) -> None:
        """Learn what is to be stopped."""
        self._runner = runner
        if self.signal is not None:
            runner.leave()

    async def unless_stopped(self, work: Coroutine[Any, Any, None]) -> None:
        """Do what can be left for the next time; a signal ends it, or keeps it from beginning."""
        self._leisure = asyncio.ensure_future(work)
        if self.signal is not None:
            self._leisure.cancel()
        await asyncio.wait([self._leisure])
        if not self._leisure.cancelled():
            self._leisure.result()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen to signals while the block lasts."""
        heeded = [n for n in _SIGNALS if signal.getsignal(n) is not signal.SIG_IGN]  # nohup
        before = {number: signal.signal(number, self._arrived) for number in heeded}
        try:
            yield
        finally:
            for number, reaction in before.items():
                signal.signal(number, reaction)

    def _arrived(self, number: int, frame: FrameType | None) -> None:
        self._loop.call_soon_threadsafe(self._stop, number)

    def _stop(self, number: int) -> None:
        is_second = self.signal is not None
        self.signal = self.signal or number
        if self._leisure is not None:
            self._leisure.cancel()
        if self._runner is not None and is_second:
            self._runner.leave_now()
        elif self._runner is not None:
            self._runner.leave()  # first: after a hangup there is no terminal to write to
            self.observer.note(
                msg("stopping: what is in the air is recorded first; again to leave at once")
            )
