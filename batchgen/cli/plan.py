"""`batchgen plan JOB`: clips, price and finishing time; needs no key and sends nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click
from click.exceptions import Exit

from batchgen.cli.exit_codes import ExitCode
from batchgen.cli.hints import again
from batchgen.cli.looking import looking_at_job
from batchgen.cli.options import as_json, job_argument, job_options
from batchgen.cli.selecting import selecting
from batchgen.cli.showing.plans import show_plan
from batchgen.cli.speech import heard, remark, tell_faults, tell_json
from batchgen.clock import SystemClock
from batchgen.engine import Options, open_workspace
from batchgen.errors import InputError
from batchgen.language import say_here
from batchgen.messages import msg
from batchgen.plan.lock import lock_of
from batchgen.plan.summary import plan_summary
from batchgen.plan.values import Selection


@click.command(
    "plan", help=heard(msg("Show what a job would buy, its price and how long it takes."))
)
@job_argument
@job_options
@selecting
@as_json
@click.option(
    "--save",
    type=click.Path(path_type=Path, dir_okay=False),
    help=heard(msg("Keep the plan in a file for `run --plan FILE`.")),
)
@click.option("--skip-invalid", is_flag=True, help=heard(msg("Plan without the faulty rows.")))
def command(
    job: Path,
    options: Options,
    selection: Selection,
    *,
    as_json: bool,
    save: Path | None,
    skip_invalid: bool,
) -> None:
    """Plan the job and print the plan."""
    workspace = open_workspace(job, options, os.environ)
    with looking_at_job(workspace) as reader:
        plan = workspace.plan(reader, selection, SystemClock().now())
    if as_json:
        tell_json(plan_summary(plan, say_here()))
    else:
        show_plan(workspace, plan)
    if plan.faults and not (skip_invalid or plan.skip_invalid):
        tell_faults(plan.faults, as_error=True)
        remark(msg("mend these rows, or leave them out with --skip-invalid"))
        raise Exit(ExitCode.INPUT)
    if save is not None:
        lock = lock_of(plan, workspace.digest, workspace.catalogue.sha256())
        _save(save, json.dumps(lock, ensure_ascii=False, indent=1))
        command = again("run", "--plan", str(save))
        remark(msg("saved to {file}; `{command}` buys nothing else", file=save, command=command))


def _save(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            msg(
                "the plan cannot be saved to {file} ({reason}): name another file",
                file=file,
                reason=reason,
            )
        ) from error
