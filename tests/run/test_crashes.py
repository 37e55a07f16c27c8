"""A run that is cut off at every single step, in each way, and then started again.

A step is the moment before or after a change of the state, a submit (before it arrives, after it
arrived, after it was answered), a poll, a download or a publication. What the scripted provider
was paid for decides, never what the program says of itself.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from batchgen.clip import AttemptState
from batchgen.provider.port import Reaction, Refused, TaskFailed, Uncertain
from tests.run.scripted import Life
from tests.run.shop import PRICE, Shop
from tests.run.virtual_loop import virtually

S = AttemptState
SLOTS = 2
SKUS = ("GOOD", "LATER", "LOST", "FAILS", "LAST")
#: Steps of the undisturbed run, at least: the tests go through all of them.
LEAST_STEPS = 80


class Killed(BaseException):
    """The process is gone: whatever is tried afterwards does not happen."""


class Steps:
    """Counts steps, and lets something happen at one of them."""

    def __init__(self, at: int | None = None) -> None:
        self.count = 0
        self.at = at
        self.happen: Callable[[], None] = self.kill
        self._is_dead = False

    def __call__(self) -> None:
        """Take a step."""
        self.count += 1
        if self.count == self.at:
            self.happen()
        if self._is_dead:
            raise Killed

    def kill(self) -> None:
        """End the process."""
        self._is_dead = True

    def revive(self) -> None:
        """Be a new process, in which nothing happens any more."""
        self._is_dead = False
        self.at = None


def a_shop(path: Path, steps: Steps) -> Shop:
    """Make a shop where every kind of clip is bought."""
    shop = Shop(path, SLOTS, steps)
    shop.provider.lives = {sku: Life(task_s=4.0) for sku in SKUS}
    shop.provider.lives["LATER"].submits = [Refused("1302", "full", Reaction.HOLD)]
    shop.provider.lives["LOST"].submits = [Uncertain("no answer in time")]
    shop.provider.lives["FAILS"].ends = [TaskFailed("1301", "unsafe")]
    return shop


def check(shop: Shop) -> None:
    """Compare the books with what the provider knows."""
    provider, money = shop.provider, shop.money()
    assert max(provider.bill.values(), default=0) <= 1, "a clip was bought twice"
    assert money.committed >= PRICE * provider.bill.total(), "a purchase is missing in the ledger"
    assert provider.highest_alive <= SLOTS
    ids = [submit.request_id for submit in provider.submits]
    assert len(ids) == len(set(ids))
    known = {attempt.task_id for attempt in shop.attempts()}
    doubt = {S.INTENT, S.UNKNOWN}
    doubtful = {attempt.key.sku for attempt in shop.attempts() if attempt.state in doubt}
    for task_id, task in provider.tasks.items():
        assert task_id in known or task.sku in doubtful, "a paid task is lost"


async def steps_of_a_run(path: Path) -> int:
    """Count the steps of a run that nothing disturbs."""
    steps = Steps()
    shop = a_shop(path, steps)
    await shop.run(*SKUS)
    check(shop)
    assert shop.states() == dict.fromkeys(SKUS, S.SAVED) | {"LOST": S.UNKNOWN, "FAILS": S.FAILED}
    return steps.count


async def disturbed(path: Path, at: int, what: str) -> Shop:
    """Make a run to which something happens at a step, then a second one that brings all home."""
    path.mkdir()
    steps = Steps(at)
    shop = a_shop(path, steps)
    if what != "kill":
        steps.happen = lambda: getattr(shop.runner, what)()
    with suppress(Killed):
        await shop.run(*SKUS)
    steps.revive()
    check(shop)
    return shop


#: Ten parts of all steps, so that they can be shared between processes.
PARTS = range(10)
#: The first two steps record the start of the run, before there is anything to signal to.
FIRST_IN_RUNNER = 3


@pytest.mark.parametrize("part", PARTS)
@virtually
async def test_killed_at_any_step(tmp_path: Path, part: int) -> None:
    """Nothing is bought twice and nothing paid is lost; only what was in the air is in doubt."""
    total = await steps_of_a_run(tmp_path)
    assert total > LEAST_STEPS
    for at in range(1 + part, total, len(PARTS)):
        shop = await disturbed(tmp_path / str(at), at, "kill")
        assert shop.counts()[S.INTENT] <= SLOTS
        await shop.run(*SKUS)
        check(shop)
        assert set(shop.states().values()) <= {S.SAVED, S.FAILED, S.UNKNOWN}
        assert shop.counts()[S.UNKNOWN] <= SLOTS + 1


@pytest.mark.parametrize("part", PARTS)
@virtually
async def test_a_signal_at_any_step(tmp_path: Path, part: int) -> None:
    """One signal puts nothing in doubt; the next start ends like a run without it."""
    total = await steps_of_a_run(tmp_path)
    for at in range(FIRST_IN_RUNNER + part, total, len(PARTS)):
        shop = await disturbed(tmp_path / str(at), at, "leave")
        assert S.INTENT not in shop.counts()
        assert {sku for sku, state in shop.states().items() if state is S.UNKNOWN} <= {"LOST"}
        await shop.run(*SKUS)
        check(shop)
        assert shop.counts() == {S.SAVED: 3, S.FAILED: 1, S.UNKNOWN: 1}


@pytest.mark.parametrize("part", PARTS)
@virtually
async def test_two_signals_at_any_step(tmp_path: Path, part: int) -> None:
    """Leaving at once puts at most what is in the air in doubt, and that is written down."""
    total = await steps_of_a_run(tmp_path)
    for at in range(FIRST_IN_RUNNER + part, total, len(PARTS)):
        shop = await disturbed(tmp_path / str(at), at, "leave_now")
        await shop.run(*SKUS)
        check(shop)
        assert set(shop.states().values()) <= {S.SAVED, S.FAILED, S.UNKNOWN}
        assert shop.counts()[S.UNKNOWN] <= SLOTS + 1


@virtually
async def test_killed_again_and_again(tmp_path: Path) -> None:
    """Every start dies a few steps later; in the end every clip has its place."""
    tmp_path.joinpath("x").mkdir()
    steps = Steps()
    shop = a_shop(tmp_path / "x", steps)
    for length in (5, 9, 7, 30, 11, 13, 40, 17, 19, 60, 23):
        steps.at = steps.count + length
        with suppress(Killed):
            await shop.run(*SKUS)
        steps.revive()
        check(shop)
    await shop.run(*SKUS)
    check(shop)
    assert set(shop.states().values()) <= {S.SAVED, S.FAILED, S.UNKNOWN}
