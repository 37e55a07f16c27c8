"""The SQLite schema of the state: its tables, and the rules that the database enforces itself.

Money is kept in thousandths of the account's currency, times as UTC seconds. The legal moves are
data (`move`), written from `clip.MOVES`, and a trigger refuses every other one; prices are frozen,
attempts are never deleted.
"""

from __future__ import annotations

import sqlite3
import uuid

from batchgen.clip import MOVES

#: "BGen": tells our file from any other SQLite database.
APPLICATION_ID = 0x4247656E
#: Raised whenever the tables or the legal moves change.
SCHEMA_VERSION = 4
#: Versions with the same tables: what this release can read.
READABLE = frozenset({1, 2, 3, SCHEMA_VERSION})

_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    provider TEXT NOT NULL, name TEXT NOT NULL, host TEXT NOT NULL,
    UNIQUE (provider, name, host)
) STRICT;

CREATE TABLE run (
    id TEXT PRIMARY KEY,
    job TEXT NOT NULL,
    account_id INTEGER NOT NULL REFERENCES account,
    output TEXT NOT NULL,
    budget_milli INTEGER,
    started_at REAL NOT NULL, ended_at REAL,
    exit_code INTEGER, stopped TEXT
) STRICT;
CREATE INDEX run_by_job ON run (job, account_id, started_at);

CREATE TABLE purchase_order (
    id INTEGER PRIMARY KEY,
    job TEXT NOT NULL,
    account_id INTEGER NOT NULL REFERENCES account,
    kind TEXT NOT NULL,
    created_at REAL NOT NULL
) STRICT;
CREATE TABLE order_clip (
    order_id INTEGER NOT NULL REFERENCES purchase_order,
    sku TEXT NOT NULL, variant TEXT NOT NULL, take INTEGER NOT NULL,
    after_attempt INTEGER NOT NULL,
    PRIMARY KEY (order_id, sku, variant, take)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account,
    sku TEXT NOT NULL, variant TEXT NOT NULL, take INTEGER NOT NULL,
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    request_id TEXT NOT NULL UNIQUE,
    fingerprint TEXT NOT NULL,
    model TEXT NOT NULL,
    price_milli INTEGER NOT NULL CHECK (price_milli >= 0),
    currency TEXT NOT NULL,
    request TEXT NOT NULL,
    purses TEXT NOT NULL,
    run_id TEXT NOT NULL REFERENCES run,
    order_id INTEGER REFERENCES purchase_order,
    created_at REAL NOT NULL, submitted_at REAL, finished_at REAL, downloaded_at REAL,
    task_id TEXT,
    error_code TEXT, error TEXT,
    video_url TEXT, cover_url TEXT, url_expires_at REAL,
    file TEXT, sha256 TEXT, size_bytes INTEGER,
    width INTEGER, height INTEGER, duration_s REAL,
    UNIQUE (account_id, sku, variant, take, number),
    UNIQUE (account_id, task_id)
) STRICT;
CREATE INDEX attempt_by_order ON attempt (order_id) WHERE order_id IS NOT NULL;

CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    attempt_id INTEGER NOT NULL REFERENCES attempt,
    at REAL NOT NULL,
    old TEXT NOT NULL, new TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;
CREATE INDEX event_by_attempt ON event (attempt_id);

CREATE TABLE purse (
    account_id INTEGER NOT NULL REFERENCES account,
    kind TEXT NOT NULL, key TEXT NOT NULL,
    reserved_milli INTEGER NOT NULL DEFAULT 0 CHECK (reserved_milli >= 0),
    at_risk_milli INTEGER NOT NULL DEFAULT 0 CHECK (at_risk_milli >= 0),
    spent_milli INTEGER NOT NULL DEFAULT 0 CHECK (spent_milli >= 0),
    PRIMARY KEY (account_id, kind, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE move (old TEXT NOT NULL, new TEXT NOT NULL, PRIMARY KEY (old, new))
    STRICT, WITHOUT ROWID;

CREATE TRIGGER attempt_starts_as_intent BEFORE INSERT ON attempt
    WHEN NEW.state <> 'intent'
    BEGIN SELECT RAISE(ABORT, 'illegal transition: an attempt starts as intent'); END;
CREATE TRIGGER attempt_moves_legally BEFORE UPDATE OF state ON attempt
    WHEN NOT EXISTS (SELECT 1 FROM move WHERE old = OLD.state AND new = NEW.state)
    BEGIN SELECT RAISE(ABORT, 'illegal transition'); END;
CREATE TRIGGER attempt_price_is_frozen
    BEFORE UPDATE OF price_milli, currency, request_id, fingerprint ON attempt
    BEGIN SELECT RAISE(ABORT, 'the price and identity of an attempt are frozen'); END;
CREATE TRIGGER attempt_stays BEFORE DELETE ON attempt
    BEGIN SELECT RAISE(ABORT, 'attempts are never deleted'); END;
"""


#: Finds the few attempts that are not simply done, however many there are. A query uses it that
#: says `state <> 'saved'` word for word.
_UNSAVED = """
CREATE INDEX attempt_unsaved ON attempt (state, account_id) WHERE state <> 'saved';
"""


def upgrade(connection: sqlite3.Connection) -> None:
    """Bring a readable older state up to this version in one transaction: moves and an index."""
    connection.executescript(
        f"""
        BEGIN IMMEDIATE;
        DROP INDEX IF EXISTS attempt_unfinished;
        {_UNSAVED}
        DELETE FROM move;
        INSERT INTO move VALUES {_moves()};
        PRAGMA user_version = {SCHEMA_VERSION};
        COMMIT;
        """
    )


def create(connection: sqlite3.Connection) -> None:
    """Make the tables of a new state in one transaction."""
    connection.executescript(
        f"""
        BEGIN IMMEDIATE;
        {_TABLES}
        {_UNSAVED}
        INSERT INTO move VALUES {_moves()};
        INSERT INTO meta VALUES ('state_id', '{uuid.uuid4().hex}'), ('epoch', '0');
        PRAGMA application_id = {APPLICATION_ID};
        PRAGMA user_version = {SCHEMA_VERSION};
        COMMIT;
        """
    )


def _moves() -> str:
    return ",\n".join(f"('{old}', '{new}')" for old, news in MOVES.items() for new in sorted(news))
