"""The report as a person opens it: from disk, in Chromium."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

pytestmark = pytest.mark.browser

_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the demo, made by the demo."""
    output = tmp_path_factory.mktemp("demo")
    subprocess.run(
        [sys.executable, "-m", "batchgen", "demo", "--output", str(output), "--no-progress"],
        check=True,
        capture_output=True,
    )
    return output / "report.html"


@pytest.fixture
def page() -> Iterator[Page]:
    """An empty page of Debian's or the system's Chromium."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.fail("install Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        yield browser.new_page()
        browser.close()


def test_every_poster_is_shown_and_nothing_is_asked_of_the_network(
    report: Path, page: Page
) -> None:
    """The page opens from disk with all 24 posters, without an error or a request elsewhere."""
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(report.as_uri())
    page.wait_for_load_state("load")
    assert page.locator("video").count() == 24
    assert complaints == []
    assert {request.split(":", 1)[0] for request in requests} == {"file"}


def test_a_clip_plays(report: Path, page: Page) -> None:
    """Pressing play moves the clip forward: it is decodable, and the page's policy allows it."""
    page.goto(report.as_uri())
    video = page.locator("video").first
    playing = video.evaluate(
        """clip => new Promise((resolve, reject) => {
            clip.ontimeupdate = () => clip.currentTime > 0.2 && resolve(
                [clip.videoWidth, clip.videoHeight, clip.duration]);
            clip.onerror = () => reject(clip.error.message);
            clip.muted = true;
            clip.play();
        })"""
    )
    assert playing == [1280, 720, 4]


def test_the_report_can_be_moved(report: Path, page: Page, tmp_path: Path) -> None:
    """A copy of the folder, as from a mailed zip, shows its posters and clips just the same."""
    copy = shutil.copytree(report.parent, tmp_path / "mailed")
    page.goto((copy / report.name).as_uri())
    posters = page.locator("video").evaluate_all("clips => clips.map(clip => clip.poster)")
    assert all(poster.startswith(copy.as_uri()) for poster in posters)
