"""Put files on disk so that a crash leaves the old one or the new one, never half of one.

Knows nothing of clips or tables. Everything here blocks: call it in a thread.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from batchgen.crash_points import crash_point

#: Times that a replace is tried while a virus scanner or indexer holds the file (Windows).
_REPLACE_TRIES = 10
_REPLACE_PAUSE_S = 0.2


def replace_patiently(
    source: Path,
    target: Path,
    *,
    replace: Callable[[Path, Path], None] = os.replace,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Rename over the target, waiting a little for whoever holds it.

    Raises:
        PermissionError: it is still held after two seconds.
    """
    for _ in range(_REPLACE_TRIES - 1):
        try:
            replace(source, target)
        except PermissionError:
            pause(_REPLACE_PAUSE_S)
        else:
            return
    replace(source, target)


def sync_folder(folder: Path) -> None:
    """Make renames inside a folder durable, where the system has a way to."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_beside(target: Path, content: bytes) -> Path:
    """Write and fsync the content under a temporary name in the target's folder; give that name.

    A link planted under the temporary name is removed, not followed.
    """
    temporary = target.with_name(f".{target.name}.tmp")
    temporary.unlink(missing_ok=True)
    with temporary.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return temporary


def write_whole(target: Path, content: bytes) -> None:
    """Give the file this content, durably, in one step."""
    temporary = write_beside(target, content)
    crash_point("whole-before-rename")
    replace_patiently(temporary, target)
    crash_point("whole-after-rename")
    sync_folder(target.parent)


def write_free_name(
    target: Path, content: bytes, *, replace: Callable[[Path, Path], None] = os.replace
) -> Path:
    """Give the file this content, or `name (2).ext`, `(3)`, ... where another program holds it.

    Returns the path that was written.
    """
    temporary = write_beside(target, content)
    crash_point("table-before-rename")
    names = [target.name, *(f"{target.stem} ({n}){target.suffix}" for n in range(2, 10))]
    for name in names[:-1]:
        try:
            replace(temporary, target.with_name(name))
        except PermissionError:
            continue
        return target.with_name(name)
    replace(temporary, target.with_name(names[-1]))
    return target.with_name(names[-1])
