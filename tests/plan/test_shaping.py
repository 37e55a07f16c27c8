"""Which shape a clip is asked for in, and what its platform would say of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from batchgen.clip import ClipRequest, LocalPicture, Picture
from batchgen.item import Fault, ManifestRow
from batchgen.job.presets import known_platforms
from batchgen.plan.clips.expand import Expanded
from batchgen.plan.layout import lay_out
from tests.plan.examples import LINK, PHOTO, a_job, an_item, clips_of, expanded

PLATFORMS = known_platforms(Path("no-such-folder"))
REFERENCE = {"model": "vidu2-reference"}


def asked(clip: dict[str, Any], /, **fields: Any) -> Any:
    """Make a job that says this of its clips."""
    return a_job(clip={"prompt": "P", **clip}, platforms=PLATFORMS, **fields)


def made(clip: dict[str, Any], *pictures: Picture, **cells: str) -> ClipRequest:
    """Make the request of a row that must be faultless."""
    (only,) = clips_of(asked(clip), an_item("A1", 2, *(pictures or (PHOTO,)), **cells))
    return only.request


def row_of(clip: dict[str, Any], *pictures: Picture, **cells: str) -> Expanded:
    """Expand a row, good or bad."""
    return expanded(asked(clip), an_item("A1", 2, *(pictures or (PHOTO,)), **cells))[0]


def codes(faults: tuple[Fault, ...]) -> list[str]:
    """List the codes of some faults or warnings."""
    return [fault.code for fault in faults]


@pytest.mark.parametrize(
    ("clip", "cells", "fit"),
    [
        ({}, {}, None),
        ({"fit": "crop", "ratio": "3:4"}, {}, "crop 3:4"),
        ({"fit": "crop", "ratio": "1080:1920"}, {}, "crop 9:16"),
        ({"fit": "pad", "platform": "douyin"}, {}, "pad 9:16"),
        ({"fit": "pad", "platform": "douyin", "ratio": "1:1"}, {}, "pad 1:1"),
        ({"fit": "blur", "platform": "douyin"}, {"platform": "taobao-3x4"}, "blur 3:4"),
        ({"fit": "crop", "ratio": "3:4"}, {"ratio": " 9:16 ", "fit": "pad"}, "pad 9:16"),
        ({"fit": "crop", "ratio": "3:4"}, {"fit": "none"}, None),
        ({}, {"fit": "crop", "platform": "jd"}, "crop 1:1"),
    ],
)
def test_a_row_wins_over_the_job_and_a_ratio_over_the_platform(
    clip: dict[str, Any], cells: dict[str, str], fit: str | None
) -> None:
    """What is done to the picture, by name."""
    request = made(clip, **cells)
    assert (None if request.fit is None else str(request.fit)) == fit


@pytest.mark.parametrize(
    ("clip", "cells", "aspect_ratio"),
    [
        ({}, {}, "16:9"),
        ({"platform": "douyin"}, {}, "9:16"),
        ({"ratio": "1:1"}, {}, "1:1"),
        ({"platform": "douyin", "aspect_ratio": "1:1"}, {}, "1:1"),
        ({"platform": "douyin"}, {"aspect_ratio": "1:1"}, "1:1"),
        ({"platform": "xiaohongshu"}, {}, "16:9"),
        ({"platform": "shopify"}, {}, "16:9"),
    ],
)
def test_a_model_with_aspect_ratio_is_asked_by_it(
    clip: dict[str, Any], cells: dict[str, str], aspect_ratio: str
) -> None:
    """Its pictures are not touched; who names the ratio himself gets it."""
    request = made({**REFERENCE, "fit": "crop", **clip}, **cells)
    assert (request.aspect_ratio, request.fit) == (aspect_ratio, None)


def test_an_ad_team_tests_one_fit_against_another() -> None:
    """A matrix over `fit` or `platform` makes a clip of each."""
    job = asked({"ratio": "3:4"}, matrix={"fit": ["crop", "blur", "none"]})
    clips = clips_of(job, an_item("A1", 2, PHOTO))
    assert [(clip.key.variant, str(clip.request.fit)) for clip in clips] == [
        ("crop", "crop 3:4"),
        ("blur", "blur 3:4"),
        ("none", "None"),
    ]
    job = asked({"fit": "crop"}, matrix={"platform": ["douyin", "taobao"]})
    clips = clips_of(job, an_item("A1", 2, PHOTO))
    assert [str(clip.request.fit) for clip in clips] == ["crop 9:16", "crop 1:1"]


@pytest.mark.parametrize(
    ("clip", "cells", "fault"),
    [
        ({"fit": "crop"}, {}, "ratio-missing"),
        ({"fit": "crop", "platform": "shopify"}, {}, "ratio-missing"),
        ({"fit": "crop", "ratio": "1:5"}, {}, "bad-ratio"),
        ({"fit": "crop", "ratio": "1:1"}, {"ratio": "3x4"}, "bad-ratio"),
        ({"fit": "crop", "ratio": "1:1"}, {"fit": "corp"}, "bad-fit"),
        ({"platform": "jd"}, {"platform": "jdd"}, "bad-platform"),
    ],
)
def test_a_shape_that_cannot_be_is_a_fault(
    clip: dict[str, Any], cells: dict[str, str], fault: str
) -> None:
    """Nothing is bought in another shape than was asked for."""
    row = row_of(clip, **cells)
    assert (codes(row.faults), row.clips) == ([fault], ())


def test_a_shops_own_column_is_left_alone() -> None:
    """Clothes fit slim: a job that says nothing of shapes is not stopped by that, but told."""
    rows = expanded(
        asked({}), an_item("A1", 2, PHOTO, fit="slim"), an_item("B2", 3, PHOTO, fit="loose")
    )
    assert [clip.request.fit for row in rows for clip in row.clips] == [None, None]
    assert [codes(row.warnings) for row in rows] == [["column-not-ours"], []]


def test_a_column_that_the_job_maps_is_ours() -> None:
    """Then another word is a mistake."""
    job = asked({}, manifest={"path": "shop.csv", "columns": {"fit": "Zuschnitt"}})
    (row,) = expanded(job, an_item("A1", 2, PHOTO, fit="slim"))
    assert codes(row.faults) == ["bad-fit"]


def test_a_web_picture_can_be_shaped_once_it_is_fetched() -> None:
    """Without `fetch` the provider alone would see it."""
    shape = {"fit": "crop", "ratio": "1:1"}
    assert codes(row_of(shape, LINK).faults) == ["picture-fit-remote"]
    job = asked(shape, manifest={"path": "shop.csv", "fetch": True})
    assert len(clips_of(job, an_item("A1", 2, LINK))) == 1


def sized(width: int, height: int) -> LocalPicture:
    """Give a picture of some size."""
    return LocalPicture("p.png", "/p.png", "cd" * 32, "png", width, height, 4000)


@pytest.mark.parametrize("way", ["crop", "pad", "blur"])
def test_shaped_pictures_keep_the_limits_on_shapes(way: str) -> None:
    """A banner is refused as it is, and a pair of unlike frames too; shaped, both are sent."""
    banner, large = sized(2000, 300), sized(4000, 3000)
    pair = {"model": "vidu2-start-end"}
    assert codes(row_of({}, banner).faults) == ["picture-ratio"]
    assert "picture-pair" in codes(row_of(pair, banner, large).faults)
    shape = {"fit": way, "ratio": "1:1"}
    assert row_of(shape, banner).faults == ()
    assert row_of({**pair, **shape}, banner, large).faults == ()


def test_a_crop_that_leaves_little_is_told() -> None:
    """A banner cropped upright is a stripe."""
    row = row_of({"fit": "crop", "ratio": "9:16"}, sized(800, 200))
    assert codes(row.warnings) == ["picture-crop-small"]
    assert "cropped to 112x200" in str(row.warnings[0].message)


@pytest.mark.parametrize(
    ("clip", "finish", "told"),
    [
        ({"platform": "douyin", "fit": "crop"}, None, []),
        ({"platform": "shopify"}, None, []),
        ({"platform": "douyin"}, None, ["fit-missing"]),
        ({"platform": "douyin", "fit": "none"}, None, []),
        ({"platform": "douyin"}, {"ratio": "9:16"}, []),
        ({"platform": "douyin"}, {"ratio": "1:1"}, ["platform-ratio"]),
        ({"ratio": "1:1"}, None, ["fit-missing"]),
        ({"platform": "jd", "fit": "pad"}, None, ["platform-too-short"]),
        ({"platform": "jd", "fit": "pad"}, {"hold_to": "5s"}, ["platform-too-short"]),
        ({"platform": "jd", "fit": "pad"}, {"hold_to": "6s"}, []),
        ({"platform": "jd", "fit": "pad"}, {"hold_to": "2m"}, ["platform-too-long"]),
        ({"platform": "jd", "fit": "pad"}, {"hold_to": "6s", "max_mb": 60}, ["platform-too-heavy"]),
        ({"platform": "jd", "fit": "pad", "ratio": "9:16"}, {"hold_to": "6s"}, ["platform-ratio"]),
        (
            {"platform": "tiktok-ads", "fit": "crop", "size": "720x480"},
            {"hold_to": "5s"},
            ["platform-too-small"],
        ),
        (
            {"platform": "amazon-sponsored-brands", "fit": "pad"},
            None,
            ["platform-too-short", "platform-bars"],
        ),
        ({"platform": "amazon-sponsored-brands", "fit": "crop"}, {"hold_to": "6s"}, []),
        (
            {"platform": "amazon-sponsored-brands", "fit": "crop"},
            {"hold_to": "6s", "ratio": "16:9", "fill": "blur"},
            ["platform-bars"],
        ),
        ({**REFERENCE, "platform": "xiaohongshu"}, None, ["ratio-not-offered", "platform-ratio"]),
        ({**REFERENCE, "ratio": "1:1", "fit": "crop"}, None, ["fit-not-used"]),
    ],
    ids=str,
)
def test_a_platforms_objections_are_told_once(
    clip: dict[str, Any], finish: dict[str, Any] | None, told: list[str]
) -> None:
    """A thousand rows have one warning, of the whole file; what is sent is not held back."""
    job = asked(clip, finish=finish)
    items = [ManifestRow(an_item(f"A{row}", row, PHOTO)) for row in range(2, 5)]
    layout = lay_out(job, items)
    ours = [warning for warning in layout.warnings if warning.code != "undocumented-size"]
    ours = [warning for warning in ours if warning.code != "duplicate-request"]
    assert codes(tuple(ours)) == told
    assert {warning.row for warning in ours} <= {None}
    assert len(layout.rows) == 3


def test_an_objection_says_what_mends_it_and_how_it_is_known() -> None:
    """The person reads the figure, its age, and the key to write."""
    row = row_of({"platform": "tiktok-ads", "fit": "crop"})
    assert str(row.warnings[0].message) == (
        "tiktok-ads takes clips from 5 s on (its own page, read 2026-11-23), these have 4 s:"
        " finish: {hold_to: 5s} makes second files that hold the last frame so long"
    )
