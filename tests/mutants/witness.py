"""Runs tests in a process of its own, and writes down by what kind of error each one failed.

    python -m tests.mutants.witness REPORT TEST ...

Run it in a folder that holds the package and the tests: exactly that package is tested.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

import batchgen


class Witness:
    """A plugin of pytest that remembers errors, by test without its parameters."""

    def __init__(self) -> None:
        #: Test -> for each error, the names of its class and of that one's bases.
        self.errors: dict[str, list[list[str]]] = {}

    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Remember how a step of a test failed, if it did."""
        if call.excinfo is not None:
            kinds = [kind.__name__ for kind in call.excinfo.type.__mro__]
            self.errors.setdefault(item.nodeid.partition("[")[0], []).append(kinds)


def main(report: Path, tests: list[str]) -> None:
    """Run the tests and write the report."""
    package = Path(batchgen.__file__).parent
    assert package == Path.cwd() / "batchgen", f"{package} is tested instead of the copy"
    witness = Witness()
    ending = pytest.main(["-q", "--tb=short", "-p", "no:cacheprovider", *tests], plugins=[witness])
    report.write_text(json.dumps({"exit": ending, "errors": witness.errors}), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
    sys.stdout.flush()
    os._exit(0)  # a bug may have left threads behind, for which Python would wait
