"""The compressed time of a rehearsal: how a start of `batchgen run` is told to hurry.

A rehearsal names its clock in the environment of the runs it starts. Everything that a run waits
for or counts by the clock (polls, pauses, doubt, days, the calls of a second) then goes faster, as
on the simulator. Only provider `simulator` can be hurried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from batchgen.clock import SystemClock
from batchgen.engine import Workspace
from batchgen.errors import SettingsError
from batchgen.messages import msg
from batchgen.run.ports import Clock

VARIABLE = "BATCHGEN_REHEARSAL_CLOCK"
#: How many times faster everything goes. A task in doubt then keeps its slot for 12 s (2 min), well
#: above the 9 s that the longest task of `MEDIAN_S` takes.
SPEED = 10.0
#: Median life of a vidu2-image task in a rehearsal, before the speed: 2.2 s, so that tasks of a
#: killed run are still alive when the next start buys.
MEDIAN_S = 22.0


class FastClock:
    """A clock that has run so many times faster since a moment.

    Processes that are told the same speed and moment (UTC seconds) have the same time.
    """

    def __init__(self, speed: float, since: float) -> None:
        self._clock = SystemClock()
        self._speed = speed
        self._since = since

    def now(self) -> float:
        """UTC seconds since the epoch, ahead of the world's."""
        return self._since + (self._clock.now() - self._since) * self._speed

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return self._clock.monotonic() * self._speed

    async def sleep(self, seconds: float) -> None:
        """Wait; may be cancelled."""
        await self._clock.sleep(seconds / self._speed)


def clock_said(since: float) -> dict[str, str]:
    """Give the variable that tells a run the clock of the rehearsal that began at `since`."""
    return {VARIABLE: f"{SPEED}@{since}"}


def in_its_time(workspace: Workspace, environ: Mapping[str, str]) -> tuple[Workspace, Clock]:
    """Give the clock that a run goes by, and its workspace with as many calls in its seconds.

    Raises:
        SettingsError: the environment names a fast clock, but not for the simulator.
    """
    said = environ.get(VARIABLE)
    if said is None:
        return workspace, SystemClock()
    if workspace.account.provider != "simulator":
        raise SettingsError(
            msg("{name} is set by rehearsals on the simulator alone: take it away", name=VARIABLE)
        )
    speed, since = (float(number) for number in said.split("@"))
    job = workspace.job
    rate = job.account.max_polls_per_second * speed
    account = job.account.model_copy(update={"max_polls_per_second": rate})
    hurried = replace(workspace, job=job.model_copy(update={"account": account}))
    return hurried, FastClock(speed, since)
