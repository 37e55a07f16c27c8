"""The nouns: what a clip is, what an attempt to buy it goes through, and where its money is.

    INTENT ──► REJECTED | REFUSED                          (released)
       │─────► UNKNOWN ──► ACCEPTED (adopted, or sent again) | DECLARED_UNPAID | WRITTEN_OFF
       └─────► ACCEPTED ──► SUCCEEDED ──► VERIFIED ──► SAVED
                   │             └──► PAID_NO_RESULT | EXPIRED
                   ├──► FAILED ───► REFUSED (not billed) | WRITTEN_OFF (billed)
                   ├──► STALLED ──► SUCCEEDED | FAILED | VANISHED | WRITTEN_OFF
                   └──► VANISHED ─► ACCEPTED | SUCCEEDED | FAILED
                                    | DECLARED_UNPAID | WRITTEN_OFF
    REFUSED | DECLARED_UNPAID ──► WRITTEN_OFF (a bill charges it after all)

An attempt is one purchase of a clip and carries its money; a clip has no record of its own: how it
stands is told by one of its attempts (`batchgen.deciding`). Pure: standard library only; no file,
clock, network or table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, NewType

from batchgen.errors import IllegalTransition
from batchgen.picture_fit import PictureFit

#: The provider's own name for a task; opaque to us.
TaskId = NewType("TaskId", str)


class AttemptState(StrEnum):
    """Where one purchase stands. The text is what the database holds."""

    #: Written before the POST; not known to be answered.
    INTENT = "intent"
    #: The POST was cut off or answered unintelligibly: it may have been bought.
    UNKNOWN = "unknown"
    #: Refused for now by a code that makes no task (busy, account trouble): may be sent again.
    REJECTED = "rejected"
    #: Refused for good by a code that makes no task, or a FAIL that the provider's bill does not
    #: charge: the same request is not sent again by itself.
    REFUSED = "refused"
    #: The provider gave a task id.
    ACCEPTED = "accepted"
    #: Alive past the give-up limit; still polled, never counted as failed.
    STALLED = "stalled"
    #: The provider says it does not know the id (any more).
    VANISHED = "vanished"
    #: The provider reported FAIL; whether it is billed is not documented.
    FAILED = "failed"
    #: The provider reported SUCCESS; the file is not here yet.
    SUCCEEDED = "succeeded"
    #: The bytes are on disk and checked, under a temporary name.
    VERIFIED = "verified"
    #: The file stands under its final name.
    SAVED = "saved"
    #: SUCCESS, but the link and the task are dead.
    EXPIRED = "expired"
    #: SUCCESS without any result to fetch.
    PAID_NO_RESULT = "paid_no_result"
    #: A person, or the provider's bill, says the doubtful call was not billed.
    DECLARED_UNPAID = "declared_unpaid"
    #: Paid for nothing: a person gives the doubtful call up, or the bill charges a call that
    #: brought no clip.
    WRITTEN_OFF = "written_off"


class MoneyPlace(StrEnum):
    """Where the price of an attempt stands (contract, section 2)."""

    RESERVED = "reserved"
    SPENT = "spent"
    AT_RISK = "at_risk"
    RELEASED = "released"


class Status(StrEnum):
    """What a person is told of a clip (contract, section 7)."""

    DONE = "done"
    READY = "ready"
    LOST = "lost"
    RUNNING = "running"
    PLANNED = "planned"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    INVALID = "invalid"


_S = AttemptState

#: Every legal move. The same table is written into the database as data.
MOVES: Mapping[AttemptState, frozenset[AttemptState]] = {
    _S.INTENT: frozenset({_S.REJECTED, _S.REFUSED, _S.UNKNOWN, _S.ACCEPTED}),
    # UNKNOWN -> UNKNOWN: the same request is sent again, or that told something more.
    _S.UNKNOWN: frozenset({_S.UNKNOWN, _S.ACCEPTED, _S.DECLARED_UNPAID, _S.WRITTEN_OFF}),
    _S.ACCEPTED: frozenset({_S.SUCCEEDED, _S.FAILED, _S.STALLED, _S.VANISHED}),
    _S.STALLED: frozenset({_S.SUCCEEDED, _S.FAILED, _S.VANISHED, _S.WRITTEN_OFF}),
    _S.VANISHED: frozenset(
        {_S.ACCEPTED, _S.SUCCEEDED, _S.FAILED, _S.DECLARED_UNPAID, _S.WRITTEN_OFF}
    ),
    # SUCCEEDED -> SUCCEEDED: the provider gave a fresh link.
    _S.SUCCEEDED: frozenset({_S.SUCCEEDED, _S.VERIFIED, _S.EXPIRED, _S.PAID_NO_RESULT}),
    _S.VERIFIED: frozenset({_S.SAVED, _S.SUCCEEDED}),
    # SAVED -> SUCCEEDED: the file was deleted while its link lives.
    _S.SAVED: frozenset({_S.SUCCEEDED}),
    _S.REJECTED: frozenset(),
    # REFUSED, DECLARED_UNPAID -> WRITTEN_OFF: the provider's bill charges it after all.
    _S.REFUSED: frozenset({_S.WRITTEN_OFF}),
    # FAILED -> ...: the provider's bill says whether the FAIL was charged.
    _S.FAILED: frozenset({_S.REFUSED, _S.WRITTEN_OFF}),
    _S.EXPIRED: frozenset(),
    _S.PAID_NO_RESULT: frozenset(),
    _S.DECLARED_UNPAID: frozenset({_S.WRITTEN_OFF}),
    _S.WRITTEN_OFF: frozenset(),
}

#: State -> (status a person sees, place of the money): the table of contract section 2.
MEANING: Mapping[AttemptState, tuple[Status, MoneyPlace]] = {
    _S.INTENT: (Status.UNCERTAIN, MoneyPlace.RESERVED),
    _S.UNKNOWN: (Status.UNCERTAIN, MoneyPlace.AT_RISK),
    _S.REJECTED: (Status.PLANNED, MoneyPlace.RELEASED),
    _S.REFUSED: (Status.FAILED, MoneyPlace.RELEASED),
    _S.ACCEPTED: (Status.RUNNING, MoneyPlace.RESERVED),
    _S.STALLED: (Status.RUNNING, MoneyPlace.RESERVED),
    _S.VANISHED: (Status.UNCERTAIN, MoneyPlace.AT_RISK),
    _S.FAILED: (Status.FAILED, MoneyPlace.AT_RISK),
    _S.SUCCEEDED: (Status.READY, MoneyPlace.SPENT),
    _S.VERIFIED: (Status.READY, MoneyPlace.SPENT),
    _S.SAVED: (Status.DONE, MoneyPlace.SPENT),
    _S.EXPIRED: (Status.LOST, MoneyPlace.SPENT),
    _S.PAID_NO_RESULT: (Status.LOST, MoneyPlace.SPENT),
    _S.DECLARED_UNPAID: (Status.PLANNED, MoneyPlace.RELEASED),
    _S.WRITTEN_OFF: (Status.FAILED, MoneyPlace.SPENT),
}

#: The task may be alive at the provider: it holds a slot and is polled.
ALIVE = frozenset({_S.ACCEPTED, _S.STALLED, _S.VANISHED})
#: Paid, and the file is still to be had.
FETCHABLE = frozenset({_S.SUCCEEDED, _S.VERIFIED})


def check_move(old: AttemptState, new: AttemptState) -> None:
    """Refuse a move that `MOVES` does not have.

    Raises:
        IllegalTransition: always a bug of ours.
    """
    if new not in MOVES[old]:
        move = f"{old} -> {new}"
        raise IllegalTransition(move)


@dataclass(frozen=True, slots=True, order=True)
class ClipKey:
    """The name of a clip: which product, which variant of it, which copy."""

    sku: str
    #: Labels of the matrix axes, or `main`.
    variant: str = "main"
    #: 1, 2, ...: wanted copies of the same request.
    take: int = 1

    def __str__(self) -> str:
        take = f" take {self.take}" if self.take > 1 else ""
        return f"{self.sku} / {self.variant}{take}"


@dataclass(frozen=True, slots=True)
class RemotePicture:
    """A picture that the provider fetches by its URL; what is known of it was seen by a probe."""

    url: str
    #: Hash of its bytes, where the job knows pictures again by them.
    sha256: str | None = None
    #: As a viewer shows it, in pixels.
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class LocalPicture:
    """A picture file that was opened, measured and hashed; it is sent as a data URL."""

    #: As the manifest names it, for people.
    name: str
    #: Absolute path.
    path: str
    #: Hash of the file's bytes as they lie on disk.
    sha256: str
    #: `png`, `jpeg` or `webp`.
    format: str
    width: int
    height: int
    size_bytes: int


Picture = RemotePicture | LocalPicture


@dataclass(frozen=True, slots=True)
class ClipRequest:
    """Everything that is sent for one clip, save the request id. Values are those of the API.

    `fit` alone is ours: it says what is done to the pictures first.
    """

    model: str
    prompt: str
    pictures: tuple[Picture, ...]
    #: `1280x720`.
    size: str
    #: Seconds.
    duration: int
    movement_amplitude: str
    with_audio: bool
    #: Only where the model has it, else None.
    aspect_ratio: str | None = None
    #: End-user id, 6 to 128 characters, or None.
    user_id: str | None = None
    #: How its pictures are shaped before they are sent; None: they are sent as they are.
    fit: PictureFit | None = None


@dataclass(frozen=True, slots=True)
class AccountScope:
    """Whose account: what is done and what it cost is kept per scope."""

    #: `bigmodel`, `zai` or `simulator`.
    provider: str
    #: The name the job gives it, never the key.
    name: str
    #: Host name of the API without port; `simulator` for the embedded one.
    host: str

    def __str__(self) -> str:
        return f"{self.provider}:{self.name}@{self.host}"


@dataclass(frozen=True, slots=True)
class Intent:
    """A purchase that is about to be made: what the state writes down before the POST."""

    key: ClipKey
    request_id: str
    #: Fingerprint of the request (see `plan.clips.identity`).
    fingerprint: str
    model: str
    #: Frozen price of the call, in `currency`.
    price: Decimal
    currency: str
    #: What was asked for, without picture bytes; goes to provenance and results.
    request: Mapping[str, Any]
    #: Id of the order that asks for it again, or None.
    order_id: int | None = None
    #: Values of the manifest columns that budgets count by.
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One purchase as the state knows it. Times are UTC seconds since the epoch."""

    id: int
    account: AccountScope
    key: ClipKey
    #: 1 for the first purchase of the clip, and so on.
    number: int
    state: AttemptState
    request_id: str
    fingerprint: str
    model: str
    price: Decimal
    currency: str
    request: Mapping[str, Any]
    job: str
    run_id: str
    #: Absolute path of the output folder its run wrote to.
    output: str
    created_at: float
    order_id: int | None = None
    #: When the provider's answer with the task id was recorded; while in doubt: when the request
    #: was sent again.
    submitted_at: float | None = None
    #: When SUCCESS or FAIL was seen.
    finished_at: float | None = None
    downloaded_at: float | None = None
    task_id: TaskId | None = None
    error_code: str | None = None
    error: str | None = None
    video_url: str | None = None
    cover_url: str | None = None
    url_expires_at: float | None = None
    #: Relative to the output folder, with forward slashes.
    file: str | None = None
    sha256: str | None = None
    size_bytes: int | None = None
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    #: Values of the columns that budgets counted by when it was bought.
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> Status:
        """What a person is told of the clip."""
        return MEANING[self.state][0]

    @property
    def money(self) -> MoneyPlace:
        """Where the price of this attempt stands."""
        return MEANING[self.state][1]

    @property
    def is_adopted(self) -> bool:
        """Its task was named by a person or a bill, so it counts as submitted when it was made.

        One that was sent again before it was adopted cannot be told from an answered one.
        """
        return self.task_id is not None and self.submitted_at == self.created_at

    @property
    def is_given_up(self) -> bool:
        """It was written off without an end seen; a FAIL that was charged had its end."""
        return self.state is AttemptState.WRITTEN_OFF and self.finished_at is None


@dataclass(frozen=True, slots=True)
class Balance:
    """Sums of one purse, in its currency."""

    reserved: Decimal = Decimal(0)
    at_risk: Decimal = Decimal(0)
    spent: Decimal = Decimal(0)

    @property
    def committed(self) -> Decimal:
        """The worst case: everything that is or may become a charge."""
        return self.reserved + self.at_risk + self.spent
