"""A state that is gone or old: refused where money is spent, told where somebody only looks."""

from __future__ import annotations

import shutil

import pytest

from tests.cli.shop import Shop
from tests.cli.test_cli_run import buys

READERS = ["status", "plan", "ledger", "report"]


@pytest.fixture
def aged(trading: Shop) -> Shop:
    """Make a shop whose state is that of its first purchase, after a second one."""
    buys(trading, "--limit=1")
    old = shutil.copytree(trading.state.parent, trading.folder / "backup")
    buys(trading, "--limit=1")
    shutil.copy(old / "state.db", trading.state)
    return trading


@pytest.fixture
def bereft(trading: Shop) -> Shop:
    """Make a shop whose state folder is gone, with its output still there."""
    buys(trading, "--limit=1")
    shutil.rmtree(trading.state.parent)
    return trading


@pytest.mark.parametrize("command", READERS)
def test_who_reads_an_old_copy_is_warned(aged: Shop, command: str) -> None:
    """The sentence stands on stderr, once; the result is that of the copy."""
    result = aged.call(command)
    assert result.exit_code == 0
    assert result.stderr.startswith("warning: the state ")
    assert result.stderr.count("is older than the last run") == 1


@pytest.mark.parametrize("command", ["status", "plan", "ledger"])
def test_who_reads_a_deleted_state_is_warned(trading: Shop, command: str) -> None:
    """Only the database is gone: "nothing spent" is not said without a word."""
    buys(trading, "--limit=1")
    trading.state.unlink()
    assert "was deleted, but its mark is there" in trading.call(command).stderr


def test_the_doctor_does_not_pass_an_old_copy(aged: Shop) -> None:
    """What `run` refuses is not in order."""
    told = aged.json("doctor", code=2)["state"]
    assert (told["ok"], "older than the last run" in told["text"]) == (False, True)


def test_a_sound_state_is_read_without_a_word(trading: Shop) -> None:
    """No warning where there is nothing to warn of."""
    buys(trading, "--limit=1")
    for command in [*READERS, "check"]:
        assert trading.call(command).stderr == ""


def test_a_run_without_its_state_asks_for_it(bereft: Shop) -> None:
    """It is refused, makes no new state, and does not lure into buying all again."""
    result = bereft.call("run", "--yes")
    assert result.exit_code == 2
    assert f"If {bereft.state} was deleted or moved, put it back" in result.stderr
    assert "everything is bought again" in result.stderr
    assert not bereft.state.exists()


@pytest.mark.parametrize("command", ["plan", "status", "check"])
def test_a_plan_without_its_state_warns(bereft: Shop, command: str) -> None:
    """What `run` would refuse is told where the price is shown."""
    result = bereft.call(command)
    assert result.exit_code == 0
    assert "were bought under a state that is not here" in result.stderr


def test_the_state_put_back_is_fine(trading: Shop) -> None:
    """The refused run left nothing that is in the way of the right state."""
    buys(trading, "--limit=1")
    away = shutil.move(trading.state.parent, trading.folder / "away")
    assert trading.call("run", "--yes").exit_code == 2
    shutil.copytree(away, trading.state.parent, dirs_exist_ok=True)
    assert buys(trading)["skipped"] == 1


def test_an_old_copy_is_refused_however_often_it_is_tried(trading: Shop) -> None:
    """A whole folder put back, mark and all, is known by the output folder, at every start."""
    buys(trading, "--limit=1")
    backup = shutil.copytree(trading.state.parent, trading.folder / "backup")
    buys(trading, "--limit=1")
    shutil.rmtree(trading.state.parent)
    shutil.copytree(backup, trading.state.parent)
    for _ in range(3):
        result = trading.call("run", "--yes")
        assert (result.exit_code, "newer copy" in result.stderr) == (2, True)
    (trading.output / ".batchgen-owner.json").unlink()
    assert buys(trading)["done"] == 3


def test_an_old_copy_can_be_taken_on_purpose(aged: Shop) -> None:
    """Both files are the person's to delete; the bill shows first what is not known."""
    aged.state.with_name("state.db.mark").unlink()
    result = aged.call("run", "--yes")
    assert (result.exit_code, "newer copy" in result.stderr) == (2, True)
    (aged.output / ".batchgen-owner.json").unlink()
    assert buys(aged)["done"] == 3
