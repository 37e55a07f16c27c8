"""Files that turn out to be missing while the run goes on, and what else ends in an odd order."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from batchgen.clip import Attempt, AttemptState
from batchgen.errors import DownloadError, InputError
from batchgen.messages import msg
from batchgen.provider.port import Reaction, Refused, StopReason
from tests.run.scripted import Life
from tests.run.shop import Shop
from tests.run.virtual_loop import virtually

S = AttemptState
NO_MODEL = Refused("1211", "model unknown", Reaction.STOP_MODEL)


@virtually
async def test_files_found_missing_are_fetched_beside_the_buying(tmp_path: Path) -> None:
    """Somebody deleted two files, one of another job: both come home; ours counts as ours."""
    shop = Shop(tmp_path)
    for sku, job in (("A", "spring"), ("X", "autumn")):
        await shop.have(sku, S.SAVED, job)
    saved = shop.attempts()
    async with shop.open():
        runner = await shop.prepared_runner()
        for file in (tmp_path / "out").iterdir():
            file.unlink()

        async def found() -> Iterable[Attempt]:
            await shop.clock.sleep(5)
            return [await shop.state.move(it.id, S.SUCCEEDED, "the file is gone") for it in saved]

        await runner.run([], [], found())
    assert shop.states() == {"A": S.SAVED, "X": S.SAVED}
    assert list(shop.folder.files) == ["A.mp4", "X.mp4"]
    assert (shop.audience.figures[-1].total, shop.provider.submits) == (1, [])


@virtually
async def test_a_model_refused_twice_at_once_is_told_once(tmp_path: Path) -> None:
    """Two submits were in the air when the first refusal came."""
    shop = Shop(tmp_path, slots=2)
    shop.provider.lives = {sku: Life(submits=[NO_MODEL]) for sku in "AB"}
    await shop.run(*"ABC")
    assert shop.states() == {"A": S.REJECTED, "B": S.REJECTED}
    assert shop.audience.notes == ["vidu2-image is not bought any more: model unknown"]


@virtually
async def test_paid_clips_whose_links_are_over_name_no_hour(tmp_path: Path) -> None:
    """They were found dead, but the provider could not be asked: nothing is said to die soon."""
    shop = Shop(tmp_path, slots=1)
    for sku in "ABC":
        await shop.have(sku, S.SUCCEEDED)
        shop.folder.fetch_troubles[sku] = [DownloadError(msg("cut off"))] * 99
    await shop.clock.sleep(2 * 86_400)
    stop = await shop.run("D")
    assert stop.reason is StopReason.DOWNLOADS
    assert "paid clips that cannot be fetched: 3" in str(stop.message)
    assert "none of them waits for a link that may die" in str(stop.message)


@virtually
async def test_old_doubt_that_waits_for_a_slot_is_left_when_the_run_stops(tmp_path: Path) -> None:
    """Its task must have ended, so it holds no slot; the run ends before one is free for it."""
    shop = Shop(tmp_path, slots=1)
    shop.resends = True
    await shop.have("OLD", S.UNKNOWN)
    await shop.clock.sleep(3600)
    shop.provider.lives["ALIVE"] = Life(task_s=7000.0)
    await shop.have("ALIVE", S.ACCEPTED)

    async def signal() -> None:
        await shop.clock.sleep(10)
        shop.runner.context.stop.request(StopReason.BALANCE, msg("balance used up"))

    await shop.run("OLD", while_running=signal)
    assert shop.states() == {"OLD": S.UNKNOWN, "ALIVE": S.SAVED}
    assert shop.provider.submits == []


@virtually
async def test_a_search_that_breaks_is_never_taken_for_wrong_input(tmp_path: Path) -> None:
    """Something was bought by then: the error is told as a bug, after all was brought home."""
    shop = Shop(tmp_path)

    async def search() -> list[Attempt]:
        await shop.clock.sleep(5)
        raise InputError(msg("this file is wrong"))

    async with shop.open():
        runner = await shop.prepared_runner()
        with pytest.raises(RuntimeError, match="not met where it arose"):
            await runner.run([shop.planned("A")], [], search())
    assert shop.provider.bill == {"A": 1}
