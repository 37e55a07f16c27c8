"""`batchgen doctor [JOB]`: is everything a run needs in order? Sends nothing without `--live`."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import click

from batchgen.cli.options import as_json, job_options, optional_job
from batchgen.cli.speech import heard, tell, tell_json
from batchgen.clip import TaskId
from batchgen.clock import SystemClock
from batchgen.engine import (
    Options,
    Workspace,
    base_url_of,
    key_of,
    open_workspace,
    reading,
    settings_without_job,
)
from batchgen.errors import BatchgenError
from batchgen.job.schema import Account
from batchgen.job.settings import Origin, Setting, Settings
from batchgen.language import say_here
from batchgen.messages import Message, msg
from batchgen.provider.bigmodel import BigModelClient
from batchgen.provider.port import PollTrouble

#: A clock that is off by more than this spoils deadlines (seconds).
_CLOCK_TOLERANCE_S = 60.0
#: Less free space than this is worth a word (bytes).
_LEAST_FREE_BYTES = 1_000_000_000
#: SQLite releases with a known loss after a reset of the write-ahead log (sqlite.org, news of
#: 3.51.3, read 2026-11-23). One writing connection, as here, does not meet it.
_WAL_RESET_BUG = ((3, 7, 0), (3, 51, 3))
_LIBRARIES = ("aiohttp", "av", "pandas", "pillow")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    is_fine: bool
    text: Message


@click.command("doctor", help=heard(msg("Look whether everything that a run needs is in order.")))
@optional_job
@job_options
@click.option(
    "--live", is_flag=True, help=heard(msg("Ask the API about a task that does not exist: free."))
)
@as_json
@click.pass_context
def command(
    ctx: click.Context, job: Path | None, options: Options, *, live: bool, as_json: bool
) -> None:
    """Print what was found; exit 2 when something is not in order."""
    findings = [*_of_machine(), *_of_setup(job, options, live=live)]
    if as_json:
        tell_json({f.name: {"ok": f.is_fine, "text": say_here()(f.text)} for f in findings})
    else:
        for finding in findings:
            mark = "ok" if finding.is_fine else "!!"
            tell(msg("{mark}  {name}: {text}", mark=mark, name=finding.name, text=finding.text))
    ctx.exit(0 if all(finding.is_fine for finding in findings) else 2)


def _of_machine() -> Iterator[Finding]:
    yield Finding(
        "batchgen",
        True,
        msg(
            "{ours} on Python {python}, {system}",
            ours=version("batchgen"),
            python=platform.python_version(),
            system=platform.system(),
        ),
    )
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    yield Finding("libraries", True, msg("{libraries}", libraries=libraries))
    oldest, fixed = _WAL_RESET_BUG
    note = msg("{version}", version=sqlite3.sqlite_version)
    if oldest <= sqlite3.sqlite_version_info < fixed:
        note = msg(
            "{version}; do not let another program write the state", version=sqlite3.sqlite_version
        )
    yield Finding("sqlite", True, note)


def _of_setup(job: Path | None, options: Options, *, live: bool) -> Iterator[Finding]:
    try:
        if job is None:
            settings = settings_without_job(options, os.environ)
            account = Account.model_validate({"provider": options.provider or "bigmodel"})
        else:
            workspace = open_workspace(job, options, os.environ)
            settings, account = workspace.settings, workspace.job.account
            yield Finding("job", True, msg("{name}, {file}", name=workspace.job.name, file=job))
            yield _of_disk(workspace)
        base_url = base_url_of(account, settings)
    except BatchgenError as error:
        yield Finding("settings" if job is None else "job", False, error.message)
        return
    key = _of_key(account, settings)
    yield from (key, _of_address(base_url, settings))
    if job is not None or settings.state.origin is not Origin.JOB:
        yield _of_state(settings.state)
    if live and key.is_fine:
        yield from asyncio.run(_ask(account, settings, base_url))


def _of_key(account: Account, settings: Settings) -> Finding:
    try:
        key_of(account, settings)
    except BatchgenError as error:
        return Finding("key", False, error.message)
    if settings.key is None:
        return Finding("key", True, msg("none needed for the simulator"))
    return Finding("key", True, _said_by(settings.key))


def _of_address(base_url: str | None, settings: Settings) -> Finding:
    if base_url is None:
        return Finding("address", True, msg("the embedded simulator, started for each run"))
    if settings.base_url is None:
        return Finding("address", True, msg("{url}, the provider's own", url=base_url))
    origin = _said_by(settings.base_url)
    return Finding("address", True, msg("{url}, {origin}", url=base_url, origin=origin))


def _said_by(setting: Setting) -> Message:
    if setting.origin is Origin.FLAG:
        return msg("{name}", name=setting.name)
    return msg("{name} from {origin}", name=setting.name, origin=setting.origin)


def _of_state(setting: Setting) -> Finding:
    path, origin = Path(setting.value), _said_by(setting)
    doubts: list[Message] = []
    try:
        with reading(path, doubts.append) as reader:
            if doubts:
                return Finding("state", False, doubts[0])
            if reader is None:
                text = msg("{path}, {origin}, is made by the first run", path=path, origin=origin)
                return Finding("state", True, text)
            runs = sum(1 for _ in reader.runs())
            verdict = reader.verdict()
    except BatchgenError as error:
        return Finding("state", False, error.message)
    return Finding(
        "state",
        verdict == "ok",
        msg(
            "{path}, {origin}: {runs} runs, check: {verdict}",
            path=path,
            origin=origin,
            runs=runs,
            verdict=verdict,
        ),
    )


def _of_disk(workspace: Workspace) -> Finding:
    folder = workspace.output
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    gigabytes = f"{free / 1e9:.1f}"
    return Finding(
        "disk",
        free >= _LEAST_FREE_BYTES,
        msg("{free} GB free for {folder}", free=gigabytes, folder=workspace.output),
    )


async def _ask(account: Account, settings: Settings, base_url: str | None) -> list[Finding]:
    """Ask the API about a task that cannot exist: the cheapest question there is."""
    if base_url is None:
        return [Finding("api", True, msg("the embedded simulator starts with each run"))]
    clock = SystemClock()
    async with BigModelClient(
        base_url,
        key_of(account, settings),
        provider=account.provider,
        max_per_second=account.max_polls_per_second,
        now=clock.now,
    ) as provider:
        reply = await provider.poll(TaskId("batchgen-doctor"), "batchgen-doctor")
        offset_s = provider.clock_offset_s
    text = msg("answers, the key is accepted")
    if isinstance(reply, PollTrouble):
        text = msg("no usable answer: {reason}", reason=reply.text)
    findings = [Finding("api", not isinstance(reply, PollTrouble), text)]
    if offset_s is not None:
        findings.append(
            Finding(
                "clock",
                abs(offset_s) <= _CLOCK_TOLERANCE_S,
                msg("{seconds} s from the API's clock", seconds=round(offset_s)),
            )
        )
    return findings
