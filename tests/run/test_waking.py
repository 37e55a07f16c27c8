"""A purchase that was on its way when the machine fell asleep."""

from __future__ import annotations

from pathlib import Path

from batchgen.clip import AttemptState
from tests.run.scripted import Life
from tests.run.shop import Shop
from tests.run.virtual_loop import virtually


@virtually
async def test_a_prepared_purchase_waits_until_what_is_alive_was_asked_for(tmp_path: Path) -> None:
    """Its pictures were being read; its task is answered for a minute after the waking."""
    shop = Shop(tmp_path)
    shop.provider.lives["A"] = Life(task_s=500.0)
    await shop.have("A", AttemptState.ACCEPTED)
    shop.provider.prepare_s = 30.0

    async def sleep() -> None:
        await shop.clock.sleep(12)
        shop.clock.jump_s += 3600
        shop.provider.poll_s = 60.0

    await shop.run("B", while_running=sleep)
    woken_s = min(at for at in shop.provider.polled["task-1"] if at > 72)
    (bought,) = shop.provider.submits
    assert woken_s <= bought.at_s < woken_s + 1
