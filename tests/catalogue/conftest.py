"""A manifest in a folder of its own, and pictures drawn beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from batchgen.catalogue.pictures.facts import PictureFacts, remembered_facts
from batchgen.job.schema import Job
from tests.catalogue.examples import Draw, Read
from tests.catalogue.whole import WholeCatalogue, read_whole


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write a manifest (text or bytes; None where it is there) and read it as a job would."""

    def write_and_read(name: str, content: str | bytes | None, **manifest: Any) -> WholeCatalogue:
        if content is not None:
            file = tmp_path / name
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        job = Job.model_validate(
            {
                "name": "test",
                "manifest": {"path": name, **manifest},
                "output": "out",
                "path": tmp_path / "job.yaml",
            }
        )
        return read_whole(job)

    return write_and_read


@pytest.fixture
def draw(tmp_path: Path) -> Draw:
    """Save a plain picture below the manifest's folder."""

    def save(name: str, size: tuple[int, int] = (64, 48), **options: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, "steelblue").save(path, **options)
        return path

    return save


@pytest.fixture
def facts(tmp_path: Path) -> Iterator[PictureFacts]:
    """Open a place that holds nothing yet."""
    with remembered_facts(tmp_path / "pictures.db") as opened:
        yield opened
