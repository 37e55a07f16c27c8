"""What changed since it was bought: told by `plan`, and by `run` before it buys it again."""

from __future__ import annotations

import pytest
from click.testing import Result

from tests.cli.shop import Shop, skus


@pytest.fixture
def changed(trading: Shop) -> Shop:
    """Buy three clips; then A has another title, all have another picture, and D is new."""
    assert trading.call("run", "--yes").exit_code == 0
    trading.write_rows("A", "B", "C", "D", titles={"A": "Glass"})
    trading.draw("crimson")
    return trading


def lines(result: Result) -> list[str]:
    """Give what stands on stdout."""
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def test_a_plan_says_what_changed(changed: Shop) -> None:
    """Count and price by reason, then each clip with the old and the new."""
    told = lines(changed.call("plan"))
    assert told[0] == "clips to buy: 1, for 1.25 CNY"
    assert "changed since they were bought: 3; 3.75 CNY more with --changed" in told
    assert "what changed: prompt: 1, 1.25 CNY; picture content: 3, 3.75 CNY" in told
    (glass,) = (line for line in told if line.startswith("  A / main: "))
    assert "prompt: Cup A turns -> Glass turns; picture content of cup.png: sha256 " in glass


def test_the_json_has_the_reasons(changed: Shop) -> None:
    """Each changed clip with what it asked for and what it asks for now."""
    told = changed.json("plan")
    assert told["changed"]["reasons"] == {"prompt": 1, "picture_bytes": 3}
    assert [entry["sku"] for entry in told["changes"]] == ["A", "B", "C"]
    assert told["changes"][0]["reasons"][0] == {
        "reason": "prompt",
        "what": None,
        "old": "Cup A turns",
        "new": "Glass turns",
    }


def test_a_run_tells_it_before_it_buys_again(changed: Shop) -> None:
    """The same lines, above the end of the run."""
    told = lines(changed.call("run", "--yes", "--changed", "--no-progress"))
    assert told[0] == "clips to buy: 4, for 5.00 CNY"
    assert "why they are bought: new 1, changed 3" in told
    assert "bought again because their request changed: 3, for 3.75 CNY" in told
    what = told.index("what changed: prompt: 1, 1.25 CNY; picture content: 3, 3.75 CNY")
    (end,) = (number for number, line in enumerate(told) if line.startswith("done 4"))
    assert what < end


def test_a_run_with_json_tells_it_on_stderr(changed: Shop) -> None:
    """Stdout stays one JSON value."""
    result = changed.call("run", "--yes", "--changed", "--json")
    assert result.stdout.startswith("{")
    assert "what changed: prompt: 1, 1.25 CNY; picture content: 3" in result.stderr


def test_a_nightly_run_with_json_is_silent_about_what_it_leaves(changed: Shop) -> None:
    """Without `--changed` the count in the JSON says it."""
    result = changed.call("run", "--yes", "--json", "--no-progress")
    assert "what changed" not in result.stderr


def test_changed_parameters_are_named(trading: Shop) -> None:
    """One for all clips in the line by reason, old and new for each."""
    assert trading.call("run", "--yes").exit_code == 0
    clip = {"prompt": "{{ title }} turns", "movement_amplitude": "large", "with_audio": "yes"}
    trading.write_job(clip=clip)
    told = lines(trading.call("plan"))
    assert "what changed: parameters (movement_amplitude, with_audio): 3, 3.75 CNY" in told
    assert "  B / main: movement_amplitude: auto -> large; with_audio: false -> true" in told


def test_more_takes_are_told_from_new_clips(trading: Shop) -> None:
    """`takes: 2` over bought clips."""
    assert trading.call("run", "--yes").exit_code == 0
    trading.write_job(takes=2)
    told = lines(trading.call("plan"))
    assert told[0] == "clips to buy: 3, for 3.75 CNY"
    assert "why they are bought: more takes 3" in told


def test_a_first_plan_gives_no_reasons(shop: Shop) -> None:
    """All is new then."""
    assert "why they are bought" not in shop.call("plan").stdout


def test_twenty_changed_clips_are_told_one_by_one(trading: Shop) -> None:
    """The others are counted."""
    trading.write_rows(*skus(23))
    assert trading.call("run", "--yes").exit_code == 0
    trading.draw("crimson")
    told = lines(trading.call("plan"))
    assert sum("picture content of cup.png" in line for line in told) == 20
    assert "  ... and 3 more" in told
