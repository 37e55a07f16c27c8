"""`batchgen ledger JOB`: the money of a state over all runs, as a table, JSON or CSV."""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

import click

from batchgen.cli.options import as_json, job_argument, job_options
from batchgen.cli.speech import heard, tell, tell_json, tell_table
from batchgen.engine import Options, open_workspace, reading
from batchgen.messages import msg
from batchgen.plan.values import plain
from batchgen.state.ledger import DIMENSIONS, LedgerLine, ledger

_SUMS = ("reserved", "spent", "at_risk", "released")


def _dimensions(ctx: click.Context, param: click.Parameter, value: str) -> list[str]:
    names = [name.strip() for name in value.split(",") if name.strip()]
    unknown = [name for name in names if name not in DIMENSIONS]
    if unknown or not names:
        choices = ", ".join(DIMENSIONS)
        raise click.BadParameter(heard(msg("choose among {choices}", choices=choices)))
    return names


@click.command("ledger", help=heard(msg("Show the money of this state over all runs.")))
@job_argument
@job_options
@click.option(
    "--by",
    default="job",
    show_default=True,
    callback=_dimensions,
    help=heard(msg("Group by these, with commas: {names}.", names=", ".join(DIMENSIONS))),
)
@as_json
@click.option("--csv", "as_csv", is_flag=True, help=heard(msg("Print CSV.")))
def command(job: Path, options: Options, by: list[str], *, as_json: bool, as_csv: bool) -> None:
    """Print the ledger of the job's account, all its jobs included."""
    workspace = open_workspace(job, options, os.environ)
    with reading(workspace.state_path) as reader:
        lines = [] if reader is None else ledger(reader.attempts(workspace.account), by)
    records = [_record(line) for line in lines]
    if as_json:
        tell_json(records)
    elif as_csv:
        writer = csv.DictWriter(sys.stdout, [*by, "currency", "attempts", *_SUMS])
        writer.writeheader()
        writer.writerows(records)
    elif not records:
        tell(msg("nothing was bought yet"))
    else:
        header = [msg(name) for name in by] + [
            msg("attempts"),
            msg("reserved"),
            msg("spent"),
            msg("at risk"),
            msg("not charged"),
            msg("currency"),
        ]
        tell_table(
            header,
            [
                (
                    *line.group.values(),
                    line.attempts,
                    line.balance.reserved,
                    line.balance.spent,
                    line.balance.at_risk,
                    line.released,
                    line.currency,
                )
                for line in lines
            ],
        )


def _record(line: LedgerLine) -> dict[str, str | int]:
    return {
        **line.group,
        "currency": line.currency,
        "attempts": line.attempts,
        "reserved": plain(line.balance.reserved),
        "spent": plain(line.balance.spent),
        "at_risk": plain(line.balance.at_risk),
        "released": plain(line.released),
    }
