"""Proves: the tests see. Each planted bug makes every one of its named tests fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.bug import Bug
from tests.mutants.bugs import BUGS
from tests.mutants.trial import copy_tree, try_tests
from tests.prove.figures import note_figures

pytestmark = pytest.mark.prove


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_seen(bug: Bug, tmp_path: Path) -> None:
    """Every test named for a bug fails on it, by what it asserts or expects."""
    root = copy_tree(tmp_path)
    bug.plant(root)
    tests = [f"tests/{test}" for test in bug.tests]
    outcome = try_tests(root, tests)
    note_figures("mutants", bug=bug.name, tests=len(tests), blind=outcome.blind(tests))
    assert outcome.blind(tests) == [], outcome.said


def test_without_a_bug_every_named_test_passes(tmp_path: Path) -> None:
    """A test that always fails would see every bug."""
    tests = {f"tests/{test}": None for bug in BUGS for test in bug.tests}
    outcome = try_tests(copy_tree(tmp_path), tests)
    assert outcome.all_passed, outcome.said
