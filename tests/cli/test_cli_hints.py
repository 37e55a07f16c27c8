"""Commands that batchgen tells a person to give next: about the same account and folders."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
import pytest

from batchgen.cli import main
from batchgen.cli.hints import again, again_for
from batchgen.clip import AccountScope

SIMULATOR = ["--provider", "simulator", "--base-url", "http://127.0.0.1:8765/api/paas/v4"]


def hint(said: list[str], verb: str, *more: str) -> list[str]:
    """Give the words of the hint that a command line leads to."""
    with context_of(said):
        return shlex.split(again(verb, *more))[1:]


def context_of(said: list[str]) -> click.Context:
    """Parse a command line without running it."""
    command = main.get_command(click.Context(main), said[0])
    assert command is not None
    return command.make_context(said[0], said[1:])


@pytest.mark.parametrize("verb", ["run", "status", "retry", "ledger", "plan"])
@pytest.mark.parametrize("said", ["run", "status", "retry", "plan", "ledger"])
def test_a_hint_means_the_same_account(said: str, verb: str) -> None:
    """Whatever was typed and whatever is hinted at: provider, address and state are named."""
    scope = [*SIMULATOR, "--state", "my state.db"]
    words = hint([said, "a job.yaml", *scope], verb)
    assert words[:2] == [verb, "a job.yaml"]
    assert sorted(words[2:]) == sorted(scope)


@pytest.mark.parametrize(
    ("said", "verb", "options"),
    [
        ("status job.yaml --output out --tier V1", "run", "--output out --tier V1"),
        ("run job.yaml --output out --tier V1", "ledger", ""),
        ("run job.yaml --encoding gb18030", "status", "--encoding gb18030"),
        ("ledger job.yaml --reconcile b.csv --encoding gb18030", "run", ""),
        ("run job.yaml --sku A --sku B --skip-invalid", "run", "--sku A --sku B --skip-invalid"),
        ("run job.yaml --sku A --skip-invalid --limit 3 --yes", "status", ""),
        ("retry job.yaml --failed --sku A", "run", ""),
        ("run job.yaml --budget 5 --limit 3 --yes --json", "run", ""),
    ],
)
def test_a_hint_has_the_options_that_matter(said: str, verb: str, options: str) -> None:
    """Output and tier where something is bought; a selection only where it is the same command."""
    assert sorted(hint(said.split(), verb)[2:]) == sorted(options.split())


def test_what_is_to_be_added_stands_last() -> None:
    """So that a person can write the choice behind it."""
    words = hint(["status", "job.yaml", *SIMULATOR], "retry", "--uncertain", "--sku", "X")
    assert words[-3:] == ["--uncertain", "--sku", "X"]


def test_a_demo_is_given_again_itself() -> None:
    """It names no job; the folder that was named is kept."""
    assert hint(["demo", "--output", "my demo"], "run") == ["demo", "--output", "my demo"]
    assert hint(["demo"], "run") == ["demo"]


@pytest.mark.parametrize(
    ("account", "options"),
    [
        (AccountScope("bigmodel", "default", "open.bigmodel.cn"), []),
        (AccountScope("simulator", "default", "simulator"), ["--provider", "simulator"]),
        (
            AccountScope("simulator", "default", "127.0.0.1"),
            ["--base-url", "URL", "--provider", "simulator"],
        ),
    ],
)
def test_without_a_job_the_simulator_is_named(account: AccountScope, options: list[str]) -> None:
    """What the simulator made is never hinted at as a purchase from the real provider."""
    with context_of(["status", "--state", "s.db"]):
        words = shlex.split(again_for(account, "run"))
    assert words == ["batchgen", "run", "JOB", "--state", "s.db", *options]


def test_a_job_in_a_folder_with_blanks_is_quoted(tmp_path: Path) -> None:
    """The hint can be pasted as it stands."""
    with context_of(["status", str(tmp_path / "my jobs" / "job.yaml")]):
        assert again("run") == f"batchgen run '{tmp_path}/my jobs/job.yaml'"
