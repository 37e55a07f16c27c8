"""Where clips are shown: what a platform asks of a clip, as dated values. Pure.

The values stand in `platforms.yaml`, which `job.presets` reads. What follows from them for a job is
told in `plan.clips.objections`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

_Ratio = Annotated[str, Field(pattern=r"^[1-9]\d{0,4}:[1-9]\d{0,4}$")]
_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Platform(BaseModel):
    """One place where clips are shown. What is not known is None, and not judged."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: What it is, for people.
    title: str
    #: Shapes it takes, the usual one first; empty: any.
    ratios: tuple[_Ratio, ...] = ()
    #: Fewest pixels of the two sides, `540x960`.
    least: Annotated[str, Field(pattern=r"^[1-9]\d{0,4}x[1-9]\d{0,4}$")] | None = None
    min_length_s: _Positive | None = None
    max_length_s: _Positive | None = None
    #: Largest file, in megabytes of 1,000,000 bytes.
    max_mb: _Positive | None = None
    #: Whether a picture may be padded to the shape.
    bars: bool = True
    #: Where it was read, and how far that may be trusted; `own`: the user's word.
    source: str = ""
    trust: Literal["doc", "second-hand", "own"] = "own"
    checked_on: date | None = None

    @property
    def ratio(self) -> str | None:
        """The shape that naming the platform asks for."""
        return self.ratios[0] if self.ratios else None

    @property
    def least_side(self) -> int:
        """Pixels that the short side of a clip needs."""
        return min(map(int, self.least.split("x"))) if self.least else 0
