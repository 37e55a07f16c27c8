"""Keeps pictures that lie in no file of their own: taken out of workbooks, or downloaded.

One file for each content, named by its hash, in the user's cache folder; deleting the folder
costs only time. Knows no row and opens no picture.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs

#: Format -> end of a file's name.
_SUFFIXES = {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}


@dataclass(frozen=True, slots=True)
class PictureStore:
    """A folder of pictures by content."""

    folder: Path

    def keep(self, content: bytes, picture_format: str) -> Path:
        """Keep a whole picture, and give the file that has it; the same content is kept once.

        Args:
            content: Its bytes.
            picture_format: `png`, `jpeg` or `webp`.

        Raises:
            OSError: the folder cannot be written.
        """
        name = hashlib.sha256(content).hexdigest() + _SUFFIXES[picture_format]
        target = self.folder / name
        if target.is_file() and target.stat().st_size == len(content):
            return target
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, part = tempfile.mkstemp(dir=self.folder, suffix=".part")  # mode 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            Path(part).replace(target)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise
        return target


def own_pictures() -> PictureStore:
    """Give the store of this user."""
    return PictureStore(platformdirs.user_cache_path("batchgen") / "kept-pictures")
