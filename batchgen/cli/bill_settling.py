"""How it looks to people what a bill settles: before, after, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence

from batchgen.bill.cells import write_time
from batchgen.cli.hints import again
from batchgen.cli.speech import tell
from batchgen.clip import AttemptState, MoneyPlace
from batchgen.messages import Message, msg
from batchgen.plan.values import plain
from batchgen.state.ledger import BUDGET_ZONE
from batchgen.state.settling import Decision, Settlement, restated
from batchgen.words import MONEY_WORDS, STATUS_WORDS

#: Charges shown for one purchase that it may be; JSON has them all.
_CANDIDATES = 5


def show_decisions(decisions: Sequence[Decision]) -> None:
    """Print what becomes of each purchase that the bill concerns so, or why nothing does."""
    if decisions:
        tell(msg("what this bill settles, and what it leaves:"))
    for decision in decisions:
        _show_decision(decision)


def show_settled(settled: Sequence[Settlement]) -> None:
    """Print how each purchase stands that was settled."""
    for settlement in settled:
        tell(_now(settlement))


def show_what_follows(settled: Sequence[Settlement]) -> None:
    """Print what the next commands do with what was settled."""
    states = {settlement.to for settlement in settled}
    if AttemptState.DECLARED_UNPAID in states:
        tell(
            msg(
                "clips that were not charged are planned again: `{command}` buys them",
                command=again("run"),
            )
        )
    if AttemptState.REFUSED in states:
        tell(
            msg(
                "a FAIL that was not charged is bought again by `{command}` only",
                command=again("retry", "--failed"),
            )
        )
    if AttemptState.ACCEPTED in states:
        tell(msg("`{command}` goes on from here", command=again("run")))
    if any(it.attempt.money is MoneyPlace.RELEASED for it in settled):
        tell(
            msg(
                "what was charged after all bought no clip, and `run` buys none in its place:"
                " `{command}` does, where the clip was not bought again before",
                command=again("retry", "--sku", "SKU"),
            )
        )


def _show_decision(decision: Decision) -> None:
    attempt = decision.attempt
    if isinstance(decision, Settlement):
        tell(_would_be(decision))
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
                at="?" if charge.at is None else write_time(charge.at, BUDGET_ZONE),
            )
        )


def _would_be(settlement: Settlement) -> Message:
    before, after = settlement.attempt, restated(settlement)
    if before.money is MoneyPlace.RELEASED:
        return msg(
            "  {clip}: {price} {currency} would be {money}; no budget counts them so far"
            " ({reason})",
            clip=str(before.key),
            price=plain(before.price),
            currency=before.currency,
            money=MONEY_WORDS[after.money],
            reason=settlement.reason,
        )
    return msg(
        "  {clip}: {price} {currency} would be {money}, the clip {status} ({reason})",
        clip=str(before.key),
        price=plain(before.price),
        currency=before.currency,
        money=MONEY_WORDS[after.money],
        status=STATUS_WORDS[after.status],
        reason=settlement.reason,
    )


def _now(settlement: Settlement) -> Message:
    after = restated(settlement)
    if settlement.attempt.money is MoneyPlace.RELEASED:  # the clip may have been bought again
        return msg(
            "{clip}: {price} {currency} are now {money}",
            clip=str(after.key),
            price=plain(after.price),
            currency=after.currency,
            money=MONEY_WORDS[after.money],
        )
    return msg(
        "{clip}: {price} {currency} are now {money}, the clip is {status}",
        clip=str(after.key),
        price=plain(after.price),
        currency=after.currency,
        money=MONEY_WORDS[after.money],
        status=STATUS_WORDS[after.status],
    )
