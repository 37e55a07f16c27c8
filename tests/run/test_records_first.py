"""The order of records: what must be durable before the next thing is done.

Each test looks into the state at the very moment when the provider or the folder is reached.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from batchgen.clip import AttemptState, MoneyPlace
from tests.run.shop import Shop
from tests.run.virtual_loop import virtually

S = AttemptState


class Looking:
    """A shop whose steps look at something; what was seen is remembered, each sight once."""

    def __init__(self, path: Path) -> None:
        self.shop = Shop(path, slots=1, point=self._step)
        #: Says what is to be seen now, or None.
        self.look: Callable[[], object] = lambda: None
        self.seen: list[object] = []

    def _step(self) -> None:
        sight = self.look()
        if sight is not None and sight not in self.seen:
            self.seen.append(sight)


@virtually
async def test_an_intent_is_durable_before_its_request_arrives(tmp_path: Path) -> None:
    """When the provider sees the request, the state has its id and has reserved its price."""
    looking = Looking(tmp_path)
    shop = looking.shop

    def at_arrival() -> object:
        if not shop.provider.submits or shop.provider.polled:
            return None
        (sent,) = shop.provider.submits
        return [
            (attempt.request_id == sent.request_id, attempt.money) for attempt in shop.attempts()
        ]

    looking.look = at_arrival
    await shop.run("A")
    assert looking.seen == [[(True, MoneyPlace.RESERVED)]]


@virtually
async def test_a_task_id_is_durable_before_its_first_poll(tmp_path: Path) -> None:
    """Whoever dies after the first poll has not lost the task."""
    looking = Looking(tmp_path)
    shop = looking.shop

    def at_poll() -> object:
        if not shop.provider.polled:
            return None
        return [attempt.task_id for attempt in shop.attempts()]

    looking.look = at_poll
    await shop.run("A")
    assert looking.seen == [["task-1"]]


@virtually
async def test_nothing_gets_its_name_before_the_state_knows_its_bytes(tmp_path: Path) -> None:
    """A file under a final name is one whose hash is recorded."""
    looking = Looking(tmp_path)
    shop = looking.shop
    final = tmp_path / "out" / "A.mp4"
    looking.look = lambda: shop.states()["A"] if final.exists() else None
    await shop.run("A")
    assert looking.seen == [S.VERIFIED, S.SAVED]


@virtually
async def test_a_clip_is_saved_only_when_its_file_stands(tmp_path: Path) -> None:
    """No moment shows a saved clip without its file."""
    looking = Looking(tmp_path)
    shop = looking.shop
    final = tmp_path / "out" / "A.mp4"

    def when_saved() -> object:
        states = shop.states() if (tmp_path / "state.db").exists() else {}
        return final.exists() if states.get("A") is S.SAVED else None

    looking.look = when_saved
    await shop.run("A")
    assert looking.seen == [True]
