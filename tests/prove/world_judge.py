"""Judges a simulated world: the provider's book against the rows of the state and the files.

The book decides. The state is read with plain SQL, without a line of the program.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

from tests.prove.world_outside import Disk, Provider, Task

_Row: TypeAlias = Mapping[str, Any]

#: State -> where its money is, and the states that may follow.
_STATES = {
    "intent": ("reserved", "rejected refused unknown accepted"),
    "unknown": ("at_risk", "unknown accepted declared_unpaid written_off"),
    "rejected": ("released", ""),
    "refused": ("released", "written_off"),
    "accepted": ("reserved", "succeeded failed stalled vanished"),
    "stalled": ("reserved", "succeeded failed vanished written_off"),
    "vanished": ("at_risk", "accepted succeeded failed declared_unpaid written_off"),
    "failed": ("at_risk", "refused written_off"),
    "succeeded": ("spent", "succeeded verified expired paid_no_result"),
    "verified": ("spent", "saved succeeded"),
    "saved": ("spent", "succeeded"),
    "expired": ("spent", ""),
    "paid_no_result": ("spent", ""),
    "declared_unpaid": ("released", "written_off"),
    "written_off": ("spent", ""),
}
#: States of a purchase of which it is not known whether it was made.
_IN_DOUBT = {"intent", "unknown", "written_off"}
_SHANGHAI_S = 8 * 3600


@dataclass
class Wishes:
    """What the person asked for, said once and for all: the most that may be bought."""

    #: SKU and prompt of clips that were planned -> how many takes of it.
    takes: int = 1
    prompts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    #: SKU -> further purchases that were ordered.
    ordered: Counter[str] = field(default_factory=Counter)
    #: Whether a changed request is bought anew.
    regenerates: bool = False
    campaigns: dict[str, str] = field(default_factory=dict)
    #: Kind of budget -> its highest ceiling ever, in thousandths; `run` by the run's id.
    ceilings: dict[str, int] = field(default_factory=dict)
    run_ceilings: dict[str, int] = field(default_factory=dict)

    def most(self, sku: str) -> int:
        """Give how often a product may be bought at most."""
        requests = len(self.prompts[sku]) if self.regenerates else 1
        return self.takes * requests + self.ordered[sku]


@dataclass
class Record:
    """What the state holds."""

    attempts: Sequence[_Row]
    events: Sequence[_Row]
    purses: Sequence[_Row]

    @classmethod
    def read(cls, path: Path) -> Record:
        """Read it, without changing a byte of it."""
        if not path.exists():
            return cls([], [], [])
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            tables = [
                "SELECT attempt.*, run.job FROM attempt JOIN run ON run.id = run_id ORDER BY id",
                "SELECT * FROM event ORDER BY seq",
                "SELECT * FROM purse ORDER BY kind, key",
            ]
            return cls(*([dict(row) for row in connection.execute(sql)] for sql in tables))

    def digest(self) -> str:
        """Give a hash of all that happened, save names that are drawn by lot."""
        told = [
            [(it["sku"], it["take"], it["state"], it["created_at"]) for it in self.attempts],
            [(it["attempt_id"], it["at"], it["old"], it["new"]) for it in self.events],
        ]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


@dataclass(frozen=True)
class Judge:
    """Compares one world's truth with its record."""

    provider: Provider
    disk: Disk
    wishes: Wishes

    def violations(self, record: Record) -> list[str]:
        """Name every promise that is broken now."""
        return [
            *self.provider.violations,
            *self._doubles(),
            *self._unexplained(record),
            *self._money(record),
            *self._purses(record),
            *_paths(record),
            *self._endings(record),
            *self._files(record),
        ]

    def unfinished(self, record: Record) -> Iterator[str]:
        """Name what an undisturbed run should have brought home and did not."""
        yield from self.unanswered(record)
        for row in record.attempts:
            task = self.provider.tasks.get(row["task_id"])
            if row["state"] == "verified":
                yield f"{_name(row)} is here and not saved"
            if row["state"] == "succeeded" and task is not None and task.is_reachable:
                yield f"{_name(row)} could be fetched and was not"

    @staticmethod
    def unanswered(record: Record, since: int = 0) -> Iterator[str]:
        """Name what a run that ended by itself left open, of the purchases since that one."""
        for row in record.attempts[since:]:
            if row["state"] == "intent":
                yield f"{_name(row)} was left without a word"

    def _doubles(self) -> Iterator[str]:
        tasks = self.provider.tasks.values()
        for sku, count in Counter(task.sku for task in tasks).items():
            if count > self.wishes.most(sku):
                yield f"{sku} was bought {count} times, asked for {self.wishes.most(sku)} times"
        for (sku, prompt), count in Counter((task.sku, task.prompt) for task in tasks).items():
            if count > self.wishes.takes + self.wishes.ordered[sku]:
                yield f"{prompt!r} was bought {count} times"

    def _unexplained(self, record: Record) -> Iterator[str]:
        rows = {row["request_id"]: row for row in record.attempts}
        for task in self.provider.tasks.values():
            row = rows.get(task.request_id)
            if row is None or row["sku"] != task.sku or not _explains(row, task):
                state = "no row" if row is None else f"{row['state']}, {row['task_id']}"
                yield f"{task.id} of {task.sku} is not explained ({state})"

    def _money(self, record: Record) -> Iterator[str]:
        """Compare bill, committed money and budgets, for everything that has a budget."""
        tasks = {task.request_id: task for task in self.provider.tasks.values()}
        committed: Counter[tuple[str, str]] = Counter()
        bill: Counter[tuple[str, str]] = Counter()
        for row in record.attempts:
            task = tasks.get(row["request_id"])
            is_committed = _STATES[row["state"]][0] != "released"
            for purse in self._purses_of(row):
                committed[purse] += row["price_milli"] * is_committed
                bill[purse] += task.price_milli if task is not None else 0
        for purse in committed:
            if bill[purse] > committed[purse]:
                yield f"{purse}: the bill of {bill[purse]} is above our {committed[purse]}"
            ceiling = self._ceiling(*purse)
            if ceiling is not None and max(bill[purse], committed[purse]) > ceiling:
                yield f"{purse}: {bill[purse]} billed, {committed[purse]} ours, over {ceiling}"

    def _ceiling(self, kind: str, key: str) -> int | None:
        if kind == "run":
            return self.wishes.run_ceilings.get(key)
        return self.wishes.ceilings.get(kind)

    def _purses_of(self, row: _Row) -> list[tuple[str, str]]:
        made = datetime.fromtimestamp(row["created_at"], UTC) + timedelta(seconds=_SHANGHAI_S)
        day = made.date().isoformat()
        return [
            ("run", row["run_id"]),
            ("job", row["job"]),
            ("day", day),
            ("month", day[:7]),
            ("sku", row["sku"]),
            *(
                [("by:campaign", self.wishes.campaigns[row["sku"]])]
                if "by:campaign" in self.wishes.ceilings
                else []
            ),
        ]

    def _purses(self, record: Record) -> Iterator[str]:
        """Compare the purses with the sums of the attempts they stand for."""
        sums: Counter[tuple[str, str, str]] = Counter()
        for row in record.attempts:
            place = _STATES[row["state"]][0]
            for purse in self._purses_of(row):
                sums[*purse, place] += row["price_milli"] * (place != "released")
        told: Counter[tuple[str, str, str]] = Counter()
        for row in record.purses:
            for place in ("reserved", "at_risk", "spent"):
                told[row["kind"], row["key"], place] += row[f"{place}_milli"]
        for entry in sorted(sums.keys() | told.keys()):
            if sums[entry] != told[entry]:
                yield f"purse {entry} has {told[entry]} instead of {sums[entry]}"

    def _endings(self, record: Record) -> Iterator[str]:
        """Compare what is recorded as the end of a task with what became of it."""
        for row in record.attempts:
            task = self.provider.tasks.get(row["task_id"])
            # A clock that jumps by a day may end a link's life with it.
            is_doomed = row["state"] == "expired" and self.disk.had_jumps
            if task is not None and not is_doomed and not _may_be(row["state"], task):
                yield f"{_name(row)} is {row['state']}, its task is {task}"

    def _files(self, record: Record) -> Iterator[str]:
        """Compare what is recorded as saved with the films on the disk.

        A film that was replaced lies in `old`; its name holds that of a purchase of the same name.
        """
        tasks, files = self.provider.tasks, self.disk.files
        there = {content for name, content in files.items() if not name.endswith(".part")}
        films: dict[str, set[bytes]] = defaultdict(set)
        for row in record.attempts:
            if row["file"] is None:
                continue
            film = tasks[row["task_id"]].film
            films[row["file"]].add(film)
            if row["state"] == "saved" and film not in there | self.disk.deleted:
                yield f"{_name(row)} is recorded as saved, {row['file']} is not its film"
        for name, content in files.items():
            clip = name[name.index("clips/") :]
            if not name.endswith(".part") and content not in films[clip]:
                yield f"{name} is not the film of its clip"


