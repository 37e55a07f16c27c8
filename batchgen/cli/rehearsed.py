"""How a rehearsal that is over looks on a terminal, and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from batchgen.cli.exit_codes import ExitCode
from batchgen.cli.speech import heard, tell, tell_table
from batchgen.clip import Attempt, Status
from batchgen.language import say_here
from batchgen.messages import Message, msg
from batchgen.plan.values import plain
from batchgen.rehearsal.judging import Evidence, Promise, in_doubt, standing, total
from batchgen.rehearsal.performing import Performance, Script

#: Exit code of a rehearsal that broke a promise: a bug.
BROKEN = 1
#: Clips in doubt and breaches shown one by one; the rest is counted.
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A rehearsal that is over, and what is to be told of it."""

    script: Script
    performance: Performance
    evidence: Evidence
    promises: tuple[Promise, ...]
    seconds: float

    @property
    def exit_code(self) -> int:
        """0 when every promise held."""
        return BROKEN if any(promise.breaches for promise in self.promises) else ExitCode.DONE


def show(rehearsed: Rehearsed) -> None:
    """Print the promises with their counts, what was met, and what a person would have to do."""
    performance = rehearsed.performance
    tell(
        msg(
            "{clips} clips, tier {tier}: killed {kills} times, {faults} faults, {seconds} s",
            clips=rehearsed.script.clips,
            tier=rehearsed.script.tier,
            kills=performance.kills,
            faults=sum(performance.stats["faults"].values()),
            seconds=round(rehearsed.seconds),
        )
    )
    if performance.kills < rehearsed.script.kills:
        tell(
            msg(
                "kills: {kills} of the {wanted} asked for; the run had ended by itself before the"
                " next was due",
                kills=performance.kills,
                wanted=rehearsed.script.kills,
            )
        )
    tell_table(
        [msg("promise"), msg("broken"), msg("measured")],
        [
            (heard(promise.text), len(promise.breaches), heard(promise.measured))
            for promise in rehearsed.promises
        ],
    )
    for promise in rehearsed.promises:
        for breach in promise.breaches[:_SHOWN]:
            tell(msg("{promise}: {breach}", promise=promise.text, breach=breach))
    _show_faults(performance.stats["faults"])
    _show_doubt(rehearsed)
    tell(_verdict(rehearsed))
    tell(msg("open {report}", report=rehearsed.script.folder / "report.html"))


def _verdict(rehearsed: Rehearsed) -> Message:
    if rehearsed.exit_code:
        return msg(
            "a promise was broken, and that is a bug of batchgen: do not run this job tonight."
            " Keep {folder}, and send {log} with your report",
            folder=rehearsed.script.folder,
            log=rehearsed.script.log,
        )
    return msg("every promise was kept")


def _show_faults(faults: dict[str, int]) -> None:
    met = ", ".join(f"{name} {count}" for name, count in sorted(faults.items()))
    tell(msg("faults met: {faults}", faults=met or "0"))


def _show_doubt(rehearsed: Rehearsed) -> None:
    doubtful = in_doubt(rehearsed.evidence)
    if not doubtful:
        return
    tell(
        msg(
            "clips in doubt: {count}, {cost} {currency}. On a real night batchgen leaves them, and"
            " you look at the provider's bill:",
            count=len(doubtful),
            cost=plain(sum((attempt.price for attempt, _ in doubtful), Decimal(0))),
            currency=rehearsed.evidence.plan.currency,
        )
    )
    for attempt, is_charged in doubtful[:_SHOWN]:
        tell(_doubt_line(attempt, is_charged))
    if len(doubtful) > _SHOWN:
        tell(msg("... and {count} more", count=len(doubtful) - _SHOWN))
    tell(
        msg(
            "  and settle each with `batchgen retry {job} --uncertain --sku SKU` and --adopt ID,"
            " --unpaid, --write-off or --buy-again",
            job=rehearsed.script.job,
        )
    )


def _doubt_line(attempt: Attempt, is_charged: bool) -> Message:
    was = msg("it was charged") if is_charged else msg("it was not charged")
    price = plain(attempt.price)
    return msg("  {clip}, {price}: {was}", clip=str(attempt.key), price=price, was=was)


def summary(rehearsed: Rehearsed) -> dict[str, Any]:
    """Give `rehearse --json`."""
    evidence, performance = rehearsed.evidence, rehearsed.performance
    counts = standing(evidence)
    say = say_here()
    return {
        "job": evidence.plan.job,
        "clips": rehearsed.script.clips,
        "tier": rehearsed.script.tier,
        "seed": rehearsed.script.seed,
        "kills": performance.kills,
        "starts": performance.starts,
        "promises": {promise.name: len(promise.breaches) for promise in rehearsed.promises},
        "breaches": [say(breach) for promise in rehearsed.promises for breach in promise.breaches],
        "faults": performance.stats["faults"],
        **{status.value: counts[status] for status in Status if status is not Status.INVALID},
        "in_doubt": [_doubt(attempt, charged) for attempt, charged in in_doubt(evidence)],
        "charges": len(evidence.bill),
        "charged": plain(total(evidence.bill)),
        "currency": evidence.plan.currency,
        "seconds": round(rehearsed.seconds, 1),
        "output": str(rehearsed.script.folder),
        "exit": rehearsed.exit_code,
    }


def _doubt(attempt: Attempt, is_charged: bool) -> dict[str, Any]:
    return {
        "sku": attempt.key.sku,
        "variant": attempt.key.variant,
        "take": attempt.key.take,
        "cost": plain(attempt.price),
        "request_id": attempt.request_id,
        "charged": is_charged,
    }
