"""The options that say which clips are bought now, shared by `plan` and `run`."""

from __future__ import annotations

from functools import wraps
from typing import Any

import click

from batchgen.cli.options import Command
from batchgen.cli.speech import heard
from batchgen.messages import msg
from batchgen.plan.values import Selection

_OPTIONS = (
    click.option(
        "--limit",
        type=click.IntRange(min=1),
        help=heard(msg("Buy at most so many clips; the rest stays planned.")),
    ),
    click.option(
        "--sku", "skus", multiple=True, help=heard(msg("Buy only this SKU; may be repeated."))
    ),
    click.option(
        "--sample",
        type=click.IntRange(min=1),
        help=heard(msg("Buy only so many SKUs, from all over the catalogue; always the same.")),
    ),
    click.option(
        "--changed",
        is_flag=True,
        help=heard(msg("Buy clips again whose request changed since they were bought.")),
    ),
)


def selecting(command: Command) -> Command:
    """Give a command the selecting options; it receives them as one `selection`."""

    @wraps(command)
    def with_selection(**values: Any) -> Any:
        selection = Selection(
            limit=values.pop("limit"),
            skus=frozenset(values.pop("skus")),
            changed=values.pop("changed"),
            sample=values.pop("sample"),
        )
        return command(selection=selection, **values)

    for option in reversed(_OPTIONS):
        with_selection = option(with_selection)
    return with_selection
