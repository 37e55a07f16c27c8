"""Pictures that lie in a workbook are taken out, and never end up in another row."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.drawing.image import Image as SheetImage

from batchgen.catalogue.table import Mark, Row
from batchgen.errors import ManifestError
from tests.catalogue.workbooks import (
    cells,
    codes,
    faults,
    parts_of,
    picture,
    read_table,
    xlsx,
    zipped,
)

Write = Callable[[Any, Any], None]

_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"


def put(sheet: Any, cell: str, content: bytes, **options: Any) -> None:
    """Lay a picture above the cells."""
    sheet.insert_image(cell, "p.png", {"image_data": io.BytesIO(content), **options})


def wps(*names: str, target: str = "media/a.png", kept: bytes | None = None) -> bytes:
    """Make a workbook as WPS does: a formula in column B names a picture of `cellimages.xml`."""

    def write(_: Any, sheet: Any) -> None:
        sheet.write_row("A1", ["sku", "图片"])
        for at, name in enumerate(names, 1):
            sheet.write(at, 0, f"S{at}")
            formula = f'_xlfn.DISPIMG("{name}",1)'
            sheet.write_formula(at, 1, formula, None, f'=DISPIMG("{name}",1)')

    entry = (
        '<etc:cellImage><xdr:pic><xdr:nvPicPr><xdr:cNvPr id="2" name="ID_A1"/><xdr:cNvPicPr/>'
        '</xdr:nvPicPr><xdr:blipFill><a:blip r:embed="rId1"/><a:stretch/></xdr:blipFill>'
        "<xdr:spPr/></xdr:pic></etc:cellImage>"
    )
    images = (
        '<etc:cellImages xmlns:etc="http://www.wps.cn/officeDocument/2017/etCustomData"'
        f' xmlns:xdr="{_DRAWING}/spreadsheetDrawing" xmlns:a="{_DRAWING}/main"'
        f' xmlns:r="{_RELATIONS}">{entry}</etc:cellImages>'
    )
    relation = f'<Relationship Id="rId1" Type="{_RELATIONS}/image" Target="{target}"/>'
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    cell_images = (
        '<Relationship Id="rId99" Type="http://www.wps.cn/officeDocument/2020/cellImage"'
        ' Target="cellimages.xml"/></Relationships>'
    )
    parts = parts_of(xlsx(write))
    rels = "xl/_rels/workbook.xml.rels"
    parts[rels] = parts[rels].replace(b"</Relationships>", cell_images.encode())
    parts["xl/cellimages.xml"] = images.encode()
    parts["xl/_rels/cellimages.xml.rels"] = (
        f'<Relationships xmlns="{space}">{relation}</Relationships>'.encode()
    )
    parts["xl/media/a.png"] = kept or picture()
    return zipped(parts)


def test_pictures_of_wps(tmp_path: Path) -> None:
    """Each cell names its picture; the same content is kept in one file."""
    table = read_table(tmp_path, wps("ID_A1", "ID_A1"))

    assert cells(table) == [("S1", "c.xlsx#B2"), ("S2", "c.xlsx#B3")]
    assert table.pictures["c.xlsx#B2"].read_bytes() == picture()
    assert table.pictures["c.xlsx#B2"] == table.pictures["c.xlsx#B3"]
    assert "pictures taken out of the workbook: 2" in map(str, table.facts)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (wps("ID_B2"), "picture-embedded-missing"),
        (wps("ID_A1", kept=b"\x01\0\0\0" + bytes(36) + b" EMF"), "picture-embedded-kind"),
        (wps("ID_A1", kept=b"GIF89a"), "picture-embedded-kind"),
        (wps("ID_A1", target="media/gone.png"), "picture-embedded-missing"),
    ],
    ids=["no such id", "EMF", "GIF", "no such part"],
)
def test_picture_that_cannot_be_taken_out(tmp_path: Path, content: bytes, code: str) -> None:
    """A picture that is missing or of another kind is a fault of its row."""
    assert faults(read_table(tmp_path, content)) == [(2, "图片", code)]


def test_pictures_placed_in_cells_by_excel(tmp_path: Path) -> None:
    """The value of such a cell is an error to older programs, and a picture here."""

    def write(_: Any, sheet: Any) -> None:
        sheet.write_row("A1", ["sku", "image"])
        sheet.write_column("A2", ["S1", "S2", "S3"])
        for at, color in enumerate(["red", "blue"], 1):
            data = io.BytesIO(picture("JPEG", color))
            sheet.embed_image(at, 1, f"{color}.jpg", {"image_data": data})

    table = read_table(tmp_path, xlsx(write))

    assert cells(table) == [("S1", "c.xlsx#B2"), ("S2", "c.xlsx#B3"), ("S3", "")]
    assert table.pictures["c.xlsx#B3"].read_bytes() == picture("JPEG", "blue")
    assert table.pictures["c.xlsx#B3"].suffix == ".jpg"


def test_cell_whose_picture_is_gone(tmp_path: Path) -> None:
    """Without the parts that say which picture it is, such a cell is the error it looks like."""

    def write(_: Any, sheet: Any) -> None:
        sheet.write_row("A1", ["sku", "image"])
        sheet.write("A2", "S1")
        sheet.embed_image("B2", "p.png", {"image_data": io.BytesIO(picture())})

    parts = parts_of(xlsx(write))
    del parts["xl/metadata.xml"]

    assert faults(read_table(tmp_path, zipped(parts))) == [(2, "image", "cell-error")]


@pytest.mark.parametrize(
    ("formula", "value", "text"),
    [
        ('_xlfn.IMAGE("https://a.example/1.jpg?a=1&b=2")', "#VALUE!", "https://a.example/1.jpg?a=1&b=2"),
        ('IMAGE("https://a.example/1.jpg",1)', "", "https://a.example/1.jpg"),
        ("_xlfn.IMAGE($C2)", "#VALUE!", "https://a.example/c.jpg"),
    ],
)  # fmt: skip
def test_formula_that_shows_a_picture_of_the_web(
    tmp_path: Path, formula: str, value: str, text: str
) -> None:
    """The address in the formula, or in the cell that it names, is the picture."""

    def write(_: Any, sheet: Any) -> None:
        sheet.write_row("A1", ["sku", "image", "link"])
        sheet.write("A2", "S1")
        sheet.write("C2", "https://a.example/c.jpg")
        sheet.write_formula("B2", formula, None, value)

    assert cells(read_table(tmp_path, xlsx(write))) == [("S1", text, "https://a.example/c.jpg")]


def test_formula_whose_address_excel_keeps(tmp_path: Path) -> None:
    """Where the formula does not say the address, the rich value that Excel keeps does."""

    def write(_: Any, sheet: Any) -> None:
        sheet.write_row("A1", ["sku", "image"])
        sheet.write("A2", "S1")
        sheet.embed_image("B2", "p.png", {"image_data": io.BytesIO(picture())})

    parts = parts_of(xlsx(write))
    folder, rels = "xl/richData/", "xl/_rels/workbook.xml.rels"
    for part, old, new in (
        ("xl/worksheets/sheet1.xml", b"<v>#VALUE!", b"<f>IMAGE(X1&amp;X2)</f><v>#VALUE!"),
        (f"{folder}rdrichvaluestructure.xml", b"_localImage", b"_webimage"),
        (f"{folder}rdrichvaluestructure.xml", b"_rvRel:LocalImage", b"WebImage"),
        (rels, b"</Relationships>", b'<Relationship Id="rId77" Target="richData/web.xml" Type='
         b'"http://schemas.microsoft.com/office/2020/07/relationships/rdRichValueWebImage"/>'
         b"</Relationships>"),
    ):  # fmt: skip
        assert old in parts[part]
        parts[part] = parts[part].replace(old, new)
    space = "http://schemas.microsoft.com/office/spreadsheetml/2020/richdatawebimage"
    parts[f"{folder}web.xml"] = (
        f'<webImagesSrd xmlns="{space}" xmlns:r="{_RELATIONS}"><webImageSrd>'
        '<address r:id="rId1"/><blip r:id="rId2"/></webImageSrd></webImagesSrd>'
    ).encode()
    parts[f"{folder}_rels/web.xml.rels"] = (
        b'<Relationships><Relationship Id="rId1" Type="x/hyperlink" TargetMode="External"'
        b' Target="https://a.example/1.png"/></Relationships>'
    )

    assert cells(read_table(tmp_path, zipped(parts))) == [("S1", "https://a.example/1.png")]


def floating(*places: tuple[str, dict[str, Any]], texts: tuple[str, ...] = ("", "")) -> Write:
    """Write two products, rows 40 points high, and pictures above the cells."""

    def write(_: Any, sheet: Any) -> None:
        sheet.write_row("A1", ["sku", "title", "image"])
        for at, text in enumerate(texts, 1):
            sheet.set_row(at, 40)
            sheet.write_row(at, 0, [f"S{at}", f"Mug {at}", text])
        for number, (place, options) in enumerate(places):
            put(sheet, place, picture(color=("red", "blue", "green")[number]), **options)

    return write


def test_floating_pictures_belong_to_their_row(tmp_path: Path) -> None:
    """A picture that a program set, or that lies within a row by most of it, is that row's."""
    table = read_table(
        tmp_path,
        xlsx(floating(("C3", {}), ("C1", {"y_offset": 18, "y_scale": 0.9}))),
    )

    assert cells(table) == [("S1", "Mug 1", "c.xlsx#C2"), ("S2", "Mug 2", "c.xlsx#C3")]
    assert table.pictures["c.xlsx#C2"].read_bytes() == picture(color="blue")
    assert table.pictures["c.xlsx#C3"].read_bytes() == picture(color="red")


