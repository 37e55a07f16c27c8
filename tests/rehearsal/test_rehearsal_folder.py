"""The folder of a rehearsal: only its own is ever emptied."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchgen.clip import AccountScope
from batchgen.errors import Busy, InputError
from batchgen.output.owner import OWNER_FILE, Claimant, claim
from batchgen.rehearsal.folder import MARK, beside, own_folder


def test_it_lies_beside_the_output() -> None:
    """The job's own output folder is another one."""
    assert beside(Path("/shop/out/spring")) == Path("/shop/out/spring.rehearsal")


def test_a_new_folder_is_made_and_marked(tmp_path: Path) -> None:
    """With the folders above it."""
    folder = tmp_path / "out" / "spring.rehearsal"
    with own_folder(folder):
        assert (folder / MARK).is_file()


def test_its_own_folder_is_emptied(tmp_path: Path) -> None:
    """What the rehearsal before left goes, folders and all; what a link leads to stays."""
    outside = tmp_path / "kept.txt"
    outside.write_text("kept")
    folder = tmp_path / "rehearsal"
    with own_folder(folder):
        (folder / "clips").mkdir()
        (folder / "clips" / "a.mp4").touch()
        (folder / "link").symlink_to(outside)
    with own_folder(folder):
        assert {path.name for path in folder.iterdir() if not path.name.startswith(MARK)} == set()
    assert outside.read_text() == "kept"


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_what_is_not_its_own_is_left_alone(tmp_path: Path, kind: str) -> None:
    """A folder with something else, a file, or a link to a rehearsal's folder: refused."""
    place = tmp_path / "place"
    if kind == "folder":
        place.mkdir()
        (place / "clip.mp4").touch()
    elif kind == "file":
        place.touch()
    else:
        with own_folder(tmp_path / "other"):
            place.symlink_to(tmp_path / "other")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match="not emptied"), own_folder(place):
        raise AssertionError
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """The message names another way."""
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="--output"), own_folder(tmp_path / "file" / "below"):
        raise AssertionError


def test_two_rehearsals_do_not_share_a_folder(tmp_path: Path) -> None:
    """The second is told who has it, and empties nothing."""
    folder = tmp_path / "rehearsal"
    with own_folder(folder):
        (folder / "clip.mp4").touch()
        with pytest.raises(Busy, match="rehearsal"), own_folder(folder):
            raise AssertionError
        assert (folder / "clip.mp4").exists()


@pytest.mark.parametrize("content", ['{"provider": "bigmodel"}', None])
def test_a_folder_that_a_real_run_filled_since_is_left_alone(
    tmp_path: Path, content: str | None
) -> None:
    """The mark of an old rehearsal does not make paid films worthless."""
    with own_folder(tmp_path):
        account = AccountScope("bigmodel", "default", "open.bigmodel.cn")
        claim(tmp_path, Claimant(account, tmp_path / "state.db", "state-1", 1))
        if content is not None:
            (tmp_path / OWNER_FILE).write_text(content)
        (tmp_path / "film.mp4").touch()
    with pytest.raises(InputError, match="not emptied"), own_folder(tmp_path):
        raise AssertionError
    assert (tmp_path / "film.mp4").exists()
