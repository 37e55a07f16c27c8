"""Makes the second file of one clip: under a temporary name, checked, then in one step its own.

A clip that is as it should be is copied (a link would let an edit of one change the other). A file
that is too large is made again with fewer bits. Blocks: call it in a thread.
"""

from __future__ import annotations

import hashlib
import math
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from batchgen.errors import BadFile
from batchgen.job.schema import Finish
from batchgen.messages import msg
from batchgen.output.disk import replace_patiently
from batchgen.output.finishing.film import FilmFacts, Order, encode, read_film
from batchgen.output.finishing.record import Original, note, stands
from batchgen.output.finishing.shape import NotFinished, Shape, shape_of
from batchgen.output.finishing.sound import BIT_RATE as SOUND_BIT_RATE
from batchgen.output.mp4 import read_mp4
from batchgen.output.names import finished_file

#: How often a file is made smaller, and how far below the cap each time.
_TRIES = 4
_MARGIN = 0.92
#: Bits a second that no picture can do without.
_LEAST_BIT_RATE = 2_000
_MEGABYTE = 1_000_000


def make_second(
    root: Path, original: Original, finish: Finish, is_wanted: Callable[[], bool]
) -> bool:
    """Make a clip's second file in an output folder; False: it stood already.

    What cannot be made leaves none of its name: an older one would have another shape.

    Raises:
        NotFinished: the clip cannot be made into that.
        Abandoned: `is_wanted` said no; an older one stays.
        OSError: the disk is full or may not be written.
    """
    if stands(root, original, finish):
        return False
    source, final = root / original.file, root / finished_file(original.file)
    _refuse_links(root, source)
    part = final.with_name(f"{final.name}.part")
    part.unlink(missing_ok=True)  # also a link that was planted: it is not written through
    try:
        _write(source, part, finish, is_wanted)
        told = _facts(part)
        replace_patiently(part, final)
    except NotFinished:
        final.unlink(missing_ok=True)
        raise
    finally:
        part.unlink(missing_ok=True)
    note(root, original, finish, told)
    return True


def _write(source: Path, part: Path, finish: Finish, is_wanted: Callable[[], bool]) -> None:
    facts = read_film(source)
    shape = shape_of(facts.size, facts.rate, finish)
    most_bytes = math.inf if finish.max_mb is None else finish.max_mb * _MEGABYTE
    if _is_so_already(facts, shape, finish) and source.stat().st_size <= most_bytes:
        shutil.copyfile(source, part)
        return
    order = Order(shape, finish.fill, finish.level, facts.rate, finish.hold_to or 0.0)
    sound_bit_rate = SOUND_BIT_RATE if facts.has_sound else 0
    size_bytes = 0
    for _ in range(_TRIES):
        seconds = encode(source, part, order, is_wanted)
        size_bytes = part.stat().st_size
        if size_bytes <= most_bytes:
            return
        used, allowed = (8 * size / seconds - sound_bit_rate for size in (size_bytes, most_bytes))
        bit_rate = int((order.bit_rate or used) * allowed / max(used, 1) * _MARGIN)
        if bit_rate < _LEAST_BIT_RATE:
            break
        order = replace(order, bit_rate=bit_rate)
    raise NotFinished(
        msg(
            "it has {size} MB even at the lowest bit rate, {most} MB are allowed: allow more"
            " with finish.max_mb",
            size=_megabytes(size_bytes),
            most=finish.max_mb,
        )
    )


def _is_so_already(facts: FilmFacts, shape: Shape, finish: Finish) -> bool:
    """Tell whether a clip is what is asked for as it stands, but for its size in bytes."""
    return (
        facts.is_high
        and facts.is_fast_start
        and 0 < facts.level <= int(finish.level.replace(".", ""))
        and facts.size == shape.canvas == shape.cut
        and facts.duration_s >= (finish.hold_to or 0.0) - 0.5 / facts.rate
    )


def _facts(part: Path) -> dict[str, Any]:
    """Check a second file, make it durable, and give what is told of it."""
    try:
        film = read_mp4(part)
    except BadFile as error:
        raise NotFinished(error.message) from error
    with part.open("rb+") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    return {
        "sha256": digest,
        "bytes": part.stat().st_size,
        "width": film.width,
        "height": film.height,
        "duration_s": film.duration_s,
    }


def _refuse_links(root: Path, file: Path) -> None:
    """Refuse a clip that is not really below the output folder.

    Raises:
        NotFinished: somebody put a link in its way, or it is gone.
    """
    if not file.is_file():
        raise NotFinished(msg("its file is not there: `run` puts it back"))
    if file.resolve() != root.resolve() / file.relative_to(root):
        raise NotFinished(
            msg("{path} is a link: nothing is written through it; remove it", path=file)
        )


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / _MEGABYTE:.3g}"
