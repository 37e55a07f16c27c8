"""`batchgen run JOB`: buys what the plan says and brings everything home."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from batchgen.cli.hints import again
from batchgen.cli.options import as_json, job_argument, job_options
from batchgen.cli.probing import probed
from batchgen.cli.running import Manners, complete, confirm, refuse_faults, run_and_tell
from batchgen.cli.selecting import selecting
from batchgen.cli.showing.changes import tell_changes
from batchgen.cli.showing.plans import show_plan
from batchgen.cli.speech import heard, remark
from batchgen.cli.waiting import waited_session
from batchgen.engine import Options, Workspace, open_workspace
from batchgen.errors import PlanMoved
from batchgen.execution import Session
from batchgen.messages import msg
from batchgen.plan.lock import check_lock, selection_of
from batchgen.plan.values import Action, Plan, Selection
from batchgen.rehearsal.pace import in_its_time


@click.command("run", help=heard(msg("Buy what the plan says and bring every clip home.")))
@job_argument
@job_options
@selecting
@as_json
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=heard(msg("Buy nothing outside this saved plan.")),
)
@click.option("--yes", is_flag=True, help=heard(msg("Agree to the price without being asked.")))
@click.option("--skip-invalid", is_flag=True, help=heard(msg("Leave faulty rows out.")))
@click.option("--new-run", is_flag=True, help=heard(msg("Start a run with a budget of its own.")))
@click.option("--wait", is_flag=True, help=heard(msg("Wait for another run to end.")))
@click.option("--no-progress", is_flag=True, help=heard(msg("Show no moving line.")))
@click.pass_context
def command(
    ctx: click.Context,
    /,
    job: Path,
    options: Options,
    selection: Selection,
    *,
    plan_file: Path | None,
    wait: bool,
    **said: bool,
) -> None:
    """Run the job."""
    manners = Manners(**said)
    workspace, clock = in_its_time(open_workspace(job, options, os.environ), os.environ)
    workspace.key()
    if workspace.job.identity == "picture_bytes":
        workspace, _ = probed(workspace, clock)
    lock = None if plan_file is None else _read_lock(plan_file)
    if lock is not None and selection == Selection():
        selection = selection_of(lock)

    def reopen() -> Workspace:
        return open_workspace(job, options, os.environ)

    async def run() -> int:
        async with waited_session(workspace, clock, reopen, wait=wait) as session:
            plan = _checked(session, selection, lock, manners)
            return await _run(session, plan, manners)

    ctx.exit(complete(run()))


def _checked(session: Session, selection: Selection, lock: object, manners: Manners) -> Plan:
    """Plan under the lock of the state, and refuse a plan that may not be run."""
    plan = session.plan(selection, new_run=manners.new_run)
    refuse_faults(plan, manners)
    workspace = session.workspace
    if lock is None:
        return plan
    return check_lock(lock, plan, workspace.digest, workspace.catalogue.sha256())


async def _run(session: Session, plan: Plan, manners: Manners) -> int:
    if not manners.as_json:
        show_plan(session.workspace, plan)
    elif plan.count_of(Action.BUY_CHANGED):
        tell_changes(plan, remark)
    confirm(len(plan.to_buy), plan.cost, plan.account, manners)
    return await run_and_tell(session, plan, manners)


def _read_lock(path: Path) -> object:
    try:
        lock: object = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PlanMoved(
            msg(
                "{file} is no saved plan: save one with `{command}`",
                file=path,
                command=again("plan", "--save", "FILE"),
            )
        ) from error
    return lock
