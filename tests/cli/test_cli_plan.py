"""`batchgen plan`: clips, price and time, without key or network; the saved plan."""

from __future__ import annotations

import json

import pytest

from tests.cli.shop import Shop


def test_the_json_of_a_plan(shop: Shop) -> None:
    """The whole shape, before anything was bought."""
    told = shop.json("plan")
    times, bands = told.pop("eta"), told.pop("eta_band")
    assert list(times) == list(bands) == ["V0", "V1", "V2", "V3"]
    assert all(low < times[tier] < high for tier, (low, high) in bands.items())
    assert told == {
        "clips": 3,
        "cost": "3.75",
        "currency": "CNY",
        "by_model": {"vidu2-image": {"clips": 3, "cost": "3.75"}},
        "already_done": 0,
        "reasons": {"new": 3, "takes": 0, "changed": 0, "ordered": 0},
        "changed": {"clips": 0, "cost": "0.00", "reasons": {}, "parameters": {}},
        "changes": [],
        "changes_left_out": 0,
        "invalid": 0,
        "duplicates": 0,
        "left_out": {"where": 0, "duplicate": 0},
        "over_budget": False,
        "warnings": [],
    }


def test_a_plan_starts_with_count_and_price(shop: Shop) -> None:
    """What it costs is the first line for people."""
    assert shop.call("plan").stdout.splitlines()[0] == "clips to buy: 3, for 3.75 CNY"


def test_a_plan_leaves_nothing_behind(shop: Shop) -> None:
    """Planning writes no state and no output."""
    shop.json("plan")
    assert not (shop.folder / ".batchgen").exists()
    assert not shop.output.exists()


def test_limit_and_sku_select(shop: Shop) -> None:
    """`--limit` and `--sku` narrow what would be bought."""
    assert shop.json("plan", "--limit=2")["clips"] == 2
    assert shop.json("plan", "--sku=A", "--sku=C")["clips"] == 2


@pytest.mark.parametrize("command", ["plan", "run", "retry"])
def test_an_unknown_sku_is_an_error(shop: Shop, command: str) -> None:
    """A misspelt SKU is named instead of silently selecting nothing."""
    result = shop.call(command, "--sku=Z", "--provider=simulator")
    assert result.exit_code == 2
    assert "Z" in result.stderr


def test_limit_is_at_least_one(shop: Shop) -> None:
    """`--limit 0` is a usage error."""
    assert shop.call("plan", "--limit=0").exit_code == 2


def test_a_passed_budget_is_told(shop: Shop) -> None:
    """A plan above the budget says so, and still exits 0."""
    assert shop.json("plan", "--budget=2.50")["over_budget"] is True


def test_the_provider_sets_the_currency(shop: Shop) -> None:
    """Z.ai is priced in dollars."""
    assert shop.json("plan", "--provider=zai")["currency"] == "USD"


def test_faulty_rows_keep_a_plan_from_being_saved(shop: Shop) -> None:
    """A plan with faults exits 2 and saves nothing, but with `--skip-invalid`."""
    shop.write_rows("A", "B", "B")
    saved = shop.folder / "plan.json"
    assert shop.call("plan", f"--save={saved}").exit_code == 2
    assert not saved.exists()
    assert shop.call("plan", f"--save={saved}", "--skip-invalid").exit_code == 0
    assert [clip["sku"] for clip in json.loads(saved.read_text())["clips"]] == ["A", "B"]


def test_faults_do_not_disturb_the_json(shop: Shop) -> None:
    """With faults stdout is still one JSON value; the faults stand on stderr."""
    shop.write_rows("A", "B", "B")
    assert shop.json("plan", code=2)["invalid"] == 1


def test_a_plan_that_cannot_be_saved_exits_2(shop: Shop) -> None:
    """A file in a folder that is not there is one sentence."""
    result = shop.call("plan", f"--save={shop.folder / 'gone' / 'plan.json'}")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")


def test_rows_left_out_are_counted(shop: Shop) -> None:
    """What `where` and `on_duplicate` leave out is told, and is no fault."""
    text = "sku,title,image,live\nA,Cup,cup.png,yes\nA,Cup,cup.png,yes\nB,Mug,cup.png,no\n"
    (shop.folder / "catalogue.csv").write_text(text)
    manifest = {"path": "catalogue.csv", "where": {"live": "yes"}, "on_duplicate": "first"}
    shop.write_job(manifest=manifest)

    told = shop.call("plan").stdout
    assert told.startswith("clips to buy: 1, for 1.25 CNY")
    assert "rows left out by manifest.where: 1" in told
    assert "their SKU stood before: 1" in told
    assert shop.json("plan")["left_out"] == {"where": 1, "duplicate": 1}


def test_the_most_valuable_rows_come_first(shop: Shop) -> None:
    """`order_by` decides what a limit buys."""
    text = "sku,title,image,sold\nA,Cup,cup.png,9\nB,Mug,cup.png,10\nC,Jar,cup.png,\n"
    (shop.folder / "catalogue.csv").write_text(text)
    shop.write_job(manifest={"path": "catalogue.csv", "order_by": "-sold"})

    told = shop.call("plan", "--limit=2").stdout
    assert told.index("B / main") < told.index("A / main")
    assert "C / main" not in told


def test_a_job_may_leave_faulty_rows_out(shop: Shop) -> None:
    """With `skip_invalid` a plan with faults exits 0, and says how many rows it left."""
    (shop.folder / "catalogue.csv").write_text("sku,title,image\nA,Cup,cup.png\n,Mug,cup.png\n")
    shop.write_job(manifest={"path": "catalogue.csv", "skip_invalid": "true"})

    result = shop.call("plan")
    assert result.exit_code == 0
    assert "rows left out for their faults: 1" in result.stdout
