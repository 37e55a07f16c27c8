"""Tries tests on a copy of the package, in which a bug may be planted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.bug import ROOT

#: Longest time for the few tests of one bug, in seconds; they take about three.
_PATIENCE_S = 180.0
#: By such an error a bug shows itself to everybody: the test did not see what is wrong.
_CLUMSY = {"ImportError", "SyntaxError", "NameError", "AttributeError", "TypeError"}
#: Exit codes of pytest: all passed, some failed.
_PASSED, _FAILED = 0, 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """How tests ended on a copy."""

    exit: int
    #: Test -> for each error, the names of its class and of that one's bases.
    errors: dict[str, list[list[str]]]
    #: What pytest printed.
    said: str

    @property
    def all_passed(self) -> bool:
        """Tell whether every test ran and passed."""
        return self.exit == _PASSED

    def blind(self, tests: Iterable[str]) -> list[str]:
        """Name the tests that did not fail, or only by an error that any import would show."""
        if self.exit not in {_PASSED, _FAILED}:
            return list(tests)
        return [test for test in tests if not any(map(_is_seeing, self.errors.get(test, [])))]


def _is_seeing(kinds: Collection[str]) -> bool:
    return "Skipped" not in kinds and _CLUMSY.isdisjoint(kinds)


def copy_tree(folder: Path) -> Path:
    """Copy package, tests and settings, without compiled files; give the copy's root."""
    for name in ("batchgen", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def try_tests(root: Path, tests: Iterable[str]) -> Outcome:
    """Run tests on the package below `root`, and on no other."""
    report = root / "report.json"
    said = subprocess.run(
        [sys.executable, "-m", "tests.mutants.witness", str(report), *tests],
        cwd=root,
        env=_environment(root),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_PATIENCE_S,
        check=False,
    )
    if not report.exists():
        return Outcome(said.returncode, {}, said.stdout)
    return Outcome(**json.loads(report.read_text(encoding="utf-8")), said=said.stdout)


def _environment(root: Path) -> dict[str, str]:
    """Give the environment without the settings of the pytest that runs us.

    Where `CI` is set, pytest shows differences whole, which takes minutes for two films.
    """
    ours = ("PYTEST_", "CI", "BUILD_NUMBER")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"PYTHONPATH": str(root)}
