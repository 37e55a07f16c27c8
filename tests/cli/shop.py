"""A small shop in a folder: its catalogue, its job file, and batchgen's commands run on it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner, Result
from PIL import Image, ImageDraw

from batchgen.cli import main

#: One clip of vidu2-image.
PRICE = 1.25


class Watch:
    """A running simulator, and what it counted itself."""

    def __init__(self, base_url: str, process: subprocess.Popen[str]) -> None:
        self.base_url = base_url
        self.process = process

    def stats(self) -> dict[str, Any]:
        """Give its counters."""
        return dict(self._get("stats"))

    def bill(self) -> list[dict[str, str]]:
        """Give what it charged."""
        return list(self._get("bill"))

    def _get(self, what: str) -> Any:
        url = self.base_url.replace("/api/paas/v4", f"/simulator/{what}")
        with urllib.request.urlopen(url, timeout=30) as response:
            return json.load(response)

    def close(self) -> None:
        """End it."""
        if self.process.stdin and self.process.stdout:
            self.process.stdin.close()
            self.process.wait(timeout=30)
            self.process.stdout.close()


def start_simulator(*options: str) -> Watch:
    """Start `batchgen simulate` and wait for its line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "batchgen", "simulate", "--port=0", "--exit-with-stdin", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    return Watch(json.loads(process.stdout.readline())["base_url"], process)


@dataclass
class Shop:
    """One folder with `job.yaml`, `catalogue.csv` and one picture."""

    folder: Path
    simulator: Watch | None = None

    @property
    def job(self) -> Path:
        """Where the job file lies."""
        return self.folder / "job.yaml"

    @property
    def output(self) -> Path:
        """Where the clips go."""
        return self.folder / "out"

    def write_job(self, **said: Any) -> None:
        """Write the job file; what is not said is an ordinary job."""
        job = {
            "name": "spring",
            "manifest": {"path": "catalogue.csv"},
            "account": {"provider": "bigmodel", "tier": "V1"},
            "clip": {"prompt": "{{ title }} turns"},
            "output": "out",
        } | said
        self.job.write_text(yaml.safe_dump(job, allow_unicode=True), encoding="utf-8")

    def write_rows(self, *skus: str, titles: Mapping[str, str] | None = None) -> None:
        """Write the catalogue: one row an SKU, all with the same picture."""
        named = titles or {}
        lines = [f"{sku},{named.get(sku, f'Cup {sku}')},cup.png" for sku in skus]
        text = "\n".join(["sku,title,image", *lines]) + "\n"
        (self.folder / "catalogue.csv").write_text(text, encoding="utf-8")

    def draw(self, colour: str = "teal") -> None:
        """Draw the picture: a disc of a colour."""
        image = Image.new("RGB", (320, 320), "#f4f4f0")
        ImageDraw.Draw(image).ellipse((80, 80, 240, 240), fill=colour)
        image.save(self.folder / "cup.png")

    @property
    def state(self) -> Path:
        """Where the state lies."""
        return self.folder / ".batchgen" / "state.db"

    def arguments(self, command: str, *options: str) -> list[str]:
        """Give the command line for this job."""
        return [command, str(self.job), *options]

    def call(self, command: str, *options: str) -> Result:
        """Run a command on the job in this process; a bug fails the test with its traceback."""
        return call_command(*self.arguments(command, *options))

    def call_alone(self, command: str, *options: str) -> Result:
        """Run a command without the job."""
        return call_command(command, *options)

    def json(self, command: str, *options: str, code: int = 0) -> Any:
        """Run a command on the job with `--json` and give what it printed."""
        return _printed(self.call(command, *options, "--json"), code)

    def json_of(self, command: str, *options: str) -> Any:
        """Run a command without the job with `--json` and give what it printed."""
        return _printed(self.call_alone(command, *options, "--json"), 0)

    def start(self, command: str, *options: str, **how: Any) -> subprocess.Popen[str]:
        """Start a command in a process of its own."""
        return start_command(*self.arguments(command, *options), **how)

    def results(self) -> list[dict[str, Any]]:
        """Read the rows of `results.jsonl`."""
        lines = (self.output / "results.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def clips(self) -> set[str]:
        """Name the SKUs whose clip lies in the output folder."""
        return {path.parent.name for path in self.output.glob("clips/*/*.mp4")}


def call_command(*arguments: str) -> Result:
    """Run batchgen in this process; a bug fails the test with its traceback."""
    result = CliRunner().invoke(main, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def _printed(result: Result, code: int) -> Any:
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def start_command(*arguments: str, **how: Any) -> subprocess.Popen[str]:
    """Start batchgen in a process of its own, in a session of its own."""
    pipes: dict[str, Any] = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "batchgen", *arguments],
        text=True,
        start_new_session=True,
        **(pipes | how),
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for the end; give exit code, stdout and stderr."""
    stdout, stderr = process.communicate(timeout=60)
    return process.returncode, stdout, stderr


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a process as a power cut would."""
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


def skus(count: int) -> Iterable[str]:
    """Name that many SKUs."""
    return [f"S{number:03}" for number in range(1, count + 1)]


def until(is_so: Callable[[], bool], process: subprocess.Popen[str] | None = None) -> None:
    """Ask again and again until it is so; fail when the process ended meanwhile, or after 60 s."""
    deadline = time.monotonic() + 60
    while not is_so():
        assert process is None or process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.01)
