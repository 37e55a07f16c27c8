"""How long tasks take: the chance of each duration, on a logarithmic grid of ages.

Pure values; knows neither where a law comes from nor what is asked when.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Row: TypeAlias = npt.NDArray[np.float64]

#: The grid begins here (seconds), has cells of this width in log-seconds, and ends after 5.8 h.
FIRST_S = 0.1
STEP = 1 / 64
SIZE = 784
#: Middle of each cell, in log-seconds.
MIDDLES: Row = math.log(FIRST_S) + STEP * (np.arange(SIZE, dtype=np.float64) + 0.5)
#: The ages between which the cells lie, in seconds: one more than there are cells.
BOUNDS_S: Row = FIRST_S * np.exp(np.linspace(0.0, STEP * SIZE, SIZE + 1, dtype=np.float64))


def cells_of(ages_s: Row) -> npt.NDArray[np.intp]:
    """Give the cell of each age; ages beyond the grid are in its first or last one."""
    return np.clip(np.searchsorted(BOUNDS_S, ages_s) - 1, 0, SIZE - 1)


@dataclass(frozen=True, eq=False)
class Law:
    """The durations that tasks have."""

    #: The chance to end in each cell; what is missing to 1 ends later than the grid.
    mass: Row

    @cached_property
    def ended(self) -> Row:
        """The chance to have ended, by `BOUNDS_S`."""
        return np.minimum(np.concatenate(([0.0], np.cumsum(self.mass))), 1.0)

    @cached_property
    def median_s(self) -> float:
        """The age by which half of the tasks have ended."""
        return self.age_s(0.5)

    def age_s(self, share: float) -> float:
        """Give the age by which this share of the tasks has ended."""
        return float(BOUNDS_S[np.searchsorted(self.ended[:-1], share)])

    def ended_by(self, ages_s: Row) -> Row:
        """Give the chance to have ended by each age."""
        return np.interp(ages_s, BOUNDS_S, self.ended)

    def hazard_by(self, ages_s: Row) -> Row:
        """Give the hazard that a task has lived through by each age, added up: -log(alive)."""
        alive: Row = np.maximum(1.0 - self.ended_by(ages_s), 1e-12)
        return -np.log(alive)
