"""Preparing ahead: how much of it, in which order, and when it is done again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from batchgen.clip import AttemptState, LocalPicture
from batchgen.errors import PictureMoved
from batchgen.messages import msg
from batchgen.plan.values import PlannedClip
from batchgen.provider.port import Prepared
from batchgen.run.preparing import FRESH_S, Ahead, Preparation
from tests.run.scripted import Life
from tests.run.shop import Shop
from tests.run.virtual_loop import VirtualClock, virtually

MEGA = 1024 * 1024
S = AttemptState


@dataclass
class Kitchen:
    """Prepares requests in a second each, and notes which."""

    folder: Path
    clock: VirtualClock = field(default_factory=VirtualClock)
    begun: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    def ahead(self, skus: str, sizes: Sequence[int] = ()) -> tuple[Ahead, Iterator[Preparation]]:
        """Line up clips whose pictures have these sizes in bytes."""
        shop = Shop(self.folder)
        entries = [shop.planned(sku) for sku in skus]
        for number, size in enumerate(sizes):
            picture = LocalPicture("p", "/p.png", "hash", "png", 10, 10, size)
            clip = entries[number].clip
            request = replace(clip.request, pictures=(picture,))
            entries[number] = replace(entries[number], clip=replace(clip, request=request))
        ahead = Ahead(entries, self._prepare, self.clock)
        return ahead, iter(ahead)

    async def _prepare(self, entry: PlannedClip) -> Prepared | None:
        self.begun.append(entry.clip.key.sku)
        await self.clock.sleep(1)
        self.ended.append(entry.clip.key.sku)
        return Prepared(f"request-{len(self.begun)}", b"")


@virtually
async def test_the_next_four_are_prepared(tmp_path: Path) -> None:
    """While the first waits for its slot, four are begun and no more."""
    kitchen = Kitchen(tmp_path)
    _, clips = kitchen.ahead("ABCDEFGH")
    next(clips)
    await kitchen.clock.sleep(10)
    assert kitchen.begun == [*"ABCD"]


@virtually
async def test_the_next_one_is_begun_when_one_was_sent(tmp_path: Path) -> None:
    """Not when its request is taken: nothing is to hold it up then."""
    kitchen = Kitchen(tmp_path)
    _, clips = kitchen.ahead("ABCDEFGH")
    first = next(clips)
    await first.take()
    await kitchen.clock.sleep(10)
    assert kitchen.begun == [*"ABCD"]
    first.sent()
    await kitchen.clock.sleep(10)
    assert kitchen.begun == [*"ABCDE"]


@pytest.mark.parametrize(
    ("sizes", "begun"),
    [
        pytest.param([9 * MEGA] * 4, "AB", id="two of 12 MB, three would be more than 32"),
        pytest.param([50 * MEGA] * 4, "A", id="one that is too big, alone"),
        pytest.param([50 * MEGA, 1, 1, 1], "A", id="none beside it"),
        pytest.param([8 * MEGA - 100] * 4, "ABC", id="just under 32 MB"),
    ],
)
@virtually
async def test_only_so_many_bytes_are_held(tmp_path: Path, sizes: list[int], begun: str) -> None:
    """A body is a third bigger than its pictures, and their sum is bounded."""
    kitchen = Kitchen(tmp_path)
    _, clips = kitchen.ahead("ABCD", sizes)
    next(clips)
    await kitchen.clock.sleep(10)
    assert kitchen.begun == [*begun]


@virtually
async def test_what_was_prepared_is_used_once(tmp_path: Path) -> None:
    """A second submit has another request, under another id."""
    kitchen = Kitchen(tmp_path)
    _, clips = kitchen.ahead("A")
    clip = next(clips)
    first, second = await clip.take(), await clip.take()
    assert (first, second) == (Prepared("request-1", b""), Prepared("request-2", b""))


@pytest.mark.parametrize(
    ("wait_s", "times"), [(FRESH_S, 1), (FRESH_S + 2, 2)], ids=["fresh", "stale"]
)
@virtually
async def test_what_is_stale_is_prepared_again(tmp_path: Path, wait_s: float, times: int) -> None:
    """Its pictures may have changed meanwhile."""
    kitchen = Kitchen(tmp_path)
    _, clips = kitchen.ahead("A")
    clip = next(clips)
    await kitchen.clock.sleep(wait_s)
    await clip.take()
    assert kitchen.begun == ["A"] * times


@virtually
async def test_what_comes_back_is_prepared_first(tmp_path: Path) -> None:
    """A clip that found no room is the next to be sent."""
    kitchen = Kitchen(tmp_path)
    _, clips = kitchen.ahead("ABCDEFGH")
    first = next(clips)
    await first.take()
    first.put_back()
    await kitchen.clock.sleep(10)
    assert kitchen.begun == [*"ABCDA"]


@virtually
async def test_clips_that_are_put_back_make_no_more_of_them_prepared(tmp_path: Path) -> None:
    """However many are put back: four bodies at most, those of the first to be sent."""
    kitchen = Kitchen(tmp_path)
    _, clips = kitchen.ahead("ABCDEFGH")
    out = [next(clips) for _ in range(6)]
    for clip in out:
        await clip.take()
        clip.sent()
    for clip in reversed(out):
        clip.put_back()
        await kitchen.clock.sleep(10)
    assert [clip.has_begun for clip in out] == [True, True, True, True, False, False]


@virtually
async def test_a_closed_line_prepares_nothing_more(tmp_path: Path) -> None:
    """What was not given out is given up, begun or not."""
    kitchen = Kitchen(tmp_path)
    ahead, clips = kitchen.ahead("ABCDEFGH", [9 * MEGA] * 8)
    next(clips)
    await kitchen.clock.sleep(0.5)
    ahead.close()
    await kitchen.clock.sleep(10)
    assert kitchen.ended == ["A"]


# ---------------------------------------------------------------- in a run


@virtually
async def test_a_free_slot_is_filled_at_once(tmp_path: Path) -> None:
    """Requests that take 20 s to prepare do not hold up a slot but at the very start."""
    shop = Shop(tmp_path, slots=1)
    shop.provider.prepare_s = 20.0
    await shop.run(*"ABC")
    sent_s = [submit.at_s for submit in shop.provider.submits]
    seen_s = [times[-1] for times in shop.provider.polled.values()]
    assert sent_s[0] == 20
    assert sent_s[1:] == seen_s[:-1]


@virtually
async def test_a_picture_that_changed_while_it_waited_is_refused(tmp_path: Path) -> None:
    """It was prepared ahead in time; when its slot is free ten minutes later, it is looked at."""
    shop = Shop(tmp_path, slots=1)
    shop.provider.lives["A"] = Life(task_s=600.0)

    async def change() -> None:
        await asyncio.sleep(300)
        shop.provider.life("B").cannot_prepare = PictureMoved(msg("mug.png changed"))

    await shop.run("A", "B", while_running=change)
    assert shop.states() == {"A": S.SAVED}
    assert shop.audience.notes == ["B / main is not sent: mug.png changed"]


@virtually
async def test_a_turn_is_waited_for_before_anything_is_promised(tmp_path: Path) -> None:
    """A stop while a submit waits for its turn buys nothing and leaves nothing in doubt."""
    shop = Shop(tmp_path)
    shop.provider.turn_s = 50.0

    async def stop() -> None:
        await shop.clock.sleep(10)
        shop.runner.leave()

    await shop.run("A", while_running=stop)
    assert (shop.attempts(), shop.provider.submits) == ([], [])
