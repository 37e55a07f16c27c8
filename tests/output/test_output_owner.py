"""The output folder remembers whose it is, and how far the state had come that filled it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from batchgen.clip import AccountScope
from batchgen.errors import InputError, StateError
from batchgen.output.owner import OWNER_FILE, Claimant, claim, owner_of, record, refuse_foreign

ACCOUNT = AccountScope("bigmodel", "default", "open.bigmodel.cn")
US = Claimant(ACCOUNT, Path("/shop/.batchgen/state.db"), "state-1", 1)


def test_a_folder_is_claimed_once_and_for_all(tmp_path: Path) -> None:
    """The same state and account may come again, with their next start."""
    claim(tmp_path / "out", US)
    claim(tmp_path / "out", replace(US, epoch=2))
    assert [path.name for path in (tmp_path / "out").iterdir()] == [OWNER_FILE]


@pytest.mark.parametrize(
    ("account", "said"),
    [
        (replace(ACCOUNT, provider="simulator"), "(provider bigmodel, here simulator)"),
        (replace(ACCOUNT, name="other"), "(account default, here other)"),
        (
            AccountScope("zai", "default", "api.z.ai"),
            "(provider bigmodel, here zai; host open.bigmodel.cn, here api.z.ai)",
        ),
    ],
)
def test_another_account_is_refused(tmp_path: Path, account: AccountScope, said: str) -> None:
    """What differs is named, and another folder is the way."""
    claim(tmp_path, US)
    with pytest.raises(InputError, match=r"belongs to another account.*--output") as refusal:
        claim(tmp_path, replace(US, account=account, epoch=2))
    assert said in str(refusal.value)


@pytest.mark.parametrize("state_id", ["state-2", None])
def test_another_state_is_refused(tmp_path: Path, state_id: str | None) -> None:
    """Another state, or none yet: the missing one is asked back, for a new folder costs all."""
    claim(tmp_path, US)
    with pytest.raises(InputError, match=r"state\.db was deleted or moved, put it back") as refusal:
        claim(tmp_path, replace(US, state_id=state_id, epoch=2))
    assert "with another --output everything is bought again" in str(refusal.value)


def test_an_old_copy_of_the_state_is_refused(tmp_path: Path) -> None:
    """A folder that a start filled takes no other start that is not later than it."""
    claim(tmp_path, replace(US, epoch=8))
    for epoch in (7, 8):
        with pytest.raises(StateError, match=rf"newer copy.*{OWNER_FILE}"):
            claim(tmp_path, replace(US, epoch=epoch))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"epoch": "x"}', b'{"state": "state-1"}'])
def test_an_unreadable_owner_is_refused(tmp_path: Path, content: bytes) -> None:
    """A damaged owner file is never taken for ours."""
    (tmp_path / OWNER_FILE).write_bytes(content)
    with pytest.raises(InputError, match="--output"):
        claim(tmp_path, US)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    """An output folder that cannot be made is the person's to mend."""
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(InputError, match="cannot be used"):
        claim(tmp_path / "out", US)


def test_a_folder_without_owner_is_anybodys(tmp_path: Path) -> None:
    """Looking leaves no trace."""
    owner = owner_of(tmp_path / "out")
    refuse_foreign(tmp_path / "out", owner, US)
    assert (owner, list(tmp_path.iterdir())) == (None, [])


def test_a_copy_from_the_middle_of_a_start_is_refused(tmp_path: Path) -> None:
    """The whole folder of the state was copied while a run went on, and put back after it."""
    claim(tmp_path, replace(US, epoch=8, changes=20))
    record(tmp_path, replace(US, epoch=8, changes=90))
    with pytest.raises(StateError, match="newer copy"):
        claim(tmp_path, replace(US, epoch=9, changes=55))
    claim(tmp_path, replace(US, epoch=9, changes=90))


def test_a_folder_of_an_earlier_release_is_known(tmp_path: Path) -> None:
    """Its owner file counts starts only."""
    claim(tmp_path, replace(US, epoch=3))
    file = tmp_path / OWNER_FILE
    told = json.loads(file.read_text(encoding="utf-8"))
    del told["changes"]
    file.write_text(json.dumps(told), encoding="utf-8")
    claim(tmp_path, replace(US, epoch=4, changes=7))
