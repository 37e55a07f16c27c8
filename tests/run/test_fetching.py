"""Bringing home: links that die or are missing, disks that refuse, and what is never given up."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from batchgen.clip import AttemptState
from batchgen.errors import BadFile, DownloadError, LinkDead
from batchgen.messages import msg
from batchgen.provider.port import (
    PollReply,
    PollTrouble,
    StillProcessing,
    StopReason,
    TaskSucceeded,
    TaskUnknown,
)
from tests.run.scripted import Life
from tests.run.shop import Shop
from tests.run.virtual_loop import virtually

S = AttemptState
DEAD = LinkDead(msg("gone"))
CUT = DownloadError(msg("cut off"))
NO_LINK = TaskSucceeded(None)
TROUBLE = PollTrouble("HTTP 500")
FULL_DISK = OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("troubles", "state"),
    [
        pytest.param([CUT] * 4, S.SAVED, id="the fifth try works"),
        pytest.param([CUT, BadFile(msg("no clip"))], S.SAVED, id="other troubles"),
        pytest.param([CUT] * 5, S.SUCCEEDED, id="five times: ready for the next run"),
        pytest.param([DEAD] * 4, S.SAVED, id="a fresh link that is not there yet"),
    ],
)
@virtually
async def test_a_download_is_tried_five_times(
    tmp_path: Path, troubles: list[Exception], state: AttemptState
) -> None:
    """A download that fails costs nothing; after five tries the clip waits for the next run."""
    shop = Shop(tmp_path)
    shop.folder.fetch_troubles["A"] = list(troubles)
    stop = await shop.run("A")
    assert (shop.states(), stop.reason) == ({"A": state}, None)
    assert len(shop.provider.submits) == 1


@virtually
async def test_a_dead_link_is_renewed(tmp_path: Path) -> None:
    """The provider gives another link: that one is fetched, and its day starts anew."""
    shop = Shop(tmp_path)
    await shop.have("A", S.SUCCEEDED)
    await shop.clock.sleep(3 * 86_400)
    shop.provider.lives["A"] = Life(ends=[TaskSucceeded("https://files.example/fresh.mp4")])
    shop.folder.fetch_troubles["A"] = [DEAD, DEAD]
    await shop.run()
    (attempt,) = shop.attempts()
    assert attempt.state is S.SAVED
    assert shop.folder.files == {"A.mp4": "https://files.example/fresh.mp4"}
    assert (attempt.url_expires_at or 0) > shop.clock.now()


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        pytest.param(None, S.EXPIRED, id="the same link"),
        pytest.param(NO_LINK, S.EXPIRED, id="no link"),
        pytest.param(TaskUnknown("?"), S.EXPIRED, id="task forgotten"),
        pytest.param(TROUBLE, S.SUCCEEDED, id="no answer"),
        pytest.param(StillProcessing(), S.SUCCEEDED, id="a strange answer"),
    ],
)
@virtually
async def test_a_link_dead_past_its_day_is_lost_only_on_an_answer(
    tmp_path: Path, reply: PollReply | None, state: AttemptState
) -> None:
    """The clip is given up when the provider has no other link, not when it cannot be asked."""
    shop = Shop(tmp_path)
    await shop.have("A", S.SUCCEEDED)
    await shop.clock.sleep(86_400)
    shop.provider.lives["A"] = Life(ends=None if reply is None else [reply])
    shop.folder.fetch_troubles["A"] = [DEAD] * 5
    await shop.run()
    assert (shop.states(), shop.provider.submits) == ({"A": state}, [])


@virtually
async def test_a_missing_link_is_asked_for_again(tmp_path: Path) -> None:
    """SUCCESS came without a link; a minute later there is one."""
    shop = Shop(tmp_path)
    shop.provider.lives["A"] = Life(ends=[NO_LINK, NO_LINK, NO_LINK, TaskSucceeded("https://x/1")])
    await shop.run("A")
    assert (shop.states(), shop.folder.links) == ({"A": S.SAVED}, ["https://x/1"])


@virtually
async def test_a_link_missing_for_ten_answers_is_lost(tmp_path: Path) -> None:
    """Ten polls a minute apart, then the clip counts as paid without a result."""
    shop = Shop(tmp_path)
    shop.provider.lives["A"] = Life(ends=[NO_LINK])
    await shop.run("A")
    polls = shop.provider.polled["task-1"]
    assert shop.states() == {"A": S.PAID_NO_RESULT}
    assert [round(second - first) for first, second in pairwise(polls[-10:])] == [60] * 9


@virtually
async def test_a_missing_link_is_not_given_up_for_want_of_an_answer(tmp_path: Path) -> None:
    """The API is down for the rest of the run: the clip stays ready, and the next run has it."""
    shop = Shop(tmp_path)
    shop.provider.lives["A"] = Life(ends=[NO_LINK, TROUBLE])
    await shop.run("A")
    assert shop.states() == {"A": S.SUCCEEDED}
    shop.provider.lives["A"].ends = None
    await shop.run("A")
    assert shop.states() == {"A": S.SAVED}


@virtually
async def test_clips_without_a_link_do_not_hold_up_the_others(tmp_path: Path) -> None:
    """Eight clips wait minutes for their links; the ninth is fetched meanwhile."""
    shop = Shop(tmp_path, slots=9)
    for number in range(8):
        shop.provider.lives[f"S{number}"] = Life(ends=[NO_LINK])
    await shop.run(*(f"S{number}" for number in range(8)), "Z")
    (z,) = [attempt for attempt in shop.attempts() if attempt.key.sku == "Z"]
    assert z.downloaded_at is not None
    assert z.finished_at is not None
    assert z.downloaded_at - z.finished_at == shop.folder.fetch_s


@virtually
async def test_at_most_eight_downloads_at_once(tmp_path: Path) -> None:
    """Twenty clips end together; the downloads share the line."""
    shop = Shop(tmp_path, slots=20)
    shop.folder.fetch_s = 60.0
    await shop.run(*(f"S{number}" for number in range(20)))
    assert (shop.folder.highest_at_once, shop.counts()) == (8, {S.SAVED: 20})


async def fetched_in_line(shop: Shop) -> list[str]:
    """Keep the eight places busy, let the clips that are here wait; name SKUs as they are saved."""
    earlier = [attempt.key.sku for attempt in shop.newest()]
    for number in range(8):
        shop.folder.slow_fetches_s[f"BUSY{number}"] = 10.0 + number
    await shop.run()
    saved = [sku for sku, state in shop.audience.moves if state is S.SAVED]
    return [sku for sku in saved if sku in earlier and not sku.startswith("BUSY")]


@virtually
async def test_the_link_that_dies_first_is_fetched_first(tmp_path: Path) -> None:
    """Whatever the job and the order of purchase; what is past its life comes last."""
    shop = Shop(tmp_path)
    for number in range(8):
        await shop.have(f"BUSY{number}", S.SUCCEEDED)
    for sku, made_h, job in (
        ("IN 9 H", 0, "spring"),
        ("DEAD", -30, "spring"),
        ("IN 1 H", -8, "autumn"),
        ("IN 5 H", -4, "spring"),
        ("IN 2 H", -7, "autumn"),
    ):
        shop.clock.jump_s = 3600.0 * made_h
        await shop.have(sku, S.SUCCEEDED, job)
    shop.clock.jump_s = 3600.0 * 15
    assert await fetched_in_line(shop) == ["IN 1 H", "IN 2 H", "IN 5 H", "IN 9 H", "DEAD"]


@virtually
async def test_what_is_verified_goes_before_all_downloads(tmp_path: Path) -> None:
    """It came last and needs no link: it is published as soon as one place is free."""
    shop = Shop(tmp_path)
    shop.folder.fetch_s = 0.5
    for number in range(8):
        await shop.have(f"BUSY{number}", S.SUCCEEDED)
    await shop.have("READY", S.SUCCEEDED)
    await shop.have("HERE", S.VERIFIED)
    assert await fetched_in_line(shop) == ["HERE", "READY"]


@pytest.mark.parametrize("step", ["fetch", "publish"])
@virtually
async def test_a_full_disk_stops_the_buying(tmp_path: Path, step: str) -> None:
    """The clip stays paid and ready, nothing more is bought, and the next run saves it."""
    shop = Shop(tmp_path, slots=1)
    getattr(shop.folder, f"{step}_troubles")["A"] = [FULL_DISK]
    stop = await shop.run("A", "B", "C")
    assert (stop.reason, shop.provider.bill) == (StopReason.DISK, {"A": 1, "B": 1})
    assert "No space left on device" in str(stop.message)
    await shop.run("A", "B", "C")
    assert shop.counts() == {S.SAVED: 3}


@virtually
async def test_a_disk_error_without_words_is_named_by_its_kind(tmp_path: Path) -> None:
    """A person is never shown `None`."""
    shop = Shop(tmp_path)
    shop.folder.fetch_troubles["A"] = [PermissionError()]
    stop = await shop.run("A")
    assert "PermissionError" in str(stop.message)


@virtually
async def test_another_jobs_folder_does_not_stop_this_job(tmp_path: Path) -> None:
    """A clip of another job cannot be written: it stays ready, a note says so, we go on."""
    shop = Shop(tmp_path)
    await shop.have("X", S.SUCCEEDED, job="autumn")
    shop.folder.fetch_troubles["X"] = [FULL_DISK]
    stop = await shop.run("A")
    assert (stop.reason, shop.states()) == (None, {"X": S.SUCCEEDED, "A": S.SAVED})
    assert shop.audience.notes[0].startswith("X / main cannot be written")


@virtually
async def test_a_planted_link_in_the_folder_leaves_the_clip_ready(tmp_path: Path) -> None:
    """Publishing is refused: the clip stays paid and verified, the run goes on."""
    shop = Shop(tmp_path)
    shop.folder.publish_troubles["A"] = [DownloadError(msg("clips is a link"))]
    stop = await shop.run("A", "B")
    assert (stop.reason, shop.states()) == (None, {"A": S.VERIFIED, "B": S.SAVED})
    assert shop.audience.notes == ["clips is a link"]


@virtually
async def test_verified_bytes_are_published_without_the_network(tmp_path: Path) -> None:
    """A crash came between the check and the rename: nothing is downloaded again."""
    shop = Shop(tmp_path)
    await shop.have("A", S.VERIFIED)
    shop.folder.links.clear()
    await shop.run()
    assert (shop.states(), shop.folder.links) == ({"A": S.SAVED}, [])


@virtually
async def test_verified_bytes_that_are_gone_are_fetched_again(tmp_path: Path) -> None:
    """Somebody emptied the folder: the link still lives."""
    shop = Shop(tmp_path)
    await shop.have("A", S.VERIFIED)
    (tmp_path / "out" / "A.mp4.part").unlink()
    await shop.run()
    assert (shop.states(), list(shop.folder.files)) == ({"A": S.SAVED}, ["A.mp4"])
