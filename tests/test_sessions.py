"""Sessions: who may use a state and an account at once, and whose budget a start goes on with."""

from __future__ import annotations

import os
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from pathlib import Path

import pytest

from batchgen.clip import AccountScope
from batchgen.clock import SystemClock
from batchgen.engine import Options, open_workspace
from batchgen.errors import Busy, SettingsError
from batchgen.execution import Session, open_session
from batchgen.state.ledger import continues
from batchgen.state.store import Run

_JOB = """\
name: {name}
manifest: {{path: catalog.csv}}
account: {{provider: {provider}}}
clip: {{prompt: "{{{{ sku }}}} turns"}}
output: out
"""
_ROWS = "sku,image\nA1,https://shop.example/1.jpg\n"
RUN = Run("r", "spring", AccountScope("bigmodel", "a", "h"), "/out", Decimal(5), 0.0)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for jobs; account locks lie below it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "user-state"))
    (tmp_path / "catalog.csv").write_text(_ROWS, encoding="utf-8")
    return tmp_path


class UnsetClock(SystemClock):
    """The clock of a computer whose battery is empty."""

    def now(self) -> float:
        """Give a moment of 1970."""
        return 3600.0


def session(
    folder: Path,
    name: str,
    state: str,
    provider: str = "bigmodel",
    clock: SystemClock | None = None,
) -> AbstractAsyncContextManager[Session]:
    """Make ready to hold a job with a state of this name."""
    job = folder / f"{name}.yaml"
    job.write_text(_JOB.format(name=name, provider=provider), encoding="utf-8")
    options = Options(state=str(folder / state), output=str(folder / f"out-{name}"))
    workspace = open_workspace(job, options, {"PATH": os.defpath})
    return open_session(workspace, clock or SystemClock())


async def test_an_account_is_used_from_one_state_at_a_time(folder: Path) -> None:
    """Two states could together pass the tier and the budgets: the second start is refused."""
    async with session(folder, "spring", "one.db"):
        with pytest.raises(Busy, match="the account bigmodel:default"):
            async with session(folder, "autumn", "two.db"):
                pass
    async with session(folder, "autumn", "two.db"):
        pass


async def test_a_clock_that_was_never_set_is_refused(folder: Path) -> None:
    """Nothing is sent, and nothing is written, before it is set."""
    with pytest.raises(SettingsError, match="clock says 1970-01-01"):
        async with session(folder, "spring", "one.db", clock=UnsetClock()):
            pass
    assert not (folder / "one.db").exists()


async def test_a_state_is_used_by_one_start_at_a_time(folder: Path) -> None:
    """Another job, for another account, waits for the state as well."""
    async with session(folder, "spring", "one.db"):
        with pytest.raises(Busy, match="the state"):
            async with session(folder, "autumn", "one.db", provider="zai"):
                pass


async def test_simulators_of_two_states_do_not_wait_for_each_other(folder: Path) -> None:
    """The embedded simulator is nobody's account."""
    async with (
        session(folder, "spring", "one.db", provider="simulator"),
        session(folder, "autumn", "two.db", provider="simulator"),
    ):
        pass


@pytest.mark.parametrize(
    ("ended_at", "stopped", "asked", "goes_on"),
    [
        pytest.param(None, None, None, True, id="killed"),
        pytest.param(None, None, 9, True, id="killed, another budget asked for"),
        pytest.param(9.0, "signal", None, True, id="interrupted"),
        pytest.param(9.0, "budget", None, True, id="budget used up, a scheduler starts again"),
        pytest.param(9.0, "budget", 5, True, id="budget used up, the same asked for"),
        pytest.param(9.0, "budget", 9, False, id="budget used up, another asked for"),
        pytest.param(9.0, None, None, False, id="finished"),
        pytest.param(9.0, "key", None, False, id="stopped for its key"),
    ],
)
def test_a_start_gets_fresh_money_only_when_the_last_run_was_over(
    ended_at: float | None, stopped: str | None, asked: int | None, goes_on: bool
) -> None:
    """Else it goes on with the last run, and with what is left of that one's budget."""
    last = Run(RUN.id, RUN.job, RUN.account, RUN.output, RUN.budget, 0.0, ended_at, 0, stopped)
    assert continues(last, None if asked is None else Decimal(asked)) is goes_on
