"""A catalogue of more rows than are kept in memory is planned, run and reported like any other."""

from __future__ import annotations

import csv
import tempfile

import pytest

from batchgen.plan.choosing.decisions import GROUP
from batchgen.spill import KEPT
from tests.cli.shop import Shop

ROWS = max(KEPT, GROUP) + 50
SKUS = [f"S{n:05}" for n in range(ROWS)]


@pytest.fixture
def crowded(trading: Shop) -> Shop:
    """Fill the catalogue with far more rows."""
    trading.write_rows(*SKUS)
    return trading


def test_a_large_catalogue_goes_through_every_command(crowded: Shop) -> None:
    """Two clips of it are bought, told of everywhere, and not bought again."""
    assert crowded.json("plan")["clips"] == ROWS
    told = crowded.json("run", "--yes", "--limit=2")
    assert (told["done"], told["planned"], told["spent"]) == (2, ROWS - 2, "2.50")
    standing = crowded.json("status")
    assert (standing["done"], standing["planned"]) == (2, ROWS - 2)
    rows = crowded.results()
    assert [row["sku"] for row in rows] == SKUS
    assert [row["status"] for row in rows[:3]] == ["done", "done", "planned"]
    with (crowded.output / "results.csv").open(encoding="utf-8-sig", newline="") as file:
        assert sum(1 for _ in csv.reader(file)) == ROWS + 1
    again = crowded.json("run", "--yes", f"--sku={SKUS[0]}", f"--sku={SKUS[-1]}")
    assert (again["done"], again["skipped"], again["spent"]) == (3, 2, "3.75")


def test_a_large_saved_plan_is_held_to(crowded: Shop) -> None:
    """What it left out is not bought, and a budget that it would pass is told."""
    file = crowded.folder / "plan.json"
    assert crowded.call("plan", "--limit=1", f"--save={file}").exit_code == 0
    told = crowded.json("run", "--yes", f"--plan={file}")
    assert (told["done"], told["spent"]) == (1, "1.25")
    crowded.write_job(budget={"sku": "1", "job": "100"})
    assert crowded.json("plan")["over_budget"]


def test_a_temporary_folder_that_takes_nothing_is_told(
    crowded: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2 with the way out, before anything is sent."""
    monkeypatch.setattr(tempfile, "tempdir", str(crowded.folder / "nowhere"))
    result = crowded.call("plan")
    assert (result.exit_code, "TMPDIR" in result.output) == (2, True)
