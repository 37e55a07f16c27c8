"""How a table becomes rows under batchgen's own names, one after another.

Knows what columns are called; knows no format, and opens no picture.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from batchgen.catalogue.headers import listed
from batchgen.catalogue.profiles.loading import (
    general_profile,
    order_sign_headers,
    shipped_profiles,
)
from batchgen.catalogue.profiles.naming import Naming
from batchgen.catalogue.profiles.recognition import (
    OF_CLIPS,
    Recognised,
    all_matching,
    columns_of,
    missing_columns,
    nearest,
    of_products,
    order_signs,
    recognise,
)
from batchgen.catalogue.profiles.rows import RowMaker
from batchgen.catalogue.profiles.schema import COLUMNS, GENERIC, PLAIN, Profile
from batchgen.catalogue.source import Source
from batchgen.catalogue.table import Entry, Row, Table
from batchgen.errors import ManifestError
from batchgen.item import Fault
from batchgen.job.schema import Manifest
from batchgen.messages import Message, msg

#: Entries in which a header is looked for, and by which it is told what a column holds.
_HEAD_ROWS = 10
_LOOKED_AT = 200
#: Signs of orders that are believed although the table has all that products have.
_SURE_ORDER_SIGNS = 3
#: Endings of the pictures that lie beside a Taobao assistant's file; the first is its usual one.
_TAOBAO_FILES = (".tbi", ".jpg", ".jpeg", ".png")


@dataclass(frozen=True, slots=True)
class Shape:
    """What was recognised in a table."""

    #: Name of the profile.
    profile: str
    #: Our name -> headers of the file, the one that is looked at first in front.
    columns: Mapping[str, tuple[str, ...]]
    #: What was recognised, and why.
    facts: tuple[Message, ...] = ()
    #: What is told of the table as a whole.
    warnings: tuple[Fault, ...] = ()
    #: Headers that none of our names uses; a prompt template may.
    unused: tuple[str, ...] = ()
    _maker: RowMaker | None = field(default=None, repr=False, compare=False)

    @property
    def tells_variants(self) -> bool:
        """Whether rows of the file are variants of products, or pictures of them."""
        return self._maker is not None and self._maker.naming.profile.layout != "flat"

    @property
    def parts(self) -> frozenset[str]:
        """Names of ours whose cells are only a part of what stands under their header."""
        return frozenset(self._maker.naming.shared if self._maker else ())

    @property
    def picture_base(self) -> str | None:
        """Address at which the vendor keeps pictures that the export names without one."""
        return self._maker.naming.profile.picture_base if self._maker else None

    def rows(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Put our names beside the file's own; of several rows of one product, make one.

        `entries` are iterated over three times where variants name their parent, else once.
        """
        return self._maker.rows(entries) if self._maker else iter(entries)


def shape_of(
    source: Source, table: Table, manifest: Manifest, own: Sequence[Profile] = ()
) -> Shape:
    """Recognise whose export a table is, and find our columns in it.

    `own` are the user's profiles, which come before those of the package. What the job names in
    `manifest.columns` wins over all. A list without a single entry has no columns, and no error.

    Raises:
        ManifestError: the profile is not known or does not fit, the table is one of orders, a named
            header or the `sku` is not there, or two headers mean one column.
    """
    if not table.columns:
        return Shape(PLAIN, {})
    found = _found(source, table, manifest, own)
    profile = _with_foreign(found.profile, table, manifest)
    columns = _columns(source, table, manifest, profile)
    if manifest.profile == "auto" and "sku" not in manifest.columns:
        _refuse_orders(source, table, columns)
    if "sku" not in columns and not (profile.layout == "grouped" and "group" in columns):
        raise _no_sku(source, table, profile)
    is_guessed = any(_is_guessed(*one) for one in columns.items()) or bool(profile.foreign)
    if profile.name == GENERIC and not is_guessed:
        profile = _named(PLAIN, own) or profile
    naming = Naming(profile, columns, table.columns, _files_beside(source))
    maker = RowMaker(source, naming, table.columns, manifest.per, general_profile())
    return Shape(
        profile.name,
        {**columns, **naming.shared},
        tuple(_facts(found, profile)),
        tuple(_set_aside(source, profile)) if profile.name == GENERIC else (),
        tuple(_unused(table, columns)),
        maker,
    )


