"""What the provider really booked: tasks, charges and how many were alive at once. Pure.

A charge is written at the moment a call is accepted, whatever becomes of the answer.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, TypedDict

from tests.truth.clips import film_of

#: Yuan a call.
PRICES: Mapping[str, str] = {
    "vidu2-image": "1.25",
    "vidu2-start-end": "1.25",
    "vidu2-reference": "2.50",
}
#: The prompts of the tests carry the clip they stand for: `a mug turns [MUG-001/main]`.
_MARK = re.compile(r"\[([^\[\]]+)\]")


@dataclass(frozen=True, slots=True)
class Terms:
    """What the provider grants an account; times in the server's seconds."""

    #: Tasks that may be alive at once, for each account.
    slots: int = 20
    #: Shortest and longest life of a task.
    task_s: tuple[float, float] = (1.0, 3.0)
    link_life_s: float = 86400.0
    #: Calls until the balance is used up (code 1113).
    calls: int | None = None
    #: What a second call with the same request_id is: one more, refused (1231), or the first one.
    dedupe: Literal["off", "refuse", "same"] = "off"


@dataclass(slots=True)
class Task:
    """One call that was accepted, and charged."""

    id: str
    account: str
    request_id: str
    prompt: str
    model: str
    price: Decimal
    accepted_at: float
    ends_at: float
    #: The way its failure is told, or None when it succeeds.
    failure: str | None = None


class Charge(TypedDict):
    """One line of the bill."""

    task_id: str
    account: str
    request_id: str
    clip: str
    model: str
    price: str
    at: float
    failed: bool
    #: Hash of the film; the same for every download.
    sha256: str


class Post(TypedDict):
    """One submit that arrived, whatever became of it."""

    account: str
    request_id: str
    clip: str
    #: `task`, `refused 1302` or the fault's name.
    outcome: str


class Truth(TypedDict):
    """All that the server knows; plain JSON."""

    charges: list[Charge]
    #: Sum of the charges.
    bill: str
    charges_by_clip: dict[str, int]
    posts: list[Post]
    #: How often each clip was asked for, refusals included.
    posts_by_clip: dict[str, int]
    #: Most tasks that were alive at one moment, in one account.
    max_in_flight: int
    #: Submits that came while every slot was taken.
    over_slots: int
    polls: int
    polls_by_task: dict[str, int]
    #: Whole films that were sent.
    downloads_by_task: dict[str, int]
    #: Keys that were used, for whatever request.
    accounts: list[str]


def clip_of(prompt: str) -> str:
    """Give the clip that a prompt stands for, or the whole prompt."""
    match = _MARK.search(prompt)
    return match[1] if match else prompt


@dataclass(slots=True)
class Book:
    """The tasks of all accounts."""

    terms: Terms
    now: Callable[[], float]
    tasks: dict[str, Task] = field(default_factory=dict)
    posts: list[Post] = field(default_factory=list)
    polls_by_task: dict[str, int] = field(default_factory=dict)
    downloads_by_task: dict[str, int] = field(default_factory=dict)
    accounts: set[str] = field(default_factory=set)
    max_in_flight: int = 0
    over_slots: int = 0

    def alive(self, account: str) -> int:
        """Count the tasks of an account that have not ended."""
        now = self.now()
        return sum(task.account == account and task.ends_at > now for task in self.tasks.values())

    def refusal(self, account: str) -> str | None:
        """Give the code by which a call cannot be accepted now, or None."""
        if self.terms.calls is not None and len(self.tasks) >= self.terms.calls:
            return "1113"
        if self.alive(account) >= self.terms.slots:
            self.over_slots += 1
            return "1302"
        return None

    def seen(self, request_id: str) -> Task | None:
        """Give the task that was made for this request_id, where that is looked at."""
        if self.terms.dedupe == "off":
            return None
        tasks = (task for task in self.tasks.values() if task.request_id == request_id)
        return next(tasks, None)

    def accept(self, task: Task) -> None:
        """Make a task: from here on it is charged."""
        self.tasks[task.id] = task
        self.max_in_flight = max(self.max_in_flight, self.alive(task.account))

    def end_all(self) -> None:
        """Let every task that is alive end now."""
        now = self.now()
        for task in self.tasks.values():
            task.ends_at = min(task.ends_at, now)

    def truth(self) -> Truth:
        """Write down everything."""
        tasks = self.tasks.values()
        return Truth(
            charges=[_charge(task) for task in tasks],
            bill=str(sum((task.price for task in tasks), Decimal("0.00"))),
            charges_by_clip=_counts([clip_of(task.prompt) for task in tasks]),
            posts=list(self.posts),
            posts_by_clip=_counts([post["clip"] for post in self.posts]),
            max_in_flight=self.max_in_flight,
            over_slots=self.over_slots,
            polls=sum(self.polls_by_task.values()),
            polls_by_task=dict(self.polls_by_task),
            downloads_by_task=dict(self.downloads_by_task),
            accounts=sorted(self.accounts),
        )


def _charge(task: Task) -> Charge:
    return Charge(
        task_id=task.id,
        account=task.account,
        request_id=task.request_id,
        clip=clip_of(task.prompt),
        model=task.model,
        price=str(task.price),
        at=task.accepted_at,
        failed=task.failure is not None,
        sha256=hashlib.sha256(film_of(task.id)).hexdigest(),
    )


def _counts(names: list[str]) -> dict[str, int]:
    return {name: names.count(name) for name in dict.fromkeys(names)}