def _explains(row: _Row, task: Task) -> bool:
    return row["task_id"] == task.id or (row["task_id"] is None and row["state"] in _IN_DOUBT)


def _may_be(state: str, task: Task) -> bool:
    """Tell whether a task can end up in a state; one that was unknown for a while in most."""
    match state:
        case "failed":
            return task.outcome == "fail"
        case "vanished":
            return task.unknown_s is not None
        case "expired" | "paid_no_result":
            return not task.is_reachable
        case "succeeded" | "verified" | "saved":
            return task.outcome != "fail"
        case _:
            return True


def _paths(record: Record) -> Iterator[str]:
    """Follow the events of each attempt from its beginning to its state."""
    paths: dict[int, list[str]] = {row["id"]: ["intent"] for row in record.attempts}
    for event in record.events:
        path = paths[event["attempt_id"]]
        if path[-1] != event["old"]:
            yield f"attempt {event['attempt_id']} goes on from {event['old']}, not {path[-1]}"
        path.append(event["new"])
    for row in record.attempts:
        path = paths[row["id"]]
        if path[-1] != row["state"]:
            yield f"{_name(row)} is {row['state']}, its events end with {path[-1]}"
        yield from (
            f"{_name(row)} went from {old} to {new}"
            for old, new in pairwise(path)
            if new not in _STATES[old][1].split()
        )


def _name(row: _Row) -> str:
    return f"attempt {row['id']} of {row['sku']}"
