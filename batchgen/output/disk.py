"""Put files on disk so that a crash leaves the old one or the new one, never half of one.

Knows nothing of clips or tables. Everything here blocks: call it in a thread.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

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


@contextmanager
def beside(target: Path) -> Iterator[BinaryIO]:
    """Open a temporary file in the target's folder (`temporary_name`); it is synced at the end.

    A link planted under the temporary name is removed, not followed. Where the block fails, the
    file is removed.
    """
    temporary = temporary_name(target)
    temporary.unlink(missing_ok=True)
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def temporary_name(target: Path) -> Path:
    """Give the name under which a file's next content is written."""
    return target.with_name(f".{target.name}.tmp")


def write_beside(target: Path, content: bytes) -> Path:
    """Write and fsync the content under a temporary name in the target's folder; give that name."""
    with beside(target) as file:
        file.write(content)
    return temporary_name(target)


def write_whole(target: Path, content: bytes) -> None:
    """Give the file this content, durably, in one step."""
    temporary = write_beside(target, content)
    crash_point("whole-before-rename")
    replace_patiently(temporary, target)
    crash_point("whole-after-rename")
    sync_folder(target.parent)


def take_free_name(
    temporary: Path, target: Path, *, replace: Callable[[Path, Path], None] = os.replace
) -> Path:
    """Rename a whole file to the target, or `name (2).ext`, `(3)`, ... where that is held open.

    Returns the path that it has now.
    """
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