def header_row_below(table: Table, manifest: Manifest, own: Sequence[Profile] = ()) -> int | None:
    """Give the row in which a vendor's names stand, when they are below the one taken for them.

    As in Amazon's files, whose first lines have settings and labels. The table is to be read again
    with that `Source.header_row`; None when its header is right or no vendor's names are found.
    """
    name = manifest.profile
    profiles = [one for one in (*own, *shipped_profiles()) if name in ("auto", one.name)]
    if recognise([table.columns], profiles):
        return None
    first = [entry for entry in islice(table.entries, _HEAD_ROWS) if isinstance(entry, Row)]
    found = recognise([list(row.cells.values()) for row in first], profiles)
    return first[found.header_row].number if found else None


def _found(source: Source, table: Table, manifest: Manifest, own: Sequence[Profile]) -> Recognised:
    """Choose the profile: the one the job names, else the one that fits best, else the general."""
    if manifest.profile == "auto":
        found = recognise([table.columns], (*own, *shipped_profiles()))
        return found or Recognised(general_profile(), 0, ())
    profile = _named(manifest.profile, own)
    if profile is None:
        known = ", ".join(dict.fromkeys(one.name for one in (*own, *shipped_profiles())))
        raise source.error(
            msg(
                "manifest.profile: {name} is not known; known: auto, {known}, and NAME.yaml beside"
                " the job file",
                name=manifest.profile,
                known=known,
            )
        )
    if missing := missing_columns(profile, table.columns):
        raise source.error(
            msg(
                'it is not "{title}": it lacks {missing}; it has: {columns}. Leave'
                " manifest.profile out, or hand in that export",
                title=Message(profile.title),
                missing=", ".join(missing),
                columns=_listing(table),
            )
        )
    return Recognised(profile, 0, all_matching(sum(profile.required, ()), table.columns))


def _with_foreign(profile: Profile, table: Table, manifest: Manifest) -> Profile:
    """Take a product's own size and model for what they are, where no vendor says so."""
    named = {header.strip().casefold() for header in manifest.columns.values()}
    names = OF_CLIPS.keys() - named
    doubtful = [header for header in table.columns if header.casefold() in names]
    if profile.name != GENERIC or not doubtful:
        return profile
    entries = islice(table.entries, _LOOKED_AT)
    rows = [entry.cells for entry in entries if isinstance(entry, Row)]
    return profile.model_copy(update={"foreign": of_products(doubtful, rows)})


def _set_aside(source: Source, profile: Profile) -> Iterator[Fault]:
    for header in profile.foreign:
        message = msg(
            "it holds no {name} of clips, so it was taken for the product's own: product_{name} in"
            " a prompt",
            name=header.strip().casefold(),
        )
        yield Fault(source.file, None, header, "column-of-product", message)


def _named(name: str, own: Sequence[Profile]) -> Profile | None:
    return next((one for one in (*own, *shipped_profiles()) if one.name == name), None)


def _own_name(header: str) -> str:
    """Give the name of ours that a header is but for case, blanks and dashes; else the header."""
    name = re.sub(r"[ -]+", "_", header).casefold()
    return name if name in COLUMNS else header


def _is_guessed(name: str, headers: Sequence[str]) -> bool:
    """Tell whether a column was told by a usual name that is not ours."""
    return any(_own_name(header) != name for header in headers)


