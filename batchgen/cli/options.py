"""The options that several commands share, and how they become `engine.Options`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import wraps
from pathlib import Path
from typing import Any, get_args

import click

from batchgen.cli.speech import heard
from batchgen.engine import Options
from batchgen.job.schema import OnDuplicate, Per, Provider, Tier
from batchgen.messages import msg

Command = Callable[..., Any]


class Yuan(click.ParamType[Decimal]):
    """An amount of money above zero, to the fen."""

    name = "yuan"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        """Read the amount or say why it is none."""
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            amount = Decimal(0)
        if not amount.is_finite() or amount <= 0 or amount != round(amount, 2):
            self.fail(heard(msg("{value} is no amount such as 200 or 12.50", value=value)))
        return amount


job_argument = click.argument("job", type=click.Path(path_type=Path))
optional_job = click.argument("job", type=click.Path(path_type=Path), required=False)
as_json = click.option("--json", "as_json", is_flag=True, help=heard(msg("Print JSON.")))
encoding_option = click.option(
    "--encoding", help=heard(msg("Encoding of a text manifest, e.g. gb18030."))
)
sheet_option = click.option("--sheet", help=heard(msg("Sheet of a workbook.")))
per_option = click.option(
    "--per",
    type=click.Choice(get_args(Per)),
    help=heard(msg("One row a product, or one for each of its variants.")),
)

_OPTIONS: Mapping[str, Callable[[Command], Command]] = {
    "output": click.option(
        "--output", help=heard(msg("Output folder, in the place of the job's."))
    ),
    "state": click.option(
        "--state", help=heard(msg("State file, in the place of the one beside the job."))
    ),
    "tier": click.option(
        "--tier",
        type=click.Choice(get_args(Tier)),
        help=heard(msg("Account tier: tasks that may be alive at once (5, 10, 15, 20).")),
    ),
    "budget": click.option(
        "--budget", type=Yuan(), help=heard(msg("Most that this run may cost, never passed."))
    ),
    "base_url": click.option("--base-url", help=heard(msg("API address, ends in /api/paas/v4."))),
    "provider": click.option(
        "--provider",
        type=click.Choice(get_args(Provider)),
        help=heard(msg("Whose API; `simulator` costs nothing.")),
    ),
    "encoding": encoding_option,
    "sheet": sheet_option,
    "per": per_option,
    "on_duplicate": click.option(
        "--on-duplicate",
        type=click.Choice(get_args(OnDuplicate)),
        help=heard(msg("What to do with a SKU that stands twice.")),
    ),
}


def job_options(command: Command) -> Command:
    """Give a command the shared options; it receives them as one `options`."""
    return options_named(*Options.__dataclass_fields__)(command)


def options_named(*names: str) -> Callable[[Command], Command]:
    """Give a command some of the shared options, by the names of `Options`, in its help's order."""

    def give(command: Command) -> Command:
        @wraps(command)
        def with_options(**values: Any) -> Any:
            ours = {name: values.pop(name) for name in names}
            return command(options=Options(**ours), **values)

        dressed: Command = with_options
        for name, option in reversed(list(_OPTIONS.items())):
            if name in names:
                dressed = option(dressed)
        return dressed

    return give
