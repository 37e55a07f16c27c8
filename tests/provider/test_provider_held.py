"""What becomes of an answer that came while this process was held (SIGSTOP, a sleeping laptop)."""

from __future__ import annotations

import asyncio

from batchgen.provider.bigmodel import _in_time
from batchgen.provider.parsing import Answer
from tests.run.virtual_loop import VirtualLoop, virtually

ANSWER = Answer(200, b"{}", "application/json", "")


def answered_after(seconds: float) -> asyncio.Future[Answer]:
    """Give an exchange that ends so many seconds from now."""
    exchange: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(seconds, exchange.set_result, ANSWER)
    return exchange


@virtually
async def test_an_answer_in_time_is_taken() -> None:
    """It is there before the time is over."""
    assert await _in_time(answered_after(59.0), 60.0)


@virtually
async def test_an_answer_that_is_late_by_itself_is_not_waited_for() -> None:
    """Nobody held this process: the time counts."""
    exchange = answered_after(60.5)
    assert not await _in_time(exchange, 60.0)
    exchange.cancel()


@virtually
async def test_an_answer_that_lay_unread_is_still_read() -> None:
    """The process slept through its timeout: the bytes are here, and get a moment to be read."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)

    def hold() -> None:
        loop._time += 100
        loop.call_later(0.5, exchange.set_result, ANSWER)

    exchange: asyncio.Future[Answer] = loop.create_future()
    loop.call_later(1, hold)
    assert await _in_time(exchange, 60.0)


@virtually
async def test_a_held_process_does_not_wait_for_ever() -> None:
    """No answer lay there: a second later the submit is in doubt."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    exchange: asyncio.Future[Answer] = loop.create_future()

    def hold() -> None:
        loop._time += 100

    loop.call_later(1, hold)
    assert not await _in_time(exchange, 60.0)
    assert loop.time() < 103
