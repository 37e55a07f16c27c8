"""A little disk space kept back beside the state, for the records that a full disk must not refuse.

It is given up once, when the state cannot grow any more: what is in the air can then still be
recorded. Making it also proves, before anything is sent, that the folder takes a synced file.
"""

from __future__ import annotations

import os
from pathlib import Path

#: Enough for the records of some hundred clips.
_SIZE_BYTES = 1024 * 1024
_BLOCK = bytes(64 * 1024)


def reserve_path(state: Path) -> Path:
    """Give where the reserve of a state lies: beside it."""
    return state.with_name(f"{state.name}.reserve")


def make_reserve(state: Path) -> None:
    """Keep space back, unless it is there already. Blocks.

    Raises:
        OSError: the disk is full or the folder may not be written.
    """
    path = reserve_path(state)
    if path.exists() and path.stat().st_size == _SIZE_BYTES:
        return
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(handle, 0, _SIZE_BYTES)
        else:
            for _ in range(_SIZE_BYTES // len(_BLOCK)):
                os.write(handle, _BLOCK)
        os.fsync(handle)
    finally:
        os.close(handle)


def release_reserve(state: Path) -> bool:
    """Give the space up; False when there is none left."""
    try:
        reserve_path(state).unlink()
    except OSError:
        return False
    return True
