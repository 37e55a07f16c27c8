"""The folder of a rehearsal: its own, marked as such, held while it is used, emptied before."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from batchgen.errors import InputError
from batchgen.messages import msg
from batchgen.output.owner import owner_of
from batchgen.state.locks import hold

#: Stands in every folder that a rehearsal made, and in no other.
MARK = ".batchgen-rehearsal"
_LOCK = f"{MARK}.lock"
_KEPT = {MARK, _LOCK, f"{MARK}.holder"}


def beside(output: Path) -> Path:
    """Give the folder of a job's rehearsals: beside its output folder."""
    return output.with_name(f"{output.name}.rehearsal")


@contextmanager
def own_folder(folder: Path) -> Iterator[None]:
    """Make the folder, hold it while the block lasts, and empty it at the start.

    Raises:
        InputError: something that is no rehearsal's lies there, or the folder cannot be used.
        Busy: another rehearsal uses it.
        StateError: its lock cannot be made.
    """
    with _usable(folder):
        _mark(folder)
    with hold(folder / _LOCK, msg("the rehearsal in {folder}", folder=folder)):
        with _usable(folder):
            _empty(folder)
        yield


@contextmanager
def _usable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            msg(
                "the rehearsal cannot use the folder {folder} ({reason}): name another with"
                " --output",
                folder=folder,
                reason=error.strerror or type(error).__name__,
            )
        ) from error


def _mark(folder: Path) -> None:
    if _is_foreign(folder):
        raise InputError(
            msg(
                "{folder} holds something else than a rehearsal, so it is not emptied:"
                " move it away, or name another folder with --output",
                folder=folder,
            )
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()


def _is_foreign(folder: Path) -> bool:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        return True
    if not folder.is_dir() or not any(folder.iterdir()):
        return False
    return not (folder / MARK).is_file() or _has_paid_films(folder)


def _has_paid_films(folder: Path) -> bool:
    """Tell whether a real run filled the folder after a rehearsal had marked it."""
    try:
        owner = owner_of(folder)
    except InputError:
        return True
    return owner is not None and owner.provider != "simulator"


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name in _KEPT:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
