"""When a run is told to end, and how often that is reckoned anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest

from batchgen.clip import AccountScope, Attempt, AttemptState, ClipKey
from batchgen.run.outlook import KEPT_S, Outlook
from batchgen.run.ports import Ends
from batchgen.run.slots import Slots, SlotsByModel

NOW = 1_800_000_000.0
MINUTES = {"m": [60.0 + 0.01 * n for n in range(-100, 100)]}
TASK = Attempt(
    id=1,
    account=AccountScope("simulator", "default", "simulator"),
    key=ClipKey("A"),
    number=1,
    state=AttemptState.ACCEPTED,
    request_id="r",
    fingerprint="f",
    model="m",
    price=Decimal("1.25"),
    currency="CNY",
    request={},
    job="spring",
    run_id="run",
    output="/out",
    created_at=NOW,
    submitted_at=NOW,
)


@dataclass
class HandClock:
    """A clock that moves only by hand; the wall clock may be set."""

    at: float = 1_000.0
    set_by: float = 0.0

    def now(self) -> float:
        """Give the wall clock's seconds."""
        return NOW + self.at - 1_000 + self.set_by

    def monotonic(self) -> float:
        """Give the hand's seconds."""
        return self.at

    async def sleep(self, seconds: float) -> None:
        """Move the hand."""
        self.at += seconds


@dataclass
class Watched:
    """A run's outlook, and what it is told."""

    clock: HandClock = field(default_factory=HandClock)
    slots: Slots | SlotsByModel = field(default_factory=lambda: Slots(5))
    in_doubt: Mapping[str, int] = field(default_factory=dict)
    waiting: Mapping[str, int] = field(default_factory=lambda: {"m": 50})
    seen: Mapping[str, Sequence[float]] = field(default_factory=lambda: MINUTES)

    def __post_init__(self) -> None:
        self.outlook = Outlook(self.clock, lambda _: self.clock.at - 1_000)

    def ends(self) -> Ends:
        """Ask for the end."""
        ends = self.told()
        assert ends is not None
        return ends

    def told(self) -> Ends | None:
        """Ask whether there is something to say."""
        return self.outlook.ends(self.slots, self.in_doubt, self.waiting, self.seen)


def test_an_end_has_a_band() -> None:
    """Fifty tasks of a minute on five slots: ten minutes, give or take."""
    ends = Watched().ends()
    assert ends.left_s == pytest.approx(600, rel=0.05)
    assert NOW + 500 < ends.low < NOW + ends.left_s < ends.high < NOW + 700


def test_a_forecast_is_counted_down_and_made_anew_now_and_then() -> None:
    """In between its band stands still, whatever happens; the wall clock may be set."""
    run = Watched()
    before = run.ends()
    run.clock.at += KEPT_S - 1
    run.waiting = {"m": 25}
    after = run.ends()
    assert after.left_s == pytest.approx(before.left_s - KEPT_S + 1)
    assert (after.low, after.high) == (before.low, before.high)
    run.clock.set_by = 3600
    assert run.ends().low == before.low + 3600
    run.clock.at += 1
    assert run.ends().left_s == pytest.approx(300, rel=0.05)


def test_a_forecast_is_never_less_than_nothing() -> None:
    """One task of a few seconds that is late: no time is left, rather than less."""
    run = Watched(waiting={"m": 1}, seen={"m": [5.0]})
    run.ends()
    run.clock.at += KEPT_S - 1
    assert run.ends().left_s == 0


def test_the_end_is_told_at_once() -> None:
    """When nothing waits and nothing is alive any more, no forecast is kept."""
    run = Watched()
    run.outlook.note(TASK)
    run.ends()
    run.waiting = {"m": 0}
    run.outlook.note(replace(TASK, state=AttemptState.SUCCEEDED))
    assert run.ends() == Ends(0, NOW, NOW)


def test_what_is_alive_is_waited_for() -> None:
    """A task that was there before has its age; tasks of models that nobody buys count too."""
    run = Watched(waiting={})
    run.clock.at += 50
    run.outlook.note(TASK)
    assert run.ends().left_s == pytest.approx(10, abs=2)


def test_nothing_is_told_before_something_is_known() -> None:
    """No task has ended yet, or clips in doubt hold all slots."""
    assert Watched(seen={"m": []}).told() is None
    assert Watched(in_doubt={"m": 5}).told() is None


def test_models_with_slots_of_their_own_end_independently() -> None:
    """Forty of one and ten of another on five slots each: the end is that of the forty."""
    waiting, seen = {"m": 40, "n": 10}, {"m": MINUTES["m"], "n": MINUTES["m"]}
    apart = Watched(slots=SlotsByModel(5, ["m", "n"]), waiting=waiting, seen=seen)
    together = Watched(waiting=waiting, seen=seen)
    assert apart.ends().left_s == pytest.approx(480, rel=0.05)
    assert together.ends().left_s == pytest.approx(600, rel=0.05)
