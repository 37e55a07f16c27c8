"""Whose the output folder is: a file in it names the account and the state that filled it.

Without it, a run on another state would buy everything again, and an old copy of the right one
what was bought since. Knows neither how a state is read nor how a folder is filled.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import reduce
from pathlib import Path

from batchgen.clip import AccountScope
from batchgen.errors import InputError, StateError
from batchgen.messages import Message, msg
from batchgen.output.disk import write_whole

OWNER_FILE = ".batchgen-owner.json"


@dataclass(frozen=True, slots=True)
class Owner:
    """What the owner file says."""

    #: The state's own name.
    state: str
    provider: str
    account: str
    host: str
    #: The last start of the state that filled the folder.
    epoch: int
    #: How many attempts and events the state had then.
    changes: int = 0


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who wants to fill the folder."""

    account: AccountScope
    #: Where the state lies.
    state: Path
    #: The state's own name; None where there is no state yet.
    state_id: str | None
    #: Which start of the state it would be.
    epoch: int
    #: How many attempts and events the state has.
    changes: int = 0


def owner_of(root: Path) -> Owner | None:
    """Read whose the folder is; None when it is nobody's yet; blocks.

    Raises:
        InputError: it cannot be used.
    """
    path = root / OWNER_FILE
    try:
        if not path.exists():
            return None
        found = json.loads(path.read_bytes())
        counts = {"epoch": int(found["epoch"]), "changes": int(found.get("changes", 0))}
        return Owner(**{**found, **counts})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise _unusable(root, error) from error


def refuse_foreign(root: Path, owner: Owner | None, who: Claimant) -> None:
    """Refuse a folder that is another's.

    Raises:
        InputError: it belongs to another account or state.
        StateError: the state had come as far as this, or farther, when it filled the folder before:
            it is an old copy.
    """
    if owner is None:
        return
    of_account = list(_other_account(owner, who.account))
    if of_account:
        raise InputError(
            msg(
                "the output folder {folder} belongs to another account ({differences}); nothing"
                " was sent. Name another folder with --output",
                folder=root,
                differences=reduce(lambda a, b: msg("{a}; {b}", a=a, b=b), of_account),
            )
        )
    if owner.state != who.state_id:
        raise InputError(
            msg(
                "the clips in {folder} were bought under a state that is not here; nothing was"
                " sent. If {state} was deleted or moved, put it back; with another --output"
                " everything is bought again",
                folder=root,
                state=who.state,
            )
        )
    if owner.epoch >= who.epoch or owner.changes > who.changes:
        raise StateError(
            msg(
                "the output folder {folder} was filled by a newer copy of the state {state};"
                " nothing was sent. Put the newest one back. If that is gone for good: `batchgen"
                " ledger JOB --reconcile BILL` shows as theirs only what this one does not know"
                " and would buy again; to go on with it, delete {file} in that folder",
                folder=root,
                state=who.state,
                file=OWNER_FILE,
            )
        )


def claim(root: Path, who: Claimant) -> None:
    """Make the output folder ours; blocks. Raises what `refuse_foreign` and `record` raise."""
    refuse_foreign(root, owner_of(root), who)
    record(root, who)


def record(root: Path, who: Claimant) -> None:
    """Write down whose the folder is, and how far its state has come; blocks.

    Raises:
        InputError: it cannot be written.
    """
    account = who.account
    owner = Owner(
        state=str(who.state_id),
        provider=account.provider,
        account=account.name,
        host=account.host,
        epoch=who.epoch,
        changes=who.changes,
    )
    try:
        root.mkdir(parents=True, exist_ok=True)
        text = json.dumps(asdict(owner), ensure_ascii=False, indent=2)
        write_whole(root / OWNER_FILE, text.encode())
    except OSError as error:
        raise _unusable(root, error) from error


def _other_account(owner: Owner, ours: AccountScope) -> Iterator[Message]:
    """Say each thing in which the owner's account is not ours."""
    if owner.provider != ours.provider:
        yield msg("provider {theirs}, here {ours}", theirs=owner.provider, ours=ours.provider)
    if owner.account != ours.name:
        yield msg("account {theirs}, here {ours}", theirs=owner.account, ours=ours.name)
    if owner.host != ours.host:
        yield msg("host {theirs}, here {ours}", theirs=owner.host, ours=ours.host)


def _unusable(root: Path, error: Exception) -> InputError:
    return InputError(
        msg(
            "the output folder {folder} cannot be used ({reason}); name another with --output",
            folder=root,
            reason=error,
        )
    )
