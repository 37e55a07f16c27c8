"""The platforms that come with the package, and how a user adds one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from batchgen.errors import JobFileError
from batchgen.job.loading import job_digest, load_job
from batchgen.job.presets import known_platforms
from batchgen.picture_fit import ratio_of
from batchgen.plan.platforms import Platform

NOWHERE = Path("no-such-folder")
JOB = "name: spring\nmanifest: {path: c.csv}\noutput: out\n"
OWN = "screen: {title: Our screen, ratios: [9:16], min_length_s: 5}\n"


@pytest.mark.parametrize("name", known_platforms(NOWHERE))
def test_a_platform_says_where_it_was_read(name: str) -> None:
    """Every figure has a source, a date and a degree of trust."""
    platform = known_platforms(NOWHERE)[name]
    assert platform.source
    assert platform.trust in {"doc", "second-hand"}
    assert platform.checked_on is not None
    assert platform.checked_on >= date(2026, 11, 23)


@pytest.mark.parametrize("name", known_platforms(NOWHERE))
def test_a_platforms_figures_can_be_met(name: str) -> None:
    """Lengths are a range, and every shape is one that pictures may be sent in."""
    platform = known_platforms(NOWHERE)[name]
    assert (platform.min_length_s or 0) < (platform.max_length_s or 1000)
    assert all(1 / 4 <= ratio_of(ratio) <= 4 for ratio in platform.ratios)


@pytest.mark.parametrize(
    ("name", "ratio"),
    [
        ("douyin", "9:16"),
        ("tiktok-ads", "9:16"),
        ("moments", "16:9"),
        ("taobao", "1:1"),
        ("taobao-3x4", "3:4"),
        ("xiaohongshu", "3:4"),
        ("jd", "1:1"),
        ("shopify", None),
        ("amazon-sponsored-brands", "16:9"),
        ("amazon-dsp", "16:9"),
        ("amazon-detail-page", "16:9"),
    ],
)
def test_a_platform_has_its_shape(name: str, ratio: str | None) -> None:
    """The first shape is what naming the platform asks for."""
    assert known_platforms(NOWHERE)[name].ratio == ratio


@pytest.mark.parametrize("name", ["amazon-sponsored-brands", "amazon-dsp", "jd", "tiktok-ads"])
def test_four_seconds_are_too_short_for_advertising(name: str) -> None:
    """What the models make is below these platforms' least length."""
    assert (known_platforms(NOWHERE)[name].min_length_s or 0) > 4


def test_a_file_beside_the_job_adds_platforms(tmp_path: Path) -> None:
    """A screen of one's own has a name too, and ours stay."""
    (tmp_path / "platforms.yaml").write_text(OWN)
    (tmp_path / "job.yaml").write_text(JOB + "clip: {platform: screen, fit: crop}\n")
    job = load_job(tmp_path / "job.yaml")
    own = Platform(title="Our screen", ratios=("9:16",), min_length_s=5)
    assert job.platforms["screen"] == own
    assert "douyin" in job.platforms


def test_a_file_beside_the_job_corrects_ours(tmp_path: Path) -> None:
    """Who knows a platform better than we do says so once."""
    (tmp_path / "platforms.yaml").write_text("jd: {title: JD, ratios: [3:4]}\n")
    assert known_platforms(tmp_path)["jd"] == Platform(title="JD", ratios=("3:4",))


def test_platforms_are_no_part_of_what_a_job_says(tmp_path: Path) -> None:
    """A release that knows more of a platform leaves saved plans as they are."""
    (tmp_path / "job.yaml").write_text(JOB)
    before = job_digest(load_job(tmp_path / "job.yaml"))
    (tmp_path / "platforms.yaml").write_text(OWN)
    assert job_digest(load_job(tmp_path / "job.yaml")) == before


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("jd:\n  title: JD\n  lenght: 5\n", "line 3: jd.lenght: is not a known key; known here: t"),
        ("jd:\n  title: JD\n  least: HD\n", "line 3: jd.least: HD is not of the form 540x960"),
        ("jd: {title: JD, ratios: [3x4]}", "line 1: jd.ratios.0: 3x4 is not of the form 9:16"),
        ("jd: {title: JD, max_mb: -1}", "line 1: jd.max_mb: is not valid: "),
        ("jd: {ratios: [1:1]}", "line 1: jd.title: is not valid: Field required"),
    ],
)
def test_a_wrong_platform_is_named_with_its_line(tmp_path: Path, text: str, fault: str) -> None:
    """The user's own file is checked as strictly as a job file."""
    (tmp_path / "platforms.yaml").write_text(text)
    with pytest.raises(JobFileError, match="has faults: 1") as caught:
        known_platforms(tmp_path)
    assert str(caught.value.details[0]).startswith(fault)


@pytest.mark.parametrize("content", [b"jd: [", b"\xff\xfe\x00", b"- jd\n- taobao\n"])
def test_a_file_that_holds_no_platforms_is_refused(tmp_path: Path, content: bytes) -> None:
    """It is named, so that it is found."""
    (tmp_path / "platforms.yaml").write_bytes(content)
    with pytest.raises(JobFileError, match=r"platforms\.yaml"):
        known_platforms(tmp_path)


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("clip: {platform: duoyin}", "line 4: clip.platform: duoyin is not one of douyin, "),
        ("matrix: {platform: [jd, jdd]}", "line 4: matrix.platform[2]: jdd is not one of douyin, "),
        ("matrix: {platform: {a: jdd}}", "line 4: matrix.platform.a: jdd is not one of douyin, "),
        ("platforms: {}", "line 4: platforms: is not a known key"),
    ],
)
def test_an_unknown_platform_is_a_fault_of_the_job(tmp_path: Path, said: str, fault: str) -> None:
    """The known ones are listed, as for every other choice."""
    (tmp_path / "job.yaml").write_text(JOB + said)
    with pytest.raises(JobFileError) as caught:
        load_job(tmp_path / "job.yaml")
    assert [str(line)[: len(fault)] for line in caught.value.details] == [fault]
