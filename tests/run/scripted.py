"""A provider and an output folder that do what a script says, and remember the truth."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from batchgen.clip import Attempt, ClipRequest, TaskId
from batchgen.errors import BatchgenError
from batchgen.output.port import Fetched
from batchgen.provider.port import (
    Accepted,
    PollReply,
    Prepared,
    Reaction,
    Refused,
    Repeated,
    StillProcessing,
    SubmitReply,
    TaskSucceeded,
    TaskUnknown,
    Uncertain,
)
from batchgen.run.ports import Clock

#: What a request id that is known already makes: another task, a refusal, or its first task.
Dedupe = Literal["new", "refuse", "same"]
FULL = Refused("1302", "too many tasks at once", Reaction.HOLD)


def nowhere() -> None:
    """Be no crash point."""


@dataclass
class Life:
    """What happens to the clip of one SKU at the provider."""

    #: Answers to its first submits; when they are used up, it is accepted.
    submits: list[SubmitReply] = field(default_factory=list)
    #: Whether a submit answered `Uncertain` made a task all the same.
    is_bought_in_doubt: bool = True
    #: Seconds until a submit is answered.
    answer_s: float = 1.0
    #: Seconds from acceptance to the end of the task.
    task_s: float = 60.0
    #: Answers to its first polls, whatever the task does.
    polls: list[PollReply] = field(default_factory=list)
    #: Answers to polls after its end; the last one stands. None: SUCCESS with a link.
    ends: list[PollReply] | None = None
    #: Seconds that its request takes to be prepared, besides those of every request.
    prepare_s: float = 0.0
    #: Raised by `prepare`.
    cannot_prepare: BatchgenError | None = None


@dataclass(frozen=True)
class Submit:
    """One POST as the provider saw it."""

    at_s: float
    sku: str
    request_id: str
    body: bytes


@dataclass
class Task:
    """One task at the provider: it is on the bill."""

    sku: str
    started_s: float
    ends_s: float


class ScriptedProvider:
    """A `VideoProvider` whose tasks follow the `Life` of their SKU, which stands in the prompt."""

    def __init__(self, clock: Clock, point: Callable[[], None] = nowhere) -> None:
        self._clock = clock
        self._point = point
        self.lives: dict[str, Life] = {}
        #: Tasks that the provider lets live at once; None: any number.
        self.cap: int | None = None
        self.dedupe: Dedupe = "new"
        self._by_request_id: dict[str, TaskId] = {}
        self.submits: list[Submit] = []
        self.tasks: dict[str, Task] = {}
        #: Virtual seconds of each poll, by task.
        self.polled: dict[str, list[float]] = {}
        self.highest_alive = 0
        #: Seconds that a request takes to be prepared, a submit to get its turn, and a poll to be
        #: answered.
        self.prepare_s = 0.0
        self.turn_s = 0.0
        self.poll_s = 0.0

    @property
    def bill(self) -> Counter[str]:
        """How often each SKU was bought."""
        return Counter(task.sku for task in self.tasks.values())

    @property
    def alive(self) -> int:
        """Tasks alive at this moment."""
        now = self._clock.monotonic()
        return sum(task.started_s <= now < task.ends_s for task in self.tasks.values())

    def life(self, sku: str) -> Life:
        """Give the script of a SKU, made on first use."""
        return self.lives.setdefault(sku, Life())

    async def prepare(self, request: ClipRequest, request_id: str) -> Prepared:
        """Put the SKU into the body."""
        await self._clock.sleep(self.prepare_s + self.life(request.prompt).prepare_s)
        error = self.life(request.prompt).cannot_prepare
        if error is not None:
            raise error
        return Prepared(request_id, request.prompt.encode())

    async def turn(self) -> None:
        """Let every submit go at once."""
        await self._clock.sleep(self.turn_s)

    async def submit(self, prepared: Prepared) -> SubmitReply:
        """Answer as the script says; a task and its charge begin when the request arrives."""
        self._point()
        sku = prepared.body.decode()
        request_id = prepared.request_id
        self.submits.append(Submit(self._clock.monotonic(), sku, request_id, prepared.body))
        reply = self._reply(sku, request_id)
        self._point()
        await self._clock.sleep(self.life(sku).answer_s)
        self._point()
        return reply

    async def poll(self, task_id: TaskId, request_id: str) -> PollReply:
        """Answer as the script and the time say."""
        self._point()
        await self._clock.sleep(self.poll_s)
        now = self._clock.monotonic()
        self.polled.setdefault(task_id, []).append(now)
        task = self.tasks.get(task_id)
        if task is None:
            return TaskUnknown("no such task")
        life = self.life(task.sku)
        if life.polls:
            return life.polls.pop(0)
        if now < task.ends_s:
            return StillProcessing()
        if life.ends is None:
            return TaskSucceeded(f"https://files.example/{task_id}.mp4")
        return life.ends.pop(0) if len(life.ends) > 1 else life.ends[0]

    def _reply(self, sku: str, request_id: str) -> SubmitReply:
        life = self.life(sku)
        known = None if self.dedupe == "new" else self._by_request_id.get(request_id)
        if life.submits:
            reply = life.submits.pop(0)
            is_bought = isinstance(reply, Accepted) or (
                isinstance(reply, Uncertain) and life.is_bought_in_doubt
            )
            if is_bought and known is None:
                task_id = reply.task_id if isinstance(reply, Accepted) else None
                self.make_task(sku, task_id, request_id)
            return reply
        if known is not None:
            return Accepted(known) if self.dedupe == "same" else Repeated("known already")
        if self.cap is not None and self.alive >= self.cap:
            return FULL
        return Accepted(self.make_task(sku, request_id=request_id))

    def make_task(self, sku: str, task_id: TaskId | None = None, request_id: str = "") -> TaskId:
        """Start a task now and put it on the bill."""
        task_id = task_id or TaskId(f"task-{len(self.tasks) + 1}")
        self._by_request_id[request_id] = task_id
        now = self._clock.monotonic()
        self.tasks[task_id] = Task(sku, now, now + self.life(sku).task_s)
        self.highest_alive = max(self.highest_alive, self.alive)
        return task_id


class ScriptedFolder:
    """A `ClipFolder` that writes small real files; what is to go wrong stands in `troubles`."""

    def __init__(self, root: Path, clock: Clock, point: Callable[[], None] = nowhere) -> None:
        self._root = root
        self._clock = clock
        self._point = point
        #: SKU -> errors of its first downloads, then of its first publications.
        self.fetch_troubles: dict[str, list[Exception]] = {}
        self.publish_troubles: dict[str, list[Exception]] = {}
        #: Seconds that a download takes, and SKU -> seconds where it takes longer.
        self.fetch_s = 2.0
        self.slow_fetches_s: dict[str, float] = {}
        self.links: list[str | None] = []
        self._at_once = 0
        self.highest_at_once = 0

    @property
    def files(self) -> dict[str, str]:
        """The files of the folder and their content."""
        return {path.name: path.read_text() for path in sorted(self._root.iterdir())}

    async def fetch(self, attempt: Attempt) -> Fetched:
        """Write the link as the content of the `.part` file."""
        self._point()
        self.links.append(attempt.video_url)
        self._at_once += 1
        self.highest_at_once = max(self.highest_at_once, self._at_once)
        try:
            await self._clock.sleep(self.slow_fetches_s.get(attempt.key.sku, self.fetch_s))
        finally:
            self._at_once -= 1
        self._raise_next(self.fetch_troubles, attempt)
        content = (attempt.video_url or "").encode()
        name = f"{attempt.key.sku}.mp4"
        self._path(name + ".part").write_bytes(content)
        self._point()
        digest = hashlib.sha256(content).hexdigest()
        return Fetched(name, digest, len(content), 1280, 720, 4.0)

    async def publish(self, attempt: Attempt) -> bool:
        """Rename the `.part` file, unless that was done before."""
        self._point()
        self._raise_next(self.publish_troubles, attempt)
        assert attempt.file is not None
        part, final = self._path(attempt.file + ".part"), self._path(attempt.file)
        if self._is(part, attempt):
            part.replace(final)
        self._point()
        return self._is(final, attempt)

    def _path(self, name: str) -> Path:
        self._root.mkdir(exist_ok=True)
        return self._root / name

    @staticmethod
    def _is(path: Path, attempt: Attempt) -> bool:
        return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == attempt.sha256

    @staticmethod
    def _raise_next(troubles: dict[str, list[Exception]], attempt: Attempt) -> None:
        if troubles.get(attempt.key.sku):
            raise troubles[attempt.key.sku].pop(0)
