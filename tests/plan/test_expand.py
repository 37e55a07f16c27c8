"""From rows to clips: whose value wins, which pictures are sent, what is a fault."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from batchgen.clip import ClipKey, Picture
from batchgen.errors import JobFileError
from batchgen.plan.clips.expand import Expanded, Expander
from batchgen.plan.clips.identity import fingerprint
from batchgen.plan.values import Clip
from tests.plan.examples import (
    LINK,
    PHOTO,
    REQUEST,
    a_job,
    an_item,
    clips_of,
    expanded,
    yuan,
)


def _row(job_fields: dict[str, Any], *pictures: Picture, **cells: str) -> Expanded:
    return expanded(a_job(**job_fields), an_item("A1", 2, *pictures, **cells))[0]


def _codes(row: Expanded) -> list[tuple[str, str | None]]:
    return [(fault.code, fault.column) for fault in row.faults]


def test_a_plain_row_is_one_clip() -> None:
    """The job's defaults, the row's picture, the model's price."""
    assert clips_of(a_job(), an_item()) == [
        Clip(ClipKey("A1"), REQUEST, fingerprint(REQUEST), yuan("1.25"), row=2)
    ]


@pytest.mark.parametrize(
    ("field", "axis", "cell", "default", "sent"),
    [
        ("size", "720x480", "1280x720", "1280x720", "720x480"),
        ("size", None, "720x480", "1280x720", "720x480"),
        ("size", None, " ", "720x480", "720x480"),
        ("movement_amplitude", "small", "large", "auto", "small"),
        ("movement_amplitude", None, "large", "small", "large"),
        ("model", None, "vidu2-reference", "vidu2-image", "vidu2-reference"),
        ("with_audio", "yes", "no", "false", True),
        ("with_audio", None, "是", "false", True),
        ("with_audio", None, "0", "true", False),
        ("with_audio", None, "", "true", True),
    ],
)
def test_matrix_wins_over_cell_and_cell_over_default(
    field: str, axis: str | None, cell: str, default: str, sent: object
) -> None:
    """A blank cell is no value."""
    matrix = {} if axis is None else {field: [axis]}
    job = a_job(clip={"prompt": "P", field: default}, matrix=matrix)
    (clip,) = clips_of(job, an_item(**{field: cell}))
    assert getattr(clip.request, field) == sent


@pytest.mark.parametrize(
    ("matrix", "cells", "prompt"),
    [
        ({}, {"title": "Mug"}, "Mug turns"),
        ({}, {"title": "Mug", "prompt": " {{ title }}  as\nit is "}, "{{ title }} as it is"),
        ({"prompt": ["{{ prompt }}, slowly"]}, {"prompt": "Mug {{ x }}"}, "Mug {{ x }}, slowly"),
        ({"prompt": {"none": ""}}, {"title": "Mug", "prompt": "Mug"}, ""),
    ],
)
def test_only_the_jobs_texts_are_templates(
    matrix: dict[str, Any], cells: dict[str, str], prompt: str
) -> None:
    """A manifest cell is sent as it is, whatever it says."""
    job = a_job(clip={"prompt": "{{ title }} turns"}, matrix=matrix)
    (clip,) = clips_of(job, an_item(**cells))
    assert clip.request.prompt == prompt


@pytest.mark.parametrize(
    ("model", "given_pictures", "sent", "warnings"),
    [
        ("vidu2-image", 1, 1, []),
        ("vidu2-image", 2, 1, ["pictures-dropped"]),
        ("vidu2-start-end", 2, 2, []),
        ("vidu2-reference", 3, 3, []),
        ("vidu2-reference", 5, 3, ["pictures-dropped"]),
    ],
)
def test_a_model_gets_the_first_pictures_it_takes(
    model: str, given_pictures: int, sent: int, warnings: list[str]
) -> None:
    """More pictures than a model takes are dropped with a warning."""
    pictures: tuple[Picture, ...] = (PHOTO, LINK, LINK, LINK, LINK)[:given_pictures]
    row = _row({"clip": {"model": model, "prompt": "P"}}, *pictures)
    assert [clip.request.pictures for clip in row.clips] == [pictures[:sent]]
    assert [warning.code for warning in row.warnings] == warnings


def test_aspect_ratio_is_sent_only_where_the_model_has_it() -> None:
    """A ratio column does no harm to the other models."""
    job = a_job(matrix={"model": ["vidu2-image", "vidu2-reference"]})
    ratios = [clip.request.aspect_ratio for clip in clips_of(job, an_item(aspect_ratio="1:1"))]
    assert ratios == [None, "1:1"]


@pytest.mark.parametrize(
    ("cells", "takes"),
    [({}, [1, 2, 3]), ({"take": " "}, [1, 2, 3]), ({"take": "2"}, [2]), ({"take": "07"}, [7])],
)
def test_a_row_wants_the_jobs_takes_or_its_own(cells: dict[str, str], takes: list[int]) -> None:
    """A `take` cell names one take."""
    clips = clips_of(a_job(takes=3), an_item(**cells))
    assert [clip.key.take for clip in clips] == takes


def test_a_variant_is_named_by_column_and_labels() -> None:
    """The row's own variant comes first."""
    job = a_job(matrix={"movement_amplitude": ["small", "large"]})
    clips = clips_of(job, an_item(variant="red"))
    assert [clip.key.variant for clip in clips] == ["red-small", "red-large"]


def test_budget_columns_become_tags() -> None:
    """A budget by campaign can be counted."""
    job = a_job(budget={"by": {"campaign": "300"}})
    (clip,) = clips_of(job, an_item(campaign=" spring "))
    assert clip.tags == {"campaign": "spring"}


