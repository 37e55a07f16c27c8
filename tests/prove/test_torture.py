"""Lets the N-th commit, submit, poll, download or publication fail in each way, for all N.

The run is the one of `tests.run.test_crashes`, over real SQLite and in virtual time. After it the
trouble is over, and one more start has to end like a run that never met it. What the scripted
provider was paid for decides, never what the program says of itself.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Collection, Iterable
from itertools import count
from pathlib import Path

import pytest

from batchgen.clip import AttemptState
from batchgen.errors import BadFile, DownloadError, LinkDead, StateError
from batchgen.messages import msg
from batchgen.provider.port import (
    NotSent,
    PollReply,
    PollTrouble,
    Reaction,
    Refused,
    StillProcessing,
    StopReason,
    SubmitReply,
    TaskSucceeded,
    TaskUnknown,
    Uncertain,
)
from tests.prove import torture
from tests.prove.figures import note_figures
from tests.prove.torture import (
    CommitFault,
    FailingConnection,
    Trouble,
    TroubledFolder,
    TroubledProvider,
)
from tests.run.shop import Shop
from tests.run.test_crashes import SKUS, Steps, a_shop, check
from tests.run.virtual_loop import virtually

pytestmark = pytest.mark.prove

S = AttemptState
COMMIT_FAULTS = {
    "full": torture.undone(sqlite3.SQLITE_FULL),
    "full for good": torture.undone(sqlite3.SQLITE_FULL, lasts=True),
    "no page more": torture.FULL_FOR_GOOD,
    "sync failed": torture.undone(sqlite3.SQLITE_IOERR_FSYNC),
    "sync failed, written": torture.written(sqlite3.SQLITE_IOERR_FSYNC),
    "write failed": torture.undone(sqlite3.SQLITE_IOERR_WRITE),
    "read-only": torture.undone(sqlite3.SQLITE_READONLY),
    "read-only for good": torture.undone(sqlite3.SQLITE_READONLY, lasts=True),
    "locked": torture.BUSY,
    "locked for good": torture.BUSY_FOR_GOOD,
}
#: Answers to a submit, each with whether it was bought all the same.
SUBMIT_FAULTS: dict[str, tuple[SubmitReply, bool]] = {
    "lost, bought": (Uncertain("reset"), True),
    "lost, not bought": (Uncertain("reset"), False),
    "redirected": (Uncertain("redirected", stop=StopReason.ACCOUNT), False),
    "not sent": (NotSent("no route"), False),
    "bad certificate": (NotSent("bad certificate", StopReason.ACCOUNT), False),
    "too many": (Refused("1302", "full", Reaction.HOLD, retry_after_s=30.0), False),
    "later": (Refused("1305", "later", Reaction.RETRY), False),
    "no money": (Refused("1113", "empty", Reaction.STOP_RUN, StopReason.BALANCE), False),
    "no such model": (Refused("1211", "closed", Reaction.STOP_MODEL), False),
    "not this clip": (Refused("1301", "unsafe", Reaction.FAIL_CLIP), False),
}
POLL_FAULTS: dict[str, PollReply] = {
    "no answer": PollTrouble("reset"),
    "not now": PollTrouble("429", retry_after_s=30.0),
    "key refused": PollTrouble("401", StopReason.KEY),
    "unknown task": TaskUnknown("1233"),
    "no link": TaskSucceeded(None),
    "odd status": StillProcessing(),
}
DISK_FAULTS: dict[str, Exception] = {
    "network": DownloadError(msg("cut off")),
    "dead link": LinkDead(msg("404")),
    "no film": BadFile(msg("a page")),
    "disk full": OSError(errno.ENOSPC, "No space left on device"),
    "no right": PermissionError(errno.EACCES, "Permission denied"),
    "broken disk": OSError(errno.EIO, "Input/output error"),
}
#: Where a clip is at rest; the second where the provider may also refuse one for good.
HOME = frozenset({S.SAVED, S.FAILED})
REFUSED = frozenset({*HOME, S.REFUSED})
#: What a sentence about the state or the disk tells a person to do.
REMEDIES = ("run again", "the next run", "brings the clip home")
#: Uses in an undisturbed run, at least: the tests go through all of them.
LEAST_COMMITS, LEAST_SUBMITS, LEAST_POLLS, LEAST_FILES = 12, 6, 8, 3


def a_troubled_shop(path: Path) -> Shop:
    """Open the shop where every kind of clip is bought."""
    path.mkdir()
    return a_shop(path, Steps())


async def first_start(shop: Shop) -> list[str]:
    """Start a run that may meet trouble; give what was said of it, and of why it stopped."""
    try:
        stop = await shop.run(*SKUS)
    except StateError as error:  # nothing was in hand yet
        return [str(error)]
    said = [] if stop.message is None else [str(stop.message)]
    return said + shop.audience.notes


async def second_start(
    shop: Shop, may_be_unknown: Iterable[str] = (), home: Collection[AttemptState] = HOME
) -> None:
    """Start again without trouble: all is bought and home, but for doubt that has its reason."""
    check(shop)
    await shop.run(*SKUS)
    check(shop)
    states, bill = shop.states(), shop.provider.bill
    assert set(states) == set(SKUS)
    unknown = {sku for sku, state in states.items() if state is S.UNKNOWN}
    assert unknown <= {"LOST", *may_be_unknown}
    assert {states[sku] for sku in bill if sku not in unknown} <= HOME
    assert set(states.values()) <= {*home, S.UNKNOWN}


def assert_no_post_without_record(shop: Shop) -> None:
    """Every submit that the provider saw stands in the state."""
    recorded = {attempt.request_id for attempt in shop.attempts()}
    assert {submit.request_id for submit in shop.provider.submits} <= recorded


@pytest.mark.parametrize("fault", COMMIT_FAULTS.values(), ids=COMMIT_FAULTS)
@virtually
async def test_any_commit_may_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: CommitFault
) -> None:
    """No task id is lost, nothing is sent without a record, and the sentence says what to do."""
    monkeypatch.setattr(sqlite3, "connect", torture.failing_connect(sqlite3.connect))
    for at in count(1):
        shop = a_troubled_shop(tmp_path / str(at))
        trouble = FailingConnection.meet(fault, at)
        said = await first_start(shop)
        trouble.is_over = True
        if not trouble.was_met:
            break
        assert_no_post_without_record(shop)
        is_done = set(shop.states().values()) <= {S.SAVED, S.FAILED, S.UNKNOWN}
        assert is_done or any(remedy in text for remedy in REMEDIES for text in said), said
        await second_start(shop, refused_without_record(shop))
    assert at > LEAST_COMMITS
    note_figures("torture: commits", numbers=at - 1)


def refused_without_record(shop: Shop) -> set[str]:
    """Name the clips without a task whose answer, a refusal, could not be recorded."""
    doubtful = {it.key.sku for it in shop.newest() if it.state in {S.INTENT, S.UNKNOWN}}
    return doubtful - shop.provider.bill.keys()


@pytest.mark.parametrize("fault", SUBMIT_FAULTS.values(), ids=SUBMIT_FAULTS)
@virtually
async def test_any_submit_may_fail(tmp_path: Path, fault: tuple[SubmitReply, bool]) -> None:
    """Only an answer that says nothing puts its clip in doubt, and only that clip."""
    for at in count(1):
        shop = a_troubled_shop(tmp_path / str(at))
        trouble = Trouble(at)
        shop.provider = provider = TroubledProvider(shop)
        provider.of_submit = (trouble, *fault)
        await first_start(shop)
        trouble.is_over = True
        if not trouble.was_met:
            break
        is_doubtful = isinstance(fault[0], Uncertain)
        await second_start(shop, {provider.struck or ""} if is_doubtful else (), REFUSED)
    assert at > LEAST_SUBMITS
    note_figures("torture: submits", numbers=at - 1)


@pytest.mark.parametrize("reply", POLL_FAULTS.values(), ids=POLL_FAULTS)
@virtually
async def test_any_poll_may_fail(tmp_path: Path, reply: PollReply) -> None:
    """Nothing is bought again, nothing is given up."""
    for at in count(1):
        shop = a_troubled_shop(tmp_path / str(at))
        trouble = Trouble(at)
        shop.provider = provider = TroubledProvider(shop)
        provider.of_poll = (trouble, reply)
        await first_start(shop)
        trouble.is_over = True
        if not trouble.was_met:
            break
        await second_start(shop)
    assert at > LEAST_POLLS
    note_figures("torture: polls", numbers=at - 1)


@pytest.mark.parametrize("step", ["fetch", "publish"])
@pytest.mark.parametrize("error", DISK_FAULTS.values(), ids=DISK_FAULTS)
@virtually
async def test_any_download_or_publication_may_fail(
    tmp_path: Path, error: Exception, step: str
) -> None:
    """The film comes home later; a disk that does not take it stops the run with a sentence."""
    for at in count(1):
        shop = a_troubled_shop(tmp_path / str(at))
        trouble = Trouble(at)
        shop.folder = TroubledFolder(tmp_path / str(at) / "out", shop, step, trouble, error)
        said = await first_start(shop)
        trouble.is_over = True
        if not trouble.was_met:
            break
        if isinstance(error, OSError):
            assert any("run again" in text for text in said), said
        await second_start(shop)
    assert at > LEAST_FILES
    note_figures("torture: films", numbers=at - 1)
