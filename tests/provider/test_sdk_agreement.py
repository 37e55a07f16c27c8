"""The official Python client and ours send the same requests, field by field."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from zai import ZhipuAiClient

from batchgen.clip import ClipRequest, TaskId
from tests.provider.provider_server import CANARY, Received, a_request, always, client_for, serving

COMPARED_HEADERS = ("Authorization", "Content-Type", "Accept")
ANSWER = {"id": "7", "model": "m", "task_status": "PROCESSING", "video_result": []}


async def by_sdk(base_url: str, call: Callable[[ZhipuAiClient], object]) -> None:
    """Make one call with the official client, which blocks, in a thread."""

    def talk() -> None:
        with ZhipuAiClient(api_key=CANARY, base_url=base_url, max_retries=0) as sdk:
            call(sdk)

    await asyncio.to_thread(talk)


def sdk_arguments(request: ClipRequest) -> dict[str, Any]:
    """Spell a request as a user of the official client would."""
    urls = [picture.url for picture in request.pictures if hasattr(picture, "url")]
    arguments: dict[str, Any] = {
        "model": request.model,
        "prompt": request.prompt,
        "image_url": urls[0] if request.model == "vidu2-image" else urls,
        "size": request.size,
        "duration": request.duration,
        "movement_amplitude": request.movement_amplitude,
        "with_audio": request.with_audio,
        "request_id": "req-1",
    }
    if request.aspect_ratio is not None:
        arguments["aspect_ratio"] = request.aspect_ratio
    if request.user_id is not None:
        arguments["user_id"] = request.user_id
    return arguments


def seen(received: Received) -> tuple[object, ...]:
    """Give what must agree; a null of the official client counts as absent."""
    body = received.body
    if body is not None:
        body = {field: value for field, value in body.items() if value is not None}
    headers = [received.headers[name] for name in COMPARED_HEADERS]
    return received.method, received.path, headers, body


@pytest.mark.parametrize(
    "request_",
    [
        a_request("vidu2-image", 1),
        a_request("vidu2-image", 1, user_id="shop-01", with_audio=True, prompt='😀 "q" \\ 杯'),
        a_request("vidu2-start-end", 2, movement_amplitude="large", size="480x360"),
        a_request("vidu2-reference", 1, aspect_ratio="1:1"),
        a_request("vidu2-reference", 3, aspect_ratio="9:16", with_audio=True),
    ],
    ids=lambda request: f"{request.model}-{len(request.pictures)}",
)
async def test_submit_agrees_with_the_official_client(request_: ClipRequest) -> None:
    """Path, method, key, content type and every field of the body are the same."""
    async with serving(always(ANSWER)) as api, client_for(api.base_url) as client:
        await by_sdk(api.base_url, lambda sdk: sdk.videos.generations(**sdk_arguments(request_)))
        await client.submit(await client.prepare(request_, "req-1"))
    official, ours = api.received
    assert seen(ours) == seen(official)
    assert None not in ours.body.values()


async def test_poll_agrees_with_the_official_client() -> None:
    """Both ask for the task at the same address, with the same headers."""
    async with serving(always(ANSWER)) as api, client_for(api.base_url) as client:
        await by_sdk(api.base_url, lambda sdk: sdk.videos.retrieve_videos_result(id="7"))
        await client.poll(TaskId("7"), "req-1")
    official, ours = api.received
    assert seen(ours) == seen(official)
