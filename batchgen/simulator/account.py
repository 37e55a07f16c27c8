"""The account: how many tasks may live, what was accepted, what it cost; kept in a folder.

Each task is one small file that is complete before its call is answered, so a simulator that was
killed and started again on the same folder knows its tasks, its bill and its counters. (Polls
counted since the last submit are lost with a kill.) The bill books a call when it is accepted,
the worst case; a task that ends with FAIL is struck off again unless the switches say otherwise.
Knows no HTTP and draws no picture.

    FOLDER/tasks/<task id>.json   FOLDER/counters.json
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from batchgen.clip import ClipRequest
from batchgen.simulator.lifecycle import Task, TaskStatus, digest_of, new_task, strikes
from batchgen.simulator.limits import Code, Refused
from batchgen.simulator.switches import LOST_ANSWERS, SPOILT_DOWNLOADS, Fault, Settings

_TASK = TypeAdapter(Task)
#: Faults that refuse a submit, in the order they are drawn.
_REFUSALS = {
    Fault.UNSAFE: Code.UNSAFE,
    Fault.BUSY: Code.OVERLOADED,
    Fault.RATE_LIMIT: Code.FULL,
}


class AnswerLost(Exception):
    """The call was received, and the caller is not to learn what came of it."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(slots=True)
class _Counters:
    """What is counted over all lives of the simulator."""

    submits: int = 0
    refused: int = 0
    lost_answers: int = 0
    polls: int = 0
    downloads: int = 0
    max_in_flight: int = 0
    #: Submits that came while every place was taken.
    over_cap: int = 0
    #: Fault -> times met.
    faults: dict[str, int] = field(default_factory=dict)


