"""`--sample`, and how much of all a selection is."""

from __future__ import annotations

import json

import pytest

from batchgen.plan.choosing.sampling import sampled
from tests.cli.shop import Shop, skus


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--limit=2"], "clips to buy: 2, for 2.50 CNY (2 of 3 selected)"),
        (["--limit=9"], "clips to buy: 3, for 3.75 CNY (3 of 3 selected)"),
        (["--sku=B"], "clips to buy: 1, for 1.25 CNY (1 of 3 selected)"),
        (["--sample=2"], "clips to buy: 2, for 2.50 CNY (2 of 3 selected)"),
        (["--changed"], "clips to buy: 3, for 3.75 CNY"),
    ],
)
def test_the_first_line_says_how_much_is_selected(
    shop: Shop, options: list[str], line: str
) -> None:
    """Count and sum come first, then of how many."""
    assert shop.call("plan", *options).stdout.splitlines()[0] == line


def test_a_sample_is_bought_once(trading: Shop) -> None:
    """The same command the next night buys nothing."""
    trading.write_rows(*skus(9))
    trading.json("run", "--yes", "--sample=2")
    assert trading.clips() == sampled(skus(9), 2)
    told = trading.json("run", "--yes", "--sample=2")
    assert (told["skipped"], told["spent"]) == (2, "2.50")


def test_a_saved_plan_remembers_its_sample(trading: Shop) -> None:
    """A run of it names no selection of its own; one with another sample is refused."""
    trading.write_rows(*skus(9))
    file = trading.folder / "plan.json"
    assert trading.call("plan", "--sample=2", f"--save={file}").exit_code == 0
    named = {clip["sku"] for clip in json.loads(file.read_text(encoding="utf-8"))["clips"]}
    refused = trading.call("run", "--yes", "--sample=3", f"--plan={file}")
    assert (refused.exit_code, "--sample" in refused.stderr) == (2, True)
    assert trading.call("run", "--yes", f"--plan={file}").exit_code == 0
    assert trading.clips() == named == sampled(skus(9), 2)


def test_a_sample_is_at_least_one(shop: Shop) -> None:
    """`--sample 0` is a usage error."""
    assert shop.call("plan", "--sample=0").exit_code == 2


def test_a_run_that_stopped_is_gone_on_with_in_its_sample(trading: Shop) -> None:
    """The command that it names has the sample too."""
    trading.write_rows(*skus(9))
    told = trading.call("run", "--yes", "--no-progress", "--sample=3", "--budget=1.25")
    assert f"`batchgen run {trading.job} --sample 3 --new-run`" in told.stderr
