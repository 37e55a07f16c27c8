"""`batchgen ledger [JOB]`: the money of a state over all runs, as a table, JSON or CSV.

With `--reconcile BILL` the provider's bill is compared with it (`cli.reconcile`).
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path

import click

from batchgen.cli.bill import BillOptions, bill_options
from batchgen.cli.looking import looking
from batchgen.cli.options import as_json, job_options, optional_job
from batchgen.cli.reconcile import Wanted, reconcile_bill
from batchgen.cli.speech import heard, tell, tell_json, tell_table, write_line
from batchgen.clip import MoneyPlace
from batchgen.engine import Books, Options, books_of_job, state_without_job
from batchgen.messages import msg
from batchgen.plan.values import plain
from batchgen.state.ledger import DIMENSIONS, LedgerLine, columns_of, ledger
from batchgen.words import MONEY_WORDS

_SUMS = ("reserved", "spent", "at_risk", "released")

#: Dimension -> its heading in the table.
_HEADINGS = {
    "job": msg("job"),
    "sku": msg("SKU"),
    "model": msg("model"),
    "day": msg("day"),
    "variant": msg("variant"),
    "run": msg("run"),
    "account": msg("account"),
}


def _dimensions(ctx: click.Context, param: click.Parameter, value: str) -> list[str]:
    return [name.strip() for name in value.split(",") if name.strip()]


def _refuse_unknown(by: Sequence[str], columns: Sequence[str]) -> None:
    """Refuse what money is not counted by; `columns` are those that budgets count by.

    Raises:
        BadParameter: names the choices.
    """
    choices = [*DIMENSIONS, *columns]
    if not by or not set(by) <= set(choices):
        message = msg("choose among {choices}", choices=", ".join(choices))
        raise click.BadParameter(heard(message), param_hint="--by")


@click.command("ledger", help=heard(msg("Show the money of this state over all runs.")))
@optional_job
@job_options
@click.option(
    "--by",
    default="job",
    show_default=True,
    callback=_dimensions,
    help=heard(
        msg(
            "Group by these, with commas: {names}, or a column of budget.by.",
            names=", ".join(DIMENSIONS),
        )
    ),
)
@bill_options
@click.option("--settle", is_flag=True, help=heard(msg("Settle the money at risk by the bill.")))
@click.option("--yes", is_flag=True, help=heard(msg("Agree to settle without being asked.")))
@as_json
@click.option("--csv", "as_csv", is_flag=True, help=heard(msg("Print CSV.")))
@click.pass_context
def command(
    ctx: click.Context,
    /,
    job: Path | None,
    options: Options,
    by: list[str],
    bill: BillOptions | None,
    **said: bool,
) -> None:
    """Print the ledger of the job's account, all its jobs included; without a job, of them all."""
    if job is None:
        books = Books(state_without_job(options, os.environ))
    else:
        books = books_of_job(job, options, os.environ)
    if bill is not None:
        ctx.exit(reconcile_bill(books.state, books.account, bill, Wanted(**said)))
    if said["settle"]:
        raise click.UsageError(heard(msg("--settle needs the bill: --reconcile BILL")))
    _print_ledger(books, by, as_json=said["as_json"], as_csv=said["as_csv"])


def _print_ledger(books: Books, by: list[str], *, as_json: bool, as_csv: bool) -> None:
    with looking(books.state) as reader:
        attempts = [] if reader is None else list(reader.attempts(books.account))
    _refuse_unknown(by, columns_of(attempts, books.columns))
    if books.account is None:
        by = list(dict.fromkeys(["account", *by]))  # what differs in kind is never summed
    lines = ledger(attempts, by, books.zone)
    records = [_record(line) for line in lines]
    if as_json:
        tell_json(records)
    elif as_csv:
        write_line(_csv(records, [*by, "currency", "attempts", *_SUMS]))
    elif not records:
        tell(msg("nothing was bought yet"))
    else:
        header = [_HEADINGS.get(name, msg("{name}", name=name)) for name in by] + [
            msg("attempts"),
            *(MONEY_WORDS[place] for place in MoneyPlace),
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


def _csv(records: Sequence[dict[str, str | int]], columns: Sequence[str]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue().rstrip("\n")
