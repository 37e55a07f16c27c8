"""The whole error tree. Each error carries a `Message` that says what, where and what to do next.

    BatchgenError
    ├── InputError              the person's input is wrong; nothing was sent (exit 2)
    │   ├── JobFileError        the job file
    │   ├── ManifestError       the catalogue as a whole cannot be read
    │   ├── PictureMoved        a local picture is gone or changed since it was planned
    │   ├── PromptError         a row's prompt cannot be made (`plan.clips.prompts`)
    │   ├── PlanMoved           `run --plan FILE`: something moved since FILE was saved
    │   └── SettingsError       a flag, variable or key
    ├── StateError              the state cannot be opened, trusted or written
    │   ├── DiskFull            its disk is full: nothing more is bought
    │   └── TaskIdKept          a task id could not be recorded, and is safe beside it
    ├── Busy                    another run holds the state or the account (exit 75)
    ├── NotAnswered             the provider did not tell; nothing was changed (exit 4)
    ├── BudgetExceeded          the next call would pass a budget; nothing was reserved
    ├── TaskIdTaken             the provider gave an id that another attempt has
    └── DownloadError           a paid clip is not here yet
        ├── LinkDead            the link answers 403, 404 or 410
        └── BadFile             bytes came, but they are not a whole clip

    IllegalTransition           a bug of ours, never shown as the user's fault

Library errors are turned into these once, at the edge that met them (`raise ... from`).
Exit codes are decided in `cli` alone.
"""

from __future__ import annotations

from batchgen.messages import Message


class BatchgenError(Exception):
    """Base of every error that a person may meet."""

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


class InputError(BatchgenError):
    """Something the person gave us is wrong; nothing was sent."""


class JobFileError(InputError):
    """The job file cannot be read or says something it may not."""

    def __init__(self, message: Message, *, details: tuple[Message, ...] = ()) -> None:
        super().__init__(message)
        #: One line for each fault found, in file order.
        self.details = details


class ManifestError(InputError):
    """The catalogue as a whole cannot be read (single rows have `Fault`s instead)."""


class PictureMoved(InputError):
    """A local picture is gone or no longer has the bytes that were planned."""


class PlanMoved(InputError):
    """The saved plan no longer fits the manifest, pictures, prices, job, account or selection."""


class SettingsError(InputError):
    """A flag, an environment variable or the key is missing or not allowed."""


class StateError(BatchgenError):
    """The state cannot be opened or cannot be trusted; nothing was sent."""


class DiskFull(StateError):
    """The state's disk is full; nothing more is bought."""


class TaskIdKept(StateError):
    """The state could not record an accepted submit; its task id is kept in the spool."""


class Busy(BatchgenError):
    """Another run holds this state or this account."""


class NotAnswered(BatchgenError):
    """The provider was asked and gave no usable answer; nothing was changed."""


class BudgetExceeded(BatchgenError):
    """The next call would pass a budget; nothing was reserved."""

    def __init__(self, message: Message, *, kind: str) -> None:
        super().__init__(message)
        #: Which budget: `run`, `job`, `day`, `month`, `sku` or `by:<column>`.
        self.kind = kind


class TaskIdTaken(BatchgenError):
    """The provider gave a task id that already belongs to another attempt."""


class DownloadError(BatchgenError):
    """A paid clip could not be fetched this time."""


class LinkDead(DownloadError):
    """The result link answers that the file is not (or no longer) there."""


class BadFile(DownloadError):
    """Bytes came, but they are not a complete clip."""


class IllegalTransition(Exception):
    """An attempt was told to make a move that the state machine does not have (our bug)."""
