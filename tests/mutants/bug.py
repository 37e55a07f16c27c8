"""What a planted bug is, and where it stands in the package."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Bug:
    """One mistake, made by one exact replacement, and the tests each of which must see it."""

    #: In words: what the product does wrong with it.
    name: str
    #: Module, relative to the package.
    file: str
    #: Occurs exactly once in the module.
    old: str
    new: str
    #: `room/test_module.py::test_name`, relative to `tests/`; all cases of the test are run.
    tests: tuple[str, ...]

    def plant(self, root: Path) -> None:
        """Make the mistake in a copy of the package below `root`.

        Raises:
            ValueError: the text moved; the entry is to be updated.
        """
        file = root / "batchgen" / self.file
        text = file.read_text(encoding="utf-8")
        if text.count(self.old) != 1:
            message = (
                f"batchgen/{self.file} holds the old text of the planted bug {self.name!r}"
                f" {text.count(self.old)} times, not once: update its entry in tests/mutants/"
            )
            raise ValueError(message)
        file.write_text(text.replace(self.old, self.new), encoding="utf-8")
