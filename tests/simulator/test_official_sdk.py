"""The official SDK, unchanged, against the simulator."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from batchgen.simulator.server import serving
from batchgen.simulator.switches import Settings
from tests.simulator.simulated_api import RED, data_url, picture

BLUE = data_url(picture("blue"))


def buy(base_url: str, **fields: Any) -> Any:
    """Submit with the SDK and ask until the task has ended."""
    from zai import ZhipuAiClient

    with ZhipuAiClient(api_key="some.key", base_url=base_url) as client:
        made = client.videos.generations(duration=4, size="1280x720", **fields)
        assert made.task_status == "PROCESSING"
        for _ in range(2000):
            found = client.videos.retrieve_videos_result(id=made.id)
            if found.task_status != "PROCESSING":
                return found
    return None


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    "fields",
    [
        {"model": "vidu2-image", "image_url": RED},
        {"model": "vidu2-start-end", "image_url": [RED, BLUE], "movement_amplitude": "small"},
        {"model": "vidu2-reference", "image_url": [RED], "aspect_ratio": "16:9"},
    ],
    ids=lambda fields: fields["model"],
)
async def test_the_official_sdk_buys_a_clip(tmp_path: Path, fields: dict[str, Any]) -> None:
    """It submits, with its unset fields as nulls, and retrieves a result with both links."""
    async with serving(Settings(speed=1000), tmp_path) as base_url:
        found = await asyncio.to_thread(buy, base_url, prompt="turns slowly", **fields)
    assert found.task_status == "SUCCESS"
    assert found.model == fields["model"]
    assert ".mp4?sign=" in found.video_result[0].url
    assert ".jpg?sign=" in found.video_result[0].cover_image_url
