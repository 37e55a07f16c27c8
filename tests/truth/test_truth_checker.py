"""The checker finds every broken promise, and only those."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest

from batchgen.clip import AccountScope, Attempt, AttemptState, ClipKey, Intent, TaskId
from batchgen.state.store import Run
from batchgen.state.writing import SqliteWriter
from tests.truth.book import Book, Task, Terms
from tests.truth.checker import Verdict, check
from tests.truth.clips import film_of

ACCOUNT = AccountScope("bigmodel", "default", "127.0.0.1")
RUN = Run("run-1", "proof", ACCOUNT, "/out", budget=None, started_at=1.0)


@dataclass
class World:
    """The provider's book, a state and an output folder, each written by hand."""

    folder: Path
    writer: SqliteWriter
    book: Book

    def charge(self, task_id: str, request_id: str, clip: str = "A/main") -> None:
        """Book a call at the provider."""
        self.book.accept(
            Task(task_id, "key", request_id, f"[{clip}]", "vidu2-image", Decimal("1.25"), 0.0, 1.0)
        )

    async def intend(self, request_id: str = "r-1", sku: str = "A") -> Attempt:
        """Write an intent into the state."""
        intent = Intent(ClipKey(sku), request_id, "f", "vidu2-image", Decimal("1.25"), "CNY", {})
        return await self.writer.reserve(RUN, intent, "2026-11-23", [])

    async def buy(self, task_id: str = "t-1", request_id: str = "r-1", sku: str = "A") -> Attempt:
        """Buy a clip as it should be: booked there, recorded here."""
        attempt = await self.intend(request_id, sku)
        self.charge(task_id, request_id, f"{sku}/main")
        return await self.writer.move(
            attempt.id, AttemptState.ACCEPTED, task_id=TaskId(task_id), submitted_at=2.0
        )

    async def save(self, film: bytes) -> Path:
        """Buy a clip and bring these bytes home for it."""
        attempt = await self.buy()
        path = self.folder / "out" / "clips" / "A" / "main.mp4"
        path.parent.mkdir(parents=True)
        path.write_bytes(film)
        await self.writer.move(attempt.id, AttemptState.SUCCEEDED)
        await self.writer.move(attempt.id, AttemptState.VERIFIED, file="clips/A/main.mp4")
        await self.writer.move(attempt.id, AttemptState.SAVED)
        return path

    def verdict(self, budget: Decimal | None = None, **ordered: int) -> Verdict:
        """Compare."""
        return check(
            self.book.truth(),
            self.folder / "state.db",
            self.folder / "out",
            budget=budget,
            ordered={f"{sku}/main": count for sku, count in ordered.items()},
        )

    def broken(self, budget: Decimal | None = None, **ordered: int) -> set[str]:
        """Name the promises that are broken."""
        return {name.split(":")[0] for name in self.verdict(budget, **ordered).violations()}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Nothing bought yet."""
    ticks = itertools.count(1)
    writer = SqliteWriter(tmp_path / "state.db", now=lambda: float(next(ticks)))
    await writer.start_run(RUN)
    yield World(tmp_path, writer, Book(Terms(slots=1), now=lambda: 0.0))
    await writer.close()


async def test_a_clip_bought_once_and_saved_breaks_nothing(world: World) -> None:
    """The figures tell what there is."""
    await world.save(film_of("t-1"))
    verdict = world.verdict(budget=Decimal("1.25"))
    assert verdict.violations() == []
    assert (verdict.charges, verdict.saved, verdict.held, verdict.unsaved) == (1, 1, 0, 0)


async def test_two_charges_for_a_clip_are_a_double(world: World) -> None:
    """The table names the clip; with an order for a second one, it is none."""
    first = await world.buy()
    await world.writer.move(first.id, AttemptState.FAILED)
    world.charge("t-2", "r-2")
    assert world.verdict().doubles == ("A/main x2",)
    assert "doubles" not in world.broken(A=2)


async def test_a_charge_without_a_row_is_unexplained(world: World) -> None:
    """Our ledger then lies below the bill as well."""
    world.charge("t-1", "r-1")
    assert world.broken() == {"unexplained", "ledger_short"}


async def test_an_intent_or_a_doubt_explains_its_charge(world: World) -> None:
    """The answer was lost, the request_id was written before."""
    attempt = await world.intend()
    world.charge("t-1", "r-1")
    assert world.broken() == set()
    await world.writer.move(attempt.id, AttemptState.UNKNOWN)
    assert world.broken() == set()
    assert world.verdict().held == 1


async def test_a_released_row_does_not_explain_a_charge(world: World) -> None:
    """It says that nothing was bought."""
    attempt = await world.intend()
    world.charge("t-1", "r-1")
    await world.writer.move(attempt.id, AttemptState.REJECTED)
    assert world.broken() == {"unexplained", "ledger_short"}


async def test_a_row_of_another_task_or_clip_does_not_explain_a_charge(world: World) -> None:
    """A mixed-up answer is no record of a purchase."""
    await world.buy("t-1", "r-1")
    task = world.book.tasks.pop("t-1")
    world.book.accept(replace(task, id="t-2"))
    assert world.broken() == {"unexplained"}
    world.book.tasks = {"t-1": replace(task, prompt="[B/main]")}
    assert world.broken() == {"unexplained"}


async def test_the_worst_case_may_not_pass_the_budget(world: World) -> None:
    """A call in doubt counts, whether it was charged or not."""
    await world.buy()
    await world.intend("r-2", "B")
    assert world.broken(budget=Decimal("2.50")) == set()
    assert world.verdict(budget=Decimal("2.49")).over_budget == Decimal("0.01")


async def test_a_submit_over_the_slots_is_a_violation(world: World) -> None:
    """Also when the provider refuses it."""
    await world.buy()
    world.book.refusal("key")
    assert world.broken() == {"over_tier"}


@pytest.mark.parametrize("film", [film_of("t-2"), film_of("t-1")[:-1], b"<html>"])
async def test_a_file_that_is_not_the_film_of_its_task_is_bad(world: World, film: bytes) -> None:
    """Another film, a cut one, or a page."""
    await world.save(film)
    assert world.broken() == {"bad"}


async def test_a_file_that_nobody_bought_is_bad(world: World) -> None:
    """Even when it is a whole film."""
    path = await world.save(film_of("t-1"))
    path.with_name("other.mp4").write_bytes(film_of("t-1"))
    assert world.verdict().bad == ("clips/A/other.mp4",)


async def test_a_saved_file_that_is_gone_is_missing(world: World) -> None:
    """The state says it is there."""
    (await world.save(film_of("t-1"))).unlink()
    assert world.broken() == {"missing"}


async def test_a_purse_that_does_not_add_up_is_seen(world: World) -> None:
    """Budgets are kept by the purses: they must be the sum of the attempts."""
    await world.buy()
    with contextlib.closing(sqlite3.connect(world.folder / "state.db")) as connection:
        connection.execute("UPDATE purse SET reserved_milli = 0")
        connection.commit()
    assert world.verdict().purses_astray == Decimal("1.25")


def test_without_a_state_every_charge_is_unexplained(tmp_path: Path) -> None:
    """A state that was never made knows nothing."""
    book = Book(Terms(), now=lambda: 0.0)
    assert check(book.truth(), tmp_path / "none.db", tmp_path).violations() == []
    book.accept(Task("t", "key", "r", "[A/main]", "vidu2-image", Decimal("1.25"), 0.0, 1.0))
    assert "unexplained" in str(check(book.truth(), tmp_path / "none.db", tmp_path).violations())
