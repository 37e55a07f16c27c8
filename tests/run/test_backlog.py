"""The backlog: when what is paid and not saved holds back the buying, and when it lets go."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchgen.clip import AttemptState
from batchgen.errors import BadFile, DownloadError, LinkDead
from batchgen.messages import msg
from batchgen.provider.port import StopReason, TaskSucceeded
from batchgen.words import local_time
from tests.run.scripted import Life
from tests.run.shop import Shop
from tests.run.virtual_loop import START, virtually

S = AttemptState
HOUR = 3600.0
CUT = DownloadError(msg("cut off"))
DEAD = LinkDead(msg("gone"))
FOR_EVER = 10_000
SKUS = "ABCDEF"


def submits(shop: Shop) -> dict[str, float]:
    """Give the moment of each submit, by SKU."""
    return {submit.sku: submit.at_s for submit in shop.provider.submits}


def saved_at(shop: Shop, sku: str) -> float:
    """Give the moment at which a clip was checked, in seconds since the start."""
    (attempt,) = [attempt for attempt in shop.attempts() if attempt.key.sku == sku]
    assert attempt.downloaded_at is not None
    return attempt.downloaded_at - START


@virtually
async def test_no_more_is_bought_than_two_for_a_slot_wait_for(tmp_path: Path) -> None:
    """The third clip that is not saved closes the way; the fourth is bought when one is saved."""
    shop = Shop(tmp_path, slots=1)
    shop.folder.fetch_troubles = {"A": [CUT] * 8, "B": [CUT] * 9, "C": [CUT] * 9}
    stop = await shop.run(*SKUS)
    assert (stop.reason, shop.counts()) == (None, {S.SAVED: 6})
    first_saved = min(saved_at(shop, sku) for sku in "ABC")
    assert submits(shop)["D"] == pytest.approx(first_saved, abs=0.001)


@pytest.mark.parametrize(("slots", "bought"), [(1, "ABC"), (2, "ABCDEF"), (3, "ABCDEFGHI")])
@virtually
async def test_every_slot_may_have_two_waiting(tmp_path: Path, slots: int, bought: str) -> None:
    """Nothing ever comes: what is bought is two for each slot, and what the last look allowed."""
    shop = Shop(tmp_path, slots=slots)
    shop.folder.fetch_troubles = {sku: [CUT] * FOR_EVER for sku in "ABCDEFGHIJKL"}
    await shop.run(*"ABCDEFGHIJKL")
    assert "".join(submits(shop)) == bought


@pytest.mark.parametrize(
    "trouble",
    [CUT, DEAD, BadFile(msg("no clip"))],
    ids=["cut off", "a link that says it is gone", "no clip"],
)
@virtually
async def test_a_run_whose_downloads_never_come_stops(tmp_path: Path, trouble: Exception) -> None:
    """After two hours of tries: what is paid, when the first link dies, and what to do."""
    shop = Shop(tmp_path, slots=1)
    shop.folder.fetch_troubles = {sku: [trouble] * FOR_EVER for sku in SKUS}
    stop = await shop.run(*SKUS)
    died = min(attempt.url_expires_at or 0 for attempt in shop.attempts())
    assert stop.reason is StopReason.DOWNLOADS
    told = str(stop.message)
    assert "paid clips that cannot be fetched: 3 (A / main, B / main, C / main)" in told
    assert local_time(died) in told
    assert 2 * HOUR < shop.clock.monotonic() < 3 * HOUR
    shop.folder.fetch_troubles.clear()
    stop = await shop.run(*SKUS)
    assert (stop.reason, shop.counts()) == (None, {S.SAVED: 6})
    assert set(shop.provider.bill.values()) == {1}


@virtually
async def test_the_person_is_told_once_that_buying_waits(tmp_path: Path) -> None:
    """One note for all who wait, with the count and the first link to die."""
    shop = Shop(tmp_path, slots=2)
    shop.folder.fetch_troubles = {sku: [CUT] * 8 for sku in SKUS}
    await shop.run(*SKUS, "G", "H")
    notes = [note for note in shop.audience.notes if note.startswith("buying waits")]
    assert len(notes) == 1
    assert "clips not saved yet: 6; the first link, that of" in notes[0]


@virtually
async def test_a_wait_of_seconds_is_not_worth_a_note(tmp_path: Path) -> None:
    """Seven clips of an earlier start are fetched before anything is bought: all is as usual."""
    shop = Shop(tmp_path, slots=1)
    for sku in "UVWXYZT":
        await shop.have(sku, S.SUCCEEDED)
    await shop.run("A")
    assert not any(note.startswith("buying waits") for note in shop.audience.notes)
    assert submits(shop)["A"] > 0


@virtually
async def test_a_link_near_its_end_holds_back_the_buying(tmp_path: Path) -> None:
    """Less than six hours are left: X is saved before A is bought."""
    shop = Shop(tmp_path)
    await shop.have("X", S.SUCCEEDED)
    await shop.clock.sleep(18.5 * HOUR)
    shop.folder.fetch_troubles["X"] = [CUT] * 7
    stop = await shop.run("A")
    assert (stop.reason, shop.counts()) == (None, {S.SAVED: 2})
    assert saved_at(shop, "X") <= submits(shop)["A"]


@virtually
async def test_a_link_with_time_left_holds_back_nothing(tmp_path: Path) -> None:
    """More than six hours are left: A is bought at once, X stays ready."""
    shop = Shop(tmp_path)
    await shop.have("X", S.SUCCEEDED)
    await shop.clock.sleep(17 * HOUR)
    shop.folder.fetch_troubles["X"] = [CUT] * FOR_EVER
    await shop.run("A")
    assert submits(shop)["A"] == 17 * HOUR
    assert shop.states() == {"X": S.SUCCEEDED, "A": S.SAVED}


@virtually
async def test_a_link_past_its_life_holds_back_nothing(tmp_path: Path) -> None:
    """Half an hour is left, the download never comes: then no waiting can save X any more."""
    shop = Shop(tmp_path)
    await shop.have("X", S.SUCCEEDED)
    await shop.clock.sleep(23.5 * HOUR)
    shop.folder.fetch_troubles["X"] = [CUT] * FOR_EVER
    stop = await shop.run("A")
    assert stop.reason is None
    assert 24 * HOUR <= submits(shop)["A"] < 24 * HOUR + 120
    assert shop.states() == {"X": S.SUCCEEDED, "A": S.SAVED}


@virtually
async def test_bytes_that_are_here_need_no_link(tmp_path: Path) -> None:
    """X only lacks its name, which a planted link keeps from it: its dying link does not matter."""
    shop = Shop(tmp_path)
    await shop.have("X", S.VERIFIED)
    await shop.clock.sleep(20 * HOUR)
    shop.folder.publish_troubles["X"] = [DownloadError(msg("clips is a link"))]
    await shop.run("A")
    assert submits(shop)["A"] == 20 * HOUR + shop.folder.fetch_s


@virtually
async def test_the_backlog_is_asked_right_before_the_intent(tmp_path: Path) -> None:
    """X comes near its end while A waits for its turn: A is not reserved before X is saved."""
    shop = Shop(tmp_path)
    await shop.have("X", S.SUCCEEDED)
    await shop.clock.sleep(18 * HOUR - 50)
    shop.provider.turn_s = 100.0
    shop.folder.fetch_troubles["X"] = [CUT] * 6
    await shop.run("A")
    (a,) = [attempt for attempt in shop.attempts() if attempt.key.sku == "A"]
    assert a.created_at - START >= saved_at(shop, "X")


@virtually
async def test_clips_of_other_jobs_count(tmp_path: Path) -> None:
    """Their folder cannot be written: what is paid for them and not saved holds us back, too."""
    shop = Shop(tmp_path, slots=1)
    for sku in "XYZ":
        await shop.have(sku, S.SUCCEEDED, job="autumn")
        shop.folder.fetch_troubles[sku] = [OSError(28, "No space left on device")]
    stop = await shop.run("A")
    assert (stop.reason, shop.provider.submits) == (StopReason.DOWNLOADS, [])


@virtually
async def test_a_renewed_link_lets_go(tmp_path: Path) -> None:
    """The provider gives X a link that has a day again: A is bought while X still does not come."""
    shop = Shop(tmp_path)
    await shop.have("X", S.SUCCEEDED)
    await shop.clock.sleep(19 * HOUR)
    shop.folder.fetch_troubles["X"] = [*[CUT] * 5, DEAD, *[CUT] * FOR_EVER]
    shop.provider.lives["X"] = Life(ends=[TaskSucceeded("https://files.example/fresh.mp4")])
    await shop.run("A")
    assert 19 * HOUR + 60 < submits(shop)["A"] < 19 * HOUR + 180
    assert shop.states() == {"X": S.SUCCEEDED, "A": S.SAVED}


@virtually
async def test_a_signal_ends_the_wait_for_downloads(tmp_path: Path) -> None:
    """A buyer that waits for the backlog sends nothing and holds nobody up."""
    shop = Shop(tmp_path)
    await shop.have("X", S.SUCCEEDED)
    await shop.clock.sleep(19 * HOUR)
    shop.folder.fetch_troubles["X"] = [CUT] * FOR_EVER

    async def signal() -> None:
        await shop.clock.sleep(600)
        shop.runner.leave()

    stop = await shop.run("A", while_running=signal)
    assert (stop.reason, shop.provider.submits) == (StopReason.SIGNAL, [])
    assert shop.clock.monotonic() == 19 * HOUR + 600


@virtually
async def test_a_stop_ends_the_slow_tries(tmp_path: Path) -> None:
    """Nothing is bought any more, so nothing is held back: one last try, and the run ends."""
    shop = Shop(tmp_path)
    await shop.have("X", S.SUCCEEDED)
    await shop.clock.sleep(19 * HOUR)
    shop.folder.fetch_troubles["X"] = [CUT] * FOR_EVER

    async def refuse() -> None:
        await shop.clock.sleep(HOUR)
        shop.runner.context.stop.request(StopReason.KEY, msg("the key is refused"))

    await shop.run("A", while_running=refuse)
    assert shop.clock.monotonic() == 20 * HOUR + shop.folder.fetch_s


@pytest.mark.parametrize(
    ("age_h", "left"),
    [
        pytest.param(17, [], id="seven hours left"),
        pytest.param(18.5, ["5 h 29 min"], id="less than six hours left"),
        pytest.param(23.5, ["29 min"], id="less than one hour left"),
        pytest.param(30, [], id="dead"),
    ],
)
@virtually
async def test_an_end_that_nears_is_told(tmp_path: Path, age_h: float, left: list[str]) -> None:
    """A clip that does not come is named once for each alarm, with the moment its link dies."""
    shop = Shop(tmp_path)
    attempt = await shop.have("X", S.SUCCEEDED)
    await shop.clock.sleep(age_h * HOUR)
    shop.folder.fetch_troubles["X"] = [CUT] * 5
    await shop.run()
    told = [note for note in shop.audience.notes if note.startswith("X / main is paid")]
    at = local_time(attempt.url_expires_at or 0)
    assert len(told) == len(left)
    assert all(f"dies in {it}, at {at}:" in note for it, note in zip(left, told, strict=True))


@virtually
async def test_the_second_alarm_comes_while_the_run_waits(tmp_path: Path) -> None:
    """An hour and a half is left and the clip does not come: told at once, and below one hour."""
    shop = Shop(tmp_path)
    await shop.have("X", S.SUCCEEDED)
    await shop.clock.sleep(22.5 * HOUR)
    shop.folder.fetch_troubles["X"] = [CUT] * FOR_EVER
    await shop.run("A")
    told = [note for note in shop.audience.notes if "its link dies in" in note]
    assert ["1 h 29 min" in told[0], " h " in told[1], len(told)] == [True, False, 2]


@virtually
async def test_a_clip_that_comes_at_the_first_try_alarms_nobody(tmp_path: Path) -> None:
    """Its link is about to die, and the run begins by fetching it."""
    shop = Shop(tmp_path)
    await shop.have("X", S.SUCCEEDED)
    await shop.clock.sleep(23.9 * HOUR)
    await shop.run()
    assert (shop.audience.notes, shop.states()) == ([], {"X": S.SAVED})
