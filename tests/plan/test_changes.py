"""Why a clip would be bought again: what is found, and how a plan's changes are counted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from batchgen.clip import AttemptState, LocalPicture, RemotePicture
from batchgen.item import Item, ManifestRow
from batchgen.plan.choosing.changes import Change, Reason, delta_of, reasons
from batchgen.plan.choosing.decisions import LaidClips, decide_all
from batchgen.plan.clips.identity import request_record
from batchgen.plan.layout import LAID_CLASSES, lay_out
from batchgen.plan.values import History, Selection
from batchgen.spill import spilled
from tests.plan.examples import (
    LINK,
    PHOTO,
    REQUEST,
    a_history,
    a_job,
    a_plan,
    an_attempt,
    an_item,
    clips_of,
    yuan,
)

OTHER_LINK = RemotePicture("https://shop.example/jug.jpg")
RETAKEN = replace(PHOTO, sha256="cd" * 32)
OTHER_PHOTO = replace(RETAKEN, name="jug.png")


def recorded(request: Any = REQUEST, **fields: Any) -> dict[str, Any]:
    """Record a request as the state gives it back, some fields otherwise."""
    record = request_record(replace(request, **fields))
    return dict(json.loads(json.dumps(record)))


@pytest.mark.parametrize(
    ("asked", "change"),
    [
        ({"prompt": "A jug"}, Change(Reason.PROMPT, None, "A mug turns", "A jug")),
        (
            {"model": "vidu2-reference"},
            Change(Reason.MODEL, None, "vidu2-image", "vidu2-reference"),
        ),
        ({"size": "720x480"}, Change(Reason.PARAMETERS, "size", "1280x720", "720x480")),
        ({"with_audio": True}, Change(Reason.PARAMETERS, "with_audio", "false", "true")),
        ({"duration": 8}, Change(Reason.PARAMETERS, "duration", "4", "8")),
        ({"aspect_ratio": "9:16"}, Change(Reason.PARAMETERS, "aspect_ratio", None, "9:16")),
        ({"user_id": "customer"}, Change(Reason.PARAMETERS, "user_id", None, "customer")),
        (
            {"movement_amplitude": "large"},
            Change(Reason.PARAMETERS, "movement_amplitude", "auto", "large"),
        ),
    ],
)
def test_each_field_is_a_reason(asked: Mapping[str, Any], change: Change) -> None:
    """The model, the prompt, or the parameter by its name, with the old value and the new one."""
    assert reasons(recorded(), replace(REQUEST, **asked)) == (change,)


@pytest.mark.parametrize(
    ("bought", "wanted", "change"),
    [
        pytest.param(
            (PHOTO,),
            (RETAKEN,),
            Change(Reason.PICTURE_BYTES, "mug.png", "sha256 abababababab", "sha256 cdcdcdcdcdcd"),
            id="the file has another content",
        ),
        pytest.param(
            (PHOTO,),
            (OTHER_PHOTO,),
            Change(Reason.PICTURE_BYTES, "jug.png", "mug.png", "jug.png"),
            id="another file",
        ),
        pytest.param(
            (LINK,),
            (OTHER_LINK,),
            Change(Reason.PICTURE_ADDRESS, OTHER_LINK.url, LINK.url, OTHER_LINK.url),
            id="another address",
        ),
        pytest.param(
            (PHOTO,),
            (LINK,),
            Change(Reason.PICTURE_ADDRESS, LINK.url, "mug.png", LINK.url),
            id="an address for a file",
        ),
        pytest.param(
            (PHOTO,),
            (PHOTO, LINK),
            Change(Reason.PICTURES, None, "mug.png", f"mug.png, {LINK.url}"),
            id="one more",
        ),
        pytest.param(
            (PHOTO, LINK),
            (LINK,),
            Change(Reason.PICTURES, None, f"mug.png, {LINK.url}", LINK.url),
            id="one fewer",
        ),
        pytest.param(
            (PHOTO, LINK),
            (LINK, PHOTO),
            Change(Reason.PICTURES, None, f"mug.png, {LINK.url}", f"{LINK.url}, mug.png"),
            id="another order",
        ),
    ],
)
def test_a_changed_picture_is_named(
    bought: tuple[LocalPicture, ...], wanted: tuple[LocalPicture, ...], change: Change
) -> None:
    """By its name or address, or all of them where pictures came, went or moved."""
    request = replace(REQUEST, pictures=wanted)
    assert reasons(recorded(pictures=bought), request) == (change,)


def test_only_the_picture_that_changed_is_named() -> None:
    """Of three pictures the second was taken again."""
    request = replace(REQUEST, pictures=(LINK, RETAKEN, OTHER_LINK))
    found = reasons(recorded(pictures=(LINK, PHOTO, OTHER_LINK)), request)
    assert [change.what for change in found] == ["mug.png"]


def test_a_renamed_picture_of_the_same_bytes_is_no_change() -> None:
    """What stays is another prompt."""
    request = replace(REQUEST, pictures=(replace(PHOTO, name="b.png"),), prompt="A jug")
    found = reasons(recorded(pictures=(PHOTO,)), request)
    assert [change.reason for change in found] == [Reason.PROMPT]


def test_several_reasons_stand_in_one_order() -> None:
    """Model, prompt, pictures, then parameters."""
    request = replace(
        REQUEST, size="720x480", prompt="A jug", pictures=(OTHER_LINK,), model="vidu2-reference"
    )
    assert [change.reason for change in reasons(recorded(), request)] == [
        Reason.MODEL,
        Reason.PROMPT,
        Reason.PICTURE_ADDRESS,
        Reason.PARAMETERS,
    ]


def test_what_only_the_older_record_has_is_a_parameter() -> None:
    """A key that this release does not send any more, or one that another release sent."""
    bought = recorded() | {"style": {"name": "noir"}, "unset": None}
    assert reasons(bought, REQUEST) == (
        Change(Reason.PARAMETERS, "style", '{"name": "noir"}', None),
    )


@pytest.mark.parametrize("bought", [{}, {"model": "vidu2-image"}, recorded()])
def test_a_record_that_tells_nothing_is_said_to(bought: Mapping[str, Any]) -> None:
    """There is always a reason, and none is made up."""
    assert reasons(bought, REQUEST) == (Change(Reason.UNKNOWN),)


# ------------------------------------------------------------------ a whole plan

_JOB = a_job()
_SKUS = ["A1", "B2", "C3"]


def _items(**cells: str) -> list[Item]:
    return [an_item(sku, row, **cells) for row, sku in enumerate(_SKUS, 2)]


def _bought(job: Any = _JOB) -> History:
    """All clips were bought as they stand now, but with another prompt and size."""
    old = replace(REQUEST, prompt="A jug", size="720x480")
    return a_history(
        [
            an_attempt(
                clip,
                AttemptState.SAVED,
                id=number,
                fingerprint="v1:other",
                request=recorded(old),
            )
            for number, clip in enumerate(clips_of(job, *_items()), 1)
        ]
    )


@pytest.mark.parametrize("changed", [False, True])
def test_changes_are_counted_and_priced_by_reason(changed: bool) -> None:
    """Bought again or not; a clip counts for each of its reasons."""
    plan = a_plan(_JOB, *_items(), history=_bought(), selection=Selection(changed=changed))
    delta = delta_of(plan, 10)
    assert list(delta.reasons()) == [
        (Reason.PROMPT, 3, yuan("3.75")),
        (Reason.PARAMETERS, 3, yuan("3.75")),
    ]
    assert delta.parameters == {"size": 3}


def test_only_the_first_are_listed() -> None:
    """The others are counted."""
    delta = delta_of(a_plan(_JOB, *_items(), history=_bought()), 2)
    assert [clip.key.sku for clip in delta.listed] == ["A1", "B2"]
    assert (delta.clips, delta.left_out) == (3, 1)


def test_new_and_finished_clips_are_no_changes() -> None:
    """A plan in which nothing changed gives an empty account."""
    delta = delta_of(a_plan(_JOB, *_items()), 2)
    assert (delta.clips, delta.listed, list(delta.reasons())) == (0, [], [])


def test_a_large_plan_is_compared_as_a_small_one() -> None:
    """Its clips and attempts are read again, a few at a time."""
    history = _bought()
    small = a_plan(_JOB, *_items(), history=history)
    rows = (ManifestRow(item) for item in _items())
    layout = lay_out(_JOB, rows, lambda rows: spilled(rows, LAID_CLASSES, kept=1))
    decisions = decide_all(layout, history, "ask", group=1)
    large = replace(small, clips=LaidClips(layout, decisions, history.purchases))
    assert delta_of(large, 2) == delta_of(small, 2)
