"""`batchgen demo`: the sample catalogue through the whole pipeline on the simulator."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

import click

from batchgen.cli.running import Manners, complete, run_and_tell
from batchgen.cli.showing.plans import show_plan
from batchgen.cli.speech import heard, tell
from batchgen.clock import SystemClock
from batchgen.engine import Options, open_workspace
from batchgen.errors import InputError
from batchgen.execution import open_session
from batchgen.job.settings import BASE_URL_VARIABLE
from batchgen.messages import msg
from batchgen.plan.values import Selection


@click.command(
    "demo", help=heard(msg("Make the sample catalogue's clips on the simulator; costs nothing."))
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("out/demo"),
    show_default=True,
    help=heard(msg("Output folder.")),
)
@click.option("--no-progress", is_flag=True, help=heard(msg("Show no moving line.")))
@click.pass_context
def command(ctx: click.Context, output: Path, *, no_progress: bool) -> None:
    """Run the demo."""
    options = Options(output=str(output), state=str(output / ".batchgen" / "state.db"))
    # An address of a real API that is set for other jobs is not meant here.
    environ = {name: value for name, value in os.environ.items() if name != BASE_URL_VARIABLE}
    workspace = open_workspace(_demo_job(), options, environ)

    async def run() -> int:
        async with open_session(workspace, SystemClock()) as session:
            plan = session.plan(Selection())
            show_plan(workspace, plan)
            return await run_and_tell(session, plan, Manners(no_progress=no_progress))

    code = complete(run())
    tell(msg("all of this was the simulator's money; the clips lie in {folder}", folder=output))
    ctx.exit(code)


def _demo_job() -> Path:
    """Find the demo's job file: in the installed package, or in the source tree."""
    package = Path(str(resources.files("batchgen")))
    for folder in (package / "sample", package.parent):
        job = folder / "jobs" / "demo.yaml"
        if job.exists():
            return job
    raise InputError(msg("the sample catalogue is not installed; install batchgen again"))
