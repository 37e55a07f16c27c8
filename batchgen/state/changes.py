"""The changes that a state can undergo, as statements inside a transaction that is already open.

Each function is one whole change of `state.store.StateWriter`; whoever calls it commits.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from batchgen.clip import (
    MEANING,
    AccountScope,
    Attempt,
    AttemptState,
    ClipKey,
    Intent,
    MoneyPlace,
    TaskId,
    check_move,
)
from batchgen.errors import BudgetExceeded, IllegalTransition, TaskIdTaken
from batchgen.messages import msg
from batchgen.plan.values import plain
from batchgen.state import records
from batchgen.state.ledger import budget_name
from batchgen.state.store import Facts, Limit, Order, Run, purses_of, second_purchase

_IN_DOUBT = frozenset({AttemptState.UNKNOWN, AttemptState.VANISHED})
#: What ends a doubt in such a way that the purchase is known to be one.
_SETTLED_AS_BOUGHT = frozenset(
    {AttemptState.ACCEPTED, AttemptState.SUCCEEDED, AttemptState.WRITTEN_OFF}
)
#: The column of a purse for each place; released money is in none.
_PLACE_COLUMNS = {
    MoneyPlace.RESERVED: "reserved_milli",
    MoneyPlace.AT_RISK: "at_risk_milli",
    MoneyPlace.SPENT: "spent_milli",
}


def start_run(connection: sqlite3.Connection, run: Run) -> None:
    """Insert a run as open, or open it again with the budget it now has."""
    connection.execute(
        """INSERT INTO run (id, job, account_id, output, budget_milli, started_at)
           VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (id) DO UPDATE SET output = excluded.output,
               budget_milli = excluded.budget_milli,
               ended_at = NULL, exit_code = NULL, stopped = NULL""",
        (
            run.id,
            run.job,
            account_id(connection, run.account),
            run.output,
            None if run.budget is None else records.to_milli(run.budget),
            run.started_at,
        ),
    )


def end_run(
    connection: sqlite3.Connection, run_id: str, exit_code: int, stopped: str | None, now: float
) -> None:
    """Record that a run ended."""
    connection.execute(
        "UPDATE run SET ended_at = ?, exit_code = ?, stopped = ? WHERE id = ?",
        (now, exit_code, stopped, run_id),
    )


def reserve(
    connection: sqlite3.Connection,
    run: Run,
    intent: Intent,
    day: str,
    limits: Sequence[Limit],
    now: float,
) -> Attempt:
    """Write an intent and reserve its price, if no budget and no earlier purchase forbids it.

    Raises:
        BudgetExceeded: a limit would be passed.
        IllegalTransition: it would be a second purchase that nobody asked for.
    """
    account = account_id(connection, run.account)
    number = _next_number(connection, account, intent)
    for limit in limits:
        _check_limit(connection, account, intent, limit)
    purses = [(purse.kind, purse.key) for purse in purses_of(intent, run.id, run.job, day)]
    attempt_id = _insert(
        connection,
        account_id=account,
        sku=intent.key.sku,
        variant=intent.key.variant,
        take=intent.key.take,
        number=number,
        state=AttemptState.INTENT,
        request_id=intent.request_id,
        fingerprint=intent.fingerprint,
        model=intent.model,
        price_milli=records.to_milli(intent.price),
        currency=intent.currency,
        request=json.dumps(intent.request, ensure_ascii=False),
        purses=json.dumps(purses, ensure_ascii=False),
        run_id=run.id,
        order_id=intent.order_id,
        created_at=now,
    )
    _move_money(connection, attempt_id, None, MoneyPlace.RESERVED)
    return attempt(connection, attempt_id)


def move(
    connection: sqlite3.Connection,
    attempt_id: int,
    to: AttemptState,
    reason: str,
    facts: Facts,
    now: float,
) -> Attempt:
    """Move an attempt, set facts, move its money and write the event.

    Raises:
        IllegalTransition: `clip.MOVES` does not have this move.
        TaskIdTaken: another attempt of the account has this task.
    """
    before = attempt(connection, attempt_id)
    old = before.state
    check_move(old, to)
    _check_task_id(connection, before, facts.get("task_id"))
    columns = "".join(f", {column} = ?" for column in facts)
    connection.execute(
        f"UPDATE attempt SET state = ?{columns} WHERE id = ?",
        (to, *facts.values(), attempt_id),
    )
    connection.execute(
        "INSERT INTO event (attempt_id, at, old, new, reason) VALUES (?, ?, ?, ?, ?)",
        (attempt_id, now, old, to, reason),
    )
    _move_money(connection, attempt_id, MEANING[old][1], MEANING[to][1])
    if old in _IN_DOUBT and to in _SETTLED_AS_BOUGHT:
        _close_orders(connection, attempt_id)
    return attempt(connection, attempt_id)


def _close_orders(connection: sqlite3.Connection, attempt_id: int) -> None:
    """End the wishes to buy an attempt's clip again that stood on its doubt alone.

    A clip of an order is open while nothing was bought after `after_attempt`.
    """
    connection.execute(
        """UPDATE order_clip SET after_attempt = 0
           FROM attempt, purchase_order
           WHERE attempt.id = ? AND purchase_order.id = order_clip.order_id
           AND purchase_order.kind = 'uncertain'
           AND purchase_order.account_id = attempt.account_id
           AND order_clip.sku = attempt.sku AND order_clip.variant = attempt.variant
           AND order_clip.take = attempt.take""",
        (attempt_id,),
    )


def place_order(
    connection: sqlite3.Connection,
    job: str,
    account: AccountScope,
    kind: str,
    keys: Sequence[ClipKey],
    now: float,
) -> Order:
    """Record an order for the clips; the job's open order of this kind takes in what is new."""
    open_orders = records.read_orders(connection, job, account)
    order = next((order for order in open_orders if order.kind == kind), None)
    if order is None:
        order = _new_order(connection, job, account, kind, now)
    new = tuple(key for key in keys if key not in order.keys)
    connection.executemany(
        """INSERT INTO order_clip (order_id, sku, variant, take, after_attempt)
           VALUES (?, ?, ?, ?, (SELECT coalesce(max(id), 0) FROM attempt))""",
        [(order.id, key.sku, key.variant, key.take) for key in new],
    )
    return replace(order, keys=order.keys + new, outstanding=order.outstanding + new)


