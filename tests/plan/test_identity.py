"""What a fingerprint counts, and what it does not."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchgen.clip import LocalPicture, RemotePicture
from batchgen.picture_fit import PictureFit
from batchgen.plan.clips.identity import fingerprint, request_record
from tests.plan.examples import LINK, PHOTO, REQUEST


def test_a_fingerprint_hashes_canonical_json_and_never_changes() -> None:
    """A release that gave another value would offer every clip for buying again."""
    known = replace(REQUEST, pictures=(PHOTO, LINK), prompt="红杯子", aspect_ratio="16:9")
    canonical = (
        '{"aspect_ratio":"16:9","duration":4,"model":"vidu2-image","movement_amplitude":"auto",'
        f'"pictures":["sha256:{PHOTO.sha256}","https://shop.example/mug.jpg"],'
        '"prompt":"红杯子","size":"1280x720","with_audio":false}'
    )
    assert fingerprint(known) == "v1:" + sha256(canonical.encode()).hexdigest()


def test_a_fit_counts_by_name_where_it_is_set() -> None:
    """What is done to a picture is part of the request; what was bought without it stays bought."""
    known = replace(REQUEST, pictures=(PHOTO,), fit=PictureFit("crop", "3:4"))
    canonical = (
        '{"duration":4,"fit":"crop 3:4","model":"vidu2-image","movement_amplitude":"auto",'
        f'"pictures":["sha256:{PHOTO.sha256}"],'
        '"prompt":"A mug turns","size":"1280x720","with_audio":false}'
    )
    assert fingerprint(known) == "v1:" + sha256(canonical.encode()).hexdigest()
    assert request_record(known)["fit"] == "crop 3:4"


@pytest.mark.parametrize(
    "change",
    [
        {"fit": PictureFit("crop", "3:4")},
        {"model": "vidu2-reference"},
        {"prompt": "A mug falls"},
        {"size": "720x480"},
        {"duration": 8},
        {"movement_amplitude": "large"},
        {"with_audio": True},
        {"aspect_ratio": "16:9"},
        {"user_id": "customer"},
        {"pictures": (PHOTO,)},
        {"pictures": (RemotePicture("https://shop.example/other.jpg"),)},
        {"pictures": (LINK, LINK)},
        {"pictures": ()},
    ],
    ids=str,
)
def test_everything_that_is_sent_counts(change: dict[str, Any]) -> None:
    """Another value of any field is another request."""
    assert fingerprint(replace(REQUEST, **change)) != fingerprint(REQUEST)


def test_the_order_of_pictures_counts() -> None:
    """First and last frame swapped is another clip."""
    one = fingerprint(replace(REQUEST, pictures=(PHOTO, LINK)))
    assert one != fingerprint(replace(REQUEST, pictures=(LINK, PHOTO)))


@given(
    name=st.text(), path=st.text(), form=st.text(), sides=st.tuples(st.integers(), st.integers())
)
def test_a_local_picture_counts_by_its_bytes_alone(
    name: str, path: str, form: str, sides: tuple[int, int]
) -> None:
    """Renaming or moving a picture changes nothing."""
    other = LocalPicture(name, path, PHOTO.sha256, form, *sides, size_bytes=1)
    same = fingerprint(replace(REQUEST, pictures=(other,)))
    assert same == fingerprint(replace(REQUEST, pictures=(PHOTO,)))


@given(st.text(st.characters()))
def test_any_prompt_has_a_fingerprint(prompt: str) -> None:
    """Broken halves of characters do not stop the plan."""
    assert fingerprint(replace(REQUEST, prompt=prompt)).startswith("v1:")


def test_the_record_holds_what_was_asked_for() -> None:
    """It names pictures with their hashes, and carries unset fields as null."""
    assert request_record(replace(REQUEST, pictures=(PHOTO, LINK))) == {
        "model": "vidu2-image",
        "prompt": "A mug turns",
        "size": "1280x720",
        "duration": 4,
        "movement_amplitude": "auto",
        "with_audio": False,
        "aspect_ratio": None,
        "user_id": None,
        "images": [
            {"name": "mug.png", "sha256": "ab" * 32},
            {"url": "https://shop.example/mug.jpg"},
        ],
    }
