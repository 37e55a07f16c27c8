"""The table of planted bugs fits the package as it stands; that they are seen is a proof."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.mutants.bug import ROOT, Bug
from tests.mutants.bugs import BUGS


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_has_its_place(bug: Bug, tmp_path: Path) -> None:
    """Its text stands once in its module, and what replaces it is no broken program."""
    copy = tmp_path / "batchgen" / bug.file
    copy.parent.mkdir(parents=True)
    shutil.copy(ROOT / "batchgen" / bug.file, copy)
    bug.plant(tmp_path)
    compile(copy.read_text(encoding="utf-8"), bug.file, "exec")


def test_no_bug_is_planted_twice() -> None:
    """Each has a name and a change of its own."""
    assert len({bug.name for bug in BUGS}) == len(BUGS)
    assert len({(bug.file, bug.old, bug.new) for bug in BUGS}) == len(BUGS)


def test_a_text_that_moved_says_which_entry_to_mend(tmp_path: Path) -> None:
    """A bug that cannot be planted any more proves nothing, and is told."""
    (tmp_path / "batchgen").mkdir()
    (tmp_path / "batchgen/clip.py").write_text("nothing")
    bug = Bug("a clip costs nothing", "clip.py", "price", "0", ())
    with pytest.raises(ValueError, match=r"planted bug 'a clip costs nothing' 0 times.*update"):
        bug.plant(tmp_path)
