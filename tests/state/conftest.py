"""A state in a temporary folder, and words to make purchases with."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from batchgen.clip import AccountScope, ClipKey, Intent
from batchgen.state.reading import SqliteReader
from batchgen.state.store import Run
from batchgen.state.writing import SqliteWriter

ACCOUNT = AccountScope("bigmodel", "default", "open.bigmodel.cn")
RUN = Run(
    id="run-1",
    job="spring",
    account=ACCOUNT,
    output="/shop/out",
    budget=None,
    started_at=1_000.0,
)
DAY = "2026-11-23"


@pytest.fixture
def state_path(tmp_path: Path) -> Path:
    """Where the state lies."""
    return tmp_path / ".batchgen" / "state.db"


@pytest.fixture
async def writer(state_path: Path) -> AsyncIterator[SqliteWriter]:
    """A state opened for writing, with one open run."""
    ticks = itertools.count(1_000)
    writer = SqliteWriter(state_path, now=lambda: float(next(ticks)))
    await writer.start_run(RUN)
    yield writer
    await writer.close()


@pytest.fixture
def reader(writer: SqliteWriter, state_path: Path) -> Iterator[SqliteReader]:
    """The same state opened for reading."""
    reader = SqliteReader.open(state_path)
    assert reader is not None
    yield reader
    reader.close()


@pytest.fixture
def intent() -> Callable[..., Intent]:
    """Make an intent; every one has a request id of its own."""
    numbers = itertools.count(1)

    def make(
        sku: str = "MUG-001",
        fingerprint: str = "v1:a",
        price: str = "1.25",
        order_id: int | None = None,
        **tags: str,
    ) -> Intent:
        return Intent(
            key=ClipKey(sku),
            request_id=f"request-{next(numbers)}",
            fingerprint=fingerprint,
            model="vidu2-image",
            price=Decimal(price),
            currency="CNY",
            request={"prompt": "转动"},
            order_id=order_id,
            tags=tags,
        )

    return make
