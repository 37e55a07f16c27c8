"""The cap: how it is cut, how it is regained, and its bounds."""

from __future__ import annotations

import pytest

from batchgen.run.cap import Cap


def after(tier: int, *answers: tuple[str, int]) -> Cap:
    """Give the cap of a tier after answers: `+` accepted, `-` refused, with so many alive."""
    cap = Cap.of(tier)
    for answer, alive in answers:
        cap = cap.accepted(alive) if answer == "+" else cap.refused(alive)
    return cap


@pytest.mark.parametrize(
    ("answers", "cap"),
    [
        pytest.param([], 20, id="the tier at the start"),
        pytest.param([("+", 20)] * 100, 20, id="never above the tier"),
        pytest.param([("-", 12)], 12, id="cut to what is alive"),
        pytest.param([("-", 19)], 17, id="cut by an eighth"),
        pytest.param([("-", 0)], 1, id="nothing alive"),
        pytest.param([("-", 1), ("-", 1), ("-", 0)], 1, id="never below one"),
        pytest.param([("-", 3), ("+", 9)], 9, id="what is alive is proof"),
        pytest.param([("-", 3), ("+", 30)], 20, id="also when more live than the tier allows"),
        pytest.param([("-", 12)] + [("+", 12)] * 19, 12, id="nineteen accepted"),
        pytest.param([("-", 12)] + [("+", 12)] * 20, 13, id="twenty accepted"),
        pytest.param([("-", 12)] + [("+", 11)] * 99, 12, id="accepted below the cap tells nothing"),
        pytest.param([("-", 0), ("+", 1), ("+", 2), ("+", 3)], 4, id="regained fast"),
        pytest.param(
            [("-", 4), ("-", 0), *(("+", n) for n in (1, 2, 3, 4, 4))], 4, id="up to what was known"
        ),
    ],
)
def test_the_cap_follows_the_answers(answers: list[tuple[str, int]], cap: int) -> None:
    """Each row: the answers of an account of twenty slots, and how many are let live then."""
    assert after(20, *answers).now == cap


def test_a_cut_starts_the_count_afresh() -> None:
    """Nineteen accepted, one refused, nineteen accepted: nothing was clean enough to grow."""
    clean = [("+", 10)] * 19
    assert after(20, ("-", 10), *clean, ("-", 9), *[("+", 8)] * 19).now == 8
