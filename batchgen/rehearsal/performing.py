"""Performs a rehearsal: the simulator, `batchgen run` as processes, and the kills.

    1. a simulator with faults; the run is started and killed at a random moment, again and again
       (without kills: it is started once, and ends by itself)
    2. the same simulator without faults; a last start ends by itself and brings everything home
    3. the simulator is asked for its counters and its bill

Every start is the real command with the real job; only where it writes, whom it calls and how
fast its clock goes is said from here. Moments are drawn from the seed, and counted in what the
simulator saw more than in seconds. Whatever ends a rehearsal, no process of it is left.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from batchgen.clip import Attempt
from batchgen.clock import SystemClock
from batchgen.job.settings import BASE_URL_VARIABLE, KEY_VARIABLES, STATE_VARIABLE
from batchgen.messages import Message, msg
from batchgen.rehearsal import collecting, pace
from batchgen.rehearsal.judging import Charge
from batchgen.simulator.embedded import embedded_simulator
from batchgen.simulator.lifecycle import chance
from batchgen.simulator.switches import Fault
from batchgen.simulator.watching import Watch

#: Fault -> its share in a big job's rehearsal; in all, 3 % of the answers are lost after the task
#: was made and charged.
_SHARES = {
    Fault.FAIL: 0.02,
    Fault.UNSAFE: 0.01,
    Fault.BUSY: 0.03,
    Fault.RATE_LIMIT: 0.02,
    Fault.SUBMIT_500: 0.01,
    Fault.SUBMIT_TIMEOUT: 0.01,
    Fault.RESET: 0.01,
    Fault.POLL_500: 0.03,
    Fault.CUT_DOWNLOAD: 0.03,
    Fault.SLOW_DOWNLOAD: 0.03,
    Fault.DEAD_LINK: 0.03,
}
#: Small jobs have up to three times as many, so that they meet some, too.
_SMALL_CLIPS, _MOST_TIMES = 72, 3.0
#: Exit codes of a run that ended by itself: complete, incomplete, stopped early.
_ENDED = frozenset({0, 3, 4})
#: Starts that may end by themselves before they are killed, because the job stopped itself.
_MOST_STOPS = 5
#: Share of the kills that come while a start still reads and plans, up to so many seconds after it.
_EARLY_SHARE, _EARLY_S = 0.15, 1.0
#: The others come up to so many seconds, a task's life, after some purchase or download.
_LATE_S = pace.MEDIAN_S / pace.SPEED
_LOOK_EVERY_S = 0.02
#: A sign of life is given so often.
_TELL_EVERY_S = 10.0
#: What may not reach the runs of a rehearsal from outside.
_HIDDEN = (*KEY_VARIABLES, BASE_URL_VARIABLE, STATE_VARIABLE, "BATCHGEN_CRASH_POINT")
#: The simulator takes any key; naming one keeps a real one in `.env` from being looked at.
_KEY = {KEY_VARIABLES[0]: "rehearsal"}

Tell = Callable[[Message], None]


@dataclass(frozen=True, slots=True)
class Script:
    """What is to be performed."""

    job: Path
    #: The rehearsal's folder: output, state and simulator.
    folder: Path
    tier: str
    #: Clips of the whole job.
    clips: int
    kills: int
    seed: int
    #: Further options of `batchgen run`.
    options: Sequence[str] = ()
    #: Further options of the simulator.
    switches: Sequence[str] = ()

    @property
    def state(self) -> Path:
        """Where the state of the rehearsal lies."""
        return self.folder / ".batchgen" / "state.db"

    @property
    def log(self) -> Path:
        """Where everything lies that the runs said on stderr."""
        return self.folder / ".batchgen" / "runs.log"


@dataclass(slots=True)
class Performance:
    """What came of it."""

    kills: int = 0
    starts: int = 0
    broken_starts: list[Message] = field(default_factory=list)
    stats: dict[str, Any] = field(default_factory=dict)
    bill: list[Charge] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    #: Files that the state has as saved and that are not there byte by byte.
    damaged: list[str] = field(default_factory=list)


def environment(outside: Mapping[str, str]) -> dict[str, str]:
    """Give the environment of a rehearsal: no key, no address and no state of the person's."""
    return {name: value for name, value in outside.items() if name not in _HIDDEN} | _KEY


def faults_for(clips: int) -> str:
    """Give the faults of a bad night, as `simulate --faults` takes them."""
    times = min(max(_SMALL_CLIPS / clips, 1.0), _MOST_TIMES)
    return ",".join(f"{fault}={share * times:.3f}" for fault, share in _SHARES.items())


async def perform(script: Script, tell: Tell) -> Performance:
    """Perform a rehearsal; may be cancelled, and then leaves no process behind.

    Raises:
        SettingsError: the simulator did not start.
        InputError: the last start did not make a state.
    """
    stage = _Stage(script, tell)
    async with stage.simulator(faults_for(script.clips)) as watch:
        await (stage.kill_again_and_again(watch) if script.kills else stage.end(watch))
    async with stage.simulator("") as watch:
        tell(msg("last start, with the faults switched off: everything paid comes home"))
        await stage.end(watch)
        done = stage.done
        done.stats = await watch.stats()
        done.bill = await collecting.bill(watch)
    done.attempts = collecting.attempts(script.state)
    done.damaged = await asyncio.to_thread(collecting.damaged, done.attempts, script.folder)
    return done


