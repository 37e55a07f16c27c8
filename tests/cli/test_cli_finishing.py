"""`finish:` in a job: a second file beside each clip, made by `run` and mended by `report`."""

from __future__ import annotations

import json
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from batchgen.messages import msg
from batchgen.output.finishing.film import read_film
from batchgen.state.locks import hold
from tests.cli.shop import Shop, ended, kill, skus, start_simulator, until

UPRIGHT = {"ratio": "3:4", "fill": "crop", "hold_to": "5s"}


@pytest.fixture
def shop_of_one(trading: Shop) -> Shop:
    """Give a shop with one product, whose job asks for second files."""
    trading.write_rows("A")
    trading.write_job(finish=UPRIGHT)
    return trading


def second(shop: Shop, sku: str = "A") -> Path:
    """Give where a second file lies."""
    return shop.output / f"clips/{sku}/main.finished.mp4"


def told_of(shop: Shop) -> list[Any]:
    """Read the second files that the results name."""
    return [row["finished_file"] for row in shop.results()]


def test_a_run_makes_a_second_file_of_every_clip(trading: Shop) -> None:
    """They stand beside the clips, in the results, on the page and in the provenance."""
    trading.write_job(finish=UPRIGHT)
    assert trading.json("run", "--yes")["done"] == 3
    assert told_of(trading) == [f"clips/{sku}/main.finished.mp4" for sku in "ABC"]
    facts = read_film(second(trading, "C"))
    assert (facts.size, facts.duration_s) == ((540, 720), 5.0)
    page = (trading.output / "report.html").read_text(encoding="utf-8")
    assert page.count('.finished.mp4">second file</a>') == 3
    told = json.loads((trading.output / "clips/A/main.json").read_text(encoding="utf-8"))
    assert told["finished"]["of"] == told["sha256"]
    assert not list(trading.output.rglob("*.part"))


def test_they_are_made_while_the_run_goes_on(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first second file stands long before the last clip is bought."""
    shop.write_rows(*skus(30))
    shop.write_job(finish=UPRIGHT)
    simulator = start_simulator("--tier=V0", "--speed=40")
    monkeypatch.setenv("BATCHGEN_API_KEY", "made-up")
    monkeypatch.setenv("BATCHGEN_BASE_URL", simulator.base_url)
    run = shop.start("run", "--yes", "--tier=V0")
    until(lambda: any(shop.output.glob("clips/*/main.finished.mp4")), run)
    accepted = simulator.stats()["accepted"]
    kill(run)
    simulator.close()
    assert accepted < 30


def test_takes_have_second_files_of_their_own(shop_of_one: Shop) -> None:
    """The second take's stands beside the second take."""
    shop_of_one.write_job(finish={"level": "3.1"}, takes=2)
    shop_of_one.json("run", "--yes")
    assert told_of(shop_of_one)[1] == "clips/A/main.take2.finished.mp4"


def test_a_job_without_finish_makes_none(shop_of_one: Shop) -> None:
    """No file, and nothing in the column."""
    shop_of_one.write_job()
    shop_of_one.json("run", "--yes")
    assert not second(shop_of_one).exists()
    assert told_of(shop_of_one) == [None]


@pytest.mark.parametrize("command", [("report",), ("run", "--yes")])
def test_what_is_missing_is_made_later(shop_of_one: Shop, command: tuple[str, ...]) -> None:
    """Finish came into the job after the clip was bought: nothing more is paid."""
    shop_of_one.write_job()
    shop_of_one.json("run", "--yes")
    shop_of_one.write_job(finish=UPRIGHT)
    result = shop_of_one.call(*command)
    assert result.exit_code == 0
    assert "second files to make: 1" in result.stderr
    assert told_of(shop_of_one) == ["clips/A/main.finished.mp4"]
    assert shop_of_one.json("status")["spent"] == "1.25"


def test_other_settings_make_it_again(shop_of_one: Shop) -> None:
    """What stands is left alone until the job asks for something else."""
    shop_of_one.json("run", "--yes")
    before = second(shop_of_one).stat()
    assert "second" not in shop_of_one.call("report").stderr
    assert second(shop_of_one).stat() == before
    shop_of_one.write_job(finish=UPRIGHT | {"ratio": "1:1"})
    shop_of_one.call("report")
    assert read_film(second(shop_of_one)).size == (720, 720)


def test_a_clip_that_cannot_be_finished_is_told(shop_of_one: Shop) -> None:
    """The clip itself is done, so the run is complete; the way to mend it is named."""
    shop_of_one.write_job(finish={"ratio": "1001:1000", "fill": "crop"})
    result = shop_of_one.call("run", "--yes", "--no-progress")
    assert result.exit_code == 0
    told = "A / main: no second file is made of it: 1280x720 holds no picture"
    assert result.stderr.count(told) == 1
    assert told_of(shop_of_one) == [None]


def test_a_place_that_cannot_be_written_is_told(shop_of_one: Shop) -> None:
    """What the disk says stands beside the clip's name; the clip is done."""
    second(shop_of_one).with_name("main.finished.mp4.part").mkdir(parents=True)
    result = shop_of_one.call("run", "--yes", "--no-progress")
    assert result.exit_code == 0
    assert "A / main: its second file cannot be written (Is a directory)" in result.stderr


def test_a_full_disk_is_told_once(trading: Shop) -> None:
    """Nothing more is tried then; the report itself is written."""
    resource = pytest.importorskip("resource", reason="POSIX limits")
    Image.effect_noise((320, 320), 90).convert("RGB").save(trading.folder / "cup.png")
    trading.json("run", "--yes")
    trading.write_job(finish={"level": "4.0"})
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (50_000, hard))
    code, stdout, stderr = ended(trading.start("report", preexec_fn=limit))
    assert (code, stderr.count("its second file cannot be written (File too large)")) == (0, 1)
    assert "report.html" in stdout + stderr
    assert not list(trading.output.rglob("*.finished*"))


def test_two_do_not_make_them_at_once(shop_of_one: Shop) -> None:
    """Where another batchgen makes them, the report is written without, and says so."""
    shop_of_one.write_job()
    shop_of_one.json("run", "--yes")
    shop_of_one.write_job(finish=UPRIGHT)
    lock = shop_of_one.state.with_name("state.db.finishing.lock")
    with hold(lock, msg("the second files")):
        result = shop_of_one.call("report")
    assert result.exit_code == 0
    assert "no second files are made now" in result.stderr
    assert not second(shop_of_one).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_an_interrupt_leaves_the_rest_for_the_next_time(shop_of_one: Shop) -> None:
    """Nothing half made is left; the clip is in the results, and the next start finishes it."""
    shop_of_one.write_job(finish={"hold_to": "300s"})
    run = shop_of_one.start("run", "--yes")
    until(lambda: second(shop_of_one).with_name("main.finished.mp4.part").exists(), run)
    run.send_signal(signal.SIGINT)
    code, _, stderr = ended(run)
    assert (code, "Traceback" in stderr) == (130, False)
    assert shop_of_one.json("status")["done"] == 1
    assert not list(shop_of_one.output.rglob("*.part"))
    shop_of_one.write_job(finish=UPRIGHT)
    shop_of_one.json("run", "--yes")
    assert told_of(shop_of_one) == ["clips/A/main.finished.mp4"]
