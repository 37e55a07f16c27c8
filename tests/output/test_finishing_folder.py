"""Second files among the other files of a clip: their names, and where they go with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batchgen.clip import Attempt, ClipKey, Status
from batchgen.job.schema import Finish
from batchgen.output.download import Downloader
from batchgen.output.finishing.record import Original, note, with_finished
from batchgen.output.folder import OutputFolder
from batchgen.output.names import clip_file, finished_file
from batchgen.output.rows import ResultRow

FINISH = Finish(hold_to=6)


def finished(root: Path, file: str, sha256: str, content: bytes = b"second") -> None:
    """Put a second file beside a clip, as if it had been made."""
    (root / finished_file(file)).write_bytes(content)
    note(root, Original(file, sha256, "A"), FINISH, {"bytes": len(content)})


@pytest.fixture
def row(tmp_path: Path) -> ResultRow:
    """Give the result row of a clip whose second file stands."""
    (tmp_path / "clips/A").mkdir(parents=True)
    row = ResultRow(sku="A", status=Status.DONE, file="clips/A/main.mp4", sha256="ab")
    finished(tmp_path, "clips/A/main.mp4", "ab")
    return row


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (ClipKey("MUG-001"), "clips/MUG-001/main.finished.mp4"),
        (ClipKey("MUG-001", "main", 2), "clips/MUG-001/main.take2.finished.mp4"),
        (ClipKey("MUG-001", "1280x720"), "clips/MUG-001/1280x720.finished.mp4"),
    ],
)
def test_a_second_file_is_named_after_its_clip(key: ClipKey, name: str) -> None:
    """All of them end alike, so that a shop can take `*.finished.mp4`."""
    assert finished_file(clip_file(key)) == name


@pytest.mark.parametrize("variant", ["main.finished", "main.FINISHED", "main.take2.finished"])
def test_no_clip_has_the_name_of_a_second_file(variant: str) -> None:
    """A variant that ends like one gets a marked name."""
    assert not clip_file(ClipKey("A", variant)).casefold().endswith(".finished.mp4")


async def test_it_moves_away_with_the_clip(
    tmp_path: Path, attempt: Attempt, clip_bytes: bytes
) -> None:
    """What a clip that is bought again replaces goes to old/, its second file too."""
    file = "clips/MUG-001/main.mp4"
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_bytes(b"an older clip")
    finished(tmp_path, file, "ab", b"an older second file")
    (tmp_path / f"{file}.part").write_bytes(clip_bytes)
    async with Downloader(allow_loopback=True) as downloader:
        assert await OutputFolder(tmp_path, downloader).publish(replace(attempt, file=file))
    assert not (tmp_path / finished_file(file)).exists()
    moved = tmp_path / "old/MUG-001/main.finished.mp4"
    assert moved.read_bytes() == b"an older second file"


@pytest.mark.parametrize(
    ("changes", "finish", "is_told"),
    [
        pytest.param({}, FINISH, True, id="it stands"),
        pytest.param({"sha256": "cd"}, FINISH, False, id="of another clip"),
        pytest.param({}, Finish(hold_to=7), False, id="by other settings"),
        pytest.param({"file": "clips/B/main.mp4"}, FINISH, False, id="there is none"),
        pytest.param({"file": None}, FINISH, False, id="there is no clip"),
    ],
)
def test_results_name_what_stands(
    tmp_path: Path, row: ResultRow, changes: dict[str, Any], finish: Finish, is_told: bool
) -> None:
    """A row has a second file only where it is the one that the job asks for."""
    rows: Iterator[ResultRow] = with_finished([replace(row, **changes)], tmp_path, finish)
    assert next(rows).finished_file == ("clips/A/main.finished.mp4" if is_told else None)


@pytest.mark.parametrize("content", ["", "[]", '{"finished": 1}', "\udcff"])
def test_a_damaged_record_tells_of_nothing(tmp_path: Path, row: ResultRow, content: str) -> None:
    """The second file is made again then."""
    record = tmp_path / "clips/A/main.json"
    record.write_text(content, encoding="utf-8", errors="surrogateescape")
    assert next(with_finished([row], tmp_path, FINISH)).finished_file is None
