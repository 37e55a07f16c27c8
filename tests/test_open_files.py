"""A run that could not open enough files does not begin."""

from __future__ import annotations

import subprocess
import sys

import pytest

resource = pytest.importorskip("resource")

_ASK = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
from batchgen.open_files import ensure_open_files
ensure_open_files(20)
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def ask(soft: int, hard: int) -> subprocess.CompletedProcess[str]:
    """Ask for twenty slots in a process with these limits."""
    return subprocess.run(
        [sys.executable, "-c", _ASK.format(soft=soft, hard=hard)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("soft", "after"), [(1024, "1024"), (64, "104")])
def test_the_limit_is_raised_as_far_as_needed(soft: int, after: str) -> None:
    """A process may raise its own limit up to the hard one."""
    assert ask(soft, 1024).stdout.strip() == after


def test_too_low_a_limit_is_told_before_anything_is_sent() -> None:
    """The refusal says how many are needed and how to allow them."""
    told = ask(64, 80)
    assert told.returncode == 1
    assert "ulimit -n 104" in told.stderr
