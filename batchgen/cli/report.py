"""`batchgen report JOB`: rewrites results and report.html from the state; sends nothing."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import click

from batchgen.cli.looking import looking, warn
from batchgen.cli.options import job_argument, job_options
from batchgen.cli.speech import heard, remark, tell
from batchgen.clock import SystemClock
from batchgen.engine import Options, Workspace, open_workspace
from batchgen.errors import InputError, StateError
from batchgen.finishing import second_files
from batchgen.language import language_here
from batchgen.messages import msg
from batchgen.output.rows import result_rows
from batchgen.plan.values import Plan, Selection
from batchgen.results import unwritable, write_output


@click.command("report", help=heard(msg("Write results and report.html again from the state.")))
@job_argument
@job_options
def command(job: Path, options: Options) -> None:
    """Write the output of a job again."""
    workspace = open_workspace(job, options, os.environ)
    now = SystemClock().now()
    with looking(workspace.state_path) as reader:
        if reader is None:
            raise InputError(
                msg("there is no state {path} yet: `run` makes it", path=workspace.state_path)
            )
        try:
            workspace.refuse_foreign_output(reader)
        except StateError as doubt:
            warn(doubt.message)
        plan = workspace.plan(reader, Selection(), now)
        asyncio.run(_make_second_files(workspace, plan))
        try:
            warnings = write_output(workspace, plan, reader, now, language_here())
        except OSError as error:
            raise InputError(unwritable(workspace, error)) from error
    for warning in warnings:
        remark(warning)
    tell(msg("open {report}", report=workspace.output / "report.html"))


async def _make_second_files(workspace: Workspace, plan: Plan) -> None:
    async with second_files(workspace, SystemClock(), remark) as making:
        if making is not None:
            await making.complete(result_rows(plan))
