"""Learns a law of durations from what polls have told, from the very first one on.

A poll tells only that a task had or had not ended: a duration is known to lie between two ages,
that of a task still running to lie beyond its age. Both count.

    nothing ended yet    lognormal laws of every scale and width, weighed by the ages survived
    a few have ended     the same, weighed by those durations too
    eight and more       a blend of that with smoothed counts (kernel densities) of four widths,
                         each weighed by how well it foretells a duration that was left out

Always with a little of what was believed before anything was seen, so that nothing is impossible.
Pure arithmetic; knows no clock and no tasks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from batchgen.run.polling.law import BOUNDS_S, MIDDLES, SIZE, STEP, Law, Row, cells_of

#: Before anything is seen, every scale between these is as likely as any other (seconds).
_USUAL_S = (1.0, 1800.0)
#: Widths of lognormal laws, and which of them is the likeliest at first.
_WIDTHS: Row = np.geomspace(0.05, 1.2, 14)
_USUAL_WIDTH, _WIDTH_SPREAD = 0.3, 0.7
#: What was believed first weighs as much as this part of one duration seen.
_PRIOR_WEIGHT = 0.2
#: Durations from which on counts are worth smoothing.
_ENOUGH = 8
#: Widths of the smoothing, in standard deviations x count^-0.2, and the least (log-seconds).
_SMOOTHING: Row = np.array([0.15, 0.3, 0.55, 1.0])
_LEAST_SMOOTHING = 0.02
#: Free parameters of a lognormal law: seen durations fit it better than new ones, by this.
_PARAMETERS = 2
#: Rounds in which durations are spread within their bounds by the law, and the law learned again.
_ROUNDS = 2
_BLENDING_ROUNDS = 30
_LENGTH = 2048
_TINY = 1e-300
#: Chances below this are the noise of a sum.
_RULED_OUT = 1e-9


class Seen(NamedTuple):
    """A duration as polls tell it."""

    #: The task was alive at this age.
    after_s: float
    #: It had ended by this age.
    by_s: float


def learned_law(ended: Sequence[Seen], alive_s: Sequence[float]) -> Law:
    """Learn how long tasks take; `alive_s` are ages at which running tasks had not ended."""
    survived = _counted([age_s for age_s in alive_s if age_s > BOUNDS_S[0]])
    if not ended:
        return Law(_lognormal(np.zeros(SIZE), survived))
    first = _before_anything()
    smooth = first
    for _ in range(_ROUNDS):
        smooth = _lognormal(_spread(ended, smooth), survived)
    mass = smooth
    if len(ended) >= _ENOUGH:
        for _ in range(_ROUNDS):
            mass = _blended(_spread(ended, mass), _put_off(survived, mass), smooth)
    share = len(ended) / (len(ended) + _PRIOR_WEIGHT)
    return Law(share * mass + (1 - share) * first)


@cache
def _before_anything() -> Row:
    return _lognormal(np.zeros(SIZE), np.zeros(SIZE))


# ---------------------------------------------------------------- counting


def _counted(ages_s: Sequence[float]) -> Row:
    return np.bincount(cells_of(np.array(ages_s)), minlength=SIZE).astype(float)


def _spread(ended: Sequence[Seen], mass: Row) -> Row:
    """Count durations by cell; one whose bounds are cells apart is shared out as the law has it."""
    bounds = np.log(np.maximum(np.array(ended), BOUNDS_S[0]))
    low, high = np.searchsorted(MIDDLES, bounds.T, side="right")
    below = np.concatenate(([0.0], np.cumsum(mass)))
    inside = below[high] - below[low]
    # What the law rules out cannot be shared out by it.
    is_wide = (high - low > 1) & (inside > _RULED_OUT)
    counts = _counted(list(np.exp(bounds[~is_wide].mean(axis=1))))
    low, high = low[is_wide], high[is_wide]
    weight = 1 / inside[is_wide]
    edges = np.zeros(SIZE + 1)
    np.add.at(edges, low, weight)
    np.add.at(edges, high, -weight)
    shared: Row = counts + mass * np.maximum(np.cumsum(edges[:SIZE]), 0.0)
    return shared


def _put_off(survived: Row, mass: Row) -> Row:
    """Count running tasks by the cell in which they will end, as the law has it."""
    later = np.maximum(np.cumsum(mass[::-1])[::-1], _TINY)
    counts: Row = mass * np.cumsum(survived / later)
    return counts


# ---------------------------------------------------------------- lognormal laws


def _lognormal(counts: Row, survived: Row) -> Row:
    """Average lognormal laws of every scale and width by how likely they make what was seen."""
    likely = _scales() + _width_weights()[:, None] + _survival(survived)
    total = counts.sum()
    if total:
        mean = counts @ MIDDLES / total
        misfit = counts @ (MIDDLES - mean) ** 2 + total * (MIDDLES - mean) ** 2
        width = _WIDTHS[:, None]
        likely = likely - misfit / (2 * width**2) - total * np.log(width)
    weights = np.exp(likely - likely.max())
    weights /= weights.sum()
    counting = weights.sum(axis=1) > 1e-6
    smoothed: Row = _smoothed(weights[counting], _WIDTHS[counting]).sum(axis=0)
    return smoothed


def _scales() -> Row:
    """Give the first belief in each scale, as logarithm: even, and falling off at both ends."""
    low, high = np.log(_USUAL_S)
    beliefs: Row = np.minimum(0.0, np.minimum(2 * (MIDDLES - low), high - MIDDLES))
    return beliefs


def _width_weights() -> Row:
    weights: Row = -0.5 * (np.log(_WIDTHS / _USUAL_WIDTH) / _WIDTH_SPREAD) ** 2
    return weights


def _survival(survived: Row) -> Row:
    """Give, by width and scale, the logarithm of the chance to survive all these ages."""
    if not survived.any():
        return np.zeros((len(_WIDTHS), SIZE))
    product = np.fft.rfft(survived, 2 * _LENGTH) * _survival_spectra()
    found: Row = np.fft.irfft(product, 2 * _LENGTH)[:, SIZE - 1 : 2 * SIZE - 1]
    return found


@cache
def _survival_spectra() -> npt.NDArray[np.complex128]:
    distances = STEP * np.arange(SIZE - 1, -SIZE, -1)
    table = [[_log_survival(distance / width) for distance in distances] for width in _WIDTHS]
    return np.fft.rfft(np.array(table), 2 * _LENGTH)


def _log_survival(deviations: float) -> float:
    """Give log P(Z > deviations) for a standard normal Z; far out by its first two terms."""
    if deviations < 5:
        return math.log(0.5 * math.erfc(deviations / math.sqrt(2)))
    density = -0.5 * deviations**2 - math.log(deviations * math.sqrt(2 * math.pi))
    return density - math.log1p(deviations**-2)


# ---------------------------------------------------------------- smoothed counts


def _smoothed(rows: Row, widths: Row) -> Row:
    """Smooth each row (or the one there is) with a normal kernel of each width."""
    frequencies = 2 * math.pi / STEP * np.fft.rfftfreq(_LENGTH)
    kernels = np.exp(-0.5 * (widths[:, None] * frequencies) ** 2)
    found = np.fft.irfft(np.fft.rfft(rows, _LENGTH) * kernels, _LENGTH)
    return np.maximum(found[:, :SIZE], 0.0)


def _blended(counts: Row, put_off: Row, smooth: Row) -> Row:
    """Blend a smooth law with smoothed counts, each by how well it foretells what was left out."""
    all_counts = counts + put_off
    total = all_counts.sum()
    mean = all_counts @ MIDDLES / total
    deviation = math.sqrt(all_counts @ (MIDDLES - mean) ** 2 / total)
    widths = np.maximum(_SMOOTHING * deviation * counts.sum() ** -0.2, _LEAST_SMOOTHING)
    kernels = _smoothed(all_counts, widths)
    own = STEP / (widths * math.sqrt(2 * math.pi))
    foretold = np.vstack(
        [
            smooth * math.exp(-_PARAMETERS / counts.sum()),
            np.maximum(kernels - own[:, None], 1e-12) / (total - 1),
        ]
    )
    blended: Row = _weights(foretold, counts) @ np.vstack([smooth, kernels / total])
    return blended


def _weights(foretold: Row, counts: Row) -> Row:
    """Give each candidate its weight in the blend that makes the counts the likeliest."""
    is_seen = counts > 1e-9
    foretold, counts = foretold[:, is_seen], counts[is_seen]
    weights: Row = np.full(len(foretold), 1 / len(foretold))
    for _ in range(_BLENDING_ROUNDS):
        shares = weights[:, None] * foretold
        weights = (shares / shares.sum(axis=0)) @ counts + 1.0
        weights = weights / weights.sum()
    return weights
