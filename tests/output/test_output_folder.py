from __future__ import annotations

import hashlib
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from batchgen.clip import Attempt, ClipKey
from batchgen.errors import BadFile, DownloadError, LinkDead
from batchgen.output.download import Downloader
from batchgen.output.folder import OutputFolder

Serve = Callable[..., Awaitable[str]]
MakeClip = Callable[..., bytes]


@pytest.fixture
async def folder(tmp_path: Path) -> AsyncIterator[OutputFolder]:
    """An output folder below `tmp_path / "out"`."""
    async with Downloader(allow_loopback=True) as downloader:
        yield OutputFolder(tmp_path / "out", downloader)


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """The folder of the clips of MUG-001."""
    path = tmp_path / "out/clips/MUG-001"
    path.mkdir(parents=True)
    return path


def ok(body: bytes) -> bytes:
    """Build a good HTTP answer."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def names(folder: Path) -> set[str]:
    """List every file below a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


async def test_fetch_then_publish_brings_a_clip_home(
    folder: OutputFolder, serve: Serve, attempt: Attempt, clip_bytes: bytes, tmp_path: Path
) -> None:
    """A fetched clip has the facts the state needs; published, it stands under its name."""
    attempt = replace(attempt, video_url=await serve(ok(clip_bytes)))
    fetched = await folder.fetch(attempt)
    assert (fetched.file, fetched.sha256) == (attempt.file, attempt.sha256)
    assert (fetched.width, fetched.height, fetched.duration_s) == (64, 48, 4.0)
    assert names(tmp_path / "out") == {"clips/MUG-001/main.mp4.part"}
    assert await folder.publish(attempt)
    assert names(tmp_path / "out/clips") == {f"MUG-001/main.{x}" for x in ("mp4", "jpg", "json")}


@pytest.mark.parametrize("gone", [True, False])
async def test_a_fetched_file_that_was_changed_is_not_published(
    folder: OutputFolder, serve: Serve, attempt: Attempt, clip_bytes: bytes, gone: bool, clips: Path
) -> None:
    """What was hashed on its way here counts only while nobody wrote to it since."""
    part = clips / "main.mp4.part"
    await folder.fetch(replace(attempt, video_url=await serve(ok(clip_bytes))))
    if gone:
        part.unlink()
    else:
        part.write_bytes(clip_bytes[::-1])
        os.utime(part, ns=(0, 0))
    assert not await folder.publish(attempt)
    assert not (clips / "main.mp4").exists()


async def test_a_bad_clip_is_not_kept(
    folder: OutputFolder, serve: Serve, attempt: Attempt, clip_bytes: bytes, tmp_path: Path
) -> None:
    """Bytes that are no whole clip are removed, even where the server gave no length."""
    cut = b"HTTP/1.1 200 OK\r\n\r\n" + clip_bytes[:-100]
    with pytest.raises(BadFile):
        await folder.fetch(replace(attempt, video_url=await serve(cut)))
    assert names(tmp_path) == set()


async def test_a_dead_link_and_a_missing_link_are_told(
    folder: OutputFolder, serve: Serve, attempt: Attempt
) -> None:
    """The runner can tell a dead link from an answer without one."""
    gone = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(LinkDead):
        await folder.fetch(replace(attempt, video_url=await serve(gone)))
    with pytest.raises(DownloadError, match="no usable link"):
        await folder.fetch(replace(attempt, video_url=None))


async def test_publishing_again_changes_nothing(
    folder: OutputFolder, attempt: Attempt, clips: Path, clip_bytes: bytes, tmp_path: Path
) -> None:
    """A crash after the rename is mended by publishing again."""
    (clips / "main.mp4.part").write_bytes(clip_bytes)
    assert await folder.publish(attempt)
    (clips / "main.jpg").unlink()
    (clips / "main.json").unlink()
    before = names(tmp_path)
    assert await folder.publish(attempt)
    assert names(tmp_path) == before | {f"out/clips/MUG-001/main.{x}" for x in ("jpg", "json")}


@pytest.mark.parametrize("left", [None, b"other bytes"])
async def test_without_the_bytes_nothing_is_published(
    folder: OutputFolder, attempt: Attempt, clips: Path, left: bytes | None
) -> None:
    """A lost or damaged part is fetched again; what stands under the final name stays."""
    (clips / "main.mp4").write_bytes(b"older clip")
    if left is not None:
        (clips / "main.mp4.part").write_bytes(left)
    assert not await folder.publish(attempt)
    assert (clips / "main.mp4").read_bytes() == b"older clip"


async def test_what_is_replaced_moves_to_old(
    folder: OutputFolder, attempt: Attempt, clips: Path, clip_bytes: bytes, tmp_path: Path
) -> None:
    """Replaced clips keep their poster and provenance, and never overwrite one another."""
    for text in (b"first", b"second"):
        for ending in ("mp4", "jpg", "json"):
            (clips / f"main.{ending}").write_bytes(text)
        (clips / "main.mp4.part").write_bytes(clip_bytes)
        assert await folder.publish(attempt)
    old = tmp_path / "out/old/MUG-001"
    assert {path.name: path.read_bytes() for path in old.iterdir()} == {
        **{f"main.{ending}": b"first" for ending in ("mp4", "jpg", "json")},
        **{f"main.2.{ending}": b"second" for ending in ("mp4", "jpg", "json")},
    }
    assert (clips / "main.mp4").read_bytes() == clip_bytes


