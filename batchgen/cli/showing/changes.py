"""Tells why clips would be bought again: by reason, then clip by clip."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from batchgen.cli.showing.shortening import shortened, where_apart
from batchgen.cli.speech import heard, tell
from batchgen.messages import Message, msg
from batchgen.plan.choosing.changes import Change, Delta, Reason, delta_of
from batchgen.plan.values import Action, Plan, plain

#: Changed clips that are told one by one.
_LISTED = 20
#: Terminal columns of an old or new value, and of a picture's name.
_VALUE_COLUMNS = 60
_WORDS = {
    Reason.MODEL: msg("model"),
    Reason.PROMPT: msg("prompt"),
    Reason.PICTURE_BYTES: msg("picture content"),
    Reason.PICTURE_ADDRESS: msg("picture address"),
    Reason.PICTURES: msg("number or order of pictures"),
    Reason.PARAMETERS: msg("parameters"),
    Reason.UNKNOWN: msg("not known"),
}
_NOTHING = msg("nothing")


def tell_changes(plan: Plan, tell_one: Callable[[Message], None] = tell) -> None:
    """Say what changed since it was bought: count and price by reason, then the first clips.

    `tell_one` prints a sentence. Nothing is said where nothing changed.
    """
    delta = delta_of(plan, _LISTED)
    if not delta.clips:
        return
    tell_one(_sum(plan))
    tell_one(msg("what changed: {reasons}", reasons="; ".join(_by_reason(delta, plan.currency))))
    for clip in delta.listed:
        changes = "; ".join(heard(_worded(change)) for change in clip.changes)
        tell_one(msg("  {clip}: {changes}", clip=str(clip.key), changes=changes))
    if delta.left_out:
        tell_one(msg("  ... and {count} more", count=delta.left_out))


def _sum(plan: Plan) -> Message:
    """Tell the changed clips that are bought again, else those that could be."""
    again = plan.count_of(Action.BUY_CHANGED)
    if again:
        return msg(
            "bought again because their request changed: {count}, for {cost} {currency}",
            count=again,
            cost=plain(plan.cost_of(Action.BUY_CHANGED)),
            currency=plan.currency,
        )
    return msg(
        "changed since they were bought: {count}; {cost} {currency} more with --changed",
        count=plan.count_of(Action.CHANGED),
        cost=plain(plan.cost_of(Action.CHANGED)),
        currency=plan.currency,
    )


def _by_reason(delta: Delta, currency: str) -> Iterator[str]:
    """Word each reason with its clips and their price; parameters with their names."""
    for reason, clips, cost in delta.reasons():
        what: Message | str = _WORDS[reason]
        if reason is Reason.PARAMETERS:
            what = msg("{what} ({names})", what=what, names=", ".join(sorted(delta.parameters)))
        yield heard(
            msg(
                "{what}: {clips}, {cost} {currency}",
                what=what,
                clips=clips,
                cost=plain(cost),
                currency=currency,
            )
        )


def _worded(change: Change) -> Message:
    """Word one change, its values cut to where they differ."""
    if change.reason is Reason.UNKNOWN:
        return msg("what was asked for then is not known")
    old, new = where_apart(change.old or "", change.new or "", _VALUE_COLUMNS)
    return msg(
        "{what}: {old} -> {new}",
        what=_subject(change),
        old=old or _NOTHING,
        new=new or _NOTHING,
    )


def _subject(change: Change) -> Message | str:
    if change.reason is Reason.PARAMETERS and change.what is not None:
        return shortened(change.what, _VALUE_COLUMNS)
    if change.reason is Reason.PICTURE_BYTES and change.what is not None:
        name = shortened(change.what, _VALUE_COLUMNS)
        return msg("{what} of {name}", what=_WORDS[change.reason], name=name)
    return _WORDS[change.reason]
