"""Runs as processes: signals, locks, closed pipes and a person at a terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from batchgen.messages import msg
from batchgen.state.locks import hold, state_lock_path
from tests.cli.shop import PRICE, Shop, Watch, ended, skus, start_simulator, until
from tests.cli.test_cli_run import buys

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and terminals")
CLIPS = 16


@pytest.fixture
def slow(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """Give the shop sixteen products and a simulator of its own, whose tasks take 1.1 s."""
    shop.write_rows(*skus(CLIPS))
    shop.simulator = start_simulator("--tier=V1", "--speed=40")
    monkeypatch.setenv("BATCHGEN_API_KEY", "made-up")
    monkeypatch.setenv("BATCHGEN_BASE_URL", shop.simulator.base_url)
    yield shop.simulator
    shop.simulator.close()


def under_way(shop: Shop, *options: str, **how: Any) -> subprocess.Popen[str]:
    """Start a run and wait until its first ten tasks were taken."""
    assert shop.simulator
    simulator = shop.simulator
    run = shop.start("run", "--yes", *options, **how)
    until(lambda: simulator.stats()["accepted"] >= 10, run)
    return run


# ------------------------------------------------------------------ signals


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_loses_nothing(shop: Shop, slow: Watch, name: str) -> None:
    """Everything in hand is recorded; the next run goes on, and pays for each clip once."""
    number = getattr(signal, name)
    run = under_way(shop, "--tier=V1")
    run.send_signal(number)
    code, _, stderr = ended(run)
    assert code == 128 + number
    assert "Traceback" not in stderr
    assert f"`batchgen run {shop.job} --tier V1` goes on from here" in stderr
    status = shop.json("status")
    told = [f": {status[name]} ({status[name] * PRICE:.2f} CNY)" for name in ("running", "ready")]
    assert all(it in stderr for it in told if not it.startswith(": 0 "))
    assert status["uncertain"] == 0
    assert status["running"] + status["ready"] > 0
    assert buys(shop)["spent"] == "20.00"
    assert len(slow.bill()) == CLIPS


def test_an_interrupted_run_is_continued(shop: Shop, slow: Watch) -> None:
    """The next start has the same run id and its budget, though the flag is not given again."""
    run = under_way(shop, "--budget=15", "--json")
    run.send_signal(signal.SIGINT)
    code, stdout, _ = ended(run)
    told = shop.json("run", "--yes", code=4)
    assert (code, json.loads(stdout)["run"]) == (130, told["run"])
    assert (told["stopped"], told["spent"]) == ("budget", "15.00")


def test_a_row_that_left_the_catalogue_is_brought_home(shop: Shop, slow: Watch) -> None:
    """What is alive for a row that is gone now is still fetched; nothing else is bought."""
    run = under_way(shop)
    run.send_signal(signal.SIGTERM)
    assert ended(run)[0] == 143
    bought = {row["sku"] for row in shop.results() if row["task_id"]}
    assert len(bought) >= 10
    shop.write_rows("S001")
    buys(shop)
    assert shop.clips() == bought


def test_a_second_signal_leaves_at_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Submits that are not answered become uncertain, and hold nobody up."""
    simulator = start_simulator("--faults=submit-timeout=1")
    monkeypatch.setenv("BATCHGEN_API_KEY", "made-up")
    monkeypatch.setenv("BATCHGEN_BASE_URL", simulator.base_url)
    run = shop.start("run", "--yes", "--no-progress")
    until(lambda: simulator.stats()["lost_answers"] == 3, run)
    run.send_signal(signal.SIGINT)
    assert run.stderr
    assert "again" in run.stderr.readline()
    run.send_signal(signal.SIGINT)
    assert ended(run)[0] == 130
    assert shop.json("status")["uncertain"] == 3
    simulator.close()


def test_nohup_is_heeded(shop: Shop, slow: Watch) -> None:
    """A run that was started to survive its terminal goes on when that closes."""
    ignore = f"trap '' HUP; exec {sys.executable} -m batchgen run {shop.job} --yes"
    run = subprocess.Popen(["sh", "-c", ignore], stdout=-3, stderr=-3, text=True)
    until(lambda: slow.stats()["in_flight"] >= 3, run)
    run.send_signal(signal.SIGHUP)
    assert run.wait(timeout=60) == 0


# ------------------------------------------------------------------ locks


def test_a_second_run_exits_75(shop: Shop, slow: Watch) -> None:
    """At once, naming the process; readers go on meanwhile."""
    run = under_way(shop)
    result = shop.call("run", "--yes")
    assert (result.exit_code, result.stdout) == (75, "")
    assert str(run.pid) in result.stderr
    assert "--wait" in result.stderr
    assert shop.call("retry", "--failed", "--yes").exit_code == 75
    assert shop.call("status").exit_code == shop.call("report").exit_code == 0
    assert ended(run)[0] == 0


def test_another_state_may_not_use_the_account(shop: Shop, slow: Watch) -> None:
    """One account has one runner, whatever the state."""
    run = under_way(shop)
    result = shop.call("run", "--yes", "--state=other.db", "--output=other")
    assert result.exit_code == 75
    assert "bigmodel:default" in result.stderr
    assert ended(run)[0] == 0