@pytest.mark.parametrize(
    ("job", "cells", "codes"),
    [
        ({}, {"model": "vidu3"}, [("model-unknown", "model")]),
        ({}, {"with_audio": "perhaps"}, [("bad-with-audio", "with_audio")]),
        ({}, {"take": "0"}, [("bad-take", "take")]),
        ({}, {"take": "1.0"}, [("bad-take", "take")]),
        ({}, {"take": "100"}, [("bad-take", "take")]),
        ({}, {"take": "²"}, [("bad-take", "take")]),
        ({}, {"size": "XL"}, [("bad-size", "size")]),
        ({}, {"prompt": "x" * 513}, [("prompt-too-long", "prompt")]),
        ({}, {"model": "vidu2-start-end"}, [("picture-missing", "images")]),
        ({"clip": {"prompt": "{{ titel }}"}}, {}, [("prompt-undefined", "prompt")]),
        ({"budget": {"by": {"campaign": "1"}}}, {}, [("budget-column", "campaign")]),
        (
            {"clip": {"prompt": "{{ titel }}"}},
            {"with_audio": "?", "take": "x", "model": "vidu3"},
            [
                ("bad-take", "take"),
                ("prompt-undefined", "prompt"),
                ("bad-with-audio", "with_audio"),
                ("model-unknown", "model"),
            ],
        ),
    ],
)
def test_what_is_wrong_with_a_row_is_said_all_at_once(
    job: dict[str, Any], cells: dict[str, str], codes: list[tuple[str, str]]
) -> None:
    """Each fault has a stable code and its column; such a row gives no clip."""
    row = _row(job, **cells)
    assert (_codes(row), row.clips) == (codes, ())


def test_a_fault_is_told_once_a_row() -> None:
    """A bad size in four cells of the matrix is one fault, and no cell is made."""
    matrix = {"movement_amplitude": ["small", "large"], "with_audio": ["yes", "no"]}
    row = _row({"matrix": matrix}, size="XL")
    assert (_codes(row), row.clips) == ([("bad-size", "size")], ())


def test_one_bad_cell_of_the_matrix_holds_back_the_whole_row() -> None:
    """A row is made whole or not at all."""
    row = _row({"matrix": {"model": ["vidu2-image", "vidu2-start-end"]}})
    assert (_codes(row), row.clips) == ([("picture-missing", "images")], ())


def test_a_fault_names_the_header_of_the_file() -> None:
    """A mapped column is called as the person's file calls it."""
    item = replace(an_item(size="XL"), headers={"size": "Video size"})
    (row,) = expanded(a_job(), item)
    assert _codes(row) == [("bad-size", "Video size")]


def test_an_undocumented_size_is_a_warning() -> None:
    """It is sent all the same."""
    row = _row({}, size="720x480")
    assert [warning.code for warning in row.warnings] == ["undocumented-size"]
    assert len(row.clips) == 1


@pytest.mark.parametrize(
    ("prompt", "cells", "told"),
    [
        ("{{ title }} turns", {"title": " "}, [("prompt-blank", "title")]),
        ("{{ option1_value }} turns", {"Option1 Value": ""}, [("prompt-blank", "option1_value")]),
        ("{{ title | default('It') }} turns", {"title": ""}, []),
        ("{% if title %}{{ title }}{% else %}It{% endif %} turns", {"title": ""}, []),
        ("{{ title }} turns", {"title": "", "prompt": "a cup"}, []),
    ],
    ids=["blank", "by its other name", "default", "condition", "own prompt"],
)
def test_a_blank_that_a_prompt_prints_is_told(
    prompt: str, cells: dict[str, str], told: list[tuple[str, str]]
) -> None:
    """A prompt that lost its product is still one, and shown before it is paid for."""
    row = _row({"clip": {"prompt": prompt}}, PHOTO, **cells)
    assert [(warning.code, warning.column) for warning in row.warnings] == told
    assert len(row.clips) == 1


def test_an_unknown_model_is_told_which_there_are() -> None:
    """The message helps to mend it."""
    (fault,) = _row({}, model="vidu3").faults
    assert str(fault.message) == (
        "there is no model vidu3; there are: vidu2-image, vidu2-start-end, vidu2-reference"
    )
    assert (fault.file, fault.row, fault.sku) == ("shop.csv", 2, "A1")


@pytest.mark.parametrize(
    ("job", "first", "second"),
    [
        ({}, {}, {}),
        ({"takes": 2}, {}, {"take": "2"}),
        ({"matrix": {"size": {"b-c": "1280x720", "c": "720x480"}}}, {"variant": "a"}, {}),
    ],
    ids=["same names", "take made already", "joined labels"],
)
def test_no_clip_is_made_twice(
    job: dict[str, Any], first: dict[str, str], second: dict[str, str]
) -> None:
    """Two rows, or a row and a label, may not come to the same name."""
    clash = {"variant": "a-b"} if "variant" in first else {}
    rows = expanded(a_job(**job), an_item("A1", 2, **first), an_item("A1", 3, **second, **clash))
    assert [[fault.code for fault in row.faults] for row in rows] == [[], ["clip-duplicate"]]


def test_a_wrong_template_stops_before_any_row() -> None:
    """A mistake in the job file is no fault of thousand rows."""
    job = a_job(matrix={"prompt": {"spin": "{{ title"}})
    with pytest.raises(JobFileError, match=r"matrix\.prompt\.spin"):
        Expander(job)


def test_rows_in_another_order_are_the_same_clips() -> None:
    """Sorting the manifest buys nothing again."""
    items = [an_item("A1"), replace(an_item("B2"), row=3)]
    names = [
        {(clip.key, clip.fingerprint) for clip in clips_of(a_job(), *order)}
        for order in (items, items[::-1])
    ]
    assert names[0] == names[1]