class Account:
    """One account at the simulated provider."""

    def __init__(self, settings: Settings, folder: Path, now: Callable[[], float]) -> None:
        self._settings = settings
        self._folder = folder
        self._now = now
        self._tasks: dict[str, Task] = {}
        self._by_request_id: dict[str, Task] = {}
        self._alive: list[Task] = []
        #: Digest -> calls seen; chance is drawn for each call anew.
        self._calls: Counter[str] = Counter()
        #: Task and what is asked of it -> times asked.
        self._asked: Counter[tuple[str, str]] = Counter()
        self._recent_submits: list[float] = []
        self._open_submits = 0
        self._counters = _Counters()
        self._load()

    def submit(self, request: ClipRequest, request_id: str | None) -> Task:
        """Make a task, if the account has a place and chance allows it.

        Raises:
            Refused: 1231, 1301, 1302 or 1305; nothing was made or billed.
            AnswerLost: the caller must not be answered; a task was made as the switches say.
        """
        digest = digest_of(request)
        known = self._by_request_id.get(request_id or "")
        if known is not None and self._settings.switches.duplicate_request_id == "same":
            return known
        self._check_room(request.model)
        self._calls[digest] += 1
        number = self._calls[digest]
        self._check_luck(known, digest, number)
        lost = next((fault for fault in LOST_ANSWERS if self._meets(fault, digest, number)), None)
        if lost is not None:
            self._counters.lost_answers += 1
            if self._settings.switches.lost_submit == "not-made":
                raise AnswerLost(lost)
        task = new_task(self._settings, request, request_id, number, self._now())
        self._book(task)
        if lost is not None:
            raise AnswerLost(lost)
        return task

    @contextmanager
    def receiving(self) -> Iterator[None]:
        """Count a submit while it is being answered, and whether it is refused."""
        self._counters.submits += 1
        self._open_submits += 1
        self._recent_submits.append(self._now())
        try:
            yield
        except Refused:
            self._counters.refused += 1
            raise
        finally:
            self._open_submits -= 1
            self.save()

    def poll(self, task_id: str) -> Task:
        """Find a task for its owner.

        Raises:
            Refused: 1233 (or 404) for an unknown id, 1234 by chance.
        """
        self._counters.polls += 1
        task = self.find(task_id)
        if task is None:
            status = 404 if self._settings.switches.unknown_task == "404" else None
            raise Refused(Code.NO_TASK, task_id[:100], status=status)
        if self._meets_again(Fault.POLL_500, task):
            raise Refused(Code.INTERNAL, task.request_id)
        return task

    def find(self, task_id: str) -> Task | None:
        """Find a task, uncounted."""
        return self._tasks.get(task_id)

    def download(self, task: Task) -> Fault | None:
        """Count a download; give the fault that it meets."""
        self._counters.downloads += 1
        self.save()
        faults = (fault for fault in SPOILT_DOWNLOADS if self._meets_again(fault, task))
        return next(faults, None)

    def bill(self) -> list[dict[str, str]]:
        """List what is charged, one entry a task, in the order of acceptance."""
        return [
            {
                "task_id": task.id,
                "request_id": task.request_id,
                "model": task.request.model,
                "price": str(task.price),
                "currency": task.currency,
                "at": datetime.fromtimestamp(task.created_at, UTC).isoformat(),
            }
            for task in self._charged()
        ]

    def stats(self) -> dict[str, Any]:
        """Give the counters, the places taken now, and the money."""
        charged = self._charged()
        return asdict(self._counters) | {
            "accepted": len(self._tasks),
            "in_flight": len(self._in_flight()),
            "cap": self._settings.cap,
            "paid": len(charged),
            "spent": str(sum((task.price for task in charged), Decimal("0.00"))),
            "currency": "CNY",
        }

    def save(self) -> None:
        """Write the counters down."""
        _write(self._folder / "counters.json", json.dumps(asdict(self._counters)).encode())

    def _check_room(self, model: str) -> None:
        switches = self._settings.switches
        if switches.cap_counts == "submits":
            taken = self._open_submits - 1
        elif switches.cap_scope == "model":
            taken = sum(task.request.model == model for task in self._in_flight())
        else:
            taken = len(self._in_flight())
        since = self._now() - 1.0
        self._recent_submits = [at for at in self._recent_submits if at > since]
        is_burst = 0 < switches.burst_per_second < len(self._recent_submits)
        is_full = taken >= self._settings.cap
        self._counters.over_cap += is_full
        if is_full or is_burst:
            raise Refused(Code.FULL)

    def _check_luck(self, known: Task | None, digest: str, number: int) -> None:
        if known is not None and self._settings.switches.duplicate_request_id == "refuse":
            raise Refused(Code.REPEATED, known.request_id)
        for fault, code in _REFUSALS.items():
            if self._meets(fault, digest, number):
                raise Refused(code)

    def _meets_again(self, fault: Fault, task: Task) -> bool:
        self._asked[task.id, fault] += 1
        return self._meets(fault, task.digest, task.number, self._asked[task.id, fault])

    def _meets(self, fault: Fault, *names: object) -> bool:
        """Draw whether a fault strikes, and count it."""
        is_met = strikes(self._settings, fault, *names)
        if is_met:
            self._count(fault)
        return is_met

    def _count(self, fault: Fault) -> None:
        self._counters.faults[fault] = self._counters.faults.get(fault, 0) + 1

    def _in_flight(self) -> list[Task]:
        now = self._now()
        self._alive = [task for task in self._alive if task.is_alive(now)]
        return self._alive

    def _charged(self) -> list[Task]:
        if self._settings.switches.fail_charged:
            return list(self._tasks.values())
        now = self._now()
        return [task for task in self._tasks.values() if task.status(now) is not TaskStatus.FAIL]

    def _book(self, task: Task) -> None:
        _write(self._folder / "tasks" / f"{task.id}.json", _TASK.dump_json(task))
        self._know(task)
        if task.fails:
            self._count(Fault.FAIL)
        in_flight = len(self._in_flight())
        self._counters.max_in_flight = max(self._counters.max_in_flight, in_flight)
        self.save()

    def _know(self, task: Task) -> None:
        self._tasks[task.id] = task
        self._by_request_id.setdefault(task.request_id, task)
        self._alive.append(task)

    def _load(self) -> None:
        (self._folder / "tasks").mkdir(parents=True, exist_ok=True)
        files = (self._folder / "tasks").glob("*.json")
        tasks = [_TASK.validate_json(file.read_bytes()) for file in files]
        for task in sorted(tasks, key=lambda task: task.created_at):
            self._know(task)
            self._calls[task.digest] = max(self._calls[task.digest], task.number)
        counters = self._folder / "counters.json"
        if counters.exists():
            self._counters = _Counters(**json.loads(counters.read_bytes()))


def _write(path: Path, content: bytes) -> None:
    """Put a whole file in place, or nothing."""
    part = path.with_suffix(".part")
    part.write_bytes(content)
    part.replace(path)
