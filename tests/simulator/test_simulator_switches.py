"""The settings of the simulator."""

from __future__ import annotations

import pytest

from batchgen.errors import SettingsError
from batchgen.simulator.switches import FAULT_HELP, Fault, Settings, parse_faults


def test_faults_are_read_by_name() -> None:
    """A list of name=probability becomes a table; spaces and an empty end do not matter."""
    assert parse_faults("fail=0.05, submit-500=1,") == {Fault.FAIL: 0.05, Fault.SUBMIT_500: 1.0}


def test_no_faults_are_an_empty_table() -> None:
    """An empty text asks for no fault."""
    assert parse_faults("") == {}


@pytest.mark.parametrize("text", ["fial=0.1", "fail", "fail=", "fail=1.5", "fail=-1", "fail=nan"])
def test_a_wrong_fault_is_refused_with_the_names(text: str) -> None:
    """A wrong name or probability is quoted, and the right names are listed."""
    with pytest.raises(SettingsError, match="submit-timeout") as caught:
        parse_faults(text)
    assert text in str(caught.value)


def test_every_fault_has_its_help() -> None:
    """No fault is left out of the help."""
    assert set(FAULT_HELP) == set(Fault)


@pytest.mark.parametrize(("tier", "cap"), [("V0", 5), ("V1", 10), ("V2", 15), ("V3", 20)])
def test_the_tier_gives_the_cap(tier: str, cap: int) -> None:
    """The documented caps hold."""
    assert Settings(tier=tier).cap == cap