def _columns(
    source: Source, table: Table, manifest: Manifest, profile: Profile
) -> dict[str, tuple[str, ...]]:
    """Find the headers of each name: the job's, else our own, else what the profile calls it."""
    named = manifest.columns
    foreign = set(all_matching(profile.foreign, table.columns))
    own: dict[str, str] = {}
    for header in table.columns:
        name = _own_name(header)
        if name not in COLUMNS or name in named or header in foreign:
            continue
        if name in own:
            raise source.error(
                msg(
                    "its columns {first} and {second} both mean {name}: rename one",
                    first=own[name],
                    second=header,
                    name=name,
                )
            )
        own[name] = header
    columns = columns_of(profile, table.columns)
    for name, header in own.items():
        others = columns.get(name, ()) if profile.required else ()
        columns[name] = tuple(dict.fromkeys((header, *others)))
    taken = {name: (_named_header(source, table, name, named[name]),) for name in named}
    return {**columns, **taken}


def _named_header(source: Source, table: Table, name: str, header: str) -> str:
    wanted = header.strip().casefold()
    for column in table.columns:
        if column.casefold() == wanted:
            return column
    raise source.error(
        msg(
            "manifest.columns.{name}: it has no column {header}; it has: {columns}",
            name=name,
            header=header,
            columns=_listing(table),
        )
    )


def _refuse_orders(source: Source, table: Table, columns: Mapping[str, object]) -> None:
    signs = order_signs(order_sign_headers(), columns, table.columns)
    lacking = [name for name in ("sku", "title", "image") if name not in columns]
    if "image" in lacking and "images" in columns:
        lacking.remove("image")
    if signs and not lacking and len(signs) >= _SURE_ORDER_SIGNS:
        raise source.error(
            msg(
                "this is an export of orders: it has {signs}. Export the products instead. Its"
                " columns: {columns}",
                signs=", ".join(signs),
                columns=_listing(table),
            )
        )
    if signs and lacking:
        raise source.error(
            msg(
                "this is an export of orders: it has {signs}; it lacks {lacking}. Export the"
                " products instead. Its columns: {columns}",
                signs=", ".join(signs),
                lacking=", ".join(lacking),
                columns=_listing(table),
            )
        )


def _no_sku(source: Source, table: Table, profile: Profile) -> ManifestError:
    candidates = nearest(profile, "sku", table.columns)
    if candidates:
        return source.error(
            msg(
                "it has no column sku; it has: {columns}. Name the right one in the job:"
                " manifest.columns: {{sku: ...}} (or `batchgen init --column sku=...`). It may be"
                " {candidates}",
                columns=_listing(table),
                candidates=", ".join(candidates),
            )
        )
    return source.error(
        msg(
            "it has no column sku; it has: {columns}. Name the right one in the job:"
            " manifest.columns: {{sku: ...}} (or `batchgen init --column sku=...`)",
            columns=_listing(table),
        )
    )


def _listing(table: Table) -> str:
    return listed(table.columns)


def _facts(found: Recognised, profile: Profile) -> Iterator[Message]:
    if found.because:
        yield msg(
            "{title}: it has the columns {columns}",
            title=Message(profile.title),
            columns=", ".join(found.because),
        )
    elif profile.name == GENERIC:
        yield msg("no vendor's export was recognised: columns are told by their usual names")
    if found.others:
        yield msg(
            "{others} would fit as well: name one in manifest.profile",
            others=", ".join(found.others),
        )


def _unused(table: Table, columns: Mapping[str, Sequence[str]]) -> Iterator[str]:
    used = {header for headers in columns.values() for header in headers}
    return (header for header in table.columns if header and header not in used)


def _files_beside(source: Source) -> Callable[[str], str]:
    """Give the name of a Taobao picture's file, in the folder called like the manifest."""
    folder = source.path.with_suffix("")

    def file_of(md5: str) -> str:
        names = [f"{md5}{suffix}" for suffix in _TAOBAO_FILES]
        there = next((name for name in names if (folder / name).is_file()), names[0])
        return f"{folder.name}/{there}"

    return file_of
