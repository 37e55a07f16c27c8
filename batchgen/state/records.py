"""How attempts, runs and orders stand in SQLite rows: the one place that knows column names."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any

from batchgen.clip import AccountScope, Attempt, AttemptState, ClipKey
from batchgen.state.store import Order, Run

_MILLI = Decimal(1000)

#: Reads attempts; the columns stand in the order of the fields of an `Attempt`, those that make one
#: field together. Conditions are appended.
SELECT_ATTEMPT = """
    SELECT attempt.id, account.provider, account.name AS account_name, account.host,
           sku, variant, take, number, state, request_id, fingerprint, model, price_milli, currency,
           request, run.job, run_id, run.output, created_at, order_id, submitted_at, finished_at,
           downloaded_at, task_id, error_code, error, video_url, cover_url, url_expires_at,
           file, sha256, size_bytes, width, height, duration_s, purses
    FROM attempt JOIN run ON run.id = attempt.run_id
                 JOIN account ON account.id = attempt.account_id
"""
SELECT_RUN = """
    SELECT run.*, account.provider, account.name AS account_name, account.host
    FROM run JOIN account ON account.id = run.account_id
"""
#: Narrows either of them to one account.
OF_ACCOUNT = "account.provider = ? AND account.name = ? AND account.host = ?"


def to_milli(amount: Decimal) -> int:
    """Give an amount in thousandths of its currency.

    Raises:
        ValueError: the amount is finer than that.
    """
    milli = amount * _MILLI
    if milli != milli.to_integral_value():
        message = f"{amount} is finer than a thousandth"
        raise ValueError(message)
    return int(milli)


@lru_cache(maxsize=1000)
def from_milli(milli: int) -> Decimal:
    """Give thousandths as an amount with at least two decimals."""
    amount = Decimal(milli) / _MILLI
    cents = amount.quantize(Decimal("0.01"))
    return cents if cents == amount else amount


def account_values(account: AccountScope) -> tuple[str, str, str]:
    """Give the values for `OF_ACCOUNT`."""
    return account.provider, account.name, account.host


def read_attempt(row: sqlite3.Row) -> Attempt:
    """Make an attempt of a row of `SELECT_ATTEMPT`."""
    attempt_id, provider, name, host, sku, variant, take, number, state, *others = row
    request_id, fingerprint, model, milli, currency, request, *plain, purses = others
    fields: list[Any] = [
        attempt_id,
        _account(provider, name, host),
        ClipKey(sku, variant, take),
        number,
        AttemptState(state),
        request_id,
        fingerprint,
        model,
        from_milli(milli),
        currency,
        json.loads(request),
        *plain,
        _read_tags(purses),
    ]
    return Attempt(*fields)


def read_run(row: sqlite3.Row) -> Run:
    """Make a run of a row of `SELECT_RUN`."""
    budget = row["budget_milli"]
    return Run(
        id=row["id"],
        job=row["job"],
        account=read_account(row),
        output=row["output"],
        budget=None if budget is None else from_milli(budget),
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        exit_code=row["exit_code"],
        stopped=row["stopped"],
    )


def read_orders(connection: sqlite3.Connection, job: str, account: AccountScope) -> Iterator[Order]:
    """Yield a job's orders that still have clips to buy, oldest first."""
    orders = connection.execute(
        f"""SELECT purchase_order.* FROM purchase_order
            JOIN account ON account.id = purchase_order.account_id
            WHERE job = ? AND {OF_ACCOUNT} ORDER BY purchase_order.id""",
        (job, *account_values(account)),
    ).fetchall()
    for row in orders:
        keys = read_order_clips(connection, row["id"])
        outstanding = tuple(key for key, is_open in keys.items() if is_open)
        if outstanding:
            yield Order(
                id=row["id"],
                job=row["job"],
                kind=row["kind"],
                created_at=row["created_at"],
                keys=tuple(keys),
                outstanding=outstanding,
            )


def read_order_clips(connection: sqlite3.Connection, order_id: int) -> dict[ClipKey, bool]:
    """Give an order's clips, each with whether it is still to buy.

    It is until the clip was bought since it was ordered, for whatever reason; a purchase that was
    refused for now does not count.
    """
    rows = connection.execute(
        """SELECT sku, variant, take, NOT EXISTS (
               SELECT 1 FROM attempt
               WHERE attempt.account_id = purchase_order.account_id
               AND attempt.sku = order_clip.sku AND attempt.variant = order_clip.variant
               AND attempt.take = order_clip.take
               AND attempt.id > order_clip.after_attempt AND attempt.state <> 'rejected'
           ) AS is_open
           FROM order_clip JOIN purchase_order ON purchase_order.id = order_clip.order_id
           WHERE order_id = ? ORDER BY sku, variant, take""",
        (order_id,),
    )
    return {ClipKey(row["sku"], row["variant"], row["take"]): bool(row["is_open"]) for row in rows}


def _read_tags(purses: str) -> dict[str, str]:
    """Give column -> value of the purses that a manifest column makes."""
    if '"by:' not in purses:
        return {}
    pairs = json.loads(purses)
    return {kind.removeprefix("by:"): key for kind, key in pairs if kind.startswith("by:")}


def read_account(row: sqlite3.Row) -> AccountScope:
    """Make the account of a row that has its three columns."""
    return _account(row["provider"], row["account_name"], row["host"])


@lru_cache(maxsize=100)
def _account(provider: str, name: str, host: str) -> AccountScope:
    return AccountScope(provider, name, host)
