from __future__ import annotations

import pytest

from batchgen.clip import RemotePicture
from batchgen.errors import ManifestError
from tests.catalogue.examples import Read, places, skus

A, B, C = (RemotePicture(f"https://cdn.example/{name}.jpg") for name in "abc")


def test_headers_match_without_regard_to_case(read: Read) -> None:
    """Our columns are found in any case; a cell stands under our name and under the file's."""
    found = read("c.csv", "SKU,Aspect Ratio,Colour\nA1,1:1,red\n")

    assert found.items[0].cells == {
        "SKU": "A1",
        "sku": "A1",
        "Aspect Ratio": "1:1",
        "aspect_ratio": "1:1",
        "Colour": "red",
    }


def test_job_names_columns(read: Read) -> None:
    """A header that the job names wins over one of our own name."""
    found = read(
        "c.csv", "货号,Name,title\nA1,Kettle,x\n", columns={"sku": "货号", "title": "name"}
    )

    assert found.items[0].sku == "A1"
    assert found.items[0].cells["title"] == "Kettle"


@pytest.mark.parametrize(
    ("header", "columns", "words"),
    [
        ("ident,name", {}, "no column sku; it has: ident, name. .*manifest.columns: {sku: ...}"),
        ("sku,name", {"title": "Titel"}, "manifest.columns.title: it has no column Titel"),
        ("sku,SKU", {}, "sku and SKU both mean sku"),
    ],
    ids=["no SKU", "named column missing", "two for one"],
)
def test_columns_that_do_not_fit_are_refused(
    read: Read, header: str, columns: dict[str, str], words: str
) -> None:
    """A manifest whose columns cannot be matched is refused, with the columns that it has."""
    with pytest.raises(ManifestError, match=words):
        read("c.csv", f"{header}\na,b\n", columns=columns)


@pytest.mark.parametrize(
    ("cell", "column", "code"),
    [
        ("", "SKU", "sku-missing"),
        ("6.93E+12", "SKU", "sku-scientific"),
        ("6,93E+12", "SKU", "sku-scientific"),
        ("A\x071", "SKU", "cell-control-character"),
        ("A\x851", "SKU", "cell-control-character"),
    ],
)
def test_bad_sku_is_a_fault(read: Read, cell: str, column: str, code: str) -> None:
    """A SKU that is missing, rounded or unprintable is a fault of its cell."""
    found = read("c.csv", f'SKU,title\n"{cell}",x\nA2,y\n')

    assert places(found) == [("c.csv", 2, column, code)]
    assert skus(found) == ["A2"]


@pytest.mark.parametrize("sku", ["1E5", "E+12", "6.93E12", "00123", "a b", "茶壶-1"])
def test_odd_sku_is_allowed(read: Read, sku: str) -> None:
    """Only what a spreadsheet makes of long numbers is refused, not every unusual SKU."""
    assert skus(read("c.csv", f"sku,title\n{sku},x\n")) == [sku]


def test_same_sku_twice_is_a_fault(read: Read) -> None:
    """The second row of a SKU is a fault that names the first."""
    found = read("c.csv", "sku,title\nA1,x\nA2,y\nA1,z\n")

    assert places(found) == [("c.csv", 4, "sku", "sku-duplicate")]
    assert found.faults[0].sku == "A1"
    assert "row 2" in str(found.faults[0].message)


@pytest.mark.parametrize("rows", ["A1,spin,\nA1,table,", "A1,,1\nA1,,2", "A1,x,\na1,x,"])
def test_same_sku_may_differ_in_variant_or_take(read: Read, rows: str) -> None:
    """Rows of one SKU stand side by side when variant, take or case tell them apart."""
    assert read("c.csv", f"sku,variant,take\n{rows}\n").faults == ()


def test_all_faults_of_all_rows_come_at_once(read: Read) -> None:
    """Every fault is listed, in row order, whether the reader or the item found it."""
    found = read("c.csv", "sku,image\n,ftp://x/a.jpg\nA2\nA3,gone.jpg\n")

    assert places(found) == [
        ("c.csv", 2, "sku", "sku-missing"),
        ("c.csv", 2, "image", "picture-scheme"),
        ("c.csv", 3, None, "row-too-short"),
        ("c.csv", 4, "image", "picture-not-found"),
    ]


@pytest.mark.parametrize("separator", ["|", ";", "\n", ", ", " | ", "；"])
def test_images_are_split(read: Read, separator: str) -> None:
    """`images` follow `image`, split on every documented separator, each picture once."""
    images = separator.join(picture.url for picture in (B, A, C, B))

    found = read("c.csv", f'sku\timage\timages\nA1\t{A.url}\t"{images}"\n')

    assert found.items[0].pictures == (A, B, C)


def test_comma_inside_a_url_does_not_split(read: Read) -> None:
    """A comma without a blank belongs to the URL."""
    url = "https://cdn.example/w_100,h_100/a.jpg"

    assert read("c.csv", f"sku|images\nA1|{url}\n").items[0].pictures == (RemotePicture(url),)


@pytest.mark.parametrize(
    ("start", "end", "pictures"),
    [(B.url, C.url, (B, C)), (B.url, B.url, (B, B)), (B.url, "", (A,))],
    ids=["pair", "same picture twice", "half a pair"],
)
def test_frame_pair_comes_before_images(
    read: Read, start: str, end: str, pictures: tuple[RemotePicture, ...]
) -> None:
    """Where both frames are given they are the pictures; else the images are."""
    found = read("c.csv", f"sku,image,start_image,end_image\nA1,{A.url},{start},{end}\n")

    assert found.items[0].pictures == pictures
