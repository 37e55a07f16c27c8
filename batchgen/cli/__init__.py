"""The commands: wiring, questions and exit codes; one file a command, loaded when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from batchgen.cli.exit_codes import ExitCode, code_of
from batchgen.cli.help_page import HelpContext
from batchgen.cli.speech import complain, fill_closed_streams, heard
from batchgen.errors import BatchgenError
from batchgen.messages import msg

#: Command -> module of this room that holds it, in the order of a first use.
COMMANDS = (
    "demo",
    "init",
    "check",
    "plan",
    "run",
    "status",
    "retry",
    "report",
    "ledger",
    "doctor",
    "simulate",
    "rehearse",
)


class _Commands(click.Group):
    """A group whose commands are imported only when they are needed, to start quickly."""

    context_class = HelpContext

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order of a first use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command: `batchgen.cli.<name>.command`."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"batchgen.cli.{cmd_name}").command
        command.context_class = HelpContext
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; an error of ours becomes its sentence on stderr and its exit code."""
        fill_closed_streams()
        try:
            return super().invoke(ctx)
        except BatchgenError as error:
            complain(error)
            ctx.exit(code_of(error))
        except (KeyboardInterrupt, click.Abort):
            ctx.exit(ExitCode.INTERRUPTED)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=heard(msg("Turn a catalogue into checked product videos, with every yuan accounted for.")),
    epilog=heard(
        msg(
            "Start with `batchgen demo`; then `batchgen plan JOB` shows what a job costs, without"
            " a key and without sending anything."
        )
    ),
)
@click.version_option(package_name="batchgen")
def main() -> None:
    """Run a command."""
