"""Slots and the line: never more than the limit, who waits goes in order, no place is lost."""

from __future__ import annotations

import asyncio

import pytest

from batchgen.run.slots import Line, Slot, Slots, SlotsByModel
from tests.run.virtual_loop import virtually


@virtually
async def test_a_slot_is_waited_for() -> None:
    """The third taker of two slots waits until one is given back."""
    slots = Slots(2)
    first, second = await slots.take(), await slots.take()
    third = asyncio.ensure_future(slots.take())
    await asyncio.sleep(1)
    assert not third.done()
    with first:
        pass
    assert await third is not second
    assert slots.held == 2


@virtually
async def test_first_come_first_served() -> None:
    """Those who wait get their slots in the order they came."""
    slots, order = Slots(1), list[int]()

    async def use(number: int) -> None:
        with await slots.take():
            order.append(number)
            await asyncio.sleep(1)

    await asyncio.gather(*(use(number) for number in range(5)))
    assert (order, slots.held) == ([0, 1, 2, 3, 4], 0)


@virtually
async def test_a_slot_comes_back_after_an_error() -> None:
    """Whatever happens in its block, a slot is given back once."""
    slots = Slots(1)
    try:
        with await slots.take():
            raise KeyError
    except KeyError:
        assert slots.held == 0


@virtually
async def test_inherited_slots_may_pass_the_limit() -> None:
    """Tasks that are alive hold slots even when the tier allows fewer now; buying waits."""
    slots = Slots(1)
    one, two = slots.inherit(), slots.inherit()
    taking = asyncio.ensure_future(slots.take())
    with one:
        await asyncio.sleep(1)
    await asyncio.sleep(1)
    assert (taking.done(), slots.held) == (False, 1)
    with two:
        pass
    await taking
    assert slots.held == 1


@virtually
async def test_a_waiter_that_leaves_is_passed_over() -> None:
    """A cancelled waiter, woken or not, never keeps a slot from the next one."""
    slots = Slots(1)
    held = await slots.take()
    waiters = [asyncio.ensure_future(slots.take()) for _ in range(4)]
    await asyncio.sleep(1)
    waiters[0].cancel()
    await asyncio.sleep(1)
    waiters[1].cancel()
    with held:
        pass
    waiters[2].cancel()
    await waiters[3]
    assert [waiter.cancelled() for waiter in waiters] == [True, True, True, False]
    assert slots.held == 1


@virtually
async def test_of_those_who_wait_the_lowest_rank_goes_first() -> None:
    """A clip that comes back goes before those behind it in the plan, whenever it came."""
    slots, order = Slots(1), list[float]()

    async def use(rank: float) -> None:
        with await slots.take(rank):
            order.append(rank)
            await asyncio.sleep(1)

    await asyncio.gather(*(use(rank) for rank in (0, 5, 7, 2)))
    assert order == [0, 2, 5, 7]


async def filled(slots: Slots, used: int, empty: int) -> list[Slot]:
    """Take slots and send from all; so many get a task, the others stay without."""
    taken = [await slots.take() for _ in range(used + empty)]
    for slot in taken:
        slot.sending()
    for slot in taken[:used]:
        slot.accepted()
    return taken[used:]


@virtually
async def test_a_burst_of_refusals_lowers_the_cap_once() -> None:
    """Twenty sent, twelve accepted: the eight refusals are one piece of news."""
    slots = Slots(20)
    refused = await filled(slots, 12, 8)
    assert [slot.refused() for slot in refused] == [True] + [False] * 7
    assert (slots.cap, slots.cuts) == (12, 1)


@virtually
async def test_an_answer_that_comes_late_shows_what_the_account_takes() -> None:
    """The refusal is read before the acceptances of the same burst: those and one more."""
    slots = Slots(5)
    refused, *others = await filled(slots, 0, 5)
    assert (refused.refused(), slots.cap) == (True, 1)
    for slot in others[:3]:
        slot.accepted()
    assert (slots.cap, slots.alive) == (4, 3)


@virtually
async def test_only_slots_without_a_task_are_surplus() -> None:
    """Five are held and three allowed: of the two that are empty each goes, none that is used."""
    slots = Slots(5)
    one, two = await filled(slots, 3, 2)
    one.refused()
    assert (slots.cap, one.is_surplus, two.is_surplus) == (3, True, True)
    with one:
        pass
    with two:
        pass
    assert (slots.held, slots.alive, two.is_surplus) == (3, 3, False)


@virtually
async def test_a_cap_that_grows_lets_the_next_one_in() -> None:
    """Who waits is let in by an accepted submit, not only by a task that ends."""
    slots = Slots(5)
    (refused,) = await filled(slots, 0, 1)
    refused.refused()
    waiting = asyncio.ensure_future(slots.take())
    await asyncio.sleep(1)
    assert not waiting.done()
    refused.accepted()
    await waiting
    assert (slots.cap, slots.held) == (2, 2)


@virtually
async def test_each_model_may_have_slots_of_its_own() -> None:
    """One model's slots are full, another's are free; the figures are sums."""
    slots = SlotsByModel(2, ["vidu2-image", "vidu2-reference"])
    for _ in range(2):
        await slots.of("vidu2-image").take()
    assert slots.of("vidu2-image").held == 2
    assert slots.of("vidu2-reference").held == 0
    assert (slots.held, slots.limit, slots.cap, len(slots.lanes)) == (2, 4, 4, 2)


@virtually
async def test_the_most_urgent_goes_next() -> None:
    """Two are let in as they come; of those who wait the lowest rank goes first, then the older."""
    line, order = Line(2), list[tuple[float, int]]()

    async def go(rank: float, number: int) -> None:
        async with line.turn(rank):
            order.append((rank, number))
            await asyncio.sleep(1)

    await asyncio.gather(*(go(rank, number) for number, rank in enumerate([9, 8, 5, 3, 3, 0, 7])))
    assert order == [(9, 0), (8, 1), (0, 5), (3, 3), (3, 4), (5, 2), (7, 6)]


@virtually
async def test_a_place_in_the_line_comes_back_after_an_error() -> None:
    """Whatever happens in its block, the next one is let in, and at most one at once."""
    line = Line(1)
    for _ in range(2):
        with pytest.raises(KeyError):
            async with line.turn(0):
                raise KeyError
    async with line.turn(0):
        other = asyncio.ensure_future(line.turn(0).__aenter__())
        await asyncio.sleep(1)
        assert not other.done()
    await other


@virtually
async def test_who_leaves_the_line_is_passed_over() -> None:
    """A cancelled waiter, let in or not, never keeps the place from the next one."""
    line, order = Line(1), list[int]()

    async def go(number: int) -> None:
        async with line.turn(number):
            order.append(number)

    async with line.turn(0):
        waiters = [asyncio.ensure_future(go(number)) for number in range(4)]
        await asyncio.sleep(1)
        waiters[0].cancel()
        await asyncio.sleep(1)
    waiters[1].cancel()  # it has just been let in
    await asyncio.wait(waiters)
    assert order == [2, 3]


async def test_doubt_counts_against_the_tier_but_not_against_the_cap() -> None:
    """A refusal while two of three may be alive or not: the third is as many as it surely takes."""
    slots = Slots(3)
    first, _, _ = slots.inherit(), slots.inherit(), slots.inherit()
    with slots.in_doubt(), slots.in_doubt():
        slots.cut()
        assert slots.cap == 1
        taking = asyncio.ensure_future(slots.take())
        await asyncio.sleep(0)
        assert not taking.done()
        with first:
            pass
        await asyncio.sleep(0)
        assert taking.done()
