"""The port to a video provider: what the runner may ask, and every answer it can get. Pure.

The runner matches on these values; it never sees HTTP, JSON or a status code. What each code of
the API means is decided in `provider.codes`, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from batchgen.clip import ClipRequest, TaskId


class Reaction(StrEnum):
    """What a refusal asks of the runner."""

    #: Too fast, or the provider is busy: same clip again later, with back-off.
    RETRY = "retry"
    #: The account is full: fewer at once, then the same clip again; not the clip's fault.
    HOLD = "hold"
    #: Buy nothing more in this run; bring home what is alive.
    STOP_RUN = "stop-run"
    #: Buy nothing more of this model in this run.
    STOP_MODEL = "stop-model"
    #: This clip's request is refused for good; the run goes on.
    FAIL_CLIP = "fail-clip"


class StopReason(StrEnum):
    """Why a run stopped early: the `stopped` field of `run --json`."""

    BUDGET = "budget"
    KEY = "key"
    BALANCE = "balance"
    ACCOUNT = "account"
    DISK = "disk"
    STATE = "state"
    UNCERTAIN = "uncertain"
    DOWNLOADS = "downloads"
    WINDOW = "window"
    SIGNAL = "signal"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider made a task: the call is bought."""

    task_id: TaskId


@dataclass(frozen=True, slots=True)
class Refused:
    """A complete answer with a code that makes no task: nothing was bought."""

    code: str
    #: The provider's own words, at most 500 characters, without secrets.
    text: str
    reaction: Reaction
    #: For `STOP_RUN`: why.
    stop: StopReason | None = None
    #: The provider's Retry-After, when given and sane.
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class NotSent:
    """No connection was handed over: nothing was bought."""

    text: str
    #: A bad certificate or address does not mend itself.
    stop: StopReason | None = None


@dataclass(frozen=True, slots=True)
class Uncertain:
    """The request may have arrived; no usable answer came."""

    text: str
    code: str | None = None
    #: Set when every other submit would end the same way: the address redirects.
    stop: StopReason | None = None


@dataclass(frozen=True, slots=True)
class Repeated:
    """The provider has a request with this id already: an earlier submit of it did arrive.

    What became of that one is not told, nor its task id.
    """

    text: str


#: What is kept as the error code of an attempt that was answered with `Repeated`.
REPEATED_CODE = "1231"

SubmitReply = Accepted | Refused | NotSent | Uncertain | Repeated


@dataclass(frozen=True, slots=True)
class StillProcessing:
    """The task is alive (or its state has a name we do not know)."""


@dataclass(frozen=True, slots=True)
class TaskSucceeded:
    """The task ended with a result; `video_url` is None when the answer carries no link."""

    video_url: str | None
    cover_url: str | None = None


@dataclass(frozen=True, slots=True)
class TaskFailed:
    """The task ended with FAIL; why is not always told."""

    code: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class TaskUnknown:
    """The provider says that it does not know the task id."""

    text: str


@dataclass(frozen=True, slots=True)
class PollTrouble:
    """No usable answer; polling again costs nothing."""

    text: str
    #: Set when polling again is useless until a person mends something (key, account).
    stop: StopReason | None = None
    retry_after_s: float | None = None
    #: The request id that the answer names, when it is another than was asked with.
    other_request_id: str | None = None


PollReply = StillProcessing | TaskSucceeded | TaskFailed | TaskUnknown | PollTrouble


@dataclass(frozen=True, slots=True)
class Prepared:
    """A submit request ready to be sent: body built, pictures read and encoded."""

    request_id: str
    #: The whole JSON body.
    body: bytes

    def __repr__(self) -> str:
        return f"Prepared({self.request_id}, {len(self.body)} bytes)"


class VideoProvider(Protocol):
    """One account at one provider."""

    async def prepare(self, request: ClipRequest, request_id: str) -> Prepared:
        """Read and encode the pictures and build the body, before anything is promised or sent.

        Raises:
            InputError: a picture is gone or no longer has the bytes that were planned.
        """

    async def turn(self) -> None:
        """Wait until the account may send one more submit; at once when it sends few.

        Asked before anything is promised: what is promised is sent at once, so that a crash leaves
        no more in doubt than is in the air. May be cancelled.
        """

    async def submit(self, prepared: Prepared) -> SubmitReply:
        """Send one paid request, once. Never raises for anything the network or the API does.

        Must not be cancelled while in the air: a cancelled submit is an uncertain one.
        """

    async def poll(self, task_id: TaskId, request_id: str) -> PollReply:
        """Ask for a task's state. Safe to repeat and to cancel; never raises for the network."""
