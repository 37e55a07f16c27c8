"""Wires a job for planning: job file, settings, catalogue and state become one plan.

Used by the commands and by the Python API alike; holds no rule of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import tzinfo
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from batchgen.catalogue import Catalogue, read_manifest
from batchgen.clip import AccountScope, ClipKey
from batchgen.errors import InputError, SettingsError
from batchgen.item import ManifestRow
from batchgen.job.loading import job_digest, load_job
from batchgen.job.schema import Account, Job
from batchgen.job.settings import Flags, Origin, Settings, read_settings
from batchgen.messages import Message, msg
from batchgen.output.owner import Claimant, owner_of, refuse_foreign
from batchgen.plan.choosing.matching import Wanted
from batchgen.plan.choosing.ordering import sort_key
from batchgen.plan.layout import LAID_CLASSES, ROW_CLASSES, Layout, by_row, lay_out
from batchgen.plan.planning import make_plan
from batchgen.plan.values import History, Plan, Selection
from batchgen.plan.window import opened_at
from batchgen.provider.base_urls import OFFICIAL_BASE_URLS, check_base_url, host_of
from batchgen.provider.key import Key
from batchgen.purchases import AccountPurchases
from batchgen.spill import Spill, in_order, room_to_spill, spilled
from batchgen.state.doubts import doubt_about
from batchgen.state.ledger import BUDGET_ZONE, budget_zone, continues, day_of
from batchgen.state.opening import unusable
from batchgen.state.reading import SqliteReader
from batchgen.state.store import Purse, StateReader
from batchgen.video_models import MODELS

#: Host of the embedded simulator, in the place of an API host.
SIMULATOR_HOST = "simulator"


@dataclass(frozen=True, slots=True)
class Options:
    """What a command line, or a caller, says beside the job file; None leaves it to the job."""

    output: str | None = None
    state: str | None = None
    tier: str | None = None
    #: Ceiling of the run, in the account's currency.
    budget: Decimal | None = None
    base_url: str | None = None
    provider: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    per: str | None = None
    on_duplicate: str | None = None

    def overrides(self) -> dict[str, str]:
        """Give what takes the place of the job file's own keys."""
        said = {
            "output": None if self.output is None else str(Path(self.output).absolute()),
            "account.tier": self.tier,
            "account.provider": self.provider,
            "budget.run": None if self.budget is None else str(self.budget),
            "manifest.encoding": self.encoding,
            "manifest.sheet": self.sheet,
            "manifest.per": self.per,
            "manifest.on_duplicate": self.on_duplicate,
        }
        return {key: value for key, value in said.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Books:
    """Where money is written down."""

    state: Path
    #: Whose money; None means that of every account.
    account: AccountScope | None = None
    #: Manifest columns that the job's budgets count by.
    columns: tuple[str, ...] = ()
    #: The zone by which its days are counted.
    zone: tzinfo = BUDGET_ZONE


@dataclass(frozen=True)
class Workspace:
    """One job with everything that was read for it."""

    job: Job
    settings: Settings
    #: Whose money and clips: provider, account name, host.
    account: AccountScope
    catalogue: Catalogue
    #: The budget that was asked for beside the job file, if any.
    asked_budget: Decimal | None = None

    @property
    def state_path(self) -> Path:
        """Where the state lies, or will lie."""
        return Path(self.settings.state.value)

    @property
    def output(self) -> Path:
        """The output folder."""
        return self.job.resolve(self.job.output)

    @property
    def base_url(self) -> str | None:
        """The API's address; None for the embedded simulator."""
        return base_url_of(self.job.account, self.settings)

    @property
    def digest(self) -> str:
        """The fingerprint of the job as it stands with all options."""
        return job_digest(self.job)

    @cached_property
    def layout(self) -> Layout:
        """The rows of the catalogue with their clips; read once, kept on disk where they are many.

        Raises:
            InputError: a prompt of the job is wrong, or the catalogue cannot be read to its end.
        """
        with room_to_spill():
            layout = lay_out(self.job, self._rows(), lambda rows: spilled(rows, LAID_CLASSES))
        told = self.catalogue.warnings_with(layout.count)
        return replace(layout, warnings=by_row([*told, *layout.warnings]))

    def _rows(self) -> Iterator[ManifestRow]:
        """Read the rows in the order in which their clips are bought."""
        rows, columns = self.catalogue.rows(), self.catalogue.order_by()
        return in_order(rows, sort_key(columns), ROW_CLASSES) if columns else rows

    def key(self) -> Key:
        """Give the API key; the simulator takes any.

        Raises:
            SettingsError: there is none, or it cannot be one.
        """
        return key_of(self.job.account, self.settings)

    def require_skus(self, skus: Collection[str]) -> None:
        """Refuse SKUs that the catalogue does not have.

        Raises:
            InputError: names them.
        """
        unknown = set(skus)
        if unknown:
            unknown -= {row.item.sku for row in self.layout.rows}
            unknown -= {fault.sku for fault in self.layout.faults if fault.sku is not None}
        if unknown:
            raise InputError(
                msg(
                    "{file} has no SKU {skus}: write it as the catalogue does",
                    file=self.job.manifest.name,
                    skus=", ".join(sorted(unknown)),
                )
            )

    def claimant(self, reader: StateReader | None, *, starts_ahead: int = 0) -> Claimant:
        """Give who asks for the output folder: this state's newest start, or a later one."""
        if reader is None:
            return Claimant(self.account, self.state_path, None, starts_ahead)
        epoch = reader.epoch + starts_ahead
        return Claimant(self.account, self.state_path, reader.state_id, epoch, reader.changes)

    def refuse_foreign_output(self, reader: StateReader | None) -> None:
        """Refuse an output folder in which the next start of this state may not work.

        Raises:
            InputError: it belongs to another account or state, or cannot be used.
            StateError: a newer copy of this state filled it.
        """
        owner = owner_of(self.output)  # read before the state: a run that starts now writes it last
        refuse_foreign(self.output, owner, self.claimant(reader, starts_ahead=1))

    def plan(
        self,
        reader: StateReader | None,
        selection: Selection,
        now: float,
        *,
        new_run: bool = False,
    ) -> Plan:
        """Plan the job against what the state knows; `now` is UTC seconds.

        `new_run`: the run will be a new one, whatever the last one left open.

        Raises:
            InputError: a prompt of the job, or a selected SKU, is wrong.
        """
        self.require_skus(selection.skus)
        history = History() if reader is None else self._history(reader, now, new_run=new_run)
        layout = self.layout
        with room_to_spill():
            return make_plan(self.job, layout, history, selection, self.account, new_heap=_heap)

    def _history(self, reader: StateReader, now: float, *, new_run: bool) -> History:
        day = day_of(now, budget_zone(self.job.window))
        last = None if new_run else reader.last_run(self.job.name, self.account)
        purses = {
            "job": Purse("job", self.job.name),
            "day": Purse("day", day),
            "month": Purse("month", day[:7]),
        }
        if last is not None and continues(
            last, self.job.budget.run, opened_at(self.job.window, now)
        ):
            purses["run"] = Purse("run", last.id)
        return History(
            purchases=AccountPurchases(reader, self.account),
            orders=reader.open_orders(self.job.name, self.account),
            task_seconds={model: reader.task_seconds(self.account, model) for model in MODELS},
            committed={
                kind: reader.balance(self.account, purse).committed
                for kind, purse in purses.items()
            },
        )


def open_workspace(path: Path, options: Options, environ: Mapping[str, str]) -> Workspace:
    """Read a job file, its settings and its whole catalogue; nothing is sent or written.

    Raises:
        InputError: the job file, a setting or the catalogue as a whole cannot be used.
    """
    job, settings = _read_job(path, options, environ)
    return Workspace(
        job=job,
        settings=settings,
        account=_account(job, settings),
        catalogue=read_manifest(job),
        asked_budget=options.budget,
    )


def books_of_job(path: Path, options: Options, environ: Mapping[str, str]) -> Books:
    """Find where a job's money is written down, without its catalogue.

    Raises:
        InputError: the job file or a setting cannot be used.
    """
    job, settings = _read_job(path, options, environ)
    return Books(
        Path(settings.state.value),
        _account(job, settings),
        tuple(job.budget.by),
        budget_zone(job.window),
    )


def settings_without_job(options: Options, environ: Mapping[str, str]) -> Settings:
    """Collect the settings where no job is named; `.env` is that of the current folder.

    Raises:
        SettingsError: a setting cannot be used.
    """
    return _settings(Path("job.yaml"), options, environ)


def state_without_job(options: Options, environ: Mapping[str, str]) -> Path:
    """Find the state that a flag or the environment names.

    Raises:
        SettingsError: nothing names one: a state is never looked for in the current folder.
    """
    state = settings_without_job(options, environ).state
    if state.origin is Origin.JOB:
        raise SettingsError(
            msg("which state? Name a job file, or the state with --state or BATCHGEN_STATE")
        )
    return Path(state.value)


def base_url_of(account: Account, settings: Settings) -> str | None:
    """Give the API's address; None for the embedded simulator.

    Raises:
        SettingsError: the key may not be sent there.
    """
    if settings.base_url is not None:
        return check_base_url(settings.base_url.value, account.provider)
    return OFFICIAL_BASE_URLS.get(account.provider)


def key_of(account: Account, settings: Settings) -> Key:
    """Give the API key; the simulator takes any.

    Raises:
        SettingsError: there is none, or it cannot be one.
    """
    if settings.key is None and account.provider == "simulator":
        return Key("simulator")
    return Key(settings.require_key())


@contextmanager
def reading(path: Path, on_doubt: Callable[[Message], None]) -> Iterator[SqliteReader | None]:
    """Open the state for reading while the block lasts; None when there is none yet.

    `on_doubt` is told first when it is not the newest state, or was deleted.

    Raises:
        StateError: it cannot be opened, or turns out to be damaged.
    """
    reader = None
    try:
        doubt = doubt_about(path)
        if doubt is not None:
            on_doubt(doubt)
        reader = SqliteReader.open(path)
        yield reader
    except sqlite3.Error as error:
        raise unusable(path, error) from error
    finally:
        if reader is not None:
            reader.close()


def _heap() -> Spill[Wanted]:
    return Spill((ClipKey,))


def _read_job(path: Path, options: Options, environ: Mapping[str, str]) -> tuple[Job, Settings]:
    job = load_job(path, options.overrides())
    if options.provider == "simulator" and options.output is None:
        # A rehearsal of a job that is meant for a real provider leaves its folder alone.
        job = job.model_copy(update={"output": f"{job.output}.simulator"})
    return job, _settings(job.path, options, environ)


def _settings(job_path: Path, options: Options, environ: Mapping[str, str]) -> Settings:
    flags = Flags(base_url=options.base_url, state=options.state)
    return read_settings(job_path, flags, environ, OFFICIAL_BASE_URLS.values())


def _account(job: Job, settings: Settings) -> AccountScope:
    base_url = base_url_of(job.account, settings)
    host = SIMULATOR_HOST if base_url is None else host_of(base_url)
    return AccountScope(job.account.provider, job.account.name, host)
