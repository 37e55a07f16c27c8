"""The command line as a whole: help, versions, and errors that say the next step."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner

from batchgen.cli import COMMANDS, main
from tests.cli.shop import Shop

#: What can be wrong with a job file -> its text.
BAD_JOBS = {
    "no YAML": "name: [",
    "no lines of keys": "- just\n- a list\n",
    "an unknown key": "name: x\nmanifest: {path: catalogue.csv}\noutput: out\nbudjet: {run: 5}\n",
    "no manifest": "name: x\noutput: out\n",
    "a manifest that is not there": "name: x\nmanifest: {path: gone.csv}\noutput: out\n",
    "a broken template": (
        "name: x\nmanifest: {path: catalogue.csv}\noutput: out\nclip: {prompt: '{{ title'}\n"
    ),
}
JOB_COMMANDS = ("check", "plan", "run", "status", "report", "ledger")


def test_help_names_every_command() -> None:
    """`batchgen --help` lists the commands in the order of a first use."""
    page = CliRunner().invoke(main, ["--help"]).stdout
    assert tuple(re.findall(r"^  ([a-z]+)  ", page, re.MULTILINE)) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    """`--help` works for each command and says something of every option."""
    result = CliRunner().invoke(main, [command, "--help"])
    assert result.exit_code == 0
    assert f"main {command} " in result.stdout


def test_the_version_is_told() -> None:
    """`--version` prints the installed version."""
    assert version("batchgen") in CliRunner().invoke(main, ["--version"]).stdout


@pytest.mark.parametrize("arguments", [["sing"], ["run"], ["run", "x.yaml", "--loudly"]])
def test_wrong_usage_exits_2(arguments: list[str]) -> None:
    """An unknown command or option, or a missing job, is a usage error."""
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, result.stdout) == (2, "")


@pytest.mark.parametrize("text", BAD_JOBS.values(), ids=BAD_JOBS)
def test_a_bad_job_exits_2_with_one_error(shop: Shop, text: str) -> None:
    """Whatever is wrong with a job file: a sentence that names it, and nothing on stdout."""
    shop.job.write_text(text, encoding="utf-8")
    result = shop.call("plan")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")


@pytest.mark.parametrize("command", JOB_COMMANDS)
@pytest.mark.parametrize("kind", ["missing", "folder", "bytes"])
def test_an_unreadable_job_exits_2(shop: Shop, command: str, kind: str) -> None:
    """A job that is not there, a folder, or no text, is one sentence that names the file."""
    shop.job.unlink()
    if kind == "folder":
        shop.job.mkdir()
    if kind == "bytes":
        shop.job.write_bytes(b"\xff\xfe\x00name")
    result = shop.call(command)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "job.yaml" in result.stderr
    assert result.stderr.count("error: ") == 1


def test_an_unknown_key_gets_a_suggestion(shop: Shop) -> None:
    """A misspelt key of the job file is named with its line and the right spelling."""
    shop.job.write_text(BAD_JOBS["an unknown key"], encoding="utf-8")
    assert "budget" in shop.call("plan").stderr


@pytest.mark.parametrize("amount", ["0", "-5", "1.255", "many", "inf"])
def test_a_budget_is_an_amount_of_money(shop: Shop, amount: str) -> None:
    """`--budget` takes money above zero to the fen and nothing else."""
    result = shop.call("plan", f"--budget={amount}")
    assert result.exit_code == 2
    assert "12.50" in result.stderr


def test_a_state_that_is_none_exits_2(shop: Shop) -> None:
    """A file that is no state is left alone, and nothing is sent."""
    foreign = shop.folder / "notes.db"
    foreign.write_text("not a database at all, but long enough to be one" * 50)
    for command in ("plan", "status", "ledger", "report"):
        result = shop.call(command, f"--state={foreign}")
        assert result.exit_code == 2
        assert "notes.db" in result.stderr


def test_a_state_in_a_database_server_exits_2(shop: Shop) -> None:
    """A state that is no file is refused with the next step."""
    assert shop.call("status", "--state=postgresql://host/db").exit_code == 2


def test_the_state_is_found_from_the_job(shop: Shop, tmp_path: Path) -> None:
    """The nearest `.batchgen` above the job file counts, not the current folder."""
    (tmp_path / ".batchgen").mkdir()
    assert str(tmp_path / ".batchgen" / "state.db") in shop.call("doctor").stdout
