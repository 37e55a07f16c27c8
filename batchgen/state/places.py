"""Where a state may lie: under one name, on a disk of this machine.

On a network file system neither locks nor syncs can be relied on; under two names, two locks would
guard one state.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from batchgen.errors import StateError
from batchgen.messages import msg

#: File systems of Linux that live on another machine or in a cloud.
_REMOTE_KINDS = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre")
_REMOTE_PREFIXES = ("fuse.sshfs", "fuse.rclone", "fuse.s3fs", "fuse.gcsfuse", "fuse.davfs")
_MOUNTS = Path("/proc/self/mountinfo")


def refuse_bad_place(state: Path, mounts: Path = _MOUNTS) -> None:
    """Refuse a state with a second name, or on a network file system where that can be told.

    `mounts` is a list of mounts as Linux gives it; without one, only Windows' network paths are
    known.

    Raises:
        StateError: says what to do instead.
    """
    if state.exists() and state.stat().st_nlink > 1:
        raise StateError(
            msg(
                "the state {path} has a second name (a hard link); nothing was sent. Keep one of"
                " them",
                path=state,
            )
        )
    kind = _kind_of(state.absolute(), mounts)
    if kind in _REMOTE_KINDS or kind.startswith(_REMOTE_PREFIXES):
        raise StateError(
            msg(
                "the state {path} lies on a network drive ({kind}), where its lock and its records"
                " are not safe; nothing was sent. Name a local file with --state",
                path=state,
                kind=kind,
            )
        )


def _kind_of(path: Path, mounts: Path) -> str:
    """Give the kind of file system of a path, `local` where it cannot be told."""
    if str(path).startswith("\\\\"):
        return "smb3"
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "local"
    resolved = PurePosixPath(path.resolve())
    found = [
        (len(place.parts), number, kind)
        for number, (place, kind) in enumerate(map(_read_mount, lines))
        if resolved.is_relative_to(place)
    ]
    return max(found, default=(0, 0, "local"))[2]


def _read_mount(line: str) -> tuple[PurePosixPath, str]:
    """Read a line: `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw`."""
    left, _, right = line.partition(" - ")
    place = left.split(" ")[4].replace("\\040", " ")
    return PurePosixPath(place), right.split(" ")[0]
