"""Runs a program under `strace`, and reads what it asked of the kernel, in which order.

A call begins at one line of the log and ends at the same or a later one: what begins after
another's end was asked for after that was done, whatever thread did it.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

#: Bytes of a written text that the log shows: more than a page of a database.
_SHOWN_BYTES = 100_000
_CALL = re.compile(rb"(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\()")
_RESULT = re.compile(rb"\) += (-?\d+)[^=\"]*$")
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"')
_HANDLE = re.compile(rb"(?:\d+|AT_FDCWD)<([^<>]*)>")


def why_not() -> str | None:
    """Tell why nothing can be traced here, or None when it can."""
    if shutil.which("strace") is None:
        return "strace is not installed (Debian: apt-get install strace)"
    traced = subprocess.run(
        ["strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=fsync", "true"],
        capture_output=True,
        text=True,
        check=False,
    )
    return f"strace cannot trace here: {traced.stderr.strip()}" if traced.returncode else None


def recording(log: Path, calls: Sequence[str]) -> tuple[str, ...]:
    """Give the command that starts another one and writes its system calls to a log."""
    return (
        *("strace", "-f", "-qq", "-y", "-s", str(_SHOWN_BYTES), "--seccomp-bpf"),
        *("-o", str(log), "-e", f"trace={','.join(calls)}", "-e", "signal=none"),
    )


@dataclass(frozen=True, slots=True)
class Fault:
    """System calls that fail at their N-th use in each thread, or from then on."""

    calls: str
    #: As `errno` names it.
    error: str
    lasts: bool = False
    #: Only where they are about one of these paths.
    paths: tuple[Path, ...] = ()

    def at(self, number: int, log: Path) -> tuple[str, ...]:
        """Give the command that starts another one with this fault, at the N-th use."""
        when = f"{number}+" if self.lasts else str(number)
        inject = f"inject={self.calls}:error={self.error}:when={when}"
        return (
            *("strace", "-f", "-qq", "--seccomp-bpf", "-o", str(log), "-e", "signal=none"),
            *(word for path in self.paths for word in ("-P", str(path))),
            *("-e", f"trace={self.calls}", "-e", inject),
        )


def was_injected(log: Path) -> bool:
    """Tell whether a fault happened at all."""
    return b"(INJECTED)" in log.read_bytes()


@dataclass(slots=True)
class Call:
    """One system call."""

    name: str
    thread: int
    #: As the log has it, without the name.
    arguments: bytes
    #: Lines of the log at which it was asked for and was done.
    begun: int
    ended: int
    result: int

    @property
    def path(self) -> str:
        """Path of the open file (or name of the socket) that it is about."""
        match = _HANDLE.match(self.arguments)
        return match[1].decode() if match else ""

    @property
    def texts(self) -> list[bytes]:
        """Give the texts among its arguments: paths, or what is written."""
        return [ast.literal_eval("b" + text.decode()) for text in _TEXT.findall(self.arguments)]

    @property
    def content(self) -> bytes:
        """Give all that is written, from however many pieces."""
        return b"".join(self.texts)


def read_calls(log: Path) -> list[Call]:
    """Read every call of a log, in the order in which they began."""
    return sorted(_ended_calls(log), key=lambda call: call.begun)


def _ended_calls(log: Path) -> Iterator[Call]:
    unfinished: dict[int, Call] = {}
    with log.open("rb") as lines:
        for number, line in enumerate(lines):
            match = _CALL.match(line)
            if match is None:
                continue
            thread = int(match[1])
            rest = line[match.end() :]
            if match[2] is not None:
                call = unfinished.pop(thread)
                call.arguments += rest
            else:
                call = Call(match[3].decode(), thread, rest, number, number, 0)
            result = _RESULT.search(rest)
            if result is None:
                unfinished[thread] = call  # or its thread ended in it
                continue
            call.ended, call.result = number, int(result[1])
            yield call
