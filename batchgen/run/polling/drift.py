"""Tells whether the provider has become slower or faster than the learned law, and how much.

Under the right law the hazards that tasks have lived through add up to the number of those that
ended, whatever part of them is still running. So the tasks started last are compared with the law:
when far more or far fewer have ended than it foretells, their times are another multiple of it.
Pure arithmetic; knows neither tasks nor what follows from it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from batchgen.run.polling.law import Law, Row

#: A task counts until it has lived through this hazard, so that a single stuck one proves nothing.
_MOST_HAZARD = 3.0
#: Twice the logarithm of the likelihood ratio from which on it is no chance: 3.5 deviations.
_SURE = 12.0
#: A law foretells no end at all below its shortest duration; this much less is as good as none.
_LEAST_FORETOLD = 1e-6
#: Speeds compared: up to twelve times slower or faster.
_FACTORS: Row = np.exp(np.linspace(-2.5, 2.5, 101))


class Sight(NamedTuple):
    """What is known of one task now."""

    #: The age at which it ended, or the last at which it was alive.
    age_s: float
    has_ended: bool


def slowdown(law: Law, recent: Sequence[Sight]) -> float:
    """Give how many times longer recent tasks take than the law says; 1.0 if that may be chance."""
    ages_s = np.array([sight.age_s for sight in recent])
    has_ended = np.array([sight.has_ended for sight in recent])
    ends, foretold = _compared(law.hazard_by(ages_s), has_ended)
    if _surprise(float(ends), float(foretold)) < _SURE:
        return 1.0
    # The slower tasks are thought to be, the fewer of their ends are foretold.
    ends, foretold = _compared(law.hazard_by(ages_s / _FACTORS[:, None]), has_ended)
    return float(_FACTORS[np.argmin(np.abs(ends - foretold))])


def _compared(hazards: Row, has_ended: npt.NDArray[np.bool_]) -> tuple[Row, Row]:
    """Count the ends that were seen, and those that were foretold."""
    ends = np.sum(has_ended & (hazards < _MOST_HAZARD), axis=-1)
    return ends.astype(float), np.sum(np.minimum(hazards, _MOST_HAZARD), axis=-1)


def _surprise(seen: float, foretold: float) -> float:
    """Give twice the log-likelihood ratio of a Poisson count against its expectation."""
    foretold = max(foretold, _LEAST_FORETOLD)
    told = 2 * (foretold - seen)
    return told + 2 * seen * math.log(seen / foretold) if seen else told
