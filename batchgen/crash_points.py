"""Named moments at which a proof may end the process, as a kill or a power cut would. Pure.

Each stands before or after something that must be durable. A point does nothing unless the
environment names it: `BATCHGEN_CRASH_POINT=commit-after:3` ends the process when it passes
`commit-after` for the third time, `*:41` at the 41st point of any name.
"""

from __future__ import annotations

import itertools
import os
from typing import Literal, TypeAlias

CrashPoint: TypeAlias = Literal[
    "state-made",  # a new state stands under its name
    "commit-before",  # a group of changes is about to be committed
    "commit-after",  # it is committed; nobody was told yet
    "submit-before",  # the intent is durable, nothing was sent
    "submit-after",  # the answer is here, it is not recorded
    "poll-after",
    "part-before-sync",  # all bytes of a clip were written
    "part-after-sync",
    "retire-after",  # what a clip replaces was moved to old/
    "publish-after-rename",
    "publish-after-sync",
    "poster-after",
    "whole-before-rename",  # a small file stands under its temporary name
    "whole-after-rename",
    "table-before-rename",  # results, under their temporary name
]

#: What a killed process gives as its exit status in a shell.
_KILLED = 137

_wanted, _, _nth = os.environ.get("BATCHGEN_CRASH_POINT", "").rpartition(":")
_passed = itertools.count(1)


def crash_point(name: CrashPoint) -> None:
    """End the process here, at once and without any cleanup, if the environment asks for it."""
    if _wanted in {name, "*"} and next(_passed) == int(_nth):
        os._exit(_KILLED)