async def test_a_crash_between_moving_and_renaming_is_mended(
    folder: OutputFolder, attempt: Attempt, clips: Path, clip_bytes: bytes, tmp_path: Path
) -> None:
    """When only the older clip was moved away, publishing moves the rest and goes on."""
    (clips / "main.jpg").write_bytes(b"old poster")
    (clips / "main.mp4.part").write_bytes(clip_bytes)
    assert await folder.publish(attempt)
    assert (tmp_path / "out/old/MUG-001/main.jpg").read_bytes() == b"old poster"
    assert (clips / "main.jpg").read_bytes()[:2] == b"\xff\xd8"


async def test_a_clip_without_decodable_pictures_has_no_poster(
    folder: OutputFolder, attempt: Attempt, clips: Path, clip_bytes: bytes
) -> None:
    """The poster never costs the clip."""
    start = clip_bytes.index(b"moov")
    broken = clip_bytes[:start] + bytes(len(clip_bytes) - start)
    (clips / "main.mp4.part").write_bytes(broken)
    sha256 = hashlib.sha256(broken).hexdigest()
    assert await folder.publish(replace(attempt, sha256=sha256))
    assert names(clips) == {"main.mp4", "main.json"}


async def test_provenance_tells_all_but_the_link(
    folder: OutputFolder, attempt: Attempt, clips: Path, clip_bytes: bytes
) -> None:
    """The record beside a clip names request, money and file, and never the signed link."""
    (clips / "main.mp4.part").write_bytes(clip_bytes)
    await folder.publish(attempt)
    text = (clips / "main.json").read_text(encoding="utf-8")
    record = json.loads(text)
    assert "canary" not in text
    assert (record["price"], record["currency"]) == ("1.25", "CNY")
    assert record["submitted_at"] == "2023-11-14T22:13:21+00:00"
    assert record["images"] == [{"name": "mug.jpg", "sha256": "ab" * 32}]
    assert record["checks"] == {"duration_as_asked": True}


@pytest.mark.parametrize(
    "planted", ["out/clips", "out/clips/MUG-001", "out/clips/MUG-001/main.mp4"]
)
async def test_planted_links_are_refused(
    folder: OutputFolder, attempt: Attempt, tmp_path: Path, planted: str
) -> None:
    """Nothing is written through a link inside the output folder."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / planted).parent.mkdir(parents=True)
    (tmp_path / planted).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DownloadError, match="is a link"):
        await folder.fetch(attempt)
    with pytest.raises(DownloadError, match="is a link"):
        await folder.publish(attempt)
    assert names(tmp_path / "elsewhere") == set()


async def saved(
    folder: OutputFolder, serve: Serve, attempt: Attempt, clip: bytes, root: Path
) -> Attempt:
    """Bring a clip home; give its attempt."""
    attempt = replace(
        attempt,
        video_url=await serve(ok(clip)),
        output=str(root),
        sha256=hashlib.sha256(clip).hexdigest(),
        size_bytes=len(clip),
    )
    fetched = await folder.fetch(attempt)
    attempt = replace(attempt, file=fetched.file)
    assert await folder.publish(attempt)
    return attempt


async def test_a_clip_is_copied_to_the_name_it_is_wanted_under(
    folder: OutputFolder, serve: Serve, attempt: Attempt, clip_bytes: bytes, tmp_path: Path
) -> None:
    """A renamed variant gets its own file, with poster and provenance; the old one stays."""
    root = tmp_path / "out"
    attempt = await saved(folder, serve, attempt, clip_bytes, root)
    assert await folder.restore(attempt, ClipKey("MUG-001", "renamed"))
    assert (root / "clips/MUG-001/renamed.mp4").read_bytes() == clip_bytes
    assert {"MUG-001/main.mp4", "MUG-001/renamed.jpg", "MUG-001/renamed.json"} < names(
        root / "clips"
    )


async def test_a_retired_clip_comes_back_from_old(
    folder: OutputFolder, serve: Serve, attempt: Attempt, clip_bytes: bytes, tmp_path: Path
) -> None:
    """What a newer clip replaced takes its place again, and the newer one goes to `old/`."""
    root = tmp_path / "out"
    first = await saved(folder, serve, attempt, clip_bytes, root)
    other = clip_bytes + b"\0\0\0\x08free"
    second = await saved(folder, serve, attempt, other, root)
    assert await folder.restore(first, first.key)
    assert (root / "clips/MUG-001/main.mp4").read_bytes() == clip_bytes
    assert await folder.restore(second, second.key)
    assert (root / "clips/MUG-001/main.mp4").read_bytes() == other


async def test_another_jobs_clip_is_copied_over(
    folder: OutputFolder, serve: Serve, attempt: Attempt, clip_bytes: bytes, tmp_path: Path
) -> None:
    """A clip that another job bought is copied from its folder into ours."""
    attempt = await saved(folder, serve, attempt, clip_bytes, tmp_path / "out")
    async with Downloader() as downloader:
        ours = OutputFolder(tmp_path / "ours", downloader)
        assert await ours.restore(attempt, attempt.key)
    assert (tmp_path / "ours/clips/MUG-001/main.mp4").read_bytes() == clip_bytes


async def test_a_clip_that_is_nowhere_cannot_be_restored(
    folder: OutputFolder, serve: Serve, attempt: Attempt, clip_bytes: bytes, tmp_path: Path
) -> None:
    """A deleted file, and one that was overwritten, are both told."""
    attempt = await saved(folder, serve, attempt, clip_bytes, tmp_path / "out")
    (tmp_path / "out/clips/MUG-001/main.mp4").write_bytes(b"something else")
    assert not await folder.restore(attempt, attempt.key)
    (tmp_path / "out/clips/MUG-001/main.mp4").unlink()
    assert not await folder.restore(attempt, attempt.key)