def test_a_second_run_may_wait(shop: Shop, slow: Watch) -> None:
    """`--wait` starts when the first run has ended, and finds everything done."""
    first = under_way(shop)
    told = buys(shop, "--wait")
    assert (told["skipped"], told["spent"]) == (CLIPS, "20.00")
    assert ended(first)[0] == 0


def waiting(shop: Shop) -> subprocess.Popen[str]:
    """Start a run that waits for the lock of the state, which is held."""
    run = shop.start("run", "--yes", "--wait", "--no-progress")
    assert run.stderr
    assert "waiting" in run.stderr.readline()
    return run


def test_what_was_mended_during_the_wait_counts(trading: Shop) -> None:
    """Job and catalogue are read again when the lock is had."""
    trading.write_rows("A", "B", "B")
    with hold(state_lock_path(trading.state), msg("the state")):
        run = waiting(trading)
        trading.write_rows("A", "C")
    assert ended(run)[0] == 0
    assert trading.clips() == {"A", "C"}


def test_a_job_that_moves_during_the_wait_is_refused(trading: Shop) -> None:
    """Another output folder or account is not the one that was waited for: exit 2."""
    with hold(state_lock_path(trading.state), msg("the state")):
        run = waiting(trading)
        trading.write_job(output="elsewhere")
    code, _, stderr = ended(run)
    assert (code, "since the wait began" in stderr) == (2, True)
    assert trading.json("ledger") == []


def test_waiting_can_be_interrupted(trading: Shop) -> None:
    """Ctrl-C ends the waiting at once: exit 130."""
    with hold(state_lock_path(trading.state), msg("the state")):
        run = waiting(trading)
        run.send_signal(signal.SIGINT)
        code, _, stderr = ended(run)
    assert (code, "Traceback" in stderr) == (130, False)


# ------------------------------------------------------------------ closed pipes


def test_a_closed_pipe_is_no_error(shop: Shop) -> None:
    """`batchgen plan JOB | head -1` ends well when nobody reads on."""
    plan = shop.start("plan")
    assert plan.stdout
    assert plan.stderr
    plan.stdout.close()
    assert plan.stderr.read() == ""
    assert plan.wait(timeout=60) == 0
    plan.stderr.close()


def test_a_run_goes_on_without_readers(trading: Shop) -> None:
    """What it prints is lost; the clips and the exit code are not."""
    run = trading.start("run", "--yes")
    assert run.stdout
    assert run.stderr
    run.stdout.close()
    run.stderr.close()
    assert run.wait(timeout=60) == 0
    assert trading.clips() == {"A", "B", "C"}


@pytest.mark.parametrize("closed", ["2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_run_goes_on_with_closed_streams(trading: Shop, closed: str) -> None:
    """A stream that the starter closed costs neither clips nor exit code."""
    line = f"exec {sys.executable} -m batchgen run {trading.job} --yes {closed}"
    assert subprocess.run(["sh", "-c", line], check=False, timeout=60).returncode == 0
    assert trading.clips() == {"A", "B", "C"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_full_disk_under_the_output_is_told(trading: Shop, options: tuple[str, ...]) -> None:
    """What cannot be printed is said once on stderr; clips and exit code are not lost."""
    with Path("/dev/full").open("w") as full:
        run = trading.start("run", "--yes", "--no-progress", *options, stdout=full)
        code, _, stderr = ended(run)
    assert code == 0
    assert stderr.count("cannot be printed") == 1
    assert trading.clips() == {"A", "B", "C"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_under_the_remarks_is_borne(trading: Shop) -> None:
    """Remarks that cannot be written change no exit code."""
    trading.write_rows("A", "B", "B")
    with Path("/dev/full").open("w") as full:
        run = trading.start("run", "--yes", "--skip-invalid", stderr=full)
        assert ended(run)[0] == 3
        run = trading.start("run", "--yes", stderr=full)
        assert ended(run)[0] == 2


# ------------------------------------------------------------------ a person at a terminal


def at_terminal(shop: Shop, answer: bytes) -> tuple[int, bytes]:
    """Start a run at a terminal and answer its question; give the exit code and the screen."""
    ours, theirs = pty.openpty()
    run = shop.start("run", stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    screen = b""
    while b"[y/N]" not in screen:
        screen += os.read(ours, 4096)
    if answer:
        os.write(ours, answer)
    else:  # a signal between the question and the reading is seen at the next one
        run.send_signal(signal.SIGINT)
        while run.poll() is None and not select.select([ours], [], [], 1.0)[0]:
            run.send_signal(signal.SIGINT)
    while chunk := _read(ours):
        screen += chunk
    os.close(ours)
    return run.wait(timeout=60), screen


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the other side is closed
        return b""


def test_a_person_may_agree(trading: Shop) -> None:
    """The price stands in the question; `y` buys."""
    code, screen = at_terminal(trading, b"y\n")
    assert code == 0
    assert b"clips to buy: 3, for 3.75 CNY. Go on?" in screen
    assert trading.clips() == {"A", "B", "C"}


def test_a_person_may_refuse(trading: Shop) -> None:
    """Anything but yes buys nothing: exit 2."""
    assert at_terminal(trading, b"n\n")[0] == 2
    assert trading.json("ledger") == []


def test_a_person_may_interrupt_the_question(trading: Shop) -> None:
    """Ctrl-C at the question ends the command at once: exit 130, nothing bought."""
    code, screen = at_terminal(trading, b"")
    assert (code, b"Traceback" in screen) == (130, False)
    assert trading.json("ledger") == []
