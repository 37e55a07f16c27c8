"""The plan: every clip of a job, and what `run` would do with it now. Pure.

1. rows x matrix -> clips                          (`expand`)
2. clip -> the attempt it already has, by name, else by the same request under another name
3. attempt x request x orders -> action            (`decide`)
4. selection: what is bought now, what is not
5. duplicates, budgets and times, for the person to know before anything is sent
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Literal

from batchgen.clip import (
    ALIVE,
    FETCHABLE,
    AccountScope,
    Attempt,
    AttemptState,
    ClipKey,
    MoneyPlace,
)
from batchgen.deciding import deciding_attempt
from batchgen.item import Fault
from batchgen.job.schema import Job
from batchgen.messages import Message, msg
from batchgen.plan.expand import expand
from batchgen.plan.forecast import eta_s, narrow_purses, passed_budgets
from batchgen.plan.values import (
    BUYING,
    Action,
    Clip,
    History,
    ManifestRows,
    Plan,
    PlannedClip,
    Selection,
)
from batchgen.state.store import Order
from batchgen.video_models import CURRENCIES, TIERS

OnChange = Literal["ask", "regenerate", "keep"]

_S = AttemptState

#: The newest attempt asked for the same request: what is left to do.
SAME_REQUEST: Mapping[AttemptState, Action] = {
    _S.INTENT: Action.LEAVE,
    _S.UNKNOWN: Action.LEAVE,
    _S.REJECTED: Action.BUY,
    _S.REFUSED: Action.LEAVE,
    _S.ACCEPTED: Action.BRING_HOME,
    _S.STALLED: Action.BRING_HOME,
    _S.VANISHED: Action.BRING_HOME,
    _S.FAILED: Action.LEAVE,
    _S.SUCCEEDED: Action.BRING_HOME,
    _S.VERIFIED: Action.BRING_HOME,
    _S.SAVED: Action.DONE,
    _S.EXPIRED: Action.LEAVE,
    _S.PAID_NO_RESULT: Action.LEAVE,
    _S.DECLARED_UNPAID: Action.BUY,
    _S.WRITTEN_OFF: Action.LEAVE,
}
#: The newest attempt asked for something else. Money in the air or at risk is never paid again
#: for a change; what was refused was never bought, so the new request simply is.
OTHER_REQUEST: Mapping[AttemptState, Action] = {
    **SAME_REQUEST,
    _S.REFUSED: Action.BUY,
    _S.SAVED: Action.CHANGED,
    _S.EXPIRED: Action.CHANGED,
    _S.PAID_NO_RESULT: Action.CHANGED,
    _S.WRITTEN_OFF: Action.CHANGED,
}
#: A purchase under way: it is brought to its end before an order buys the clip again.
_IN_HAND = ALIVE | FETCHABLE | {_S.INTENT}


def make_plan(
    job: Job,
    manifest: ManifestRows,
    history: History,
    selection: Selection,
    account: AccountScope,
) -> Plan:
    """Plan a job: what each row becomes, what is there already, what it costs and how long.

    Raises:
        JobFileError: a prompt template of the job is wrong.
    """
    rows = list(expand(job, manifest.items))
    clips = [clip for row in rows for clip in row.clips]
    on_change: OnChange = "regenerate" if selection.changed else job.on_change
    planned = tuple(_select(_decided(clips, history, on_change), selection))
    to_buy = [entry.clip for entry in planned if entry.action in BUYING]
    duplicates, repeated = _duplicates(job, clips)
    warnings = [*manifest.warnings, *(warning for row in rows for warning in row.warnings)]
    over = passed_budgets(job.budget, to_buy, _committed(history))
    return Plan(
        job=job.name,
        account=account,
        currency=CURRENCIES[job.account.provider],
        clips=planned,
        faults=_by_row(
            [
                *manifest.faults,
                *_further_faults(job, manifest),
                *(fault for row in rows for fault in row.faults),
            ]
        ),
        warnings=(
            *_by_row([*warnings, *repeated]),
            *(_of_whole_job(job, "over-budget", message) for message in over),
        ),
        rows=manifest.count,
        duplicates=duplicates,
        selection=selection,
        eta=_eta(to_buy, history),
    )


def _committed(history: History) -> dict[tuple[str, str], Decimal]:
    """Sum the money that each budget already has against it, as (kind, SKU or column's value)."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for attempt in history.attempts:
        if attempt.money is not MoneyPlace.RELEASED:
            for purse in narrow_purses(attempt):
                sums[purse] += attempt.price
    return sums | {(kind, ""): amount for kind, amount in history.committed.items()}


def _further_faults(job: Job, manifest: ManifestRows) -> Iterator[Fault]:
    """Find what else is wrong in rows that the catalogue found faulty, so that all is told at once.

    Their pictures and names were judged already; missing ones would only be told twice.
    """
    for row in expand(job, manifest.broken):
        for fault in row.faults:
            if not fault.code.startswith(("picture-", "clip-duplicate")):
                yield fault


def decide(
    attempt: Attempt | None, fingerprint: str, on_change: OnChange, *, ordered: bool = False
) -> Action:
    """Decide what to do with a clip, from its newest attempt and the request it has now.

    `ordered`: a person asked for it to be bought again, and that was not done yet.
    """
    if ordered and (attempt is None or attempt.state not in _IN_HAND):
        return Action.BUY_ORDERED
    if attempt is None:
        return Action.BUY
    if attempt.fingerprint == fingerprint:
        return SAME_REQUEST[attempt.state]
    action = OTHER_REQUEST[attempt.state]
    if action is not Action.CHANGED or on_change == "ask":
        return action
    if on_change == "regenerate":
        return Action.BUY_CHANGED
    return SAME_REQUEST[attempt.state]


def _decided(clips: Sequence[Clip], history: History, on_change: OnChange) -> Iterator[PlannedClip]:
    """Yield every clip with its attempt and action, before the selection."""
    attempts = _matched(clips, history.attempts)
    order_of = _orders_by_clip(history.orders)
    for clip in clips:
        attempt = attempts.get(clip.key)
        order_id = order_of.get(clip.key)
        action = decide(attempt, clip.fingerprint, on_change, ordered=order_id is not None)
        ordered = action is Action.BUY_ORDERED
        yield PlannedClip(clip, action, attempt, order_id if ordered else None)


def _matched(clips: Sequence[Clip], attempts: Sequence[Attempt]) -> dict[ClipKey, Attempt]:
    """Find the attempt that decides for each clip: by name, or by request of a renamed variant.

    An attempt is adopted from another variant of the same SKU and take, unless it is by name and
    request the attempt of another clip of the plan. Each is adopted once; what is spent then is no
    longer that of the clip that has its old name now.
    """
    by_key: dict[ClipKey, list[Attempt]] = {}
    for attempt in attempts:
        by_key.setdefault(attempt.key, []).append(attempt)
    named = {
        clip.key: deciding_attempt(by_key.get(clip.key, ()), clip.fingerprint) for clip in clips
    }
    adopted: dict[ClipKey, Attempt] = {}
    free = _free(clips, attempts)
    for clip in clips:
        candidates = free.get(_request_name(clip))
        if candidates and _may_adopt(clip, named[clip.key]):
            adopted[clip.key] = candidates.pop()
    taken = {attempt.id for attempt in adopted.values() if attempt.money is MoneyPlace.SPENT}
    kept = {
        key: attempt
        for key, attempt in named.items()
        if attempt is not None and attempt.id not in taken
    }
    return kept | adopted


def _free(
    clips: Iterable[Clip], attempts: Iterable[Attempt]
) -> dict[tuple[str, int, str], list[Attempt]]:
    """Give the attempts that may be adopted, by what was asked for; the best one comes last."""
    claimed = {(clip.key, clip.fingerprint) for clip in clips}
    newest = {(attempt.key, attempt.fingerprint): attempt for attempt in attempts}
    free: dict[tuple[str, int, str], list[Attempt]] = {}
    for attempt in sorted(newest.values(), key=_worth):
        bought = SAME_REQUEST[attempt.state] is not Action.BUY
        if bought and (attempt.key, attempt.fingerprint) not in claimed:
            free.setdefault(_request_name(attempt), []).append(attempt)
    return free


def _may_adopt(clip: Clip, attempt: Attempt | None) -> bool:
    """Tell whether the clip's own attempt is missing, or of another request and at its end."""
    if attempt is None:
        return True
    return attempt.fingerprint != clip.fingerprint and attempt.state not in _IN_HAND


def _request_name(bought: Clip | Attempt) -> tuple[str, int, str]:
    return bought.key.sku, bought.key.take, bought.fingerprint


def _worth(attempt: Attempt) -> tuple[bool, bool, int]:
    """Sort attempts so that the one to adopt first comes last: done, then coming, then newest."""
    action = SAME_REQUEST[attempt.state]
    return action is Action.DONE, action is Action.BRING_HOME, attempt.id


def _orders_by_clip(orders: Iterable[Order]) -> dict[ClipKey, int]:
    """Give the id of the newest order that still asks for each clip."""
    return {key: order.id for order in orders for key in order.outstanding}


def _select(planned: Iterable[PlannedClip], selection: Selection) -> Iterator[PlannedClip]:
    """Keep what the person selected for buying, put off the rest; nothing else is touched."""
    bought = 0
    for entry in planned:
        if entry.action not in BUYING:
            yield entry
        elif _is_selected(entry.clip, selection, bought):
            bought += 1
            yield entry
        else:
            yield entry.put_off()


def _is_selected(clip: Clip, selection: Selection, bought: int) -> bool:
    if selection.skus and clip.key.sku not in selection.skus:
        return False
    return selection.limit is None or bought < selection.limit


def _duplicates(job: Job, clips: Iterable[Clip]) -> tuple[int, list[Fault]]:
    """Count the clips that repeat the request of an earlier SKU or variant, and warn of each name.

    Takes of one clip are wanted copies, no duplicates.
    """
    first: dict[str, Clip] = {}
    names: dict[tuple[str, str], Fault] = {}
    count = 0
    for clip in clips:
        original = first.setdefault(clip.fingerprint, clip)
        name = (clip.key.sku, clip.key.variant)
        if name != (original.key.sku, original.key.variant):
            count += 1
            names.setdefault(name, _repeats(job, clip, original))
    return count, list(names.values())


def _repeats(job: Job, clip: Clip, original: Clip) -> Fault:
    message = msg(
        "{clip} sends the same request as {original}, and is paid for all the same",
        clip=str(clip.key),
        original=str(original.key),
    )
    return Fault(job.manifest.path, clip.row, None, "duplicate-request", message, clip.key.sku)


def _of_whole_job(job: Job, code: str, message: Message) -> Fault:
    return Fault(job.manifest.path, None, None, code, message)


def _by_row(reports: Iterable[Fault]) -> tuple[Fault, ...]:
    """Sort by row, those of the whole file first; otherwise the order stays."""
    return tuple(sorted(reports, key=lambda report: report.row or 0))


def _eta(clips: Iterable[Clip], history: History) -> dict[str, float]:
    by_model = Counter(clip.request.model for clip in clips)
    return {tier: eta_s(by_model, slots, history.task_seconds) for tier, slots in TIERS.items()}
