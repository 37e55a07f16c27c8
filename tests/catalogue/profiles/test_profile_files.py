"""Profiles as files: those of the package, and the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchgen.catalogue.profiles.loading import own_profiles, shipped_profiles
from batchgen.errors import JobFileError
from tests.catalogue.profiles.shaped import shaped_text

OURS = """\
title: our warehouse
required: [Lager-Code]
columns:
  sku: Lager-Code
  title: [Text kurz, Text]
  images: ["Foto {n}"]
picture_separator: "#"
"""


def test_every_vendor_has_a_profile() -> None:
    """The package knows the vendors that it says it knows."""
    assert [profile.name for profile in shipped_profiles()] == [
        "amazon",
        "bigcommerce",
        "etsy",
        "generic",
        "google",
        "magento",
        "medusa",
        "plain",
        "prestashop",
        "shopee",
        "shopify",
        "squarespace",
        "taobao",
        "vendure",
        "wix",
        "woocommerce",
    ]


@pytest.mark.parametrize("place", ["profiles/warehouse.yaml", "warehouse.yaml"])
def test_profile_beside_the_job_is_found(tmp_path: Path, place: str) -> None:
    """A profile of the user's own lies beside the job file, or in `profiles`."""
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    path.write_text(OURS, encoding="utf-8")

    assert [one.name for one in own_profiles(tmp_path, "warehouse")] == ["warehouse"]


def test_profile_in_the_folder_is_recognised(tmp_path: Path) -> None:
    """A profile in `profiles` needs no naming: it is told by its headers, and comes first."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "warehouse.yaml").write_text(OURS, encoding="utf-8")

    found = shaped_text(
        tmp_path,
        "Lager-Code,Text,Text kurz,Foto 2,Foto 1\nA,long,short,c,a#b\n",
        own=own_profiles(tmp_path),
    )

    assert found.shape.profile == "warehouse"
    assert found.products == [(2, "A", "short", ["a", "b", "c"])]


def test_job_called_like_a_vendor_is_no_profile(tmp_path: Path) -> None:
    """`shopify.yaml` beside the job may be the job itself."""
    (tmp_path / "shopify.yaml").write_text("name: job\n", encoding="utf-8")

    assert own_profiles(tmp_path, "shopify") == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title: x\ncolumns:\n  skuu: A\n", "line 3: columns.skuu: skuu is not one of sku, title"),
        ("title: x\nlayuot: flat\n", "layuot: is not a known key; did you mean layout?"),
        (
            "title: x\nlayout: round\n",
            "line 2: layout: round is not one of flat, grouped, children",
        ),
        ("required: [A]\n", "title: is missing"),
        ("- a\n", "title: is missing"),
        ("title: [\n", "line "),
        ("title: x\ntitle: y\n", "line 2"),
    ],
    ids=["name", "key", "choice", "no title", "list", "no YAML", "twice"],
)
def test_bad_profile_is_refused_with_file_line_and_key(
    tmp_path: Path, text: str, words: str
) -> None:
    """A profile with a fault is named by its file, and the fault by line and key."""
    (tmp_path / "bad.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(JobFileError) as refused:
        own_profiles(tmp_path, "bad")
    assert "bad.yaml" in str(refused.value)
    assert words in "\n".join(map(str, refused.value.details))


def test_profile_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """A profile in another encoding is refused, not read wrong."""
    (tmp_path / "bad.yaml").write_bytes("title: 仓库\n".encode("gb18030"))

    with pytest.raises(JobFileError) as refused:
        own_profiles(tmp_path, "bad")
    assert "UTF-8" in str(refused.value.details[0])
