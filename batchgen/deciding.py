"""Which attempt says how a clip stands: by it a clip is bought, left, fetched or shown. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from batchgen.clip import Attempt, AttemptState, MoneyPlace


def deciding_attempt(attempts: Sequence[Attempt], fingerprint: str) -> Attempt | None:
    """Find the attempt of a clip that says how it stands for a request; None without attempts.

    `attempts` are all of one clip, oldest first. What is reserved decides. Else, from the newest
    back: the first of this very request, or the newest when it is at risk. What bought nothing
    (put off, declared unpaid, refused for another request) is passed over: what was bought once
    stays bought.
    """
    for attempt in reversed(attempts):
        if attempt.money is MoneyPlace.RESERVED:
            return attempt
    newest_bought: Attempt | None = None
    for attempt in reversed(attempts):
        is_same = attempt.fingerprint == fingerprint
        if attempt.money is MoneyPlace.RELEASED:
            if is_same and attempt.state is AttemptState.REFUSED:
                return attempt
            continue
        if is_same or (newest_bought is None and attempt.money is MoneyPlace.AT_RISK):
            return attempt
        newest_bought = newest_bought or attempt
    return newest_bought or (attempts[-1] if attempts else None)
