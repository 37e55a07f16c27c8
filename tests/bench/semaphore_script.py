"""A peer: the script that one writes first, an asyncio semaphore and a fixed poll interval.

It hashes, checks and records nothing. Run as
`python -m tests.bench.semaphore_script BASE_URL CLIPS SLOTS GAP_S FOLDER`.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import aiohttp


async def main(base_url: str, clips: int, slots: int, gap_s: float, folder: Path) -> None:
    """Make all clips, so many at once, asking for each every `gap_s` seconds."""
    turns = asyncio.Semaphore(slots)
    headers = {"Authorization": "Bearer key-1"}

    async def make(number: int) -> None:
        body = {
            "model": "vidu2-image",
            "prompt": f"Mug {number} turns slowly",
            "image_url": f"https://pictures.example/{number}.png",
        }
        async with turns:
            async with session.post(f"{base_url}/videos/generations", json=body) as answer:
                task = (await answer.json())["id"]
            while True:
                await asyncio.sleep(gap_s)
                async with session.get(f"{base_url}/async-result/{task}") as answer:
                    told = await answer.json()
                if told["task_status"] != "PROCESSING":
                    break
        async with session.get(told["video_result"][0]["url"]) as answer:
            (folder / f"{number}.mp4").write_bytes(await answer.read())

    async with aiohttp.ClientSession(headers=headers) as session:
        await asyncio.gather(*[make(number) for number in range(clips)])


if __name__ == "__main__":
    _, url, clip_count, slot_count, seconds, place = sys.argv
    asyncio.run(main(url, int(clip_count), int(slot_count), float(seconds), Path(place)))