def test_picture_over_several_rows_is_taken_for_none(tmp_path: Path) -> None:
    """Half in one row and half in the next could be either's: a warning, and no picture."""
    table = read_table(tmp_path, xlsx(floating(("C2", {"y_offset": 27}))))

    assert cells(table) == [("S1", "Mug 1", ""), ("S2", "Mug 2", "")]
    assert [(one.code, one.row) for one in table.warnings] == [("picture-unclear", 2)]


def test_picture_beside_no_product_is_left_out(tmp_path: Path) -> None:
    """A logo above the header or a picture below the last row belongs to nothing."""
    table = read_table(tmp_path, xlsx(floating(("A1", {}), ("C9", {}))))

    assert codes(table) == ["picture-without-row", "picture-without-row"]
    assert table.pictures == {}


def test_several_pictures_of_one_cell_are_a_list(tmp_path: Path) -> None:
    """A file that the cell names comes first, then the pictures above it."""
    write = floating(("C2", {}), ("C2", {"x_offset": 9}), texts=("a.jpg", ""))
    row = next(row for row in read_table(tmp_path, xlsx(write)).entries if isinstance(row, Row))

    assert row.cells["image"] == "a.jpg\nc.xlsx#C2\nc.xlsx#C2(2)"
    assert row.marks == {"image": Mark.LIST}


