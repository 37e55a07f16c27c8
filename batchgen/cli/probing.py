"""Asking for the pictures on the web that a job's clips show, before anything is bought.

What is found is remembered for every later command; the caller plans anew with it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from batchgen.catalogue.pictures.facts import PictureProblem, RemoteFacts, remembered_facts
from batchgen.catalogue.pictures.probe import PictureProbe
from batchgen.catalogue.pictures.web import PictureWeb, trusted_hosts
from batchgen.cli.looking import warn
from batchgen.cli.speech import remark
from batchgen.clip import RemotePicture
from batchgen.engine import Workspace
from batchgen.first_seen import FirstSeen
from batchgen.item import Fault, Item
from batchgen.messages import msg
from batchgen.plan.layout import LaidRow
from batchgen.run.ports import Clock

#: Seconds between two lines of progress.
_LINE_EVERY_S = 5.0


def probed(workspace: Workspace, clock: Clock) -> tuple[Workspace, tuple[Fault, ...]]:
    """Ask for every picture on the web; give the workspace to plan with, and what is wrong.

    What lasts is a fault of the workspace's own rows from now on; the faults given here are those
    that may pass, of rows that have no other.

    Raises:
        InputError: the catalogue cannot be read to its end.
    """
    tally = _Tally(clock)
    hopeful = replace(workspace.catalogue, believes=False)
    asyncio.run(_look(replace(workspace, catalogue=hopeful), tally))
    tally.tell()
    anew = replace(workspace)  # without the rows that were read
    return anew, tuple(_faults(anew.layout.rows, tally.problems))


@dataclass(slots=True)
class _Tally:
    """Counts what was found, and tells of it now and then."""

    clock: Clock
    asked: int = 0
    known: int = 0
    problems: dict[str, PictureProblem] = field(default_factory=dict)
    insecure: int = 0
    _told_at: float | None = None

    def note(self, url: str, found: RemoteFacts) -> None:
        """Count one picture."""
        self.asked += 1
        self.known += found.age_s > 0
        self.insecure += url[:5].lower() == "http:"
        if found.problem is not None:
            self.problems[url] = found.problem
        now = self.clock.monotonic()
        if self._told_at is None:
            self._told_at = now
        elif now - self._told_at >= _LINE_EVERY_S:
            self._told_at = now
            remark(msg("pictures on the web asked for: {count} ...", count=self.asked))

    def tell(self) -> None:
        """Tell the figures; why single pictures cannot be used stands at their rows."""
        remark(
            msg(
                "pictures on the web asked for: {count}, known already: {known}, cannot be"
                " used: {bad}",
                count=self.asked,
                known=self.known,
                bad=len(self.problems),
            )
        )
        for code, count in Counter(problem.code for problem in self.problems.values()).items():
            remark(msg("  {count} {code}", count=count, code=code))
        if self.insecure:
            warn(
                msg(
                    "links to pictures that begin with http: {count}; anybody on the way can"
                    " change what is fetched: write https where the server has it",
                    count=self.insecure,
                )
            )


async def _look(workspace: Workspace, tally: _Tally) -> None:
    job = workspace.job
    with remembered_facts() as facts:
        async with PictureWeb(trusted_hosts(job.manifest.picture_base)) as web:
            probe = PictureProbe(web, facts, whole=job.identity == "picture_bytes")
            await probe.look_at_all(_urls(workspace.layout.rows), tally.note)


def _urls(rows: Iterable[LaidRow]) -> Iterator[str]:
    """Yield the address of every picture that a clip shows, each once."""
    seen = FirstSeen()
    for row in rows:
        for clip in row.clips:
            for picture in clip.request.pictures:
                if isinstance(picture, RemotePicture):
                    count = len(seen)
                    seen.note(picture.url, count)
                    if len(seen) > count:
                        yield picture.url


def _faults(rows: Iterable[LaidRow], problems: dict[str, PictureProblem]) -> Iterator[Fault]:
    if not problems:
        return
    for row in rows:
        shown = (picture for clip in row.clips for picture in clip.request.pictures)
        for url in dict.fromkeys(it.url for it in shown if isinstance(it, RemotePicture)):
            if url in problems:
                yield _fault(row.item, url, problems[url])


def _fault(item: Item, url: str, problem: PictureProblem) -> Fault:
    columns = (column for column, text in item.cells.items() if url in text)
    return Fault(
        item.file,
        item.row,
        next(columns, None),
        problem.code,
        problem.message,
        item.sku,
        item.cells,
    )
