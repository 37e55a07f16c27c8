"""Files that are whole or not there at all."""

from __future__ import annotations

from pathlib import Path

from batchgen.output.disk import beside, replace_patiently, take_free_name, temporary_name


def test_a_held_file_gets_another_name(tmp_path: Path) -> None:
    """Where a spreadsheet holds the file, the next free name takes the content."""

    def held(source: Path, target: Path) -> None:
        if target.name == "results.xlsx":
            raise PermissionError
        source.replace(target)

    target = tmp_path / "results.xlsx"
    with beside(target) as file:
        file.write(b"new")
    written = take_free_name(temporary_name(target), target, replace=held)
    assert written == tmp_path / "results (2).xlsx"
    assert [path.name for path in tmp_path.iterdir()] == ["results (2).xlsx"]


def test_a_replace_waits_for_a_scanner(tmp_path: Path) -> None:
    """A file that is held for a moment is replaced when it is let go."""
    (tmp_path / "a").write_bytes(b"new")
    pauses: list[float] = []

    def held_twice(source: Path, target: Path) -> None:
        if len(pauses) < 2:
            raise PermissionError
        source.replace(target)

    replace_patiently(tmp_path / "a", tmp_path / "b", replace=held_twice, pause=pauses.append)
    assert (tmp_path / "b").read_bytes() == b"new"
    assert pauses == [0.2, 0.2]
