from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pathvalidate import sanitize_filename

from batchgen.clip import ClipKey
from batchgen.output.names import PART_BYTES_LIMIT, clip_file, poster_file, provenance_file

RESERVED = re.compile(r"^(con|prn|aux|nul|com[0-9]|lpt[0-9]) *(\.|$)", re.IGNORECASE)
FORBIDDEN = set('<>:"/\\|?*~')

hostile = st.one_of(
    st.text(max_size=8),
    st.text(alphabet="aAbB-./\\ ~:1", max_size=6),
    st.sampled_from(["main", "MAIN", "..", "", "nul", "CON.x", "COM¹", "é", "e\u0301", "ẞ", "SS"]),
)
keys = st.builds(ClipKey, sku=hostile, variant=hostile, take=st.integers(1, 3))


@pytest.mark.parametrize(
    ("key", "file"),
    [
        (ClipKey("MUG-001"), "clips/MUG-001/main.mp4"),
        (ClipKey("00123", "spin-small"), "clips/00123/spin-small.mp4"),
        (ClipKey("MUG-001", "main", 2), "clips/MUG-001/main.take2.mp4"),
        (ClipKey("红色马克杯", "白桌"), "clips/红色马克杯/白桌.mp4"),
        (ClipKey("A.B_C (2)", "1280x720"), "clips/A.B_C (2)/1280x720.mp4"),
    ],
)
def test_ordinary_names_stay(key: ClipKey, file: str) -> None:
    """Ordinary SKUs and variants are their own folder and file names."""
    assert clip_file(key) == file


@pytest.mark.parametrize(
    "sku",
    [
        "abc",
        "a/b",
        "..",
        "",
        "CON",
        "NUL.X",
        "A.",
        " A",
        "A\u202eB",
        "A\nB",
        "AB~1",
        "A-0123456789",
    ],
)
def test_unsafe_skus_are_marked(sku: str) -> None:
    """What cannot stay, or might be mistaken for something else, ends with its hash."""
    assert re.fullmatch(r"clips/[^/]+-[0-9a-f]{10}/main\.mp4", clip_file(ClipKey(sku)))


def test_a_variant_that_looks_like_a_take_is_marked() -> None:
    """Variant `main.take2` and the second take of `main` are two files."""
    assert clip_file(ClipKey("A", "main.take2")) != clip_file(ClipKey("A", "main", 2))


def test_files_beside_a_clip_share_its_name() -> None:
    """Poster and provenance differ from the clip in their ending only."""
    clip = clip_file(ClipKey("A", "main", 2))
    assert poster_file(clip) == "clips/A/main.take2.jpg"
    assert provenance_file(clip) == "clips/A/main.take2.json"


def test_long_chinese_names_are_cut_by_bytes() -> None:
    """A name is measured in bytes and never cut inside a character."""
    folder = clip_file(ClipKey("杯" * 100)).split("/")[1]
    assert len(folder.encode()) <= PART_BYTES_LIMIT
    assert folder.startswith("杯" * 30)


@given(keys)
def test_every_part_is_safe_everywhere(key: ClipKey) -> None:
    """No key, however hostile, makes a name that Windows refuses or that leaves the folder."""
    parts = clip_file(key).split("/")
    assert len(parts) == 3
    for part in parts:
        assert not RESERVED.match(part)
        assert not FORBIDDEN & set(part)
        assert part == part.strip(" .")
        assert len(part.encode()) <= PART_BYTES_LIMIT + len(".take99.mp4")
        assert all(unicodedata.category(c)[0] != "C" for c in part)


@given(keys, keys)
@example(ClipKey("ABC"), ClipKey("abc"))
@example(ClipKey("SS"), ClipKey("ẞ"))
@example(ClipKey("é"), ClipKey("e\u0301"))
@example(ClipKey("K"), ClipKey("\u212a"))
def test_two_keys_never_share_a_file(one: ClipKey, other: ClipKey) -> None:
    """Names are injective, also on a disk that ignores case and Unicode form."""
    folded = [unicodedata.normalize("NFKC", clip_file(k)).casefold() for k in (one, other)]
    assert (folded[0] == folded[1]) == (one == other)


@given(hostile)
def test_a_made_name_is_never_taken_by_a_sku_of_that_name(sku: str) -> None:
    """Using the folder name of one SKU as another SKU gives another folder."""
    folder = clip_file(ClipKey(sku)).split("/")[1]
    if folder != sku:
        assert clip_file(ClipKey(folder)) != clip_file(ClipKey(sku))


@given(st.from_regex(r"[A-Za-z0-9_-]{5,120}", fullmatch=True))
@example("COM1-")
@example("CONIN")
def test_the_look_at_a_glance_agrees_with_the_library(text: str) -> None:
    """What needs no closer look is what the closer look would leave as it is."""
    if text.strip("_-") == text:
        assert sanitize_filename(text, platform="universal", replacement_text="_") == text
