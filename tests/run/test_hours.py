"""The hours of buying in a run, which starts at 04:00 in Shanghai and whose clips take 60 s."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from batchgen.clip import AttemptState
from batchgen.job.schema import Budget, Window
from batchgen.provider.port import StopReason, Uncertain
from tests.run.scripted import Life
from tests.run.shop import Shop
from tests.run.virtual_loop import virtually

S = AttemptState
SKUS = [f"S{number:02}" for number in range(40)]


def a_shop(path: Path, finish_by: str, start: str | None = None, slots: int = 2) -> Shop:
    """Make a shop with hours of buying."""
    shop = Shop(path, slots)
    said = {"finish_by": finish_by} | ({} if start is None else {"start": start})
    shop.window = Window.model_validate(said)
    return shop


@virtually
async def test_nothing_is_sent_that_would_be_late(tmp_path: Path) -> None:
    """Until 04:20: buying ends some minutes before, and all that was bought is here in time."""
    shop = a_shop(tmp_path, "04:20")
    stop = await shop.run(*SKUS)
    last_s = max(submit.at_s for submit in shop.provider.submits)
    assert (stop.reason, set(shop.states().values())) == (StopReason.WINDOW, {S.SAVED})
    assert 15 * 60 < last_s < 18.5 * 60
    assert shop.clock.monotonic() < 20 * 60


@virtually
async def test_who_is_left_and_when_it_goes_on_is_told(tmp_path: Path) -> None:
    """The message counts the clips that wait, and names the next opening."""
    shop = a_shop(tmp_path, "04:20", start="03:30")
    stop = await shop.run(*SKUS)
    waiting = len(SKUS) - len(shop.states())
    assert str(stop.message) == (
        "a clip sent now would hardly be here by 2026-11-23 04:20 (Asia/Shanghai): the next window"
        f" opens at 2026-11-24 03:30 (Asia/Shanghai); clips that wait: {waiting}"
    )


@virtually
async def test_before_the_start_nothing_is_bought(tmp_path: Path) -> None:
    """What an earlier start left is brought home all the same."""
    shop = a_shop(tmp_path, "07:00", start="05:00")
    await shop.have("OLD", S.ACCEPTED)
    stop = await shop.run("A", "B")
    assert (shop.states(), shop.provider.submits) == ({"OLD": S.SAVED}, [])
    assert str(stop.message) == (
        "outside the hours of buying: the next window opens at 2026-11-23 05:00 (Asia/Shanghai);"
        " clips that wait: 2"
    )


@virtually
async def test_a_run_that_buys_nothing_is_not_stopped_by_the_hours(tmp_path: Path) -> None:
    """Fetching is right at any hour: the run ends as complete."""
    shop = a_shop(tmp_path, "07:00", start="05:00")
    await shop.have("OLD", S.ACCEPTED)
    stop = await shop.run()
    assert (shop.states(), stop.reason) == ({"OLD": S.SAVED}, None)


@pytest.mark.parametrize(("task_s", "is_bought"), [(60.0, True), (600.0, False)])
@virtually
async def test_what_was_learned_decides(tmp_path: Path, task_s: float, is_bought: bool) -> None:
    """Eight minutes are left: enough for clips of a minute, not for those of ten."""
    shop = a_shop(tmp_path, "05:00")
    shop.provider.lives = {sku: Life(task_s=task_s) for sku in "ABCDE"}
    await shop.run(*"ABCD")
    await shop.clock.sleep(52 * 60 - shop.clock.monotonic())
    await shop.run("E")
    assert ("E" in shop.states()) is is_bought


@virtually
async def test_a_doubt_is_not_sent_again_outside_the_hours(tmp_path: Path) -> None:
    """The repeat would make its task then: it stays in doubt until the next opening."""
    shop = a_shop(tmp_path, "07:00", start="05:00")
    shop.resends = True
    shop.provider.dedupe = "same"
    shop.provider.lives["A"] = Life(submits=[Uncertain("no answer")])
    await shop.have("A", S.UNKNOWN)
    await shop.run("A")
    assert (shop.states(), shop.provider.submits) == ({"A": S.UNKNOWN}, [])


@virtually
async def test_a_day_of_budgets_is_one_of_the_windows_zone(tmp_path: Path) -> None:
    """At 04:00 in Shanghai it is still the 22nd in Berlin; an hour later the 22nd is not over."""
    shop = a_shop(tmp_path, "06:00")
    shop.window = Window.model_validate({"finish_by": "06:00", "timezone": "Europe/Berlin"})
    shop.budget = Budget(day=Decimal("1.25"))
    stop = await shop.run("A", "B")
    assert "the budget of day 2026-11-22 (Europe/Berlin)" in str(stop.message)


@virtually
async def test_in_the_first_half_a_clip_is_tried_whatever_was_seen(tmp_path: Path) -> None:
    """All that is known was seen a day late: without a try, nothing new would ever be known."""
    shop = a_shop(tmp_path, "07:00", start="03:00")
    for sku in "VWXYZ":
        await shop.have(sku, S.ACCEPTED)
    await shop.clock.sleep(24 * 3600)
    stop = await shop.run("A")
    assert (stop.reason, shop.states()["A"]) == (None, S.SAVED)
