"""What must be durable before what, judged by the system calls of a run.

1. the intent before the first byte of its POST
2. the task id before the first poll with it
3. the film before the record that it was checked
4. that record before the film's final name
5. the final name before the record that the clip is saved
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tests.prove.strace import Call
from tests.truth.book import Charge

#: All that is looked at.
CALLS = (
    *("pwrite64", "write", "writev", "sendto", "sendmsg"),
    *("fsync", "fdatasync", "rename", "renameat", "renameat2"),
)
_SENDING = {"write", "writev", "sendto", "sendmsg"}
_FRAME_HEAD_BYTES = 24
_NEVER = 10**12
_REQUEST_ID = re.compile(rb'"request_id": ?"([^"]+)"')
#: An attempt's row: its state, and next to it its request id.
_RECORD = re.compile(rb"(intent|accepted|verified|saved)(bg-[0-9a-f]{32})")
_POLL = re.compile(rb"GET /api/paas/v4/async-result/([^ ?]+)")


@dataclass(slots=True)
class Page:
    """One page that was appended to the database's log."""

    begun: int
    #: The line at which the commit it belongs to was synced.
    durable: int = _NEVER


@dataclass(slots=True)
class Seen:
    """What a run did, by lines of the log of its system calls."""

    #: (state, request id) -> the first page that has this record.
    records: dict[tuple[str, str], Page] = field(default_factory=dict)
    #: Request id -> the first byte of its POST.
    posts: dict[str, int] = field(default_factory=dict)
    #: Task id -> its first poll.
    polls: dict[str, int] = field(default_factory=dict)
    #: By path; renames by the new one.
    writes: dict[str, list[Call]] = field(default_factory=dict)
    syncs: dict[str, list[Call]] = field(default_factory=dict)
    renames: dict[str, Call] = field(default_factory=dict)

    def record(self, state: str, request_id: str) -> Page:
        """Give the first page with a record; one that was never written begins never."""
        return self.records.get((state, request_id), Page(_NEVER))


def look(calls: Iterable[Call]) -> Seen:
    """Sort the calls of a run by what they mean."""
    seen, log = Seen(), _Log()
    sent: dict[str, tuple[int, bytes]] = {}
    for call in calls:
        if call.path.endswith("state.db-wal"):
            log.take_in(call, seen)
        elif call.path.startswith("socket:") and call.name in _SENDING:
            _sent(call, sent, seen)
        elif call.name.startswith("rename"):
            seen.renames[call.texts[-1].decode()] = call
        elif call.name in {"fsync", "fdatasync"}:
            seen.syncs.setdefault(call.path, []).append(call)
        else:
            seen.writes.setdefault(call.path, []).append(call)
    return seen


class _Log:
    """The database's write-ahead log as it grows."""

    def __init__(self) -> None:
        self._uncommitted: list[Page] = []
        self._committed: list[Page] = []
        self._ends_commit = False
        self._written = 0

    def take_in(self, call: Call, seen: Seen) -> None:
        """Take in a frame's head, its page, or a sync."""
        if call.name in {"fsync", "fdatasync"}:
            self._sync(call)
            return
        content = call.content
        if len(content) == _FRAME_HEAD_BYTES:
            self._ends_commit = content[4:8] != bytes(4)  # size of the database after the commit
            return
        page = Page(call.begun)
        self._uncommitted.append(page)
        self._written = call.ended
        for state, request_id in _RECORD.findall(content):
            seen.records.setdefault((state.decode(), request_id.decode()), page)
        if self._ends_commit:
            self._committed += self._uncommitted
            self._uncommitted = []

    def _sync(self, call: Call) -> None:
        if call.result == 0 and call.begun > self._written:
            for page in self._committed:
                page.durable = call.ended
            self._committed = []


def _sent(call: Call, sent: dict[str, tuple[int, bytes]], seen: Seen) -> None:
    """Note the first byte of a request; the request id may come in a later piece."""
    content = call.content
    poll = _POLL.match(content)
    if poll is not None:
        seen.polls.setdefault(poll[1].decode(), call.begun)
    if content.startswith(b"POST "):
        sent[call.path] = (call.begun, b"")
    if call.path not in sent:
        return
    first, before = sent[call.path]
    sent[call.path] = (first, before + content)
    request_id = _REQUEST_ID.search(before + content)
    if request_id is not None:
        del sent[call.path]
        seen.posts[request_id[1].decode()] = first


def complaints(seen: Seen, charges: Iterable[Charge]) -> Iterator[str]:
    """Name everything that was done too early; every charge has to have come home."""
    for request_id, sent in seen.posts.items():
        if seen.record("intent", request_id).durable > sent:
            yield f"{request_id}: sent before its intent was durable"
    for charge in charges:
        request_id = charge["request_id"]
        if request_id not in seen.posts:
            yield f"{request_id}: bought, and its POST was not seen"
        asked = seen.polls.get(charge["task_id"], -1)
        if seen.record("accepted", request_id).durable > asked:
            yield f"{request_id}: asked for before its task id was durable"
        yield from _complaints_of_film(seen, f"/out/clips/{charge['clip']}.mp4", request_id)


def _complaints_of_film(seen: Seen, name: str, request_id: str) -> Iterator[str]:
    final = next((path for path in seen.renames if path.endswith(name)), None)
    if final is None:
        yield f"{request_id}: no film got its name"
        return
    rename = seen.renames[final]
    verified, saved = seen.record("verified", request_id), seen.record("saved", request_id)
    written = max(call.ended for call in seen.writes[f"{final}.part"])
    if not _is_synced(seen, f"{final}.part", written, verified.begun):
        yield f"{request_id}: recorded as checked before its film was durable"
    if verified.durable > rename.begun:
        yield f"{request_id}: named before it was durable that it is checked"
    if not _is_synced(seen, final.rpartition("/")[0], rename.ended, saved.begun):
        yield f"{request_id}: recorded as saved before its name was durable"


def _is_synced(seen: Seen, path: str, after: int, before: int) -> bool:
    """Tell whether a file or folder was synced between two moments."""
    return any(
        call.result == 0 and call.begun > after and call.ended < before
        for call in seen.syncs.get(path, ())
    )
