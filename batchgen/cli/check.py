"""`batchgen check JOB`: every fault of every row and picture at once; nothing is sent."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import click

from batchgen.cli.exit_codes import ExitCode
from batchgen.cli.looking import looking_at_job, warn
from batchgen.cli.options import as_json, job_argument, job_options
from batchgen.cli.probing import probed
from batchgen.cli.showing.plans import tell_left_out
from batchgen.cli.showing.samples import tell_samples
from batchgen.cli.speech import heard, remark, tell, tell_faults, tell_json
from batchgen.clock import SystemClock
from batchgen.engine import Options, Workspace, open_workspace
from batchgen.errors import StateError
from batchgen.item import Fault
from batchgen.language import say_here
from batchgen.messages import msg
from batchgen.plan.layout import by_row
from batchgen.plan.values import Plan, Selection


@click.command("check", help=heard(msg("Show every fault of every row and picture at once.")))
@job_argument
@job_options
@click.option(
    "--probe", is_flag=True, help=heard(msg("Ask for the pictures on the web, too; sends no key."))
)
@as_json
@click.pass_context
def command(ctx: click.Context, job: Path, options: Options, *, probe: bool, as_json: bool) -> None:
    """Check the job and its catalogue."""
    workspace = open_workspace(job, options, os.environ)
    _warn_of_state(workspace)
    clock = SystemClock()
    found: tuple[Fault, ...] = ()
    if probe:
        workspace, found = probed(workspace, clock)
    plan = workspace.plan(None, Selection(), clock.now())
    plan = replace(plan, faults=by_row((*plan.faults, *found)))
    if as_json:
        tell_json(_summary(plan))
    else:
        tell_faults(plan.faults)
        if plan.warnings:
            remark(msg("warnings:"))
            tell_faults(plan.warnings, as_error=True)
        tell_samples(plan)
        tell_left_out(plan)
        tell(
            msg(
                "{file}: {rows} rows, {valid} valid, {faults} faults",
                file=workspace.job.manifest.name,
                rows=plan.rows,
                valid=plan.rows - _bad_rows(plan),
                faults=len(plan.faults),
            )
        )
    ctx.exit(ExitCode.INPUT if plan.faults else ExitCode.DONE)


def _warn_of_state(workspace: Workspace) -> None:
    """Say why a run could not go on; the rows are judged all the same."""
    try:
        with looking_at_job(workspace):
            pass
    except StateError as refusal:
        warn(refusal.message)


def _bad_rows(plan: Plan) -> int:
    return len({(fault.file, fault.row) for fault in plan.faults})


def _summary(plan: Plan) -> dict[str, object]:
    return {
        "rows": plan.rows,
        "valid": plan.rows - _bad_rows(plan),
        "faults": [fault_json(fault) for fault in plan.faults],
    }


def fault_json(fault: Fault) -> dict[str, object]:
    """Give a fault, or a warning, as programs read it."""
    return {
        "file": fault.file,
        "row": fault.row,
        "column": fault.column,
        "code": fault.code,
        "message": say_here()(fault.message),
    }
