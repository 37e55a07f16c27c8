"""A job of many clips in a folder of its own, for `batchgen run` against a bench server."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml


def write_shop(folder: Path, clips: int, account: dict[str, object]) -> Path:
    """Write catalogue and job; `account` is that part of the job file. Gives the job's path."""
    folder.mkdir(parents=True)
    rows = [f"SKU-{n:04},Mug {n},https://pictures.example/{n}.png" for n in range(clips)]
    (folder / "catalog.csv").write_text("\n".join(["sku,title,image", *rows, ""]), "utf-8")
    job = {
        "name": "bench",
        "manifest": {"path": "catalog.csv"},
        "account": {"max_polls_per_second": 1000} | account,
        "clip": {"prompt": "{{ title }} turns slowly"},
        "output": "out",
    }
    path = folder / "job.yaml"
    path.write_text(yaml.safe_dump(job), "utf-8")
    return path


def run_command(job: Path, base_url: str) -> list[str]:
    """Give the command line of `batchgen run` on a job."""
    options = ["--yes", "--no-progress", "--json", "--base-url", base_url]
    return [sys.executable, "-m", "batchgen", "run", str(job), *options]
