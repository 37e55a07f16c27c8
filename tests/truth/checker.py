"""Compares what the provider booked with what the state and the output folder say of it.

The server's truth decides. A clip of the truth is `SKU/variant`, as the prompts carry it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path

from batchgen.clip import Attempt, AttemptState, MoneyPlace, Status
from batchgen.state.reading import SqliteReader
from batchgen.state.store import Purse
from tests.truth.book import Charge, Truth

#: States in which a row says "this may have been bought, the answer is not known".
_IN_DOUBT = frozenset({AttemptState.INTENT, AttemptState.UNKNOWN, AttemptState.WRITTEN_OFF})
_COMMITTED = frozenset({MoneyPlace.RESERVED, MoneyPlace.AT_RISK, MoneyPlace.SPENT})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one run, or a dead one, has done; texts name the clip, request or file."""

    #: Clips charged more often than anybody asked for.
    doubles: tuple[str, ...]
    #: Charges that no attempt accounts for, neither by its task id nor as in doubt.
    unexplained: tuple[str, ...]
    #: Yuan that the bill, or our own worst case of it, lies above the budget.
    over_budget: Decimal
    #: Submits that came while the account's slots were all taken.
    over_tier: int
    #: Yuan that our ledger lies below the bill.
    ledger_short: Decimal
    #: Yuan between the purses, by which budgets are kept, and the attempts they stand for.
    purses_astray: Decimal
    #: Files under final names that are not the very film of their clip.
    bad: tuple[str, ...]
    #: Files that the state has as saved and that are not there.
    missing: tuple[str, ...]

    charges: int
    max_in_flight: int
    #: Clips in doubt, of which the run does nothing by itself.
    held: int
    saved: int
    #: Clips that succeeded, as far as the state knows, and are not saved.
    unsaved: int

    def violations(self) -> list[str]:
        """Name every broken promise with its number; empty when all were kept."""
        return [
            f"{name}: {found}"
            for name in _PROMISES
            if (found := getattr(self, name)) not in ((), 0, Decimal(0))
        ]

    def __str__(self) -> str:
        return "\n".join(
            f"{entry.name:>14}  {_shown(getattr(self, entry.name))}" for entry in fields(self)
        )


_PROMISES = (
    "doubles",
    "unexplained",
    "over_budget",
    "over_tier",
    "ledger_short",
    "purses_astray",
    "bad",
    "missing",
)


def check(
    truth: Truth,
    state: Path,
    output: Path,
    *,
    budget: Decimal | None = None,
    ordered: Mapping[str, int] | None = None,
) -> Verdict:
    """Compare; `ordered` says how often a person asked for a clip, where not once.

    `budget` is the ceiling of all that this state ever bought.
    """
    attempts, purses = _read(state)
    committed = _sum(attempt.price for attempt in attempts if attempt.money in _COMMITTED)
    bill = Decimal(truth["bill"])
    worst = max(bill, committed)
    statuses = Counter(attempt.status for attempt in attempts)
    return Verdict(
        doubles=_doubles(truth, ordered or {}),
        unexplained=_unexplained(truth["charges"], attempts),
        over_budget=max(worst - budget, Decimal(0)) if budget is not None else Decimal(0),
        over_tier=truth["over_slots"],
        ledger_short=max(bill - committed, Decimal(0)),
        purses_astray=abs(purses - committed),
        bad=tuple(_bad_files(truth["charges"], attempts, output)),
        missing=tuple(_missing(attempts, output)),
        charges=len(truth["charges"]),
        max_in_flight=truth["max_in_flight"],
        held=statuses[Status.UNCERTAIN],
        saved=statuses[Status.DONE],
        unsaved=statuses[Status.READY],
    )


def _read(state: Path) -> tuple[list[Attempt], Decimal]:
    """Give all attempts, and the sum of the purses of all runs."""
    reader = SqliteReader.open(state)
    if reader is None:
        return [], Decimal(0)
    try:
        purses = _sum(
            reader.balance(run.account, Purse("run", run.id)).committed for run in reader.runs()
        )
        return list(reader.attempts()), purses
    finally:
        reader.close()


def _doubles(truth: Truth, ordered: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(
        f"{clip} x{count}"
        for clip, count in truth["charges_by_clip"].items()
        if count > ordered.get(clip, 1)
    )


def _unexplained(charges: Iterable[Charge], attempts: Iterable[Attempt]) -> tuple[str, ...]:
    rows = {attempt.request_id: attempt for attempt in attempts}
    return tuple(
        f"{charge['clip']} ({charge['request_id']})"
        for charge in charges
        if not _explains(rows.get(charge["request_id"]), charge)
    )


def _explains(row: Attempt | None, charge: Charge) -> bool:
    if row is None or f"{row.key.sku}/{row.key.variant}" != charge["clip"]:
        return False
    return row.task_id == charge["task_id"] or (row.task_id is None and row.state in _IN_DOUBT)


def _bad_files(
    charges: Iterable[Charge], attempts: Iterable[Attempt], output: Path
) -> Iterable[str]:
    """Name the files that are not the film of the very purchase whose file they are."""
    films = {charge["task_id"]: charge["sha256"] for charge in charges}
    hashes: dict[str, set[str]] = {}
    for attempt in attempts:
        if attempt.file is not None and attempt.task_id is not None:
            hashes.setdefault(attempt.file, set()).add(films.get(attempt.task_id, ""))
    for path in sorted((output / "clips").rglob("*.mp4")):
        file = path.relative_to(output).as_posix()
        if hashlib.sha256(path.read_bytes()).hexdigest() not in hashes.get(file, set()):
            yield file


def _missing(attempts: Iterable[Attempt], output: Path) -> Iterable[str]:
    for attempt in attempts:
        is_saved = attempt.state is AttemptState.SAVED
        if is_saved and not (attempt.file and (output / attempt.file).is_file()):
            yield str(attempt.key)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


def _shown(value: object) -> str:
    return ", ".join(value) or "0" if isinstance(value, tuple) else str(value)
