"""Real clips made with PyAV, and attempts that paid for them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from decimal import Decimal

import av
import numpy as np
import pytest
from PIL import Image

from batchgen.clip import AccountScope, Attempt, AttemptState, ClipKey, TaskId

ACCOUNT = AccountScope("simulator", "default", "simulator")
REQUEST = {
    "model": "vidu2-image",
    "prompt": "A red mug turns slowly",
    "size": "1280x720",
    "duration": 4,
    "images": [{"name": "mug.jpg", "sha256": "ab" * 32}],
}

MakeClip = Callable[..., bytes]
Serve = Callable[..., Awaitable[str]]


@pytest.fixture(scope="session")
def make_clip(tmp_path_factory: pytest.TempPathFactory) -> MakeClip:
    """Encode one frame of 64x48 a colour, two a second, as H.264 MP4 with the muxer's options."""
    path = tmp_path_factory.mktemp("encoded") / "clip.mp4"

    def encode(*colours: str, **options: str) -> bytes:
        with av.open(str(path), "w", format="mp4", options=options) as container:
            stream = container.add_stream("libx264", rate=2)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            for colour in colours or ("red",) * 8:
                pixels = np.asarray(Image.new("RGB", (64, 48), colour))
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path.read_bytes()

    return encode


@pytest.fixture(scope="session")
def clip_bytes(make_clip: MakeClip) -> bytes:
    """Four seconds of red."""
    return make_clip()


@pytest.fixture
def attempt(clip_bytes: bytes) -> Attempt:
    """A paid and verified attempt whose file is four seconds of red."""
    return Attempt(
        id=1,
        account=ACCOUNT,
        key=ClipKey("MUG-001"),
        number=1,
        state=AttemptState.VERIFIED,
        request_id="r-1",
        fingerprint="f1",
        model="vidu2-image",
        price=Decimal("1.25"),
        currency="CNY",
        request=REQUEST,
        job="spring",
        run_id="run-1",
        output="/out",
        created_at=1_700_000_000.0,
        submitted_at=1_700_000_001.0,
        finished_at=1_700_000_050.0,
        downloaded_at=1_700_000_051.0,
        task_id=TaskId("t-1"),
        video_url="https://files.example/clip.mp4?signature=canary",
        file="clips/MUG-001/main.mp4",
        sha256=hashlib.sha256(clip_bytes).hexdigest(),
        size_bytes=len(clip_bytes),
        width=64,
        height=48,
        duration_s=4.0,
    )


@pytest.fixture
def saved(attempt: Attempt) -> Attempt:
    """The same attempt after its file got its final name."""
    return replace(attempt, state=AttemptState.SAVED)


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Answer every request of one loopback port with the given bytes, exactly; give its URL."""
    async with AsyncExitStack() as stack:

        async def start(
            *answer: bytes, endless: bytes = b"", heads: list[bytes] | None = None
        ) -> str:
            async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                head = await reader.readuntil(b"\r\n\r\n")
                if heads is not None:
                    heads.append(head)
                try:
                    writer.writelines(answer)
                    await writer.drain()
                    while endless:
                        writer.write(endless)
                        await writer.drain()
                        await asyncio.sleep(0)
                except ConnectionError:
                    pass
                writer.close()

            server = await asyncio.start_server(reply, "127.0.0.1", 0)
            await stack.enter_async_context(server)
            port = server.sockets[0].getsockname()[1]
            return f"http://127.0.0.1:{port}/clip.mp4?signature=canary"

        yield start
