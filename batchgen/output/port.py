"""The port to the output folder, as the runner sees it. Pure.

A clip comes home in two steps, with a durable record between them: `fetch` puts checked bytes on
disk under a temporary name, `publish` gives them their final name. So a crash between the two
is mended without the network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from batchgen.clip import Attempt


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole, checked clip on disk under its temporary name."""

    #: Final name, relative to the output folder, with forward slashes.
    file: str
    sha256: str
    size_bytes: int
    width: int
    height: int
    duration_s: float


class ClipFolder(Protocol):
    """One output folder."""

    async def fetch(self, attempt: Attempt) -> Fetched:
        """Download `attempt.video_url`, check it, and fsync it under a temporary name.

        Raises:
            LinkDead: the link answered 403, 404 or 410.
            BadFile: the bytes are not a complete clip.
            DownloadError: anything else; trying again may help.
            OSError: the disk is full or may not be written.
        """

    async def publish(self, attempt: Attempt) -> bool:
        """Give a verified clip its final name; write its poster and provenance beside it.

        `attempt.file` and `attempt.sha256` say which. Returns False when neither the temporary
        nor the final file holds those bytes any more (it must be fetched again).
        """
