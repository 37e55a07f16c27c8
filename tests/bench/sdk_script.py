"""A peer: the official SDK in a pool of threads, with a fixed sleep between polls.

Run as `python -m tests.bench.sdk_script BASE_URL CLIPS SLOTS SLEEP_S FOLDER`.
"""

from __future__ import annotations

import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from zai import ZhipuAiClient


def main(base_url: str, clips: int, slots: int, sleep_s: float, folder: Path) -> None:
    """Make all clips, one in each thread, asking for each every `sleep_s` seconds."""
    client = ZhipuAiClient(api_key="key-1", base_url=base_url)

    def make(number: int) -> None:
        made = client.videos.generations(
            model="vidu2-image",
            prompt=f"Mug {number} turns slowly",
            image_url=f"https://pictures.example/{number}.png",
        )
        if made.id is None:
            raise RuntimeError(f"refused: {made}")
        while True:
            time.sleep(sleep_s)
            found = client.videos.retrieve_videos_result(id=made.id)
            if found.task_status != "PROCESSING":
                break
        urllib.request.urlretrieve(found.video_result[0].url, folder / f"{number}.mp4")

    with ThreadPoolExecutor(slots) as pool:
        list(pool.map(make, range(clips)))


if __name__ == "__main__":
    _, url, clip_count, slot_count, seconds, place = sys.argv
    main(url, int(clip_count), int(slot_count), float(seconds), Path(place))
