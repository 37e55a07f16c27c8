"""What is remembered of picture files between commands, and when it is not believed."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from batchgen.catalogue.pictures.facts import remembered_facts
from batchgen.catalogue.pictures.finder import PictureFinder
from batchgen.clip import LocalPicture
from tests.catalogue.examples import Draw


@dataclass
class Memory:
    """A place of facts, asked by one command after another."""

    place: Path
    measured: list[Path] = field(default_factory=list)
    #: Every file is believed to be settled, however new.
    tick_s: int = -10

    def ask(self, path: Path) -> LocalPicture | None:
        """Ask for a picture as a new command does; None where it cannot be measured."""

        def measure(file: Path) -> LocalPicture | None:
            self.measured.append(file)
            found = PictureFinder([file.parent]).find(file.name)
            return found if isinstance(found, LocalPicture) else None

        with remembered_facts(self.place, tick_s=self.tick_s) as facts:
            return facts.of(path, measure)


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    """Make a place that holds nothing yet."""
    return Memory(tmp_path / "user-cache" / "pictures.db")


def test_a_picture_is_measured_once(memory: Memory, draw: Draw) -> None:
    """The next command gets the same facts without opening it."""
    path = draw("a.png")
    first = memory.ask(path)
    assert first is not None
    assert memory.ask(path) == first
    assert memory.measured == [path]


def test_a_changed_picture_is_measured_again(memory: Memory, draw: Draw) -> None:
    """Another size of the file, or the same size at another time."""
    path = draw("a.png")
    memory.ask(path)
    draw("a.png", (100, 100))
    changed = memory.ask(path)
    assert changed is not None
    assert (changed.width, len(memory.measured)) == (100, 2)
    os.utime(path, (1, 1))
    memory.ask(path)
    assert len(memory.measured) == 3


def test_a_picture_that_changed_just_now_is_not_remembered(memory: Memory, draw: Draw) -> None:
    """It may change again before its file system's clock ticks."""
    memory.tick_s = 3600
    path = draw("a.png")
    memory.ask(path)
    memory.ask(path)
    assert len(memory.measured) == 2


def test_a_picture_that_changes_while_it_is_measured_is_not_remembered(
    memory: Memory, draw: Draw
) -> None:
    """What was found may be of the old bytes."""
    path = draw("a.png")

    def change(file: Path) -> LocalPicture:
        found = PictureFinder([file.parent]).find(file.name)
        assert isinstance(found, LocalPicture)
        draw("a.png", (100, 100))
        return found

    with remembered_facts(memory.place, tick_s=-10) as facts:
        facts.of(path, change)
    found = memory.ask(path)
    assert found is not None
    assert found.width == 100


def test_what_is_no_picture_is_not_remembered(memory: Memory, tmp_path: Path) -> None:
    """A fault is told anew each time; a file that is not there, too."""
    (tmp_path / "a.png").write_bytes(b"no picture")
    for path in (tmp_path / "a.png", tmp_path / "b.png"):
        assert memory.ask(path) is None
        assert memory.ask(path) is None
    assert len(memory.measured) == 4


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_damaged_memory_is_begun_anew(memory: Memory, draw: Draw, content: bytes) -> None:
    """Nobody is told: it costs one more look at each picture."""
    path = draw("a.png")
    memory.place.parent.mkdir()
    memory.place.write_bytes(content)
    assert memory.ask(path) == memory.ask(path)
    assert memory.measured == [path]


@pytest.mark.parametrize(
    "change",
    [
        "SET facts = replace(facts, 'a.png', 'b.png')",
        "SET checksum = checksum + 1",
        "SET facts = '[]', checksum = 0",
    ],
)
def test_a_row_that_was_changed_is_not_believed(memory: Memory, draw: Draw, change: str) -> None:
    """A flipped bit would be another picture."""
    path = draw("a.png")
    first = memory.ask(path)
    with sqlite3.connect(memory.place) as connection:
        connection.execute(f"UPDATE picture {change}")
    connection.close()
    assert memory.ask(path) == first
    assert len(memory.measured) == 2


def test_without_a_place_every_picture_is_measured(tmp_path: Path, draw: Draw) -> None:
    """A folder where the file should be, or a file where its folder should be."""
    (tmp_path / "pictures.db").mkdir()
    (tmp_path / "file").write_text("")
    path = draw("a.png")
    for place in (tmp_path / "pictures.db", tmp_path / "file" / "pictures.db"):
        memory = Memory(place)
        assert memory.ask(path) == memory.ask(path)
        assert len(memory.measured) == 2


def test_a_memory_that_another_command_writes_is_done_without(memory: Memory, draw: Draw) -> None:
    """It is locked: the picture is measured, and nobody waits for long."""
    memory.ask(draw("b.png"))
    path = draw("a.png")
    other = sqlite3.connect(memory.place, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert memory.ask(path) is not None
    other.close()
    assert memory.measured[1:] == [path]
