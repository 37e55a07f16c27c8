"""Each fault of the proxy really happens, and good connections pass untouched."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.truth.conftest import Asker
from tests.truth.proxy import FaultProxy
from tests.truth.server import TruthServer


@pytest.fixture
async def proxy(server: TruthServer) -> AsyncIterator[FaultProxy]:
    """A proxy in front of the server."""
    async with FaultProxy(server.port) as proxy:
        yield proxy


@pytest.fixture
def through(proxy: FaultProxy, session: aiohttp.ClientSession) -> Asker:
    """Asks through the proxy."""
    return Asker(session, proxy.port)


@pytest.mark.parametrize(
    "fault", ["none", "latency(0)", "slices(3)", "bandwidth(1000000)", "slow-close(0)"]
)
async def test_a_slow_connection_still_brings_the_answer(
    server: TruthServer, proxy: FaultProxy, through: Asker, fault: str
) -> None:
    """The client sees a whole answer, the server one submit."""
    proxy.set_faults(fault)
    assert (await through.submit()).status == 200
    assert server.truth()["charges_by_clip"] == {"A/main": 1}
    assert proxy.counts == {fault.split("(")[0]: 1}


@pytest.mark.parametrize("fault", ["cut(10)", "limit(10)", "drop"])
async def test_a_lost_answer_is_bought_all_the_same(
    server: TruthServer, proxy: FaultProxy, through: Asker, fault: str
) -> None:
    """The request arrived before the connection broke."""
    proxy.set_faults(fault)
    assert (await through.submit()).error
    assert server.truth()["charges_by_clip"] == {"A/main": 1}


@pytest.mark.parametrize("fault", ["down", "silence(0)"])
async def test_a_request_may_arrive_nowhere(
    server: TruthServer, proxy: FaultProxy, through: Asker, fault: str
) -> None:
    """The server never hears of it."""
    proxy.set_faults(fault)
    assert (await through.submit()).error
    assert server.truth()["posts"] == []


async def test_a_connection_is_reset_while_the_server_thinks(
    server: TruthServer, proxy: FaultProxy, through: Asker
) -> None:
    """The client gets no answer of one that comes too late."""
    server.set_faults("submit: hang(60)+made")
    proxy.set_faults("reset(0.05)")
    assert (await through.submit()).error
    assert len(server.truth()["charges"]) == 1


async def test_a_body_cut_at_a_byte_ends_there(proxy: FaultProxy, through: Asker) -> None:
    """The head came through, the body did not."""
    proxy.set_faults("limit(150)")
    assert (await through.submit()).error == "ClientPayloadError"
