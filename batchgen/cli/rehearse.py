"""`batchgen rehearse JOB`: tonight's job on the simulator, with faults and kills; costs nothing."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from batchgen.cli.options import as_json, job_argument, options_named
from batchgen.cli.rehearsed import Rehearsed, show, summary
from batchgen.cli.running import Manners, refuse_faults
from batchgen.cli.speech import heard, remark, tell_json
from batchgen.clock import SystemClock
from batchgen.engine import Options, Workspace, open_workspace
from batchgen.errors import InputError
from batchgen.job.loading import load_job
from batchgen.language import say_here
from batchgen.messages import msg
from batchgen.plan.values import Plan, Selection, plain
from batchgen.rehearsal import folder as folders
from batchgen.rehearsal.judging import Evidence, judge
from batchgen.rehearsal.performing import Script, environment, perform
from batchgen.state.ledger import budget_zone

#: Where the simulator will be; its port is known when it is ready.
_LOOPBACK = "http://127.0.0.1/api/paas/v4"


@click.command(
    "rehearse",
    help=say_here()(
        msg(
            "Rehearse the job on the simulator: faults, kills, no money.\n\n"
            "The real job runs in a folder of its own, beside its output, against a simulator that"
            " loses answers, refuses, fails and breaks off; it is killed at random moments and"
            " started again. Then the simulator's bill is held against the promises: exit 0 when"
            " all were kept, 1 when one was not. Nothing is sent to the provider."
        )
    ),
)
@job_argument
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help=heard(msg("Folder of the rehearsal, in the place of the one beside the job's output.")),
)
@options_named("tier", "budget", "encoding")
@click.option(
    "--kills",
    type=click.IntRange(0, 1000),
    default=5,
    show_default=True,
    help=heard(msg("How often the run is killed, unless it ends before.")),
)
@click.option(
    "--seed",
    default=1,
    show_default=True,
    help=heard(msg("Another seed is another night: other faults, other moments.")),
)
@click.option("--skip-invalid", is_flag=True, help=heard(msg("Leave faulty rows out.")))
@as_json
@click.pass_context
def command(
    ctx: click.Context,
    /,
    job: Path,
    options: Options,
    *,
    output: Path | None,
    skip_invalid: bool,
    as_json: bool,
    **drawn: int,
) -> None:
    """Rehearse, and judge."""
    folder = folders.beside(_output_of(job)) if output is None else output.absolute()
    workspace = _workspace(job, folder, options)
    plan = workspace.plan(None, Selection(), SystemClock().now())
    refuse_faults(plan, Manners(skip_invalid=skip_invalid))
    if not plan.to_buy:
        raise InputError(msg("{file} has no clip to rehearse", file=job))
    script = Script(
        job=job,
        folder=folder,
        tier=workspace.job.account.tier,
        clips=len(plan.to_buy),
        kills=drawn["kills"],
        seed=drawn["seed"],
        options=_for_runs(options, skip_invalid=skip_invalid),
        switches=_like_the_account(workspace),
    )
    with folders.own_folder(script.folder):
        _announce(plan, script)
        ctx.exit(_until_signal(_rehearse(workspace, plan, script, as_json=as_json)))


def _workspace(job: Path, folder: Path, options: Options) -> Workspace:
    """Read the job as a run of the rehearsal will: it pays with the simulator's money."""
    said = replace(options, output=str(folder), base_url=_LOOPBACK, provider="simulator")
    return open_workspace(job, said, environment(os.environ))


def _output_of(job: Path) -> Path:
    loaded = load_job(job)
    if loaded.account.provider == "zai":
        remark(
            msg(
                "the rehearsal counts in yuan, at the prices of bigmodel: budgets in dollars"
                " are reached sooner than tonight"
            )
        )
    return loaded.resolve(loaded.output)


def _for_runs(options: Options, *, skip_invalid: bool) -> list[str]:
    """Word the person's options for the runs."""
    said = {
        "--tier": options.tier,
        "--budget": None if options.budget is None else str(options.budget),
        "--encoding": options.encoding,
    }
    worded = [f"{name}={value}" for name, value in said.items() if value is not None]
    return [*worded, "--skip-invalid"] if skip_invalid else worded


def _like_the_account(workspace: Workspace) -> list[str]:
    """Make the simulator know a repeated request id where the job relies on that."""
    is_known = workspace.job.account.resend_same_request_id
    return ["--duplicate-request-id=same"] if is_known else []


def _until_signal(rehearsal: Coroutine[Any, Any, int]) -> int:
    """Run to the end and give the exit code; a signal ends everything that was started."""
    arrived: list[int] = []

    async def run() -> int:
        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(rehearsal)

        def heed(number: int, _frame: object) -> None:
            arrived.append(number)
            loop.call_soon_threadsafe(task.cancel)

        with _signals_to(heed):
            return await task

    try:
        return asyncio.run(run())
    except asyncio.CancelledError:
        remark(msg("the rehearsal was stopped; nothing of it runs any more"))
        return 128 + arrived[0]


@contextmanager
def _signals_to(reaction: Callable[[int, object], None]) -> Iterator[None]:
    """Let signals that end a command be heeded otherwise while the block lasts."""
    known = [
        getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
    ]
    heeded = [number for number in known if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, reaction) for number in heeded}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


async def _rehearse(workspace: Workspace, plan: Plan, script: Script, *, as_json: bool) -> int:
    clock = SystemClock()
    began = clock.monotonic()
    performance = await perform(script, remark)
    evidence = Evidence(
        plan=plan,
        budget=workspace.job.budget,
        bill=performance.bill,
        stats=performance.stats,
        attempts=performance.attempts,
        damaged=performance.damaged,
        broken_starts=performance.broken_starts,
        zone=budget_zone(workspace.job.window),
    )
    rehearsed = Rehearsed(
        script=script,
        performance=performance,
        evidence=evidence,
        promises=judge(evidence),
        seconds=clock.monotonic() - began,
    )
    if as_json:
        tell_json(summary(rehearsed))
    else:
        show(rehearsed)
    return rehearsed.exit_code


def _announce(plan: Plan, script: Script) -> None:
    remark(
        msg(
            "rehearsing {clips} clips for {cost} {currency} of the simulator's money, in {folder}",
            clips=script.clips,
            cost=plain(plan.cost),
            currency=plan.currency,
            folder=script.folder,
        )
    )
