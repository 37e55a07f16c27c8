"""The output folder: brings clips in, gives them their names, and keeps what they replace.

    fetch:    download to <name>.mp4.part, check it                     (then the state: VERIFIED)
    publish:  old files to old/ ─► rename ─► poster, provenance         (then the state: SAVED)

Each step of `publish` finds out by itself whether it was done before, so a crash anywhere is
mended by calling it again. Knows HTTP only as `Downloader`, and nothing of the runner or state.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import json
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.metadata import version
from itertools import count
from pathlib import Path, PurePosixPath

from batchgen.clip import Attempt, ClipKey
from batchgen.crash_points import crash_point
from batchgen.errors import BadFile, DownloadError
from batchgen.messages import msg
from batchgen.output.disk import replace_patiently, sync_folder, write_beside, write_whole
from batchgen.output.download import Downloader
from batchgen.output.mp4 import Mp4Facts, read_mp4
from batchgen.output.names import clip_file, finished_file, poster_file, provenance_file
from batchgen.output.port import Fetched
from batchgen.output.poster import draw_poster
from batchgen.output.resuming import Stamp, stamp_of
from batchgen.output.rows import provenance


class OutputFolder:
    """One output folder; implements `port.ClipFolder`."""

    def __init__(self, root: Path, downloader: Downloader) -> None:
        self._root = root
        self._downloader = downloader
        #: File -> the lock of whoever works on it, or on its `.part`, now.
        self._names: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        #: `.part` that was hashed on its way here -> which file it was then, and its SHA-256.
        self._hashed: dict[Path, tuple[Stamp, str]] = {}

    async def fetch(self, attempt: Attempt) -> Fetched:
        """Download the clip to its `.part` file and check it. See `port.ClipFolder`."""
        if attempt.video_url is None:
            raise DownloadError(msg("the provider's answer carries no usable link"))
        # One that is fetched again may be wanted under another name by now.
        name = attempt.file or clip_file(attempt.key)
        async with self._names[name]:
            on_disk = self._downloader.on_disk
            part = _part(await on_disk(self._place, name))
            received = await self._downloader.download(attempt.video_url, part)
            facts = await on_disk(_checked, part)
            self._hashed[part] = received.stamp, received.sha256
        return Fetched(
            file=name,
            sha256=received.sha256,
            size_bytes=received.size_bytes,
            width=facts.width,
            height=facts.height,
            duration_s=facts.duration_s,
        )

    async def publish(self, attempt: Attempt) -> bool:
        """Give the verified clip its final name, poster and provenance. See `port.ClipFolder`."""
        async with self._names[attempt.file or ""]:
            return await self._downloader.on_disk(self._publish, attempt)

    async def restore(self, attempt: Attempt, key: ClipKey) -> bool:
        """Make sure that a saved clip stands under a clip's name; False when it is nowhere.

        It may lie under the name it was bought for, in the folder of another job, or in `old/`.
        """
        file = clip_file(key)
        async with self._names[file]:
            return await self._downloader.on_disk(self._restore, attempt, file)

    async def not_standing(
        self, clips: Sequence[tuple[Attempt, ClipKey]]
    ) -> list[tuple[Attempt, ClipKey]]:
        """Give those of some saved clips that do not stand under their names, or may not."""
        return await self._downloader.on_disk(self._not_standing, clips)

    def _not_standing(
        self, clips: Sequence[tuple[Attempt, ClipKey]]
    ) -> list[tuple[Attempt, ClipKey]]:
        return [(attempt, key) for attempt, key in clips if not self._may_stand(attempt, key)]

    def _may_stand(self, attempt: Attempt, key: ClipKey) -> bool:
        try:
            return self._stands(attempt, clip_file(key))
        except OSError:  # `restore` says what is wrong with the place
            return False

    def _restore(self, attempt: Attempt, file: str) -> bool:
        if self._stands(attempt, file):
            return True
        source = next((path for path in self._copies(attempt) if _has_bytes(path, attempt)), None)
        if source is None:
            return False
        part = _part(self._place(file))
        shutil.copyfile(source, part)
        return self._publish(replace(attempt, file=file))

    def _stands(self, attempt: Attempt, file: str) -> bool:
        """Tell by size and provenance whether a file is the clip; its bytes are not read."""
        path = self._root / file
        if not path.is_file() or path.stat().st_size != attempt.size_bytes:
            return False
        try:
            told = json.loads((self._root / provenance_file(file)).read_bytes())["sha256"]
        except (OSError, ValueError, KeyError, TypeError):
            return _has_bytes(path, attempt)
        return bool(told == attempt.sha256)

    def _copies(self, attempt: Attempt) -> Iterator[Path]:
        """Yield the places where the clip may lie."""
        if attempt.file is None:
            return
        retired = PurePosixPath("old") / PurePosixPath(attempt.file).relative_to("clips")
        for root in dict.fromkeys((self._root, Path(attempt.output))):
            yield root / attempt.file
            yield from sorted((root / retired.parent).glob("*.mp4"))

    def _publish(self, attempt: Attempt) -> bool:
        if attempt.file is None:
            return False
        final = self._place(attempt.file)
        part = _part(final)
        if _has_bytes(final, attempt):
            part.unlink(missing_ok=True)  # bought again, and the same to the byte
        else:
            if not self._was_hashed(part, attempt) and not _has_bytes(part, attempt):
                return False
            self._retire(attempt.file)
            replace_patiently(part, final)
            crash_point("publish-after-rename")
        self._accompany(attempt.file, attempt)
        crash_point("publish-after-sync")
        return True

    def _was_hashed(self, part: Path, attempt: Attempt) -> bool:
        """Tell whether a `.part` is, untouched since, what was hashed when it was downloaded."""
        hashed = self._hashed.pop(part, None)
        return part.is_file() and hashed == (stamp_of(part.lstat()), attempt.sha256)

    def _accompany(self, file: str, attempt: Attempt) -> None:
        """Write poster and provenance, and make their names and the clip's durable.

        A clip that cannot be decoded gets no poster.
        """
        poster = self._root / poster_file(file)
        if not poster.exists():
            jpeg = draw_poster(self._root / file)
            if jpeg is not None:
                replace_patiently(write_beside(poster, jpeg), poster)
                crash_point("poster-after")
        record = json.dumps(provenance(attempt, _version()), ensure_ascii=False, indent=2)
        # This syncs the folder: for all three names, as they stand side by side.
        write_whole(self._root / provenance_file(file), record.encode("utf-8", "backslashreplace"))

    def _retire(self, file: str) -> None:
        """Move a clip that is replaced, with what stands beside it, to `old/` under free names."""
        beside = (poster_file(file), provenance_file(file), finished_file(file))
        files = [self._root / name for name in (file, *beside)]
        present = [path for path in files if path.exists()]
        if not present:
            return
        old = self._place(f"old/{PurePosixPath(file).relative_to('clips')}").parent
        number = next(n for n in count(1) if not any((old / _as(p, n)).exists() for p in files))
        for path in present:
            replace_patiently(path, old / _as(path, number))
        sync_folder(old)
        crash_point("retire-after")

    def _place(self, file: str) -> Path:
        """Make the folders of a file and give its path.

        Raises:
            DownloadError: somebody put a link in its way.
        """
        path = self._root
        parts = PurePosixPath(file).parts
        for part in parts:
            path = path / part
            if path.is_symlink() or part == "..":
                raise DownloadError(
                    msg("{path} is a link: nothing is written through it; remove it", path=path)
                )
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


@functools.cache
def _version() -> str:
    return version("batchgen")


def _as(path: Path, number: int) -> str:
    """Number a retired file: `main.mp4`, then `main.2.mp4`."""
    return path.name if number == 1 else f"{path.stem}.{number}{path.suffix}"


def _part(final: Path) -> Path:
    return final.with_name(final.name + ".part")


def _checked(part: Path) -> Mp4Facts:
    """Read the facts of a downloaded file; remove it when it is no clip."""
    try:
        return read_mp4(part)
    except BadFile:
        part.unlink()
        raise


def _has_bytes(path: Path, attempt: Attempt) -> bool:
    """Tell whether a file holds exactly the bytes that the state verified."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == attempt.sha256
