"""A purchase is refused where the state is not ours any more, or lies where it is not safe."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from batchgen.clip import AttemptState, Intent
from batchgen.errors import StateError
from batchgen.state.places import refuse_bad_place
from batchgen.state.writing import SqliteWriter
from tests.state.conftest import DAY, RUN

MakeIntent = Callable[..., Intent]


async def test_a_second_start_ends_the_buying_of_the_first(
    writer: SqliteWriter, intent: MakeIntent, state_path: Path
) -> None:
    """The lock file was deleted and another run began: the first one buys nothing more."""
    attempt = await writer.reserve(RUN, intent("A"), DAY, [])
    second = SqliteWriter(state_path, lambda: 9.0)
    with pytest.raises(StateError, match="another run took over"):
        await writer.reserve(RUN, intent("B"), DAY, [])
    moved = await writer.move(attempt.id, AttemptState.UNKNOWN)
    assert moved.state is AttemptState.UNKNOWN
    await second.reserve(RUN, intent("B"), DAY, [])
    await second.close()


@pytest.mark.parametrize("is_replaced", [True, False])
async def test_a_state_that_was_moved_away_ends_the_buying(
    writer: SqliteWriter, intent: MakeIntent, state_path: Path, is_replaced: bool
) -> None:
    """The next start would not find what is bought now."""
    state_path.rename(state_path.with_name("aside.db"))
    if is_replaced:
        state_path.write_bytes(b"")
    with pytest.raises(StateError, match="moved or replaced"):
        await writer.reserve(RUN, intent(), DAY, [])


async def test_a_state_with_two_names_is_refused(writer: SqliteWriter, state_path: Path) -> None:
    """Two locks would guard one state."""
    await writer.close()
    os.link(state_path, state_path.with_name("other.db"))
    with pytest.raises(StateError, match="hard link"):
        SqliteWriter(state_path, lambda: 9.0)


@pytest.mark.parametrize(
    ("kind", "is_refused"),
    [("ext4", False), ("nfs4", True), ("cifs", True), ("fuse.sshfs", True), ("overlay", False)],
)
def test_a_state_on_a_network_drive_is_refused(tmp_path: Path, kind: str, is_refused: bool) -> None:
    """The innermost mount that holds the path decides."""
    mounts = tmp_path / "mountinfo"
    place = str(tmp_path / "a drive").replace(" ", "\\040")
    mounts.write_text(
        "1 0 8:1 / / rw - ext4 /dev/sda rw\n"
        f"2 1 0:5 / {place} rw,noatime shared:1 - {kind} shop:/share rw\n"
    )
    state = tmp_path / "a drive" / ".batchgen" / "state.db"
    refuse_bad_place(tmp_path / "state.db", mounts)
    if is_refused:
        with pytest.raises(StateError, match=f"network drive .{kind}"):
            refuse_bad_place(state, mounts)
    else:
        refuse_bad_place(state, mounts)


def test_a_machine_without_a_list_of_mounts_is_trusted(tmp_path: Path) -> None:
    """Where the kind of drive cannot be told, the state is used."""
    refuse_bad_place(tmp_path / "state.db", tmp_path / "nothing")


def test_a_windows_share_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that begins with two backslashes names another machine."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "absolute", lambda self: self)
    with pytest.raises(StateError, match="network drive"):
        refuse_bad_place(Path("\\\\server\\share\\state.db"))
