"""The films that the truth server makes: small, real, and different for every task."""

from __future__ import annotations

import io
import struct
from functools import lru_cache

import av
import numpy as np


@lru_cache(maxsize=1)
def plain_film() -> bytes:
    """Encode four seconds of 64x36 as H.264, with the index (`moov`) as the last box."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=2)
        stream.width, stream.height, stream.pix_fmt = 64, 36, "yuv420p"
        for shade in range(8):
            pixels = np.full((36, 64, 3), shade * 30, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return file.getvalue()


def film_of(task_id: str) -> bytes:
    """Give the film of one task: the plain one, with the task's name inside its index.

    The name stands in the last box, so that a film that is cut anywhere is no whole film.
    """
    film = plain_film()
    start = _index_start(film)
    name = task_id.encode()
    mark = struct.pack(">I4s", 8 + len(name), b"free") + name
    index = film[start + 8 :] + mark
    return film[:start] + struct.pack(">I4s", 8 + len(index), b"moov") + index


def _index_start(film: bytes) -> int:
    """Find the last box and make sure that it is the index."""
    start = 0
    while True:
        size, kind = struct.unpack_from(">I4s", film, start)
        if start + size == len(film):
            break
        start += size
    if kind != b"moov":
        raise ValueError(f"the film ends with {kind!r}, not with its index")
    return start
