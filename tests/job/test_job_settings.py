from __future__ import annotations

from pathlib import Path

import pytest

from batchgen.errors import SettingsError
from batchgen.job.settings import (
    KEY_VARIABLES,
    Flags,
    Origin,
    Setting,
    Settings,
    find_key,
    read_dotenv,
    read_settings,
    state_path,
)

OFFICIAL = "https://open.bigmodel.cn/api/paas/v4"
FOREIGN = "https://proxy.example/api/paas/v4"


@pytest.fixture
def job_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of a job in its own folder; the current folder is another one."""
    for name in ("shop", "current"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "current")
    return tmp_path / "shop" / "job.yaml"


def settings_of(
    job_file: Path, environ: dict[str, str] | None = None, flags: Flags | None = None
) -> Settings:
    """Read settings with one official address known."""
    return read_settings(job_file, flags or Flags(), environ or {}, {OFFICIAL})


@pytest.mark.parametrize(
    ("environ", "dotenv", "found"),
    [
        ({name: name.lower() for name in KEY_VARIABLES}, {}, "BATCHGEN_API_KEY"),
        ({"ZHIPUAI_API_KEY": "k", "ZAI_API_KEY": "z"}, {}, "ZAI_API_KEY"),
        ({"ZHIPUAI_API_KEY": "k"}, {"BATCHGEN_API_KEY": "b"}, "ZHIPUAI_API_KEY"),
        ({"BATCHGEN_API_KEY": " \n"}, {"ZAI_API_KEY": "z"}, "ZAI_API_KEY"),
        ({}, {}, None),
    ],
    ids=["ours first", "then ZAI", "environment before .env", "blank is unset", "none"],
)
def test_key_comes_from_the_first_variable(
    environ: dict[str, str], dotenv: dict[str, str], found: str | None
) -> None:
    """The three variables are looked for in order, in the environment before `.env`."""
    assert (find_key(environ, dotenv) or (None,))[0] == found


def test_key_of_dotenv_knows_its_origin(job_file: Path) -> None:
    """A key that only a `.env` beside the job holds is found, and says so."""
    job_file.with_name(".env").write_text("# secret\nZAI_API_KEY='a$b.c'\n", encoding="utf-8-sig")

    key = settings_of(job_file).key

    assert key == Setting("ZAI_API_KEY", "a$b.c", Origin.DOTENV)


def test_missing_key_names_the_variables(job_file: Path) -> None:
    """Only what needs the key fails without one, and says where it may stand."""
    settings = settings_of(job_file)

    with pytest.raises(SettingsError, match="BATCHGEN_API_KEY / ZAI_API_KEY / ZHIPUAI_API_KEY"):
        settings.require_key()


def test_key_never_shows_in_a_repr(job_file: Path) -> None:
    """Printing the settings gives no secret away."""
    settings = settings_of(job_file, {"BATCHGEN_API_KEY": "canary"})

    assert settings.require_key() == "canary"
    assert "canary" not in repr(settings)


def test_dotenv_of_the_job_wins_over_the_current_folder(job_file: Path) -> None:
    """Both `.env` files are read; the one beside the job is stronger."""
    job_file.with_name(".env").write_text("A=job\nEMPTY=\n")
    Path(".env").write_text("A=current\nB=current\nEMPTY=x\n")

    assert read_dotenv(job_file) == {"A": "job", "B": "current", "EMPTY": "x"}


def test_unreadable_dotenv_is_refused(job_file: Path) -> None:
    """A `.env` that is no text is not passed over in silence."""
    job_file.with_name(".env").write_bytes(b"A=\xff\xfe\n")

    with pytest.raises(SettingsError, match=r"\.env cannot be read"):
        settings_of(job_file)


@pytest.mark.parametrize(
    ("flag", "environ", "setting"),
    [
        (FOREIGN, OFFICIAL, Setting("--base-url", FOREIGN, Origin.FLAG)),
        (None, FOREIGN, Setting("BATCHGEN_BASE_URL", FOREIGN, Origin.ENVIRONMENT)),
        (None, "", Setting("BATCHGEN_BASE_URL", f"{OFFICIAL}/", Origin.DOTENV)),
    ],
    ids=["flag", "environment", ".env"],
)
def test_base_url_comes_from_the_strongest(
    job_file: Path, flag: str | None, environ: str, setting: Setting
) -> None:
    """A flag wins over the environment, that over `.env`."""
    job_file.with_name(".env").write_text(f"BATCHGEN_BASE_URL={OFFICIAL}/\n")

    found = settings_of(job_file, {"BATCHGEN_BASE_URL": environ}, Flags(base_url=flag))

    assert found.base_url == setting


def test_foreign_base_url_in_dotenv_is_refused(job_file: Path) -> None:
    """A `.env` cannot send the key to a stranger, nor is it passed over in silence."""
    job_file.with_name(".env").write_text(f"BATCHGEN_BASE_URL={FOREIGN}\n")

    with pytest.raises(SettingsError, match="not an official address"):
        settings_of(job_file)


def test_state_is_beside_the_job(job_file: Path) -> None:
    """Without a mark above, the state is made beside the job, not in the current folder."""
    assert state_path(job_file) == job_file.parent / ".batchgen" / "state.db"


@pytest.mark.parametrize("marks", [(".",), ("..",), (".", "..")])
def test_state_is_in_the_nearest_marked_folder(job_file: Path, marks: tuple[str, ...]) -> None:
    """The nearest `.batchgen/` above the job holds the state."""
    for mark in marks:
        (job_file.parent / mark / ".batchgen").mkdir()

    expected = (job_file.parent / marks[0] / ".batchgen" / "state.db").resolve()
    assert state_path(job_file) == expected


def test_state_of_a_relative_job_is_found_from_the_job(job_file: Path) -> None:
    """A job named from the current folder still leads to its own state."""
    assert state_path(Path("../shop/job.yaml")) == state_path(job_file)


@pytest.mark.parametrize(
    ("flag", "environ", "dotenv", "expected", "origin"),
    [
        ("a.db", "b.db", "c.db", "current/a.db", Origin.FLAG),
        (None, "b.db", "c.db", "current/b.db", Origin.ENVIRONMENT),
        (None, "", "c.db", "shop/c.db", Origin.DOTENV),
        (None, "", "", "shop/.batchgen/state.db", Origin.JOB),
        ("sqlite:///x/a.db", "", "", "current/x/a.db", Origin.FLAG),
    ],
)
def test_state_comes_from_the_strongest(
    job_file: Path,
    flag: str | None,
    environ: str,
    dotenv: str,
    expected: str,
    origin: Origin,
) -> None:
    """Flag, environment, `.env` (from its own folder), then the job's place."""
    job_file.with_name(".env").write_text(f"BATCHGEN_STATE={dotenv}\n")

    state = settings_of(job_file, {"BATCHGEN_STATE": environ}, Flags(state=flag)).state

    assert (Path(state.value), state.origin) == (job_file.parents[1] / expected, origin)


def test_other_databases_are_refused(job_file: Path) -> None:
    """A state address that is not a file is refused without repeating its password."""
    with pytest.raises(SettingsError, match="postgresql") as caught:
        state_path(job_file, "postgresql://user:canary@host/db")

    assert "canary" not in str(caught.value)
