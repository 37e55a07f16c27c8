"""`batchgen ledger --reconcile BILL`: compares a bill with the state, and settles what it proves.

Without `--settle` nothing is changed. With it: lock the state, compare, show, ask, move each
purchase that the bill settles, compare again. Nothing is ever sent.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import click

from batchgen.cli.bill import BillOptions, read_bill
from batchgen.cli.comparison import comparison_csv, comparison_json
from batchgen.cli.exit_codes import ExitCode
from batchgen.cli.looking import looking
from batchgen.cli.reconciled import show_bill, show_end
from batchgen.cli.running import complete
from batchgen.cli.speech import heard, tell_json, write_line
from batchgen.clip import AccountScope, Attempt, AttemptState
from batchgen.clock import SystemClock
from batchgen.engine import reading
from batchgen.errors import InputError
from batchgen.messages import msg
from batchgen.state.locks import hold, state_lock_path
from batchgen.state.reconcile import reconcile
from batchgen.state.settling import Settlement, settle
from batchgen.state.store import StateWriter
from batchgen.state.writing import SqliteWriter
from batchgen.video_models import CURRENCIES

#: State -> the doubt by way of which it is settled, and the reason for that.
_BY_WAY_OF = {
    AttemptState.INTENT: (AttemptState.UNKNOWN, "not answered"),
    AttemptState.ACCEPTED: (AttemptState.VANISHED, "another task by the bill"),
    AttemptState.STALLED: (AttemptState.VANISHED, "another task by the bill"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person wants of a bill."""

    settle: bool = False
    yes: bool = False
    as_json: bool = False
    as_csv: bool = False


def reconcile_bill(
    state: Path, account: AccountScope | None, said: BillOptions, wanted: Wanted
) -> int:
    """Compare the bill with the state, settle if that is wanted, print it; give the exit code.

    Raises:
        InputError: the bill cannot be read, is of no one account, or nobody agreed to settle.
        Busy: it is to be settled, and another run has the state.
    """
    is_for_people = not (wanted.as_json or wanted.as_csv)
    with _locked(state, wanted):
        account = account or _only_account(state)
        clock = SystemClock()
        bill = read_bill(said, CURRENCIES[account.provider], clock.now())
        found = reconcile(bill, _purchases(state, account))
        decisions = settle(found)
        if is_for_people:
            show_bill(found, decisions)
        settled: list[Settlement] = []
        if wanted.settle:
            settled = [it for it in decisions if isinstance(it, Settlement)]
            _agree(len(settled), wanted)
            complete(_settle(state, clock, settled))
            found = reconcile(bill, _purchases(state, account))
            decisions = settle(found)
    code = ExitCode.DONE if found.agrees and not decisions else ExitCode.INCOMPLETE
    if wanted.as_json:
        tell_json(comparison_json(found, decisions, settled) | {"exit": code})
    elif wanted.as_csv:
        write_line(comparison_csv(found))
    else:
        show_end(found, settled, is_asked=wanted.settle, is_open=bool(decisions))
    return code


def _locked(state: Path, wanted: Wanted) -> AbstractContextManager[None]:
    """Keep runs away while purchases are settled; where there are none, nothing is made."""
    if wanted.settle and state.exists():
        return hold(state_lock_path(state), msg("the state {path}", path=state))
    return nullcontext()


def _only_account(state: Path) -> AccountScope:
    """Give the account of a state that has one.

    Raises:
        InputError: it has none or several.
    """
    with reading(state, lambda _: None) as reader:  # of a doubt `_purchases` warns
        accounts = set() if reader is None else {it.account for it in reader.attempts()}
    if len(accounts) != 1:
        raise InputError(
            msg(
                "a bill is one account's, and this state has {count}: name a job of the account,"
                " `batchgen ledger JOB --reconcile BILL`",
                count=len(accounts),
            )
        )
    return accounts.pop()


def _purchases(state: Path, account: AccountScope) -> Sequence[Attempt]:
    with looking(state) as reader:
        return () if reader is None else tuple(reader.attempts(account))


def _agree(count: int, wanted: Wanted) -> None:
    """Ask before anything is settled; without a terminal only `--yes` agrees.

    Raises:
        InputError: nobody agreed.
    """
    if wanted.yes or not count:
        return
    question = msg("purchases to settle by this bill: {count}. Go on?", count=count)
    if not sys.stdin.isatty():
        raise InputError(
            msg("{question} Nobody is here to ask: agree with --yes", question=question)
        )
    if not click.confirm(heard(question), err=True):
        raise InputError(msg("nothing was settled"))


async def _settle(state: Path, clock: SystemClock, settlements: Sequence[Settlement]) -> int:
    """Move each purchase, one durable change after another."""
    if settlements:
        writer = SqliteWriter(state, clock.now)
        try:
            for settlement in settlements:
                await _move(writer, settlement)
        finally:
            await writer.close()
    return ExitCode.DONE


async def _move(writer: StateWriter, it: Settlement) -> None:
    """Move a purchase, by way of the doubt that a kill in between would leave it in."""
    attempt, reason = it.attempt, str(it.reason)
    if attempt.state in _BY_WAY_OF:
        await writer.move(attempt.id, *_BY_WAY_OF[attempt.state])
    if it.task_id is None:
        await writer.move(attempt.id, it.to, reason)
        return
    await writer.move(
        attempt.id,
        it.to,
        reason,
        task_id=it.task_id,
        submitted_at=attempt.submitted_at or attempt.created_at,
        error_code=None,
        error=None,
    )
