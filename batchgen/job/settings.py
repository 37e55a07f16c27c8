"""Where the key, the API's address and the state come from: flags, environment, `.env`, the job.

A flag wins over the environment, that over `.env`, that over where the job lies. Each setting knows
its origin, so that `doctor` can tell it. What the rest of the job says is `loading`'s work. Knows
no provider: the official addresses are passed in, and whether a key or address has the right shape
is checked where it is used.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from dotenv import dotenv_values

from batchgen.errors import SettingsError
from batchgen.messages import msg

#: Variables that may hold the key; the first one that is set is taken.
KEY_VARIABLES = ("BATCHGEN_API_KEY", "ZAI_API_KEY", "ZHIPUAI_API_KEY")
BASE_URL_VARIABLE = "BATCHGEN_BASE_URL"
STATE_VARIABLE = "BATCHGEN_STATE"
#: The folder that marks where a state lives, and the state in it.
STATE_FOLDER = ".batchgen"
STATE_FILE = "state.db"
_SQLITE = "sqlite:///"


class Origin(StrEnum):
    """Who said it, strongest first."""

    FLAG = "flag"
    ENVIRONMENT = "environment"
    DOTENV = ".env"
    JOB = "job"


@dataclass(frozen=True, slots=True)
class Setting:
    """One value, and who gave it; the value never shows in a repr or a log by itself."""

    #: The flag or variable, e.g. `--state` or `ZAI_API_KEY`.
    name: str
    value: str = field(repr=False)
    origin: Origin


@dataclass(frozen=True, slots=True)
class Flags:
    """What the command line said of these settings; None where it said nothing."""

    base_url: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a run needs to know besides its job."""

    #: None when no variable holds one: only what needs a key then fails.
    key: Setting | None
    #: None: the provider's official address.
    base_url: Setting | None
    #: Absolute path of the state.
    state: Setting

    def require_key(self) -> str:
        """Give the key.

        Raises:
            SettingsError: there is none; names the variables that were looked for.
        """
        if self.key is None:
            raise SettingsError(
                msg(
                    "no API key: set {variables} in the environment or in a .env file beside the"
                    " job",
                    variables=" / ".join(KEY_VARIABLES),
                )
            )
        return self.key.value


def read_settings(
    job_path: Path, flags: Flags, environ: Mapping[str, str], official: Collection[str]
) -> Settings:
    """Collect the settings of a job; `official` are the providers' own base URLs.

    Raises:
        SettingsError: `.env` names a foreign address or cannot be read, or the state is no file.
    """
    dotenv = read_dotenv(job_path)
    base_url = _strongest("--base-url", flags.base_url, BASE_URL_VARIABLE, environ, dotenv)
    if base_url is not None:
        _check_base_url(base_url, official)
    state = _strongest("--state", flags.state, STATE_VARIABLE, environ, dotenv)
    place = state_path(job_path, state.value if state else None)
    return Settings(
        key=_key_setting(environ, dotenv),
        base_url=base_url,
        state=Setting(state.name if state else STATE_FOLDER, str(place), _origin(state)),
    )


def read_dotenv(job_path: Path) -> dict[str, str]:
    """Read `.env` of the job's folder, then of the current one; the first to say a name wins.

    A relative path of the state is meant from the folder of its `.env`.

    Raises:
        SettingsError: a `.env` is not UTF-8 text or may not be read.
    """
    values: dict[str, str] = {}
    for folder in (job_path.parent.resolve(), Path.cwd()):
        for name, value in _dotenv_of(folder / ".env").items():
            is_path = name == STATE_VARIABLE and "://" not in value
            values.setdefault(name, str(folder / Path(value).expanduser()) if is_path else value)
    return values


def find_key(environ: Mapping[str, str], dotenv: Mapping[str, str]) -> tuple[str, str] | None:
    """Give the first variable of `KEY_VARIABLES` that is set, and its value; environment first."""
    for source in (environ, dotenv):
        for name in KEY_VARIABLES:
            if value := _said(source, name):
                return name, value
    return None


def state_path(job_path: Path, flag: str | None = None, env: str | None = None) -> Path:
    """Give the state's real path: as said, else in the nearest `.batchgen/` above the job.

    Where there is none, it is beside the job file. What is said may be a path, from the current
    folder, or `sqlite:///` and a path.

    Raises:
        SettingsError: another kind of address.
    """
    said = flag or env
    if said is None:
        home = job_path.parent.resolve()
        marked = (folder for folder in (home, *home.parents) if (folder / STATE_FOLDER).is_dir())
        return (next(marked, home) / STATE_FOLDER / STATE_FILE).resolve()
    text = said.removeprefix(_SQLITE)
    if "://" in text:
        kind = text.split("://", 1)[0]
        raise SettingsError(
            msg("a state cannot be kept in {kind}: give the path of a file", kind=kind)
        )
    return Path(text).expanduser().resolve()


def _dotenv_of(path: Path) -> dict[str, str]:
    try:
        said = dotenv_values(path, interpolate=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(msg("{file} cannot be read as UTF-8 text", file=path)) from error
    return {name: value.strip() for name, value in said.items() if value and value.strip()}


def _said(source: Mapping[str, str], name: str) -> str | None:
    return source.get(name, "").strip() or None


def _strongest(
    flag_name: str,
    flag: str | None,
    variable: str,
    environ: Mapping[str, str],
    dotenv: Mapping[str, str],
) -> Setting | None:
    if flag:
        return Setting(flag_name, flag, Origin.FLAG)
    for source, origin in ((environ, Origin.ENVIRONMENT), (dotenv, Origin.DOTENV)):
        if value := _said(source, variable):
            return Setting(variable, value, origin)
    return None


def _origin(setting: Setting | None) -> Origin:
    return setting.origin if setting else Origin.JOB


def _key_setting(environ: Mapping[str, str], dotenv: Mapping[str, str]) -> Setting | None:
    found = find_key(environ, dotenv)
    if found is None:
        return None
    name, key = found
    return Setting(name, key, Origin.ENVIRONMENT if _said(environ, name) else Origin.DOTENV)


def _check_base_url(setting: Setting, official: Collection[str]) -> None:
    """Let a `.env`, which may come with somebody's files, name official addresses only."""
    if setting.origin is Origin.DOTENV and setting.value.rstrip("/") not in official:
        raise SettingsError(
            msg(
                "{name} in .env is not an official address: the key would go there. If you mean"
                " it, use --base-url or set it in the environment",
                name=setting.name,
            )
        )
