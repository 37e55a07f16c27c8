"""The films that a bench server sends: made with PyAV, padded to a size with a `free` box."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import numpy as np


def make_film(path: Path, *, width: int = 320, height: int = 180, size_bytes: int = 0) -> Path:
    """Write a film of four seconds at 24 frames a second; pad it to a size in bytes."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(4 * 24):
            pixels = np.full((height, width, 3), 90, dtype=np.uint8)
            pixels[:, : width * (number + 1) // 100] = 200
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    missing_bytes = size_bytes - path.stat().st_size
    if missing_bytes >= 8:
        with path.open("ab") as file:
            file.write(struct.pack(">I4s", missing_bytes, b"free") + bytes(missing_bytes - 8))
    return path