@pytest.mark.parametrize("place", ["B2", "E2"])
def test_picture_without_a_column_gets_one(tmp_path: Path, place: str) -> None:
    """Over a title, or beside the table, a picture goes to a column of its own."""
    table = read_table(tmp_path, xlsx(floating((place, {}))))

    assert table.columns == ("sku", "title", "image", "embedded picture")
    assert cells(table)[0] == ("S1", "Mug 1", "", "c.xlsx#D2")
    assert codes(table) == ["picture-column-added"]


def test_picture_in_merged_cells_is_of_each_row(tmp_path: Path) -> None:
    """A picture over merged cells is the picture of all their rows, wherever it lies in them."""

    def write(book: Any, sheet: Any) -> None:
        floating(("C2", {"y_offset": 27}))(book, sheet)
        sheet.merge_range("C2:C3", "")

    table = read_table(tmp_path, xlsx(write))
    assert [row[2] for row in cells(table)] == ["c.xlsx#C2", "c.xlsx#C2"]


def test_picture_anchored_to_one_cell(tmp_path: Path) -> None:
    """Openpyxl names one cell for a picture; however high it is, it is that row's."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (["sku", "image"], ["S1"], ["S2"]):
        sheet.append(row)
    sheet.add_image(SheetImage(io.BytesIO(picture())), "B3")
    book.save(tmp_path / "o.xlsx")

    table = read_table(tmp_path, (tmp_path / "o.xlsx").read_bytes())
    assert cells(table) == [("S1", ""), ("S2", "c.xlsx#B3")]


def test_row_of_nothing_but_a_picture_in_its_cell(tmp_path: Path) -> None:
    """A row that has only a picture is a row: the product's next picture."""

    def write(_: Any, sheet: Any) -> None:
        sheet.write_row("A1", ["sku", "image"])
        sheet.write("A2", "S1")
        sheet.embed_image("B3", "p.png", {"image_data": io.BytesIO(picture())})

    assert cells(read_table(tmp_path, xlsx(write))) == [("S1", ""), ("", "c.xlsx#B3")]


def test_store_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pictures cannot be kept, the manifest is refused with the reason."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    with pytest.raises(ManifestError, match="its pictures cannot be kept"):
        read_table(tmp_path, wps("ID_A1"))
