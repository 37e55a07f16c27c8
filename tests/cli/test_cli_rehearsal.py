"""A rehearsal on the simulator leaves the real run's folder and money alone."""

from __future__ import annotations

from tests.cli.shop import Shop


def test_a_rehearsal_has_a_folder_of_its_own(trading: Shop) -> None:
    """`--provider simulator` fills `<output>.simulator`; the paid run finds its own one free."""
    assert trading.call("run", "--provider", "simulator", "--limit", "1").exit_code == 0
    assert (trading.output.with_name(f"{trading.output.name}.simulator") / "report.html").exists()
    assert not trading.output.exists()
    assert trading.call("run", "--yes").exit_code == 0
    assert (trading.output / "report.html").exists()
