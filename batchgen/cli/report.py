"""`batchgen report JOB`: rewrites results and report.html from the state; sends nothing."""

from __future__ import annotations

import os
from pathlib import Path

import click

from batchgen.cli.options import job_argument, job_options
from batchgen.cli.speech import heard, remark, tell
from batchgen.clock import SystemClock
from batchgen.engine import Options, open_workspace, reading
from batchgen.execution import write_outputs
from batchgen.language import say_here
from batchgen.messages import msg


@click.command("report", help=heard(msg("Write results and report.html again from the state.")))
@job_argument
@job_options
def command(job: Path, options: Options) -> None:
    """Write the output of a job again."""
    workspace = open_workspace(job, options, os.environ)
    with reading(workspace.state_path) as reader:
        _, warnings = write_outputs(workspace, reader, SystemClock().now(), say_here())
    for warning in warnings:
        remark(warning)
    tell(msg("open {report}", report=workspace.output / "report.html"))
