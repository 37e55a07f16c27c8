"""The cells of a matrix and the names of variants."""

from __future__ import annotations

import pytest

from batchgen.plan.clips.matrix import MatrixCell, cells, variant_of
from tests.plan.examples import a_job


def test_a_job_without_matrix_has_one_plain_cell() -> None:
    """Each row is one clip."""
    assert cells(a_job()) == (MatrixCell(),)


def test_every_combination_is_a_cell_in_the_jobs_order() -> None:
    """The last axis turns fastest, labels stand in the order of the axes."""
    matrix = {"prompt": {"spin": "P1", "table": "P2"}, "movement_amplitude": ["small", "large"]}
    assert [cell.labels for cell in cells(a_job(matrix=matrix))] == [
        ("spin", "small"),
        ("spin", "large"),
        ("table", "small"),
        ("table", "large"),
    ]


def test_an_axis_with_one_value_sets_it_without_a_label() -> None:
    """Adding a one-valued axis renames nothing."""
    matrix = {"size": ["720x480"], "prompt": {"a": "P", "b": "Q"}}
    assert cells(a_job(matrix=matrix)) == (
        MatrixCell(("a",), {"size": "720x480", "prompt": "P"}),
        MatrixCell(("b",), {"size": "720x480", "prompt": "Q"}),
    )


@pytest.mark.parametrize(
    ("exclude", "left"),
    [
        ([{"prompt": "a", "with_audio": "yes"}], [("a", "no"), ("b", "yes"), ("b", "no")]),
        ([{"prompt": "a"}], [("b", "yes"), ("b", "no")]),
        ([{"prompt": "a"}, {"with_audio": "no"}], [("b", "yes")]),
        ([{}], [("a", "yes"), ("a", "no"), ("b", "yes"), ("b", "no")]),
    ],
)
def test_exclusions_are_left_out(
    exclude: list[dict[str, str]], left: list[tuple[str, str]]
) -> None:
    """A cell is left out when all pairs of one exclusion match it; an empty one matches none."""
    matrix = {"prompt": {"a": "P", "b": "Q"}, "with_audio": ["yes", "no"]}
    assert [cell.labels for cell in cells(a_job(matrix=matrix, exclude=exclude))] == left


@pytest.mark.parametrize(
    ("column", "labels", "variant"),
    [
        ("", (), "main"),
        ("red", (), "red"),
        (" red ", ("spin", "large"), "red-spin-large"),
        ("", ("spin",), "spin"),
    ],
)
def test_a_variant_is_the_column_and_then_the_labels(
    column: str, labels: tuple[str, ...], variant: str
) -> None:
    """Parts are joined by a dash; without any part it is `main`."""
    assert variant_of(column, labels) == variant
