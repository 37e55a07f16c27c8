"""How a bill compared with the state looks to people: tables, then what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from batchgen.bill.values import Bill
from batchgen.cli.comparison import sums_of
from batchgen.cli.speech import heard, remark, tell, tell_faults, tell_table
from batchgen.clip import Attempt, AttemptState, MoneyPlace
from batchgen.messages import Message, msg
from batchgen.output.rows import iso_time
from batchgen.plan.values import plain
from batchgen.state.reconcile import Charge, Match, Reconciliation
from batchgen.state.settling import Decision, Settlement, restated
from batchgen.words import MONEY_WORDS, STATUS_WORDS

#: Lines of one table; what is more is counted, and stands in JSON and CSV.
_SHOWN = 100
#: Charges shown for one purchase that it may be; JSON has them all.
_CANDIDATES = 5

#: List -> its heading.
_LISTS = {
    "matched": msg("matched"),
    "price_differs": msg("price differs"),
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
    _show_ours(found.ours_only)
    _show_theirs(found.theirs_only)
    if decisions:
        tell(msg("money at risk, by this bill:"))
    for decision in decisions:
        _show_decision(decision)


def show_end(
    found: Reconciliation, settled: Sequence[Settlement], *, is_asked: bool, is_open: bool
) -> None:
    """Print what was settled, and what is left to do.

    `is_asked`: it was to be settled; `is_open`: money is still at risk that the bill covers.
    """
    for settlement in settled:
        tell(_now(restated(settlement)))
    if settled:
        tell(msg("after settling:"))
        _show_sums(found)
    states = {settlement.to for settlement in settled}
    if AttemptState.DECLARED_UNPAID in states:
        tell(msg("clips that were not charged are planned again: the next `run` buys them"))
    if AttemptState.REFUSED in states:
        tell(msg("a FAIL that was not charged is bought again by `retry --failed` only"))
    if AttemptState.ACCEPTED in states:
        tell(msg("`batchgen run` goes on from here"))
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
        tell(msg("it does not say what time it covers: name it, --bill-period FIRST..LAST"))
    else:
        first, last = iso_time(bill.period.first), iso_time(bill.period.last)
        tell(msg("it covers {first} to {last}", first=first, last=last))
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
            "not compared, {where}: {count}, of which {at_risk} {currency} at risk",
            where=where,
            count=len(attempts),
            at_risk=plain(sum(at_risk, Decimal(0))),
            currency=currency,
        )
    )


def _show_matches(title: Message, matches: Sequence[Match]) -> None:
    header = [
        msg("clip"),
        msg("task"),
        msg("rows"),
        msg("ours"),
        msg("theirs"),
        msg("difference"),
        msg("money"),
    ]
    _show_some(
        title,
        header,
        [
            (
                str(match.attempt.key),
                match.attempt.task_id or ", ".join(match.charge.task_ids) or "?",
                match.charge.numbers,
                match.ours,
                match.charge.amount,
                match.difference,
                heard(MONEY_WORDS[match.attempt.money]),
            )
            for match in matches
        ],
    )


def _show_ours(attempts: Sequence[Attempt]) -> None:
    _show_some(
        msg("ours only: purchases that the bill does not charge"),
        [msg("clip"), msg("task"), msg("bought at"), msg("price"), msg("money")],
        [
            (
                str(attempt.key),
                attempt.task_id or "?",
                iso_time(attempt.created_at),
                attempt.price,
                heard(MONEY_WORDS[attempt.money]),
            )
            for attempt in attempts
        ],
    )


def _show_theirs(charges: Sequence[Charge]) -> None:
    _show_some(
        msg("theirs only: charges that no purchase of ours explains"),
        [msg("rows"), msg("task"), msg("request"), msg("model"), msg("at"), msg("amount")],
        [
            (
                charge.numbers,
                ", ".join(charge.task_ids) or "?",
                ", ".join(charge.request_ids) or "?",
                charge.model or "?",
                iso_time(charge.at) or "?",
                charge.amount,
            )
            for charge in charges
        ],
    )
    if charges:
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


def _show_decision(decision: Decision) -> None:
    attempt = decision.attempt
    if isinstance(decision, Settlement):
        after = restated(decision)
        tell(
            msg(
                "  {clip}: {price} {currency} would be {money}, the clip {status} ({reason})",
                clip=str(attempt.key),
                price=plain(attempt.price),
                currency=attempt.currency,
                money=MONEY_WORDS[after.money],
                status=STATUS_WORDS[after.status],
                reason=decision.reason,
            )
        )
        return
    tell(
        msg(
            "  {clip}: {price} {currency} stay {money}: {why}",
            clip=str(attempt.key),
            price=plain(attempt.price),
            currency=attempt.currency,
            money=MONEY_WORDS[attempt.money],
            why=decision.why,
        )
    )
    for charge in decision.candidates[:_CANDIDATES]:
        tell(
            msg(
                "    perhaps row {row}: task {task}, {amount} {currency}, {at}",
                row=charge.numbers,
                task=", ".join(charge.task_ids) or "?",
                amount=plain(charge.amount),
                currency=attempt.currency,
                at=iso_time(charge.at) or "?",
            )
        )


def _now(attempt: Attempt) -> Message:
    return msg(
        "{clip}: {price} {currency} are now {money}, the clip is {status}",
        clip=str(attempt.key),
        price=plain(attempt.price),
        currency=attempt.currency,
        money=MONEY_WORDS[attempt.money],
        status=STATUS_WORDS[attempt.status],
    )
