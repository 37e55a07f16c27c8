"""A simulator over real loopback HTTP whose clock the test moves, and pictures to send to it."""

from __future__ import annotations

import base64
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request
from PIL import Image, ImageDraw
from yarl import URL

from batchgen.simulator.server import BASE_PATH, Simulator
from batchgen.simulator.switches import Settings, Switches, parse_faults

HEADERS = {"Authorization": "Bearer some-key"}
#: 2026-01-01 in UTC seconds.
START = 1767225600.0


def picture(colour: str = "red", size: tuple[int, int] = (320, 320), kind: str = "PNG") -> bytes:
    """Draw a product: a disc of a colour on a plain light ground."""
    image = Image.new("RGB", size, "#f4f4f0")
    width, height = size
    ImageDraw.Draw(image).ellipse(
        (width // 4, height // 4, width * 3 // 4, height * 3 // 4), fill=colour
    )
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def data_url(content: bytes) -> str:
    """Write a picture as the API takes it."""
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


RED = data_url(picture("red"))


class Api:
    """What a caller can do."""

    #: Talks to the server.
    client: TestClient[Request, Application]
    #: UTC seconds since the epoch, as the simulator sees them.
    now: float = START

    async def submit(self, **fields: Any) -> tuple[int, dict[str, Any]]:
        """Send a submit; what is not said is a good vidu2-image call."""
        body = {"model": "vidu2-image", "prompt": "turns", "image_url": RED} | fields
        url = f"{BASE_PATH}/videos/generations"
        async with self.client.post(url, json=body, headers=HEADERS) as response:
            return response.status, await response.json()

    async def accepted(self, **fields: Any) -> str:
        """Submit, and give the task id."""
        status, answer = await self.submit(**fields)
        assert status == 200, answer
        return str(answer["id"])

    async def poll(self, task_id: str) -> tuple[int, dict[str, Any]]:
        """Ask for a task."""
        url = f"{BASE_PATH}/async-result/{task_id}"
        async with self.client.get(url, headers=HEADERS) as response:
            return response.status, await response.json()

    async def link(self, task_id: str) -> str:
        """Wait for the end of a task and give the link of its clip, without scheme and host."""
        self.now += 200
        _, answer = await self.poll(task_id)
        link = URL(answer["video_result"][0]["url"])
        assert link.origin() == self.client.make_url("/").origin()
        return str(link.relative())

    async def watch(self, what: str) -> Any:
        """Read `stats` or `bill`."""
        async with self.client.get(f"/simulator/{what}") as response:
            return await response.json()


@asynccontextmanager
async def simulated(
    folder: Path, *, tier: str = "V0", speed: float = 1.0, faults: str = "", **switches: Any
) -> AsyncIterator[Api]:
    """Serve a simulator on a folder; its clock stands still until the test moves it."""
    settings = Settings(
        tier=tier, speed=speed, faults=parse_faults(faults), switches=Switches(**switches)
    )
    api = Api()
    simulator = Simulator(settings, folder, lambda: api.now)
    async with TestClient(TestServer(simulator.app())) as api.client:
        yield api
