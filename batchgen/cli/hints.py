"""What to do next, as a command that can be copied: about the same job, account and folders.

A hint that dropped `--provider simulator` would buy with real money. So a command is never written
out by hand: `again` carries over what the command line in hand said. It is read from click's own
context, the one place where a command line is known as it was typed.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator

import click
from click.core import ParameterSource

from batchgen.clip import AccountScope
from batchgen.engine import SIMULATOR_HOST
from batchgen.messages import Message, msg

#: Options that say whose clips and money are meant: every command needs them.
_SCOPE = frozenset({"provider", "base_url", "state"})
_CATALOGUE = _SCOPE | {"encoding", "sheet", "per", "on_duplicate"}
#: Command -> the options of other commands that matter to it.
_SHARED = {
    "ledger": _SCOPE,
    "status": _CATALOGUE,
    "check": _CATALOGUE,
    "plan": _CATALOGUE | {"tier"},
    "run": _CATALOGUE | {"output", "tier"},
    "retry": _CATALOGUE | {"output", "tier"},
}
#: Command -> what it needs besides, to mean the same clips, when it is given again itself.
_OWN = {
    "run": frozenset({"plan_file", "skus", "sample", "changed", "skip_invalid"}),
    "demo": frozenset({"output"}),
}
_NONE: frozenset[str] = frozenset()


def again(verb: str, *more: str) -> str:
    """Give the command `batchgen <verb>` for the job of the command line in hand.

    It has the options that were said there and matter to it, then `more`, quoted for a shell. A
    demo, which names no job, is run again by itself.
    """
    context = click.get_current_context()
    if context.info_name == "demo" and verb == "run":
        verb = "demo"
    job = [] if verb == "demo" else [str(context.params.get("job") or "JOB")]
    return _line(["batchgen", verb, *job, *_said(context, verb), *more])


def again_for(account: AccountScope, verb: str, *more: str) -> str:
    """Give `again` where no job was named: the account is one that the state knows.

    A job that is meant for a real provider is bought from it unless the simulator is named.
    """
    context = click.get_current_context()
    if context.params.get("job") is None and account.provider == "simulator":
        more = ("--provider", "simulator", *more)
        if account.host != SIMULATOR_HOST:
            more = ("--base-url", "URL", *more)
    return again(verb, *more)


def about_doubt(account: AccountScope) -> Iterator[Message]:
    """Say how clips in doubt are settled: by the bill, else by the person's choice."""
    yield msg(
        "uncertain: the provider's bill says which were bought: `{command}` settles what it proves",
        command=again_for(account, "ledger", "--reconcile", "BILL", "--settle"),
    )
    yield msg(
        "uncertain, and not settled by the bill: `{command}` with --adopt ID, --unpaid, --write-off"
        " or --buy-again",
        command=again_for(account, "retry", "--uncertain", "--sku", "X"),
    )


def _said(context: click.Context, verb: str) -> Iterator[str]:
    """Word what the command line said and what matters to the command."""
    wanted = _SHARED.get(verb, _NONE)
    if context.info_name == verb:
        wanted |= _OWN.get(verb, _NONE)
    if context.info_name == "ledger":
        wanted -= {"encoding"}  # there it is the bill's
    for option in context.command.params:
        name = option.name or ""
        if isinstance(option, click.Option) and name in wanted and _is_typed(context, name):
            yield from _worded(option, context.params[name])


def _is_typed(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE


def _worded(option: click.Option, value: object) -> Iterator[str]:
    if option.is_flag:
        yield option.opts[0]
        return
    for each in value if isinstance(value, tuple) else (value,):
        yield from (option.opts[0], str(each))


def _line(words: list[str]) -> str:
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
