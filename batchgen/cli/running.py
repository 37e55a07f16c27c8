"""What `run`, `retry` and `demo` share: ask, run with signals and progress, tell how it ended."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from types import FrameType
from typing import Any

import click

from batchgen.cli.exit_codes import code_of_run
from batchgen.cli.speech import heard, remark, tell, tell_faults, tell_json
from batchgen.clip import AccountScope, Status
from batchgen.errors import InputError
from batchgen.execution import Ending, Session
from batchgen.language import say_here
from batchgen.messages import msg
from batchgen.plan.values import Action, Plan, plain
from batchgen.progress import TerminalProgress
from batchgen.run.ports import Observer, SilentObserver
from batchgen.run.runner import Runner
from batchgen.state.store import Purse
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


def refuse_faults(plan: Plan, manners: Manners) -> None:
    """Print every fault of the catalogue and refuse to run, unless faulty rows are left out.

    Raises:
        InputError: there are faults.
    """
    if not plan.faults or manners.skip_invalid:
        return
    tell_faults(plan.faults, as_error=True)
    raise InputError(
        msg(
            "{count} faults in the catalogue; nothing was sent."
            " Mend these rows, or leave them out with --skip-invalid",
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
        "buy {clips} clips for {cost} {currency}?",
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
    observer, close = _observer(session, plan, manners)
    stopper = _Stopper()
    with stopper.listening():
        ending = await session.run(plan, observer, new_run=manners.new_run, on_runner=stopper.take)
    close()
    after, warnings = session.tell(say_here())
    asked = [entry.clip.key for entry in plan.to_buy]
    code = code_of_run(after, asked, ending.stopped, stopper.signal)
    if stopper.signal is None:
        await session.writer.end_run(ending.run.id, code, ending.stopped)
    for warning in warnings:
        remark(warning)
    summary = _summary(session, plan, after, ending, code)
    if manners.as_json:
        tell_json(summary)
    else:
        _tell_ending(session, after, ending, summary)
    return code


def _observer(session: Session, plan: Plan, manners: Manners) -> tuple[Observer, Any]:
    if manners.no_progress:
        return SilentObserver(), lambda: None
    progress = TerminalProgress(len(plan.to_buy), say_here(), sys.stderr, session.clock)
    return progress, progress.close


class _Stopper:
    """Turns signals into a gentle stop, a second one into an immediate one."""

    def __init__(self) -> None:
        #: The first signal that came.
        self.signal: int | None = None
        self._runner: Runner | None = None
        self._loop = asyncio.get_running_loop()

    def take(self, runner: Runner) -> None:
        """Learn what is to be stopped."""
        self._runner = runner
        if self.signal is not None:
            runner.leave()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen to signals while the block lasts."""
        before = {number: signal.signal(number, self._arrived) for number in _SIGNALS}
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
        if self._runner is not None and is_second:
            self._runner.leave_now()
        elif self._runner is not None:
            remark(msg("stopping: what is in the air is recorded first; again to leave at once"))
            self._runner.leave()


def _summary(
    session: Session, before: Plan, after: Plan, ending: Ending, code: int
) -> dict[str, Any]:
    """Give `run --json` (contract, section 7)."""
    counts = Counter(entry.status for entry in after.clips)
    money = session.reader.balance(after.account, Purse("job", after.job))
    return {
        "run": ending.run.id,
        **{status.value: counts[status] for status in Status if status is not Status.INVALID},
        "changed": sum(entry.action is Action.CHANGED for entry in after.clips),
        "invalid": len({(fault.file, fault.row) for fault in after.faults}),
        "skipped": sum(entry.action is Action.DONE for entry in before.clips),
        "spent": plain(money.spent),
        "at_risk": plain(money.at_risk),
        "reserved": plain(money.reserved),
        "currency": after.currency,
        "seconds": round(ending.seconds, 1),
        "exit": code,
        "stopped": ending.stopped,
    }


def _tell_ending(session: Session, after: Plan, ending: Ending, summary: dict[str, Any]) -> None:
    if ending.message is not None:
        remark(msg("stopped early: {reason}; run again to go on", reason=ending.message))
    for entry in after.clips:
        if entry.status is Status.FAILED and entry.attempt is not None:
            remark(
                msg(
                    "{clip} failed: {reason}",
                    clip=str(entry.clip.key),
                    reason=entry.attempt.error or "FAIL",
                )
            )
    if summary["failed"]:
        remark(
            msg(
                "a clip that the provider reported as FAIL may have been billed;"
                " `retry --failed` buys it again at its price"
            )
        )
    tell(
        msg(
            "{done} done, {failed} failed, {uncertain} uncertain, {others} not here yet"
            " | {spent} {currency} spent, {at_risk} at risk, {reserved} in the air | {seconds} s",
            done=summary["done"],
            failed=summary["failed"],
            uncertain=summary["uncertain"],
            others=sum(summary[name] for name in ("ready", "lost", "running", "planned")),
            spent=summary["spent"],
            at_risk=summary["at_risk"],
            reserved=summary["reserved"],
            currency=summary["currency"],
            seconds=summary["seconds"],
        )
    )
    tell(msg("open {report}", report=session.workspace.output / "report.html"))
