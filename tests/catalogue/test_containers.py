from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from batchgen.catalogue.formats import READERS, read_table
from batchgen.catalogue.source import Source
from batchgen.catalogue.text.containers import CATALOGUE_SUFFIXES
from batchgen.errors import ManifestError
from tests.catalogue.reading import ReadTable, column, reading

TABLE = "sku,title\nA1,Kettle\nA2,茶壶\n".encode()


def packed(*entries: tuple[str, bytes]) -> bytes:
    """Make a zip."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return file.getvalue()


@pytest.fixture
def read(tmp_path: Path) -> ReadTable:
    """Read a file by its name."""
    return reading(tmp_path, read_table, "c.csv")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("c.csv.gz", gzip.compress(TABLE), id="gz"),
        pytest.param("C.CSV.GZ", gzip.compress(TABLE), id="capitals"),
        pytest.param("c.zip", packed(("export/c.csv", TABLE)), id="zip"),
        pytest.param(
            "c.zip",
            packed(("__MACOSX/._c.csv", b"x"), (".DS_Store", b"x"), ("商品/表.csv", TABLE)),
            id="litter beside it",
        ),
        pytest.param("c.csv.gz", gzip.compress(TABLE[:20]) + gzip.compress(TABLE[20:]), id="parts"),
    ],
)
def test_packed_catalogue_is_read(read: ReadTable, name: str, content: bytes) -> None:
    """A catalogue packed by gzip, or alone in a zip, reads as what is packed."""
    assert column(read(content, name=name), "title") == ["Kettle", "茶壶"]


def test_files_beside_the_catalogue_are_told(read: ReadTable) -> None:
    """Pictures in the zip are not read, and a warning says so."""
    table = read(packed(("c.csv", TABLE), ("a.jpg", b"x"), ("b.jpg", b"x")), name="c.zip")

    assert [warning.code for warning in table.warnings] == ["zip-others"]
    assert "its other files (2)" in str(table.warnings[0].message)


def test_hash_is_of_the_file_on_disk(tmp_path: Path) -> None:
    """The hash is that of the packed file, whatever is in it."""
    plain, packed_file = tmp_path / "c.csv", tmp_path / "d.csv"
    plain.write_bytes(gzip.compress(TABLE))
    packed_file.with_suffix(".csv.gz").write_bytes(plain.read_bytes())

    hashes = {Source(p.name, p).sha256() for p in tmp_path.iterdir()}

    assert len(hashes) == 1


def with_password() -> bytes:
    """Make a zip whose entry says that it is encrypted."""
    content = bytearray(packed(("c.csv", TABLE)))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        pytest.param("c.zip", packed(("a.csv", b"x"), ("b.csv", b"x")), "a.csv, b.csv", id="two"),
        pytest.param("c.zip", packed(("a.jpg", b"x")), "no catalogue; it holds: a.jpg", id="none"),
        pytest.param("c.zip", packed(), "no catalogue", id="empty zip"),
        pytest.param("c.zip", with_password(), "has a password", id="password"),
        pytest.param("c.zip", packed(("c.csv", TABLE))[:-30], "damaged", id="zip cut short"),
        pytest.param("c.zip", TABLE, "no zip", id="no zip"),
        pytest.param("c.csv.gz", gzip.compress(TABLE)[:-12], "cut short", id="gz cut short"),
        pytest.param("c.csv.gz", TABLE, "damaged", id="no gz"),
        pytest.param("c.gz", gzip.compress(TABLE), "kind is not known", id="gz of no kind"),
        pytest.param("c.csv", packed(("c.csv", TABLE)), "a zip or an Excel", id="zip called csv"),
        pytest.param("c.csv", gzip.compress(TABLE), "packed by gzip", id="gz called csv"),
    ],
)
def test_unreadable_packing_is_refused(
    read: ReadTable, name: str, content: bytes, words: str
) -> None:
    """What cannot be unpacked is refused with the file, and says why."""
    with pytest.raises(ManifestError, match=rf"^{name}: ") as caught:
        list(read(content, name=name).entries)

    assert words in str(caught.value)


def test_bomb_is_refused(read: ReadTable) -> None:
    """A file that unpacks to a thousand times its size is not read to its end."""
    with pytest.raises(ManifestError, match="far more than a catalogue has"):
        read(gzip.compress(b"sku,title\n" + b"\0" * 60_000_000), name="c.csv.gz")


def test_a_zip_may_hold_every_format() -> None:
    """What is looked for in a zip is what can be read."""
    assert frozenset(READERS) == CATALOGUE_SUFFIXES
