"""How a bill compared with the state looks to people: tables, then what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from batchgen.bill.cells import write_time
from batchgen.bill.values import Bill
from batchgen.cli.bill_settling import show_decisions, show_settled, show_what_follows
from batchgen.cli.comparison import sums_of
from batchgen.cli.speech import heard, remark, tell, tell_faults, tell_table
from batchgen.clip import Attempt, MoneyPlace
from batchgen.messages import Message, msg
from batchgen.plan.values import plain
from batchgen.state.ledger import BUDGET_ZONE
from batchgen.state.reconcile import Charge, Match, Reconciliation
from batchgen.state.settling import Decision, Left, Settlement
from batchgen.words import MONEY_WORDS, STATUS_WORDS

#: Lines of one table; what is more is counted, and stands in JSON and CSV.
_SHOWN = 100
#: Clips named of those that are not compared.
_NAMED = 5

#: List -> its heading.
_LISTS = {
    "matched": msg("matched"),
    "price_differs": msg("price differs"),
    "task_differs": msg("task differs"),
    "ours_only": msg("ours only"),
    "theirs_only": msg("theirs only"),
}


def show_bill(found: Reconciliation, decisions: Sequence[Decision]) -> None:
    """Print what a bill is, how it compares, and what it settles."""
    _show_head(found.bill)
    if found.bill.rows and not found.found:
        tell(
            msg(
                "no row has an id of ours: is it this account's bill, and are its columns right?"
                " Name them with --bill-columns"
            )
        )
    _show_sums(found)
    _show_matches(msg("price differs:"), found.differing)
    _show_matches(
        msg("several rows for one clip, summed:"),
        [match for match in found.matched if len(match.charge.rows) > 1],
    )
    _show_misnamed(found.misnamed)
    _show_ours(found.ours_only)
    _show_theirs(found.theirs_only, decisions)
    show_decisions(decisions)


def show_end(
    found: Reconciliation, settled: Sequence[Settlement], *, is_asked: bool, is_open: bool
) -> None:
    """Print what was settled, and what is left to do.

    `is_asked`: it was to be settled; `is_open`: money is still at risk that the bill covers.
    """
    show_settled(settled)
    if settled:
        tell(msg("after settling:"))
        _show_sums(found)
    show_what_follows(settled)
    if is_open and not is_asked:
        tell(msg("nothing was changed; with --settle this bill settles what it proves"))
    if found.agrees and not is_open:
        tell(msg("the bill agrees with every purchase that it covers"))


def _show_head(bill: Bill) -> None:
    tell(
        msg(
            "{file}: {rows} rows; columns: {columns}",
            file=bill.file,
            rows=len(bill.rows),
            columns=", ".join(f"{name}={header}" for name, header in bill.columns.items()),
        )
    )
    if bill.period is None:
        _tell_how_to_date(bill)
    else:
        first, last = _time(bill.period.first), _time(bill.period.last)
        tell(msg("it covers {first} to {last}", first=first, last=last))
        tell(msg("times without a zone are read as {zone}, and told so", zone=BUDGET_ZONE.key))
        if bill.period.is_cut:
            tell(msg("it cannot reach beyond now, whatever --bill-period says"))
    if bill.sums:
        remark(
            msg(
                "rows that sum up others are left out: {rows}",
                rows=", ".join(map(str, bill.sums)),
            )
        )
    if bill.faults:
        tell(msg("rows that cannot be used:"))
        tell_faults(bill.faults)


def _tell_how_to_date(bill: Bill) -> None:
    if "at" in bill.columns:
        tell(
            msg(
                "its column {header} tells no moments: say what the bill covers with"
                " --bill-period FIRST..LAST",
                header=bill.columns["at"],
            )
        )
        return
    tell(
        msg(
            "no column with times is recognised: name it with --bill-columns at=HEADER, or say"
            " what the bill covers with --bill-period FIRST..LAST"
        )
    )
    if bill.time_like:
        tell(msg("columns that look like times: {columns}", columns=", ".join(bill.time_like)))


def _show_sums(found: Reconciliation) -> None:
    rows: list[tuple[object, ...]] = [
        (heard(_LISTS[name]), sums.count, sums.ours, sums.theirs, sums.difference)
        for name, sums in sums_of(found).items()
    ]
    rows.append((heard(msg("total")), "", found.ours, found.theirs, found.theirs - found.ours))
    header = [msg("list"), msg("count"), msg("ours"), msg("theirs"), msg("difference")]
    tell_table(header, rows)
    for attempts, where in (
        (found.before, msg("bought before the bill begins")),
        (found.after, msg("bought after the bill ends")),
        (found.undated, msg("not on the bill, which tells no time")),
    ):
        if attempts:
            _tell_left_out(attempts, where, found.bill.currency)


def _tell_left_out(attempts: Sequence[Attempt], where: Message, currency: str) -> None:
    at_risk = [it.price for it in attempts if it.money is MoneyPlace.AT_RISK]
    tell(
        msg(
            "not compared, {where}: {count} ({clips}), of which {at_risk} {currency} at risk",
            where=where,
            count=len(attempts),
            clips=_named(attempts),
            at_risk=plain(sum(at_risk, Decimal(0))),
            currency=currency,
        )
    )


def _named(attempts: Sequence[Attempt]) -> str:
    """Name the clips of purchases, those at risk first, each once."""
    ordered = sorted(attempts, key=lambda it: it.money is not MoneyPlace.AT_RISK)
    keys = list(dict.fromkeys(str(it.key) for it in ordered))
    return ", ".join(keys[:_NAMED] + ["..."] * (len(keys) > _NAMED))


def _show_matches(title: Message, matches: Sequence[Match]) -> None:
    header = [msg("clip"), msg("rows"), msg("ours"), msg("theirs"), msg("money"), msg("task")]
    _show_some(
        title,
        header,
        [
            (
                str(match.attempt.key),
                match.charge.numbers,
                match.ours,
                match.charge.amount,
                heard(MONEY_WORDS[match.attempt.money]),
                match.attempt.task_id or ", ".join(match.charge.task_ids) or "?",
            )
            for match in matches
        ],
    )


def _show_misnamed(matches: Sequence[Match]) -> None:
    if not matches:
        return
    tell(msg("task differs: the bill has the request as another task than we do"))
    for match in matches[:_SHOWN]:
        tell(
            msg(
                "  {clip} ({status}): ours {task}, bill {other} (row {row})",
                clip=str(match.attempt.key),
                status=STATUS_WORDS[match.attempt.status],
                task=match.attempt.task_id,
                other=", ".join(match.charge.task_ids),
                row=match.charge.numbers,
            )
        )
    if len(matches) > _SHOWN:
        tell(msg("... and {count} more", count=len(matches) - _SHOWN))
    tell(
        msg(
            "perhaps the wrong task was adopted: look both up at the provider. A clip in doubt"
            " takes the right one with `retry --uncertain --sku SKU --adopt ID`; a saved one may"
            " show another product"
        )
    )


def _show_ours(attempts: Sequence[Attempt]) -> None:
    _show_some(
        msg("ours only: purchases that the bill does not charge"),
        [msg("clip"), msg("bought at"), msg("price"), msg("money"), msg("task")],
        [
            (
                str(attempt.key),
                _time(attempt.created_at),
                attempt.price,
                heard(MONEY_WORDS[attempt.money]),
                attempt.task_id or "?",
            )
            for attempt in attempts
        ],
    )
    if any(attempt.task_id is None for attempt in attempts):
        tell(
            msg(
                "those without a task are lost answers: they may never have become purchases, and"
                " then the bill rightly lacks them"
            )
        )


def _show_theirs(charges: Sequence[Charge], decisions: Sequence[Decision]) -> None:
    _show_some(
        msg("theirs only: charges that no purchase of ours explains"),
        [msg("rows"), msg("amount"), msg("at"), msg("model"), msg("task or request")],
        [
            (
                charge.numbers,
                charge.amount,
                _time(charge.at),
                charge.model or "?",
                ", ".join(charge.task_ids or charge.request_ids),
            )
            for charge in charges
        ],
    )
    left = [it for it in decisions if isinstance(it, Left)]
    candidates = {row.number for it in left for charge in it.candidates for row in charge.rows}
    if any(row.number not in candidates for charge in charges for row in charge.rows):
        tell(
            msg(
                "money of this account was spent beside batchgen's purchases, or batchgen lost"
                " track of them: look these tasks up at the provider"
            )
        )


def _show_some(title: Message, header: Sequence[Message], rows: Sequence[Sequence[object]]) -> None:
    if rows:
        tell(title)
        tell_table(header, rows[:_SHOWN])
    if len(rows) > _SHOWN:
        tell(msg("... and {count} more", count=len(rows) - _SHOWN))


def _time(at: float | None) -> str:
    """Write a time as the bill's own times are read."""
    return "?" if at is None else write_time(at, BUDGET_ZONE)
