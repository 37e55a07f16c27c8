"""The TLS context: who is trusted, and what a further connection to the API saves."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from batchgen.provider.tls import resuming, tls_context

CERTIFICATE = Path(__file__).with_name("self_signed.pem")


@asynccontextmanager
async def tls_server(version: ssl.TLSVersion) -> AsyncIterator[tuple[int, list[bool]]]:
    """Answer a line with a line; give the port, and whether each connection was resumed."""
    resumed: list[bool] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        resumed.append(writer.get_extra_info("ssl_object").session_reused)
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(CERTIFICATE)
    tls.maximum_version = version
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1], resumed


async def call(port: int, context: ssl.SSLContext) -> None:
    """Send a line over a fresh connection and read the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    writer.write(b"hello\n")
    assert await reader.readline() == b"hello\n"
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_connection_goes_on_from_the_session_of_an_earlier_one(
    version: ssl.TLSVersion,
) -> None:
    """Only the first of three fresh connections shows the whole certificate."""
    context = resuming(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    context.check_hostname = False
    context.load_verify_locations(CERTIFICATE)
    async with tls_server(version) as (port, resumed):
        for _ in range(3):
            await call(port, context)
    assert resumed == [False, True, True]


async def test_nobody_is_trusted_who_is_not_vouched_for() -> None:
    """A certificate that signs itself ends the handshake, each time."""
    context = tls_context()
    async with tls_server(ssl.TLSVersion.TLSv1_3) as (port, _):
        for _ in range(2):
            with pytest.raises(ssl.SSLCertVerificationError):
                await call(port, context)


def test_host_names_are_checked() -> None:
    """The context is as strict as the standard library's own."""
    strict = ssl.create_default_context()
    ours = tls_context()
    assert (ours.verify_mode, ours.check_hostname) == (strict.verify_mode, True)
    assert ours.verify_flags == strict.verify_flags
