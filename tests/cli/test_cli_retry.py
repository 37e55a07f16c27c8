"""`batchgen retry`: durable orders to buy clips again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from batchgen.messages import msg
from batchgen.state.locks import hold, state_lock_path
from tests.cli.shop import Shop, ended
from tests.cli.test_cli_run import buys

OpenShop = Callable[..., Shop]


@pytest.fixture
def failed(open_shop: OpenShop) -> Shop:
    """Make a shop whose two clips failed, with an API that is well again."""
    shop = open_shop("--faults=fail=1")
    shop.write_rows("A", "B")
    buys(shop, code=3)
    return open_shop()


def again(shop: Shop, *options: str, code: int = 0) -> Any:
    """Retry, agreeing to the price."""
    return shop.json("retry", "--yes", *options, code=code)


def money(shop: Shop) -> dict[str, Any]:
    """Give the job's line of the ledger."""
    return dict(shop.json("ledger")[0])


# ------------------------------------------------------------------ buying again


def test_failed_clips_are_bought_again(failed: Shop) -> None:
    """`--failed` buys one new attempt each; what failed stays at risk."""
    told = again(failed, "--failed")
    assert (told["done"], told["spent"], told["at_risk"]) == (2, "2.50", "2.50")
    assert money(failed)["attempts"] == 4


def test_a_retry_can_be_narrowed(failed: Shop) -> None:
    """`--failed --sku A` leaves the others failed."""
    told = again(failed, "--failed", "--sku=A", code=3)
    assert (told["done"], told["failed"]) == (1, 1)


def test_a_retry_shows_its_price(failed: Shop) -> None:
    """What it will cost is told before it is spent."""
    result = failed.call("retry", "--failed", "--yes")
    assert "clips to buy again: 2, for 2.50 CNY" in result.stdout


def test_a_retry_without_a_terminal_needs_yes(failed: Shop) -> None:
    """Nobody to ask: exit 2, and no order is left behind."""
    result = failed.call("retry", "--failed")
    assert result.exit_code == 2
    assert "--yes" in result.stderr
    assert failed.json("plan")["clips"] == 0


def test_a_retry_given_twice_buys_once(failed: Shop) -> None:
    """After a whole retry there is nothing to buy again."""
    again(failed, "--failed")
    assert failed.call("retry", "--failed", "--yes").exit_code == 0
    assert money(failed)["attempts"] == 4


def stopped_retry(shop: Shop) -> None:
    """Order both clips again with money for one."""
    assert again(shop, "--failed", "--budget=1.25", code=4)["spent"] == "1.25"


def test_an_open_order_is_continued(failed: Shop) -> None:
    """A retry that was cut short goes on where it stopped, and buys nothing twice."""
    stopped_retry(failed)
    told = again(failed, "--failed", "--budget=5")
    assert (told["done"], told["spent"]) == (2, "2.50")
    assert money(failed)["attempts"] == 4


def test_run_finishes_an_order(failed: Shop) -> None:
    """The order is durable: a plain run carries it out, and then leaves it."""
    stopped_retry(failed)
    assert failed.json("plan")["clips"] == 1
    assert buys(failed, "--new-run")["spent"] == "2.50"
    assert buys(failed)["spent"] == "2.50"


def test_a_second_selection_joins_the_order(failed: Shop) -> None:
    """What is selected while an order is open is bought too."""
    again(failed, "--failed", "--sku=A", "--budget=0.01", code=4)
    told = again(failed, "--failed", "--sku=B", "--budget=5")
    assert told["done"] == 2


def test_done_clips_can_be_bought_again_by_sku(trading: Shop) -> None:
    """`--sku` alone means the named product, whatever became of it."""
    buys(trading)
    told = again(trading, "--sku=A")
    assert (told["done"], told["spent"]) == (3, "5.00")
    assert not list(trading.output.rglob("*.part"))


def test_nothing_to_retry_is_no_error(trading: Shop) -> None:
    """Without failed clips a retry says so."""
    buys(trading)
    result = trading.call("retry", "--failed", "--yes")
    assert (result.exit_code, result.stdout) == (0, "")
    assert money(trading)["attempts"] == 3


def test_what_is_bought_again_is_listed(failed: Shop) -> None:
    """Each clip with its money, its reason and its purchases so far, before the price."""
    again(failed, "--failed", "--sku=A", code=3)
    again(failed, "--sku=A", code=3)
    result = failed.call("retry", "--sku=A", "--sku=B", "--yes")
    assert (
        "  A / main: done, 1.25 CNY spent, saved; bought before: 3\n"
        "  B / main: failed, 1.25 CNY at risk, FAIL; bought before: 1\n"
    ) in result.stderr
    assert "for 2.50 CNY" in result.stdout


def test_a_refused_clip_is_told_from_a_failed_one(open_shop: OpenShop) -> None:
    """It cost nothing, and the same request is likely to be refused again."""
    shop = open_shop("--faults=unsafe=1")
    shop.write_rows("A", "B")
    buys(shop, code=3)
    shop.write_rows("A", "B", titles={"B": "Another cup"})
    result = shop.call("retry", "--failed")
    assert (result.exit_code, shop.json("ledger")[0]["attempts"]) == (2, 2)
    assert "A / main: failed, 1.25 CNY not charged, the input" in result.stderr
    assert result.stderr.count("bought before: 0") == 2
    assert "clips among these that were refused as they are now: 1" in result.stderr


def test_a_retry_may_wait(failed: Shop) -> None:
    """`--wait` starts when the other run has ended, with the catalogue as it is then."""
    with hold(state_lock_path(failed.state), msg("the state")):
        retry = failed.start("retry", "--failed", "--yes", "--wait", "--no-progress")
        assert retry.stderr
        assert "waiting" in retry.stderr.readline()
        failed.write_rows("A")
    assert ended(retry)[0] == 0
    assert money(failed)["attempts"] == 3


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--failed", "--lost"),
        ("--failed", "--unpaid"),
        ("--uncertain",),
        ("--uncertain", "--unpaid", "--write-off"),
        ("--uncertain", "--adopt="),
    ],
)
def test_a_retry_must_be_unambiguous(trading: Shop, options: tuple[str, ...]) -> None:
    """One selection, and one choice for clips in doubt; `--yes` never chooses."""
    assert trading.call("retry", "--yes", *options).exit_code == 2


def test_a_retry_needs_a_key(failed: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Buying again without a key exits 2."""
    monkeypatch.delenv("BATCHGEN_API_KEY")
    assert failed.call("retry", "--failed", "--yes").exit_code == 2
