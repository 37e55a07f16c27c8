"""HTTP/1.1 by hand, so that an answer can also be broken off, torn or nonsense."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any


class Ending(Enum):
    """What becomes of the connection after an answer."""

    KEEP = "keep"
    CLOSE = "close"
    #: A TCP reset instead of a farewell.
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """The very bytes of an answer, and how they are sent."""

    content: bytes = b""
    ending: Ending = Ending.KEEP
    #: Silence before the ending, in seconds.
    silence_s: float = 0.0
    #: Sent in this many pieces, with a gap of so many seconds between them.
    pieces: int = 1
    gap_s: float = 0.0
    #: Sent again and again until the other side leaves.
    endless: bytes = b""

    def ended(self, ending: Ending) -> Reply:
        """Give the same answer with another ending."""
        return replace(self, ending=ending)


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """Read one request; None when the other side left."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
        method, path, _ = first.split(" ")
        pairs = (line.split(":", 1) for line in lines)
        headers = {name.lower(): value.strip() for name, value in pairs}
        return Request(method, path, headers, await _read_body(reader, headers))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


async def _read_body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if "chunked" not in headers.get("transfer-encoding", ""):
        return await reader.readexactly(int(headers.get("content-length", "0")))
    body = b""
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


def answer(status: int, body: bytes, kind: str, headers: Mapping[str, str] | None = None) -> Reply:
    """Give a whole answer with its length."""
    return Reply(
        _head(status, {"Content-Type": kind, "Content-Length": str(len(body))}, headers) + body
    )


def answer_without_length(body: bytes, kind: str) -> Reply:
    """Give an answer whose end is only told by the end of the connection."""
    return Reply(
        _head(200, {"Content-Type": kind, "Connection": "close"}, None) + body, Ending.CLOSE
    )


def json_answer(value: Any, status: int = 200) -> Reply:
    """Give a whole JSON answer."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return answer(status, body, "application/json; charset=UTF-8")


async def send(writer: asyncio.StreamWriter, reply: Reply) -> None:
    """Send an answer and end the connection as it says."""
    size = -(-len(reply.content) // reply.pieces) or 1
    for start in range(0, len(reply.content), size):
        writer.write(reply.content[start : start + size])
        await writer.drain()
        await asyncio.sleep(reply.gap_s if reply.pieces > 1 else 0)
    while reply.endless:
        writer.write(reply.endless)
        await writer.drain()
    await asyncio.sleep(reply.silence_s)
    if reply.ending is Ending.RESET:
        reset(writer)
    elif reply.ending is Ending.CLOSE:
        writer.close()


def reset(writer: asyncio.StreamWriter) -> None:
    """Cut a connection with a TCP reset."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _head(status: int, ours: Mapping[str, str], more: Mapping[str, str] | None) -> bytes:
    lines = [f"HTTP/1.1 {status} Status"]
    lines += [f"{name}: {value}" for name, value in {**ours, **(more or {})}.items()]
    return "\r\n".join([*lines, "", ""]).encode()
