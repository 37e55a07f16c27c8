"""A task id that the state could not take, seen from a whole run."""

from __future__ import annotations

from pathlib import Path

from batchgen.clip import AttemptState
from batchgen.provider.port import StopReason
from tests.run.shop import Shop
from tests.run.virtual_loop import virtually
from tests.state.test_state_spool import be_impatient, locked

S = AttemptState


@virtually
async def test_an_id_that_is_kept_beside_the_state_comes_home_by_itself(tmp_path: Path) -> None:
    """Another program holds the database when the answer comes: nobody has to write down the id."""
    shop = Shop(tmp_path)

    async def back_up() -> None:
        await shop.clock.sleep(0.5)
        be_impatient(shop.state._writer)
        with locked(tmp_path / "state.db"):
            await shop.clock.sleep(1)

    stop = await shop.run("A", while_running=back_up)
    assert (shop.states(), stop.reason) == ({"A": S.INTENT}, StopReason.STATE)
    assert "is kept in state.db.spool" in str(stop.message)
    assert not any("keep this line" in note for note in shop.audience.notes)
    await shop.run("A")
    assert (shop.states(), shop.provider.bill) == ({"A": S.SAVED}, {"A": 1})
