"""The compressed time of a rehearsal."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchgen.clock import SystemClock
from batchgen.engine import Options, Workspace, open_workspace
from batchgen.errors import SettingsError
from batchgen.rehearsal.pace import SPEED, VARIABLE, FastClock, clock_said, in_its_time
from batchgen.rehearsal.performing import environment, faults_for
from batchgen.simulator.switches import LOST_ANSWERS, parse_faults


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """Write a job over one row."""
    (tmp_path / "shop.csv").write_text("sku,image\nA,https://shop.example/a.png\n")
    text = "name: a\nmanifest: {path: shop.csv}\noutput: out\nclip: {prompt: turns}\n"
    (tmp_path / "job.yaml").write_text(text)
    return tmp_path / "job.yaml"


def opened(job: Path, provider: str) -> Workspace:
    """Read the job for a provider."""
    return open_workspace(job, Options(provider=provider), {})


def test_a_run_that_is_told_nothing_goes_by_the_clock(job: Path) -> None:
    """Its workspace stays as it is."""
    workspace = opened(job, "bigmodel")
    same, clock = in_its_time(workspace, {})
    assert same is workspace
    assert isinstance(clock, SystemClock)


def test_a_hurried_run_may_call_as_much_more_often(job: Path) -> None:
    """The ceiling of calls is one of its own, faster seconds."""
    workspace = opened(job, "simulator")
    hurried, clock = in_its_time(workspace, clock_said(0.0))
    rates = [it.job.account.max_polls_per_second for it in (workspace, hurried)]
    assert rates == [10.0, 10.0 * SPEED]
    assert isinstance(clock, FastClock)


def test_a_real_provider_is_never_hurried(job: Path) -> None:
    """The variable, left in an environment by mistake, is refused and named."""
    with pytest.raises(SettingsError, match=VARIABLE):
        in_its_time(opened(job, "bigmodel"), clock_said(0.0))


def test_starts_agree_on_the_time() -> None:
    """Two clocks told the same moment are not far from each other, and far ahead of the world."""
    since = SystemClock().now() - 100
    first, second = FastClock(20, since), FastClock(20, since)
    assert abs(first.now() - second.now()) < 60
    assert first.now() - since >= 2000


def test_nothing_of_the_persons_reaches_a_rehearsal() -> None:
    """No key, address, state or crash point; a key that opens nothing wins over `.env`."""
    outside = {
        "ZAI_API_KEY": "secret",
        "BATCHGEN_API_KEY": "secret",
        "BATCHGEN_BASE_URL": "https://open.bigmodel.cn/api/paas/v4",
        "BATCHGEN_STATE": "real.db",
        "BATCHGEN_CRASH_POINT": "*:1",
        "PATH": "/bin",
    }
    assert environment(outside) == {"BATCHGEN_API_KEY": "rehearsal", "PATH": "/bin"}


@pytest.mark.parametrize(("clips", "lost"), [(1, 0.09), (24, 0.09), (36, 0.06), (5000, 0.03)])
def test_small_jobs_meet_more_faults(clips: int, lost: float) -> None:
    """So that a rehearsal of a few clips loses an answer, too."""
    faults = parse_faults(faults_for(clips))
    assert sum(faults[fault] for fault in LOST_ANSWERS) == pytest.approx(lost)
