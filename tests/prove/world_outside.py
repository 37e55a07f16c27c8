"""The simulated world outside of the program: the provider with its book, and the disk of clips.

Both do everything that real ones do wrong, as the seed has it, and remember the truth. They know
the client's ports and nothing else of it.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from batchgen.clip import Attempt, ClipKey, ClipRequest, TaskId
from batchgen.errors import BadFile, DownloadError, LinkDead
from batchgen.messages import msg
from batchgen.output.port import Fetched
from batchgen.provider.port import (
    Accepted,
    NotSent,
    PollReply,
    PollTrouble,
    Prepared,
    Reaction,
    Refused,
    Repeated,
    StillProcessing,
    StopReason,
    SubmitReply,
    TaskFailed,
    TaskSucceeded,
    TaskUnknown,
    Uncertain,
)
from tests.prove.world_machine import Chance, Machine

#: What can go wrong; a world has some of these.
FAULTS = frozenset(
    {
        *("lost-before", "lost-after", "late", "busy", "arrears", "refused", "outage", "slow"),
        *("wrong-id", "fail", "long", "vanish", "no-link", "dead-link", "poll", "resend"),
        *("disk-full", "bad-file", "state-disk", "jump", "sleep", "signal", "kill", "power"),
        "person",
    }
)
PRICES_MILLI = {"vidu2-image": 1250, "vidu2-reference": 2500}
_DAY_S = 86400.0
#: An attempt in doubt keeps its slot at least for this long.
_DOUBT_S = 119.0


@dataclass
class Task:
    """One task at the provider: it is on the bill."""

    id: TaskId
    sku: str
    prompt: str
    model: str
    request_id: str
    #: Seconds since the beginning: when the client began to send, when it arrived, when it ends.
    sent_s: float
    began_s: float
    ends_s: float
    outcome: str
    #: Share of its polls that are answered as if it were unknown: from, until.
    unknown_s: tuple[float, float] | None
    #: Seconds that a link lives.
    link_life_s: float
    #: Seconds until a new link answers.
    link_delay_s: float
    renews_link: bool
    has_link_from_s: float
    is_polled: bool = False
    is_let_go: bool = False
    link: str | None = None
    #: When the link begins to answer, and when it dies.
    link_span_s: tuple[float, float] = (0.0, 0.0)

    @property
    def price_milli(self) -> int:
        """What it costs, in thousandths of a yuan."""
        return PRICES_MILLI[self.model]

    @property
    def film(self) -> bytes:
        """The bytes of its clip."""
        return f"film of {self.id}: {self.prompt}".encode()

    @property
    def is_reachable(self) -> bool:
        """Whether its clip can be had for ever, by asking again."""
        return self.outcome == "success" and self.renews_link and self.unknown_s is None


@dataclass
class Weather:
    """Which faults there are now, and how much of them."""

    chance: Chance
    faults: frozenset[str]
    is_calm: bool = False
    #: How bad a world is, from 0 to 1.
    force: float = field(init=False)

    def __post_init__(self) -> None:
        self.force = self.chance.share("force") ** 2

    def strikes(self, fault: str, probability: float, *question: object) -> bool:
        """Tell whether a fault of this probability in the worst of worlds happens now."""
        if self.is_calm or fault not in self.faults:
            return False
        return self.chance.happens(probability * (0.1 + 0.9 * self.force), fault, *question)

    def lasts(self, fault: str, probability: float, at_s: float, length_s: float) -> bool:
        """Tell the same of a fault that lasts for a while."""
        return self.strikes(fault, probability, "while", int(at_s // length_s))


class Provider:
    """A `VideoProvider` with its own book; what it booked is the truth."""

    #: How far its clock is from ours, as its answers tell.
    clock_offset_s = None

    def __init__(self, machine: Machine, chance: Chance, weather: Weather) -> None:
        self._machine = machine
        self._chance = chance
        self._weather = weather
        self.slots = 5
        #: What a request id that is known makes: `again` another task.
        self.on_repeat = "again"
        #: The book: one charge each, in order.
        self.tasks: dict[TaskId, Task] = {}
        #: Request ids whose request is still on its way.
        self.on_their_way: set[str] = set()
        self.violations: list[str] = []
        self._by_request: dict[str, Task] = {}
        self._seen: set[str] = set()
        self._submits: Counter[str] = Counter()
        self._polls: Counter[str] = Counter()
        self._typical_s = chance.between(10, 90, "typical")
        self._polls_in_arrears = chance.happens(0.5, "polls-in-arrears")

    def alive(self) -> list[Task]:
        """List the tasks alive now."""
        now = self._machine.true_s
        return [task for task in self.tasks.values() if now < task.ends_s]

    # ------------------------------------------------------------ the port

    async def prepare(self, request: ClipRequest, request_id: str) -> Prepared:
        """Put what the book needs into the body."""
        self._machine.process.step("prepare")
        body = json.dumps([request.model, request.prompt]).encode()
        return Prepared(request_id, body)

    async def turn(self) -> None:
        """Let a submit go when its turn has come."""
        self._machine.process.step("turn")

    async def submit(self, prepared: Prepared) -> SubmitReply:
        """Carry a request to the book and its answer back, or lose either."""
        machine, weather = self._machine, self._weather
        model, prompt = json.loads(prepared.body)
        self._submits[prompt] += 1
        nth = (prompt, self._submits[prompt])
        machine.process.step("submit-sent")
        if weather.lasts("outage", 0.15, machine.true_s, 600.0):
            await machine.sleep(1.0)
            return NotSent("no route to host")
        if weather.strikes("lost-before", 0.06, nth):
            await machine.sleep(self._chance.between(1, 60, "cut", nth))
            return Uncertain("connection reset")
        sleeps = machine.sleeps
        request_id = prepared.request_id
        reply = await self._carried(prompt, model, request_id, nth)
        machine.process.step("submit-arrived")
        is_slow = weather.strikes("slow", 0.1, "submit", nth)
        most_s = 90.0 if is_slow else 2.0
        await machine.sleep(self._chance.between(0.05, most_s, "answer", nth))
        if machine.sleeps != sleeps or weather.strikes("lost-after", 0.06, nth):
            return Uncertain("the answer was cut off")
        machine.process.step("submit-answered")
        return reply

    async def poll(self, task_id: TaskId, request_id: str) -> PollReply:
        """Tell how a task stands, if anything answers."""
        machine, weather = self._machine, self._weather
        machine.process.step("poll")
        self._polls[task_id] += 1
        nth = (task_id, self._polls[task_id])
        is_slow = weather.strikes("slow", 0.1, "poll", nth)
        await machine.sleep(self._chance.between(0.05, 20.0 if is_slow else 0.3, "polled", nth))
        trouble = self._poll_trouble(nth)
        reply = trouble or self._told(task_id)
        machine.process.step("poll-answered")
        return reply

    def download(self, url: str) -> bytes:
        """Give the bytes behind a link.

        Raises:
            LinkDead: it is dead.
        """
        task = self.tasks[TaskId(url.split("/")[3])]
        begins_s, dies_s = task.link_span_s
        if url != task.link or not begins_s <= self._machine.true_s < dies_s:
            raise LinkDead(msg("there is no film behind the link"))
        return task.film

    # ------------------------------------------------------------ submits

    async def _carried(
        self, prompt: str, model: str, request_id: str, nth: tuple[str, int]
    ) -> SubmitReply:
        """Let a request arrive, even if its sender dies meanwhile; give what was answered."""
        machine = self._machine
        is_late = self._weather.strikes("late", 0.1, nth)
        travel_s = self._chance.between(0.02, 20.0 if is_late else 0.2, "travel", nth)
        sent_s = machine.true_s
        answered: asyncio.Future[SubmitReply] = machine.loop.create_future()
        self.on_their_way.add(request_id)

        def arrive() -> None:
            self.on_their_way.discard(request_id)
            reply = self._answer(prompt, model, request_id, (sent_s, nth))
            if not answered.done():
                answered.set_result(reply)

        machine.loop.call_later(travel_s, arrive)
        return await answered

    def _answer(
        self, prompt: str, model: str, request_id: str, sent: tuple[float, tuple[str, int]]
    ) -> SubmitReply:
        """Decide what becomes of a request that arrived."""
        known = self._by_request.get(request_id)
        if request_id in self._seen and self.on_repeat == "again":
            self.violations.append(f"request {request_id} was sent twice")
        self._seen.add(request_id)
        if known is not None and self.on_repeat != "again":
            return Accepted(known.id) if self.on_repeat == "same" else Repeated("known already")
        nth = sent[1]
        refusal = self._refusal(prompt, nth)
        if refusal is not None:
            return refusal
        alive = self.alive()
        if len(alive) >= self.slots:
            self._judge_crowd(alive, prompt)
            return Refused("1302", "too many tasks at once", Reaction.HOLD)
        task = self._book(prompt, model, request_id, sent[0])
        if self._weather.strikes("wrong-id", 0.02, nth):
            others = [other.id for other in self.tasks.values() if other.is_polled]
            if others:
                return Accepted(self._chance.choice(others, "whose", nth))
        return Accepted(task.id)

    def _refusal(self, prompt: str, nth: tuple[str, int]) -> Refused | None:
        weather, chance = self._weather, self._chance
        if weather.lasts("arrears", 0.1, self._machine.true_s, 3600.0):
            return Refused("1113", "in arrears", Reaction.STOP_RUN, stop=StopReason.BALANCE)
        if weather.strikes("busy", 0.25, nth):
            wait_s = chance.between(0.5, 90, "retry-after", nth)
            reaction = chance.choice([Reaction.RETRY, Reaction.HOLD], "how", nth)
            is_told = chance.happens(0.5, "told", nth)
            return Refused("1305", "busy", reaction, retry_after_s=wait_s if is_told else None)
        if "refused" in weather.faults and chance.happens(0.06, "unsafe", prompt):
            return Refused("1301", "unsafe", Reaction.FAIL_CLIP)
        return None

    def _judge_crowd(self, alive: list[Task], prompt: str) -> None:
        """Note a submit to a full account, unless some task is one that nobody could count."""
        if self._machine.jumps or self._machine.sleeps:
            return  # nobody can tell any more how old a task is
        now = self._machine.true_s
        hidden = [
            task
            for task in alive
            if task.is_let_go
            or task.unknown_s is not None
            or now - task.began_s > 0.9 * _DAY_S
            or (not task.is_polled and now - task.sent_s > _DOUBT_S)
        ]
        if len(alive) - len(hidden) >= self.slots:
            self.violations.append(f"{prompt} was sent although all {self.slots} slots were taken")

    def _book(self, prompt: str, model: str, request_id: str, sent_s: float) -> Task:
        """Begin a task now, and charge it."""
        number = len(self.tasks) + 1
        now = self._machine.true_s
        fate = (prompt, number)
        task = Task(
            id=TaskId(f"task-{number}"),
            sku=prompt.split(" ")[0],
            prompt=prompt,
            model=model,
            request_id=request_id,
            sent_s=sent_s,
            began_s=now,
            ends_s=now + self._length_s(fate),
            outcome="success",
            unknown_s=None,
            link_life_s=_DAY_S,
            link_delay_s=0.0,
            renews_link=True,
            has_link_from_s=0.0,
        )
        self._decide(task, fate)
        self.tasks[task.id] = task
        self._by_request[request_id] = task
        return task

    def _length_s(self, fate: tuple[str, int]) -> float:
        if self._fated("long", 0.03, fate):
            return self._chance.between(1800, 30 * 3600, "length", fate)
        return self._typical_s * self._chance.between(0.7, 1.4, "length", fate)

    def _decide(self, task: Task, fate: tuple[str, int]) -> None:
        """Decide how a task ends, and what is wrong with it."""
        chance = self._chance
        if self._fated("fail", 0.06, fate):
            task.outcome = "fail"
        elif self._fated("no-link", 0.03, fate):
            task.outcome = "bare"
        elif self._fated("no-link", 0.05, "late", fate):
            task.has_link_from_s = task.ends_s + chance.between(1, 500, "link", fate)
        if self._fated("dead-link", 0.06, fate):
            task.link_life_s = chance.between(0, 600, "life", fate)
        if self._fated("dead-link", 0.1, "early", fate):
            task.link_delay_s = chance.between(0, 20, "delay", fate)
        task.renews_link = not self._fated("dead-link", 0.2, "for-good", fate)
        if self._fated("vanish", 0.04, fate):
            begins_s = task.began_s + chance.between(0, 60, "vanishes", fate)
            lasts_s = chance.choice([30.0, 300.0, 1200.0, 7200.0, 1e9], "gone", fate)
            task.unknown_s = (begins_s, begins_s + lasts_s)

    def _fated(self, fault: str, probability: float, *question: object) -> bool:
        is_here = fault in self._weather.faults
        return is_here and self._chance.happens(probability, fault, "fate", *question)

    # ------------------------------------------------------------ polls

    def _poll_trouble(self, nth: tuple[str, int]) -> PollTrouble | None:
        now, weather = self._machine.true_s, self._weather
        if weather.lasts("outage", 0.15, now, 600.0):
            return PollTrouble("no route to host")
        if self._polls_in_arrears and weather.lasts("arrears", 0.1, now, 3600.0):
            return PollTrouble("in arrears", stop=StopReason.BALANCE)
        if weather.strikes("poll", 0.2, nth):
            wait_s = self._chance.choice([None, 3.0, 40.0], "poll-after", nth)
            return PollTrouble("garbage", retry_after_s=wait_s)
        return None

    def _told(self, task_id: TaskId) -> PollReply:
        task = self.tasks.get(task_id)
        if task is None:
            return TaskUnknown("no such task")
        now = self._machine.true_s
        task.is_polled = True
        if task.unknown_s is not None and task.unknown_s[0] <= now < task.unknown_s[1]:
            return TaskUnknown("no such task")
        if now < task.ends_s:
            return StillProcessing()
        if task.outcome == "fail":
            return TaskFailed("1301", "unsafe")
        if task.outcome == "bare" or now < task.has_link_from_s:
            return TaskSucceeded(None)
        self._renew(task, now)
        return TaskSucceeded(task.link)

    def _renew(self, task: Task, now: float) -> None:
        """Give a task a link, or another one when its link is dead."""
        if task.link is None or (task.renews_link and now >= task.link_span_s[1]):
            life_s = task.link_life_s if task.link is None else _DAY_S
            task.link = f"https://films.example/{task.id}/{now:.0f}"
            task.link_span_s = now + task.link_delay_s, now + life_s


@dataclass(eq=False)
class _File:
    content: bytes
    is_synced: bool = False

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


class Disk:
    """A `ClipFolder` in memory; what was not synced may be gone after a power loss."""

    def __init__(self, machine: Machine, chance: Chance, outside: tuple[Weather, Provider]) -> None:
        self._machine = machine
        self._chance = chance
        self._weather, self._provider = outside
        #: The names that a process sees, and those that surely survive a power loss.
        self._names: dict[str, _File] = {}
        self._synced_names: dict[str, _File] = {}
        #: What was done to names since: the old one, or none, and the new one.
        self._renames: list[tuple[str | None, str]] = []
        #: Films that the person deleted.
        self.deleted: set[bytes] = set()
        self._fetches: Counter[int] = Counter()

    @property
    def had_jumps(self) -> bool:
        """Whether the machine's wall clock was ever set wrong."""
        return self._machine.jumps > 0

    @property
    def files(self) -> dict[str, bytes]:
        """What stands on the disk."""
        return {name: file.content for name, file in self._names.items()}

    async def fetch(self, attempt: Attempt) -> Fetched:
        """Download, write, sync; or fail in one of many ways."""
        step, weather = self._machine.process.step, self._weather
        step("fetch")
        self._fetches[attempt.id] += 1
        nth = (attempt.id, self._fetches[attempt.id])
        sleeps = self._machine.sleeps
        is_slow = weather.strikes("slow", 0.1, "fetch", nth)
        await self._machine.sleep(self._chance.between(0.5, 200 if is_slow else 5, "fetch", nth))
        if attempt.video_url is None:
            raise DownloadError(msg("no link"))
        film = self._received(attempt.video_url, nth, is_cut=self._machine.sleeps != sleeps)
        name = _name(attempt.key)
        part = f"{name}.part"
        file = self._written(part, film)
        step("part-written")
        file.is_synced = True
        self._sync_names()
        step("part-synced")
        return Fetched(name, file.sha256, len(film), 1280, 720, 4.0)

    async def publish(self, attempt: Attempt) -> bool:
        """Rename and sync, keeping what stood there before."""
        step = self._machine.process.step
        step("publish")
        assert attempt.file is not None
        final, part = attempt.file, f"{attempt.file}.part"
        if not self._has(final, attempt):
            if not self._has(part, attempt):
                return False
            self._refuse_when_full()
            if final in self._names:
                self._rename(final, self._retired(final))
                step("retired")
            self._rename(part, final)
            step("renamed")
        self._sync_names()
        step("published")
        return True

    async def not_standing(
        self, clips: Sequence[tuple[Attempt, ClipKey]]
    ) -> list[tuple[Attempt, ClipKey]]:
        """Give those of some saved clips that do not stand under their names."""
        self._machine.process.step("look")
        return [(attempt, key) for attempt, key in clips if not self._has(_name(key), attempt)]

    async def restore(self, attempt: Attempt, key: ClipKey) -> bool:
        """Make sure that a saved clip stands under its name."""
        self._machine.process.step("restore")
        name = _name(key)
        if self._has(name, attempt):
            return True
        copy = next((other for other in self._names if self._has(other, attempt)), None)
        if copy is None:
            return False
        if name in self._names:
            self._rename(name, self._retired(name))
        self._written(name, self._names[copy].content).is_synced = True
        self._sync_names()
        return True

    def lose_power(self, *moment: object) -> None:
        """Forget what was not synced, or some of it: a disk writes when it likes."""
        kept = self._chance.whole(0, len(self._renames), "renames", *moment)
        self._names = dict(self._synced_names)
        for source, target in self._renames[:kept]:
            self._names[target] = self._names.pop(source) if source else _File(b"")
        for name, file in self._names.items():
            if not file.is_synced:
                length = self._chance.whole(0, len(file.content), "cut", name, *moment)
                file.content = file.content[:length]
        self._sync_names()

    def delete(self, name: str) -> None:
        """Let the person delete a file."""
        self.deleted.add(self._names.pop(name).content)
        self._sync_names()

    def _received(self, url: str, nth: tuple[int, int], *, is_cut: bool) -> bytes:
        weather = self._weather
        if is_cut or weather.lasts("outage", 0.15, self._machine.true_s, 600.0):
            raise DownloadError(msg("cut off"))
        film = self._provider.download(url)
        if weather.strikes("bad-file", 0.2, nth):
            bad = self._chance.choice([BadFile, DownloadError], "bad", nth)
            raise bad(msg("half a film"))
        return film

    def _refuse_when_full(self) -> None:
        if self._weather.lasts("disk-full", 0.12, self._machine.true_s, 900.0):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _written(self, name: str, content: bytes) -> _File:
        self._refuse_when_full()
        self._names[name] = _File(content)
        self._renames.append((None, name))
        return self._names[name]

    def _rename(self, source: str, target: str) -> None:
        self._names[target] = self._names.pop(source)
        self._renames.append((source, target))

    def _retired(self, name: str) -> str:
        number = sum(other.endswith(name) for other in self._names)
        return f"old.{number}/{name}"

    def _sync_names(self) -> None:
        self._synced_names = dict(self._names)
        self._renames.clear()

    def _has(self, name: str, attempt: Attempt) -> bool:
        return name in self._names and self._names[name].sha256 == attempt.sha256


def _name(key: ClipKey) -> str:
    return f"clips/{key.sku}/{key.take}.mp4"
