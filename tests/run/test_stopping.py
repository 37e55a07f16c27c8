"""The gate and the brake: who may submit when, in virtual seconds."""

from __future__ import annotations

import asyncio

import pytest

from batchgen.messages import msg
from batchgen.provider.port import StopReason
from batchgen.run.stopping import Gate, Stop
from tests.run.virtual_loop import VirtualClock, virtually

IMAGE = "vidu2-image"


class Door:
    """A gate and its stop, with full jitter: the waits are 2, 4, 8 ... seconds."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.stop = Stop()
        self.gate = Gate(self.clock, self.stop, lambda: 1.0)
        self.passed_s: list[float] = []

    async def pass_for(self, seconds: float) -> bool:
        """Go through and stay inside, as a submit does; give whether it was open."""
        async with self.gate.passage() as is_open:
            if is_open:
                self.passed_s.append(self.clock.monotonic())
                await self.clock.sleep(seconds)
        return is_open

    async def pass_all(self, count: int) -> None:
        """Go through with many at once, each for ten seconds."""
        await asyncio.gather(*(self.pass_for(10) for _ in range(count)))


@virtually
async def test_an_untroubled_gate_lets_all_through_at_once() -> None:
    """Nothing was refused: submits do not wait for one another."""
    door = Door()
    await door.pass_all(3)
    assert door.passed_s == [0, 0, 0]


@virtually
async def test_after_a_refusal_submits_go_one_by_one() -> None:
    """The first waits for the back-off (2 s), each other one for the answer of the one before."""
    door = Door()
    assert door.gate.slow_down(None) == 2
    await door.pass_all(3)
    assert door.passed_s == [2, 12, 22]


@virtually
async def test_an_acceptance_frees_all_who_wait() -> None:
    """The single submit is accepted: the others no longer wait for one another."""
    door = Door()
    door.gate.slow_down(None)
    waiting = asyncio.ensure_future(door.pass_all(4))
    await door.clock.sleep(5)
    door.gate.accepted(IMAGE)
    await waiting
    assert door.passed_s == [2, 12, 12, 12]


@virtually
async def test_a_burst_of_refusals_is_one_trouble() -> None:
    """Twenty answers of the same moment double the wait once, not twenty times."""
    door = Door()
    waits = [door.gate.slow_down(None) for _ in range(20)]
    assert waits == [2.0] + [None] * 19
    await door.clock.sleep(2)
    assert door.gate.slow_down(None) == 4


@virtually
async def test_the_providers_own_wait_counts() -> None:
    """A Retry-After takes the place of the back-off."""
    assert Door().gate.slow_down(30.0) == 30


@virtually
async def test_a_stop_ends_the_waiting() -> None:
    """Who waits at the gate when the run stops is told at once that it is closed for good."""
    door = Door()
    door.gate.slow_down(600.0)
    waiting = asyncio.ensure_future(door.pass_for(1))
    await door.clock.sleep(1)
    door.stop.request(StopReason.BUDGET, msg("spent"))
    assert await waiting is False
    assert (door.clock.monotonic(), await door.pass_for(1)) == (1, False)


@virtually
async def test_the_first_reason_to_stop_stands() -> None:
    """What stopped the run first is what a person is told."""
    stop = Stop()
    stop.request(StopReason.KEY, msg("first"))
    stop.request(StopReason.DISK, msg("second"))
    assert (stop.reason, str(stop.message)) == (StopReason.KEY, "first")


@virtually
async def test_ten_unreached_submits_in_a_row_stop_the_run() -> None:
    """Back-offs 2 + 4 + ... + 64 + 3 * 120 pass between them; a burst counts once."""
    door = Door()
    for _ in range(9):
        await door.clock.sleep(door.gate.unreached() or 0)
        assert door.stop.reason is None
    door.gate.unreached()
    assert door.gate.unreached() is None
    assert door.stop.reason is StopReason.ACCOUNT


@virtually
async def test_an_answer_ends_the_row_of_unreached_submits() -> None:
    """A refusal comes from somebody: the count starts afresh."""
    door = Door()
    for _ in range(9):
        await door.clock.sleep(door.gate.unreached() or 0)
    await door.clock.sleep(door.gate.slow_down(None) or 0)
    door.gate.unreached()
    assert door.stop.reason is None


@pytest.mark.parametrize(
    ("at_s", "pulls"),
    [
        pytest.param([0, 300, 600], True, id="three within ten minutes"),
        pytest.param([0, 300, 601], False, id="the first is older"),
    ],
)
@virtually
async def test_the_brake_counts_within_ten_minutes(at_s: list[float], pulls: bool) -> None:
    """The third submit in doubt pulls the brake if the first is at most ten minutes old."""
    door = Door()
    verdicts = []
    for moment in at_s:
        await door.clock.sleep(moment - door.clock.monotonic())
        verdicts.append(door.gate.doubted())
    assert verdicts == [False, False, pulls]


async def braked() -> Door:
    """Make a gate whose brake was pulled at 0 s."""
    door = Door()
    assert [door.gate.doubted() for _ in range(3)] == [False, False, True]
    return door


@virtually
async def test_the_brake_pauses_for_a_minute_then_tries_one() -> None:
    """Nobody passes for 60 s, then one at a time."""
    door = await braked()
    await door.pass_all(2)
    assert door.passed_s == [60, 70]


@virtually
async def test_what_was_sent_before_the_brake_does_not_move_it() -> None:
    """Neither a late doubt nor a late acceptance of the same burst changes the pause."""
    door = await braked()
    await door.clock.sleep(1)
    assert door.gate.doubted() is False
    door.gate.accepted(IMAGE)
    await door.pass_all(2)
    assert door.passed_s == [60, 70]
    assert door.stop.reason is None


@pytest.mark.parametrize("answer", ["accepted", "refused_clip", "close_model", "slow_down"])
@virtually
async def test_an_answer_after_the_pause_releases_the_brake(answer: str) -> None:
    """Whatever the single submit is told, counting starts afresh: two doubts pull nothing."""
    door = await braked()
    await door.clock.sleep(60)
    if answer == "slow_down":
        door.gate.slow_down(None)
    else:
        getattr(door.gate, answer)(IMAGE)
    assert [door.gate.doubted() for _ in range(3)] == [False, False, True]


@virtually
async def test_the_third_trip_ends_the_run() -> None:
    """Two single submits after the pauses end in doubt too: the run stops."""
    door = await braked()
    await door.clock.sleep(60)
    assert door.gate.doubted() is True
    await door.clock.sleep(60)
    assert (door.stop.reason, door.gate.doubted()) == (None, False)
    assert door.stop.reason is StopReason.UNCERTAIN


@virtually
async def test_only_an_acceptance_frees_the_gate() -> None:
    """A clip refused for good says nothing about the trouble: submits still go one by one."""
    door = Door()
    door.gate.slow_down(None)
    await door.clock.sleep(2)
    door.gate.refused_clip(IMAGE)
    await door.pass_all(2)
    assert door.passed_s == [2, 12]


@virtually
async def test_five_refused_clips_in_a_row_close_their_model() -> None:
    """The fifth says so, once; another model stays open."""
    gate = Door().gate
    assert [gate.refused_clip(IMAGE) for _ in range(6)] == [False] * 4 + [True, False]
    assert gate.closed_models == {IMAGE}


@virtually
async def test_a_model_that_accepts_is_never_closed_by_refused_clips() -> None:
    """One acceptance shows that the clips are at fault."""
    gate = Door().gate
    gate.accepted(IMAGE)
    assert not any(gate.refused_clip(IMAGE) for _ in range(10))
