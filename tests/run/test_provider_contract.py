"""What every video provider must do, shown by the scripted one and by the real client.

The real client talks over loopback HTTP to the product's simulator. So the provider that the
tests of the runner stand on is held to the same truth.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from batchgen.clip import ClipRequest, LocalPicture, TaskId
from batchgen.provider.port import (
    Accepted,
    Prepared,
    Refused,
    Repeated,
    StillProcessing,
    SubmitReply,
    TaskSucceeded,
    TaskUnknown,
    VideoProvider,
)
from batchgen.simulator.server import BASE_PATH
from tests.provider.provider_server import client_for
from tests.run.scripted import Dedupe, ScriptedProvider
from tests.simulator.simulated_api import picture, simulated


@dataclass
class Side:
    """One implementation, and a way to let its time pass."""

    provider: VideoProvider
    pass_s: Callable[[float], None]
    request: ClipRequest

    async def submit(self, request_id: str) -> TaskId:
        """Buy the clip; give the task."""
        reply = await self.provider.submit(await self.provider.prepare(self.request, request_id))
        assert isinstance(reply, Accepted)
        return reply.task_id


class HandClock:
    """A clock that the test moves; nobody waits for it."""

    seconds = 0.0

    def now(self) -> float:
        """Give UTC seconds."""
        return self.seconds

    def monotonic(self) -> float:
        """Give seconds."""
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        """Return at once."""

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds


@asynccontextmanager
async def scripted(
    request: ClipRequest, folder: Path, dedupe: Dedupe = "new"
) -> AsyncIterator[Side]:
    """Make the provider of the runner's tests, which lets five tasks live."""
    clock = HandClock()
    provider = ScriptedProvider(clock)
    provider.cap = 5
    provider.dedupe = dedupe
    yield Side(provider, clock.move, request)


@asynccontextmanager
async def over_http(
    request: ClipRequest, folder: Path, dedupe: Dedupe = "new"
) -> AsyncIterator[Side]:
    """Make the real client and a simulator of tier V0."""
    async with (
        simulated(folder, tier="V0", duplicate_request_id=dedupe) as api,
        client_for(str(api.client.make_url(BASE_PATH))) as client,
    ):

        def move(seconds: float) -> None:
            api.now += seconds

        yield Side(client, move, request)


@pytest.fixture
def clip(tmp_path: Path) -> ClipRequest:
    """Make a request with a picture file."""
    content = picture()
    path = tmp_path / "mug.png"
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    mug = LocalPicture("mug.png", str(path), digest, "png", 320, 320, len(content))
    return ClipRequest("vidu2-image", "A", (mug,), "1280x720", 4, "auto", False)


@pytest.fixture(params=[scripted, over_http])
async def side(
    request: pytest.FixtureRequest, clip: ClipRequest, tmp_path: Path
) -> AsyncIterator[Side]:
    """Give each of the two in turn."""
    async with request.param(clip, tmp_path / "api") as one:
        yield one


async def test_a_prepared_request_bears_its_id(side: Side) -> None:
    """Preparing sends nothing and keeps the id that the state will hold."""
    prepared = await side.provider.prepare(side.request, "request-1")
    assert isinstance(prepared, Prepared)
    assert (prepared.request_id, bool(prepared.body)) == ("request-1", True)


async def test_a_task_lives_and_then_succeeds(side: Side) -> None:
    """Accepted with an id, PROCESSING for a while, then SUCCESS with a link that stays."""
    task_id = await side.submit("request-1")
    assert await side.provider.poll(task_id, "request-1") == StillProcessing()
    side.pass_s(600)
    first = await side.provider.poll(task_id, "request-1")
    assert isinstance(first, TaskSucceeded)
    assert (first.video_url or "").startswith("http")
    assert await side.provider.poll(task_id, "request-1") == first


async def test_two_submits_are_two_tasks(side: Side) -> None:
    """The same request under another id is another purchase."""
    assert await side.submit("request-1") != await side.submit("request-2")


async def test_an_unknown_task_is_said_to_be_unknown(side: Side) -> None:
    """That is an answer of its own, neither trouble nor failure."""
    assert isinstance(await side.provider.poll(TaskId("nobody"), "request-1"), TaskUnknown)


async def test_a_full_account_refuses_until_a_task_ends(side: Side) -> None:
    """Code 1302 makes no task; when the others have ended there is room again."""
    for number in range(5):
        await side.submit(f"request-{number}")
    prepared = await side.provider.prepare(side.request, "request-x")
    reply = await side.provider.submit(prepared)
    assert isinstance(reply, Refused)
    assert (reply.code, reply.reaction) == ("1302", "hold")
    side.pass_s(600)
    await side.submit("request-y")


async def test_a_request_prepared_twice_is_the_same(side: Side) -> None:
    """What is sent again is what was sent, to the byte."""
    first = await side.provider.prepare(side.request, "request-1")
    assert await side.provider.prepare(side.request, "request-1") == first


@pytest.mark.parametrize("make", [scripted, over_http])
@pytest.mark.parametrize(
    ("dedupe", "kind", "is_the_same"),
    [("new", Accepted, False), ("refuse", Repeated, False), ("same", Accepted, True)],
)
async def test_a_repeated_request_id(
    make: Any, clip: ClipRequest, tmp_path: Path, dedupe: str, kind: type, is_the_same: bool
) -> None:
    """It makes another task, is refused as known, or gives its first task."""
    async with make(clip, tmp_path / "api", dedupe) as side:
        prepared = await side.provider.prepare(clip, "request-1")
        first = await side.provider.submit(prepared)
        second: SubmitReply = await side.provider.submit(prepared)
    assert isinstance(second, kind)
    assert (second == first) is is_the_same
