"""`batchgen rehearse`: the real job as processes against the simulator, killed and judged."""

from __future__ import annotations

import re
import signal
import sys
from pathlib import Path

import pytest

from tests.cli.shop import Shop, ended, skus

CLIPS = 6
PROMISES = (
    "bought_twice",
    "paid_and_lost",
    "over_budget",
    "over_tier",
    "unexplained_charges",
    "damaged_files",
    "broken_starts",
)


@pytest.fixture
def six(shop: Shop) -> Shop:
    """Make a shop with six products, and a real-looking key beside the job."""
    shop.write_rows(*skus(CLIPS))
    (shop.folder / ".env").write_text("BATCHGEN_API_KEY=real-key.that-must-not-travel\n")
    return shop


def folder_of(shop: Shop) -> Path:
    """Give the folder of the shop's rehearsals."""
    return shop.output.with_name("out.rehearsal")


def files_with(text: bytes, folder: Path) -> list[Path]:
    """Find files that hold a text."""
    return [path for path in folder.rglob("*") if path.is_file() and text in path.read_bytes()]


def test_a_rehearsal_keeps_its_promises(six: Shop) -> None:
    """Killed twice and ended, it counts by the simulator's bill and leaves the real job alone."""
    told = six.json("rehearse", "--kills=2", "--seed=3")
    assert told["promises"] == dict.fromkeys(PROMISES, 0)
    assert (told["exit"], told["clips"], told["breaches"]) == (0, CLIPS, [])
    assert 1 <= told["kills"] <= 2
    assert told["starts"] == told["kills"] + 1
    assert sum(told[name] for name in ("done", "failed", "uncertain", "planned")) == CLIPS
    assert told["uncertain"] == len(told["in_doubt"])
    assert len(list(folder_of(six).glob("clips/*/*.mp4"))) == told["done"]
    assert (folder_of(six) / "report.html").is_file()
    assert not six.output.exists()
    assert not six.state.exists()
    assert files_with(b"must-not-travel", folder_of(six)) == []


def test_a_budget_holds(six: Shop) -> None:
    """A budget for four of six clips: what is bought stays below it, killed or not."""
    six.write_job(budget={"run": "5.00"})
    told = six.json("rehearse", "--kills=1")
    assert (told["promises"]["over_budget"], told["exit"]) == (0, 0)
    assert told["planned"] >= CLIPS - 4
    assert float(told["charged"]) <= 5


def test_fewer_kills_than_wanted_are_explained(six: Shop) -> None:
    """A job without anything to wait for ends before it can be killed a thousand times."""
    six.write_job(budget={"run": "1.25"})
    text = six.call("rehearse", "--kills=1000").stdout
    kills = re.search(r"killed (\d+) times", text)
    assert kills
    assert f"kills: {kills[1]} of the 1000 asked for; the run had ended by itself" in text


def test_what_it_prints(six: Shop) -> None:
    """Each promise with its count, and the folder to open; where it stands goes to stderr."""
    result = six.call("rehearse", "--kills=0")
    assert result.exit_code == 0
    for promise in ("bought twice", "paid and lost", "over budget", "over the tier"):
        assert re.search(rf"^  {promise} +0  ", result.stdout, re.MULTILINE)
    assert "every promise was kept" in result.stdout
    assert str(folder_of(six) / "report.html") in result.stdout
    assert "last start" in result.stderr


#: Ends `batchgen run` with exit code 1 when its state is there already.
_BREAK_DOWN = """
import pathlib, sys
states = [word.partition("=")[2] for word in sys.orig_argv if word.startswith("--state=")]
if states and pathlib.Path(states[0]).exists():
    sys.exit(1)
"""


def test_a_broken_promise_exits_1(six: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that breaks down is told as a broken promise, with the place of what it said."""
    site = six.folder / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(_BREAK_DOWN)
    monkeypatch.setenv("PYTHONPATH", str(site))
    result = six.call("rehearse", "--kills=1", "--seed=3")
    assert result.exit_code == 1
    assert "runs that broke down: start 2 ended with exit code 1" in result.stdout
    assert f"send {folder_of(six) / '.batchgen' / 'runs.log'} with your report" in result.stdout
    assert "every promise was kept" not in result.stdout


def test_a_foreign_folder_is_refused(six: Shop) -> None:
    """Something else lies where the rehearsal would empty: exit 2, and it still lies there."""
    folder_of(six).mkdir()
    (folder_of(six) / "mine.txt").touch()
    result = six.call("rehearse")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "not emptied" in result.stderr
    assert [path.name for path in folder_of(six).iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("rows", ["sku,title,image\nA,Cup,nowhere.png\n", "sku,title,image\n"])
def test_a_faulty_or_empty_catalogue_exits_2(six: Shop, rows: str) -> None:
    """Nothing is made then."""
    (six.folder / "catalogue.csv").write_text(rows)
    assert six.call("rehearse").exit_code == 2
    assert not folder_of(six).exists()


def test_it_takes_no_other_address(six: Shop) -> None:
    """A rehearsal has no option that could lead it to a provider or to the real state."""
    for option in ("--base-url=https://open.bigmodel.cn/api/paas/v4", "--provider=bigmodel"):
        assert six.call("rehearse", option).exit_code == 2
    assert six.call("rehearse", "--state=real.db").exit_code == 2


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_leaves_nothing_running(six: Shop, name: str) -> None:
    """The run and the simulator end with the rehearsal, which says so."""
    rehearsal = six.start("rehearse", "--kills=100")
    assert rehearsal.stderr
    while "start 1" not in rehearsal.stderr.readline():
        assert rehearsal.poll() is None
    rehearsal.send_signal(getattr(signal, name))
    code, stdout, stderr = ended(rehearsal)
    assert (code, stdout) == (128 + getattr(signal, name), "")
    assert "stopped" in stderr
    assert "Traceback" not in stderr
