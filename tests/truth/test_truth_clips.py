"""The films are real, differ by task, and are whole only as a whole."""

from __future__ import annotations

import io
from pathlib import Path

import av
import pytest

from batchgen.errors import BadFile
from batchgen.output.mp4 import read_mp4
from tests.truth.clips import film_of


def test_a_film_plays_and_passes_the_check(tmp_path: Path) -> None:
    """Four seconds of eight pictures, by our own check and by a decoder."""
    path = tmp_path / "film.mp4"
    path.write_bytes(film_of("task-1"))
    assert read_mp4(path).duration_s == 4.0
    with av.open(io.BytesIO(film_of("task-1")), "r") as container:
        assert len(list(container.decode(video=0))) == 8


def test_films_of_two_tasks_differ() -> None:
    """The same task always has the same film."""
    assert film_of("task-1") == film_of("task-1") != film_of("task-2")


def test_a_film_that_is_cut_anywhere_is_not_whole(tmp_path: Path) -> None:
    """Whatever part of the end is missing."""
    film = film_of("task-1")
    path = tmp_path / "film.mp4"
    for size in (1, 100, len(film) // 2, len(film) - 15, len(film) - 1):
        path.write_bytes(film[:size])
        with pytest.raises(BadFile):
            read_mp4(path)