def _new_order(
    connection: sqlite3.Connection, job: str, account: AccountScope, kind: str, now: float
) -> Order:
    row = connection.execute(
        """INSERT INTO purchase_order (job, account_id, kind, created_at)
           VALUES (?, ?, ?, ?) RETURNING id""",
        (job, account_id(connection, account), kind, now),
    ).fetchone()
    return Order(int(row["id"]), job, kind, now, keys=(), outstanding=())


def attempt(connection: sqlite3.Connection, attempt_id: int) -> Attempt:
    """Read one attempt as it stands inside the transaction."""
    row = connection.execute(
        f"{records.SELECT_ATTEMPT} WHERE attempt.id = ?", (attempt_id,)
    ).fetchone()
    return records.read_attempt(row)


def account_id(connection: sqlite3.Connection, account: AccountScope) -> int:
    """Give the row id of an account, writing it down when it is new."""
    values = records.account_values(account)
    connection.execute(
        "INSERT INTO account (provider, name, host) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        values,
    )
    row = connection.execute(
        f"SELECT id FROM account WHERE {records.OF_ACCOUNT}", values
    ).fetchone()
    return int(row["id"])


def _next_number(connection: sqlite3.Connection, account: int, intent: Intent) -> int:
    """Count the clip's purchases, this one included, refusing one that nobody asked for."""
    key = intent.key
    rows = connection.execute(
        f"""{records.SELECT_ATTEMPT} WHERE attempt.account_id = ?
            AND sku = ? AND variant = ? AND take = ? ORDER BY number""",
        (account, key.sku, key.variant, key.take),
    )
    attempts = [records.read_attempt(row) for row in rows]
    if second_purchase(attempts, intent, is_ordered=_is_ordered(connection, intent)):
        states = ", ".join(attempt.state for attempt in attempts)
        refusal = f"{key}: bought before ({states}), nobody asked to buy it again"
        raise IllegalTransition(refusal)
    return len(attempts) + 1


def _is_ordered(connection: sqlite3.Connection, intent: Intent) -> bool:
    if intent.order_id is None:
        return False
    return records.read_order_clips(connection, intent.order_id).get(intent.key, False)


def _check_limit(
    connection: sqlite3.Connection, account: int, intent: Intent, limit: Limit
) -> None:
    row = connection.execute(
        """SELECT reserved_milli + at_risk_milli + spent_milli AS committed FROM purse
           WHERE account_id = ? AND kind = ? AND key = ?""",
        (account, limit.purse.kind, limit.purse.key),
    ).fetchone()
    committed = 0 if row is None else row["committed"]
    if committed + records.to_milli(intent.price) > records.to_milli(limit.ceiling):
        raise BudgetExceeded(
            msg(
                "{sku}: one more call of {price} would pass {budget}: {ceiling}"
                " ({committed} {currency} are spent, at risk or reserved)",
                sku=intent.key.sku,
                price=plain(intent.price),
                budget=budget_name(limit.purse, limit.zone),
                ceiling=plain(limit.ceiling),
                committed=plain(records.from_milli(committed)),
                currency=intent.currency,
            ),
            kind=limit.purse.kind,
        )


def _check_task_id(connection: sqlite3.Connection, mover: Attempt, task_id: TaskId | None) -> None:
    row = connection.execute(
        f"{records.SELECT_ATTEMPT} WHERE {records.OF_ACCOUNT} AND task_id = ? AND attempt.id <> ?",
        (*records.account_values(mover.account), task_id, mover.id),
    ).fetchone()
    if row is not None:
        raise TaskIdTaken(
            msg(
                "task {task} already belongs to {clip}",
                task=task_id,
                clip=str(records.read_attempt(row).key),
            )
        )


def _insert(connection: sqlite3.Connection, **values: str | float | None) -> int:
    """Insert an attempt with these columns; give its id."""
    marks = ", ".join("?" * len(values))
    row = connection.execute(
        f"INSERT INTO attempt ({', '.join(values)}) VALUES ({marks}) RETURNING id",
        tuple(values.values()),
    ).fetchone()
    return int(row["id"])


def _move_money(
    connection: sqlite3.Connection, attempt_id: int, old: MoneyPlace | None, new: MoneyPlace
) -> None:
    """Move an attempt's price between the places of every purse it is counted by."""
    if old is new:
        return
    row = connection.execute(
        "SELECT account_id, price_milli, purses FROM attempt WHERE id = ?", (attempt_id,)
    ).fetchone()
    changes = [(old, -row["price_milli"]), (new, row["price_milli"])]
    for kind, key in json.loads(row["purses"]):
        for place, amount in changes:
            if place in _PLACE_COLUMNS:
                column = _PLACE_COLUMNS[place]
                connection.execute(
                    f"""INSERT INTO purse (account_id, kind, key, {column}) VALUES (?, ?, ?, ?)
                        ON CONFLICT DO UPDATE SET {column} = {column} + ?""",
                    (row["account_id"], kind, key, max(amount, 0), amount),
                )
