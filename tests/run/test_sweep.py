"""After the machine slept, nothing is bought until everything alive was asked for."""

from __future__ import annotations

import asyncio
from pathlib import Path

from batchgen.run.sweep import Sweep
from tests.run.scripted import Life
from tests.run.shop import Shop
from tests.run.virtual_loop import VirtualClock, virtually


@virtually
async def test_a_sleep_is_noticed_by_the_two_clocks_going_apart() -> None:
    """Waiting for an hour is no sleep; the wall clock running ahead of the other one is."""
    clock = VirtualClock()
    sleeping = asyncio.ensure_future(Sweep(clock).slept_s())
    await clock.sleep(3600)
    assert not sleeping.done()
    clock.jump_s += 20
    await clock.sleep(60)
    assert not sleeping.done()
    clock.jump_s += 7200
    assert await sleeping == 7200


@virtually
async def test_whoever_naps_is_woken() -> None:
    """A poll that was to come in a minute comes at once."""
    clock = VirtualClock()
    sweep = Sweep(clock)
    napping = asyncio.ensure_future(sweep.nap(60))
    await clock.sleep(1)
    sweep.begin()
    await napping
    assert clock.monotonic() == 1


@virtually
async def test_the_sweep_is_over_when_everybody_was_asked_or_left() -> None:
    """An attempt that ends meanwhile is waited for no more."""
    sweep = Sweep(VirtualClock())
    with sweep.following(1):
        with sweep.following(2):
            sweep.begin()
            waiting = asyncio.ensure_future(sweep.over())
            await asyncio.sleep(0)
            sweep.asked(1)
            await asyncio.sleep(0)
            assert not waiting.done()
        await waiting


@virtually
async def test_nothing_is_bought_after_a_sleep_before_all_alive_were_asked(tmp_path: Path) -> None:
    """The tasks that were alive are polled first; only then the free slot is filled."""
    shop = Shop(tmp_path, slots=3)
    shop.provider.lives = {
        "A": Life(task_s=2000.0),
        "B": Life(task_s=2000.0),
        "C": Life(task_s=40.0),
    }
    shop.provider.poll_s = 5.0

    async def sleep() -> None:
        await shop.clock.sleep(20)
        shop.clock.jump_s += 3600

    await shop.run("A", "B", "C", "D", while_running=sleep)
    woke_s = min(at for at in shop.provider.polled["task-1"] if at > 20)
    bought_s = next(submit.at_s for submit in shop.provider.submits if submit.sku == "D")
    asked_s = [min(at for at in shop.provider.polled[f"task-{n}"] if at >= woke_s) for n in (1, 2)]
    assert bought_s >= max(asked_s)
    assert any("slept" in note for note in shop.audience.notes)


class HeldClock(VirtualClock):
    """A clock whose next sleep is late, as that of a process that was stopped for a while."""

    late_s = 0.0

    async def sleep(self, seconds: float) -> None:
        """Wait, and then some."""
        late_s, self.late_s = self.late_s, 0.0
        await super().sleep(seconds + late_s)


@virtually
async def test_a_process_that_was_held_is_noticed() -> None:
    """Both clocks went on while it stood still: only its own sleep came too late."""
    clock = HeldClock()
    sleeping = asyncio.ensure_future(Sweep(clock).slept_s())
    await VirtualClock().sleep(25)
    clock.late_s = 20.0
    await VirtualClock().sleep(60)
    assert not sleeping.done()
    clock.late_s = 45.0
    await VirtualClock().sleep(100)
    assert await sleeping == 45
