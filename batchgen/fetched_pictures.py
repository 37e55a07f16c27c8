"""A provider whose pictures on the web are downloaded here first and sent as data.

Wraps any provider; what a clip is, and what it cost, stays by the picture's URL.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from batchgen.catalogue.pictures.facts import remembered_facts
from batchgen.catalogue.pictures.fetching import PictureFetcher
from batchgen.catalogue.pictures.store import own_pictures
from batchgen.catalogue.pictures.web import PictureWeb, trusted_hosts
from batchgen.clip import ClipRequest, Picture, RemotePicture, TaskId
from batchgen.errors import InputError
from batchgen.job.schema import Manifest
from batchgen.provider.port import PollReply, Prepared, SubmitReply, VideoProvider
from batchgen.video_models import content_breaches


@dataclass(frozen=True, slots=True)
class FetchingProvider:
    """Fetches a request's pictures while it is prepared; all else is the provider's."""

    provider: VideoProvider
    fetcher: PictureFetcher

    async def prepare(self, request: ClipRequest, request_id: str) -> Prepared:
        """Fetch the pictures and hold them to the limits of local ones; see `VideoProvider`."""
        pictures = await asyncio.gather(*map(self._here, request.pictures))
        fetched = replace(request, pictures=tuple(pictures))
        for breach in content_breaches(fetched):
            if not breach.is_warning:
                raise InputError(breach.message)
        return await self.provider.prepare(fetched, request_id)

    async def turn(self) -> None:
        """Wait for the turn of a submit; see `VideoProvider`."""
        await self.provider.turn()

    async def submit(self, prepared: Prepared) -> SubmitReply:
        """Send one paid request, once; see `VideoProvider`."""
        return await self.provider.submit(prepared)

    async def poll(self, task_id: TaskId, request_id: str) -> PollReply:
        """Ask for a task's state; see `VideoProvider`."""
        return await self.provider.poll(task_id, request_id)

    async def _here(self, picture: Picture) -> Picture:
        return await self.fetcher.fetch(picture) if isinstance(picture, RemotePicture) else picture


@asynccontextmanager
async def with_fetched_pictures(
    manifest: Manifest, provider: VideoProvider
) -> AsyncIterator[VideoProvider]:
    """Give the provider that a job's pictures ask for, while the block lasts."""
    if not manifest.fetch:
        yield provider
        return
    with remembered_facts() as facts:
        async with PictureWeb(trusted_hosts(manifest.picture_base)) as web:
            yield FetchingProvider(provider, PictureFetcher(web, facts, own_pictures()))