class _Stage:
    """One rehearsal while it goes on."""

    def __init__(self, script: Script, tell: Tell) -> None:
        self.done = Performance()
        self._script = script
        self._tell = tell
        self._clock = SystemClock()
        self._environ = environment(os.environ) | pace.clock_said(self._clock.now())
        # Locks of accounts that live as long as a rehearsal do not belong among the person's.
        self._environ["XDG_STATE_HOME"] = str(script.folder / ".batchgen" / "user-state")

    @asynccontextmanager
    async def simulator(self, faults: str) -> AsyncIterator[Watch]:
        """Start the simulator, or start it again on its folder, with these faults."""
        simulator = embedded_simulator(
            self._script.folder / ".batchgen" / "simulator",
            tier=self._script.tier,
            speed=pace.SPEED,
            seed=self._script.seed,
            faults=faults,
            switches=(
                f"--median-seconds={pace.MEDIAN_S}",
                "--fail-charged",
                "--sketch",
                *self._script.switches,
            ),
        )
        async with simulator as self._base_url, Watch(self._base_url) as watch:
            yield watch

    async def kill_again_and_again(self, watch: Watch) -> None:
        """Start and kill, until there were kills enough or nothing is left to do."""
        stops = 0
        while self.done.kills < self._script.kills and stops < _MOST_STOPS:
            async with self._started() as run:
                ended = asyncio.ensure_future(run.communicate())
                due = asyncio.ensure_future(self._moment(watch))
                try:
                    await self._first_of(watch, ended, due)
                finally:
                    due.cancel()
                if not ended.done():
                    await self._kill(run, ended, watch)
                    continue
            stops += 1
            if self._is_over(run, ended.result()[0]):
                break

    async def end(self, watch: Watch) -> None:
        """Start the run and let it end by itself."""
        async with self._started() as run:
            ended = asyncio.ensure_future(run.communicate())
            await self._first_of(watch, ended)
            self._is_over(run, ended.result()[0])

    async def _first_of(self, watch: Watch, *awaited: asyncio.Future[Any]) -> None:
        """Wait until one is done, with a sign of life now and then."""
        while True:
            done, _ = await asyncio.wait(
                awaited, timeout=_TELL_EVERY_S, return_when=asyncio.FIRST_COMPLETED
            )
            if done:
                return
            self._tell(msg("  {seen}", seen=_seen(await watch.stats())))

    async def _kill(
        self, run: Process, ended: asyncio.Future[tuple[bytes, bytes]], watch: Watch
    ) -> None:
        with contextlib.suppress(ProcessLookupError):
            run.kill()
        await ended
        self.done.kills += 1
        self._tell(
            msg(
                "start {number} killed; {seen}",
                number=self.done.starts,
                seen=_seen(await watch.stats()),
            )
        )

    def _is_over(self, run: Process, printed: bytes) -> bool:
        """Note how a start ended by itself; tell whether another one would have nothing to do."""
        code = run.returncode
        if code not in _ENDED:
            self.done.broken_starts.append(
                msg(
                    "start {number} ended with exit code {code}; what it said is in {log}",
                    number=self.done.starts,
                    code=code,
                    log=self._script.log,
                )
            )
            return True
        stopped = json.loads(printed)["stopped"]
        self._tell(
            msg(
                "start {number} ended by itself, exit code {code}",
                number=self.done.starts,
                code=code,
            )
        )
        return stopped in {None, "budget"}

    async def _moment(self, watch: Watch) -> None:
        """Wait for the moment of the next kill, drawn from the seed."""
        script, number = self._script, self.done.starts
        early, where, when = (chance(script.seed, name, number) for name in ("early", "at", "s"))
        if early < _EARLY_SHARE:
            await self._clock.sleep(_EARLY_S * when)
            return
        seen = _work(await watch.stats())
        share = (2 * script.clips - seen) / (script.kills - self.done.kills + 1)
        wanted = seen + 1 + int(where * 1.5 * share)
        while _work(await watch.stats()) < wanted:
            await self._clock.sleep(_LOOK_EVERY_S)
        await self._clock.sleep(_LATE_S * when)

    @asynccontextmanager
    async def _started(self) -> AsyncIterator[Process]:
        """Start the run; it is killed if it still lives at the end of the block."""
        script = self._script
        self.done.starts += 1
        with _opened(script.log) as log:
            run = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "batchgen", "run", str(script.job)),
                *("--provider=simulator", f"--base-url={self._base_url}"),
                *(f"--state={script.state}", f"--output={script.folder}"),
                *("--yes", "--no-progress", "--json", *script.options),
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=log,
                env=self._environ,
                start_new_session=True,
            )
        try:
            yield run
        finally:
            if run.returncode is None:
                run.kill()
                await run.wait()


@contextlib.contextmanager
def _opened(log: Path) -> Iterator[int]:
    """Open the log of the runs for one of them."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        yield file.fileno()


def _work(stats: dict[str, Any]) -> int:
    """Count what a clip brings about once or a little more often: its purchase and its download."""
    return int(stats["accepted"]) + int(stats["downloads"])


def _seen(stats: dict[str, Any]) -> Message:
    return msg(
        "so far: tasks made {bought}, downloads tried {downloads}, faults met {faults}",
        bought=stats["accepted"],
        downloads=stats["downloads"],
        faults=sum(stats["faults"].values()),
    )
