"""Carries a clip's sound over, with silence where the picture goes on without it.

Knows one stream in and one stream out; no picture and no file.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer

#: Enough for speech and music in two channels.
BIT_RATE = 128_000
#: A gap shorter than this is the encoder's own rounding (samples).
_LEAST_GAP = 2_048


class Sound:
    """Encodes the sound of a clip as AAC, sample after sample from the beginning."""

    def __init__(self, heard: AudioStream, container: OutputContainer) -> None:
        self._container = container
        self._rate = heard.codec_context.sample_rate
        layout = "mono" if heard.codec_context.channels == 1 else "stereo"
        self._stream = container.add_stream("aac", rate=self._rate, layout=layout)
        self._stream.bit_rate = BIT_RATE
        self._stream.codec_context.thread_count = 1
        #: A frame of the clip: silence has its format.
        self._like: av.AudioFrame | None = None
        self._samples = 0

    def add(self, frame: av.AudioFrame) -> None:
        """Encode what comes next; a gap before it is silence."""
        self._like = frame
        self._silence_until(frame.time or 0.0, _LEAST_GAP)
        self._encode(frame)

    def end(self, seconds: float) -> None:
        """Be silent until the picture ends, then write what the encoder still holds."""
        self._silence_until(seconds, 1)
        self._container.mux(self._stream.encode(None))

    def _silence_until(self, seconds: float, least: int) -> None:
        missing = round(seconds * self._rate) - self._samples
        if self._like is not None and missing >= least:
            for frame in _silence(self._like, missing):
                self._encode(frame)

    def _encode(self, frame: av.AudioFrame) -> None:
        frame.pts, frame.time_base = self._samples, Fraction(1, self._rate)
        self._samples += frame.samples
        self._container.mux(self._stream.encode(frame))


def _silence(like: av.AudioFrame, samples: int) -> Iterator[av.AudioFrame]:
    """Yield so many samples of silence, a second at most in each frame."""
    while samples > 0:
        length = min(samples, like.sample_rate)
        frame = av.AudioFrame(like.format.name, like.layout.name, length)
        frame.sample_rate = like.sample_rate
        for plane in frame.planes:
            # Unsigned samples rest in the middle.
            still = np.full(plane.buffer_size, 0x80 if "u8" in like.format.name else 0, np.uint8)
            plane.update(still.tobytes())
        samples -= length
        yield frame
