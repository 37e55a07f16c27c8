"""Makes states of very many finished clips in seconds, written past the product's own changes.

The rows are those that a run of the product leaves: an attempt, its moves, its purses. The triggers
that forbid such a short cut are taken off meanwhile and put back before the state is used.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from batchgen.clip import AccountScope
from batchgen.output.names import clip_file
from batchgen.plan.clips.identity import request_record
from batchgen.plan.values import Clip
from batchgen.state import schema
from batchgen.state.records import to_milli

_RUN = "run-bench"
#: When the first task was sent (UTC seconds) and how long each took.
_BEGAN = 1_790_000_000.0
_TASK_S = 45.0
_MOVES = (
    ("intent", "accepted"),
    ("accepted", "succeeded"),
    ("succeeded", "verified"),
    ("verified", "saved"),
)


def write_done(
    path: Path, account: AccountScope, job: str, output: Path, clips: Iterable[Clip]
) -> int:
    """Make a state in which all these clips are done; give how many they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -400000")
        schema.create(connection)
        guards = connection.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
        ).fetchall()
        connection.execute("BEGIN")
        for name, _ in guards:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(
            "INSERT INTO account (id, provider, name, host) VALUES (1, ?, ?, ?)",
            (account.provider, account.name, account.host),
        )
        connection.execute(
            """INSERT INTO run (id, job, account_id, output, started_at, ended_at, exit_code)
               VALUES (?, ?, 1, ?, ?, ?, 0)""",
            (_RUN, job, str(output), _BEGAN, _BEGAN),
        )
        count = _write_attempts(connection, job, clips)
        for _, statement in guards:
            connection.execute(statement)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")
    return count


def _write_attempts(connection: sqlite3.Connection, job: str, clips: Iterable[Clip]) -> int:
    spent = count = 0
    for block in _blocks(enumerate(clips, 1)):
        connection.executemany(
            f"""INSERT INTO attempt (id, account_id, sku, variant, take, number, state, request_id,
                    fingerprint, model, price_milli, currency, request, purses, run_id, created_at,
                    submitted_at, finished_at, downloaded_at, task_id, video_url, cover_url,
                    url_expires_at, file, sha256, size_bytes, width, height, duration_s)
                VALUES (?, 1, {", ".join("?" * 27)})""",
            [_attempt(number, clip, job) for number, clip in block],
        )
        connection.executemany(
            "INSERT INTO event (attempt_id, at, old, new, reason) VALUES (?, ?, ?, ?, '')",
            [(number, _BEGAN + number, old, new) for number, _ in block for old, new in _MOVES],
        )
        connection.executemany(
            "INSERT INTO purse (account_id, kind, key, spent_milli) VALUES (1, 'sku', ?, ?)"
            " ON CONFLICT DO UPDATE SET spent_milli = spent_milli + excluded.spent_milli",
            [(clip.key.sku, to_milli(clip.price)) for _, clip in block],
        )
        spent += sum(to_milli(clip.price) for _, clip in block)
        count += len(block)
    wide = [("run", _RUN), ("job", job), ("day", "2026-09-21"), ("month", "2026-09")]
    connection.executemany(
        "INSERT INTO purse (account_id, kind, key, spent_milli) VALUES (1, ?, ?, ?)",
        [(kind, key, spent) for kind, key in wide],
    )
    return count


def _attempt(number: int, clip: Clip, job: str) -> tuple[str | float | None, ...]:
    sent = _BEGAN + number
    ended = sent + _TASK_S
    link = f"https://cdn.example.com/videos/{number:032x}.mp4?sign={number:064x}"
    purses = [
        ("run", _RUN),
        ("job", job),
        ("day", "2026-09-21"),
        ("month", "2026-09"),
        ("sku", clip.key.sku),
    ]
    return (
        number,
        clip.key.sku,
        clip.key.variant,
        clip.key.take,
        1,
        "saved",
        f"bg-{number:032x}",
        clip.fingerprint,
        clip.request.model,
        to_milli(clip.price),
        "CNY",
        json.dumps(request_record(clip.request), ensure_ascii=False),
        json.dumps(purses, ensure_ascii=False),
        _RUN,
        sent,
        sent,
        ended,
        ended + 1,
        f"task-{number:032x}",
        link,
        link,
        ended + 86_400,
        clip_file(clip.key),
        f"{number:064x}",
        1_500_000,
        1280,
        720,
        4.0,
    )


def _blocks(
    numbered: Iterable[tuple[int, Clip]], size: int = 10_000
) -> Iterator[list[tuple[int, Clip]]]:
    block: list[tuple[int, Clip]] = []
    for entry in numbered:
        block.append(entry)
        if len(block) == size:
            yield block
            block = []
    if block:
        yield block
