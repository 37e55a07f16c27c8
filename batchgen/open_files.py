"""Whether the system lets this process open as many files as a run needs, asked before it begins.

A run that met the limit in its middle could neither record an answer nor save a clip.
"""

from __future__ import annotations

import sys

from batchgen.errors import SettingsError
from batchgen.messages import msg

#: Open files of a run beside the connections of its tasks: downloads, their files, the state.
_BESIDE = 64


def ensure_open_files(slots: int) -> None:
    """Raise the process's own limit as far as needed; Windows has none worth asking for.

    `slots` is how many tasks may be alive at once.

    Raises:
        SettingsError: the system allows fewer.
    """
    if sys.platform == "win32":
        return
    import resource

    needed = 2 * slots + _BESIDE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < needed:
        raise SettingsError(
            msg(
                "this process may open {allowed} files only, a run needs {needed}; nothing was"
                " sent. Raise the limit (`ulimit -n {needed}`), then run again",
                allowed=allowed,
                needed=needed,
            )
        )
