"""Proves: no SKU whatever makes a file name that some disk refuses, hides or gives to another."""

from __future__ import annotations

import random
import re
import unicodedata

import pytest

from batchgen.clip import ClipKey
from batchgen.output.names import PART_BYTES_LIMIT, clip_file, poster_file, provenance_file

pytestmark = pytest.mark.prove

COUNT = 100_000
#: Bytes of one name on Linux and macOS; Windows takes as many UTF-16 units.
NAME_BYTES_LIMIT = 255
WINDOWS_PATH_LIMIT = 260

RESERVED = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"} | {
    f"{device}{number}" for device in ("COM", "LPT") for number in "0123456789¹²³"
}
FORBIDDEN = re.compile('[\x00-\x1f\x7f-\x9f<>:"|?*\\\\]')
HIDING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}

#: What breaks names on one system or another.
PIECES = (
    *("..", ".", "/", "\\", "//", "../../etc/passwd", "C:", "\\\\server\\share", "~", "$HOME"),
    *("CON", "con", "NUL", "nul.txt", "AUX.", "COM1", "LPT9.mp4", "COM¹", "PRN ", "CONIN$"),
    *(" ", "  ", ".", "...", "\t", "\n", "\r\n", "\0", "\x1b[2J", "\x7f", "\x85", "\u2028"),
    *("\u202e", "\u200b", "\u200d", "\ufeff", "\u2066", "\u00ad", "\ud800", "\udfff", "\uffff"),
    *("é", "e\u0301", "É", "ß", "SS", "ss", "ẞ", "İ", "i̇", "ı", "I", "K", "K", "Å", "Å", "ﬁ"),
    *("Σ", "ς", "σ", "ǆ", "ǅ", "ᾳ", "①", "1", "１", "Ａ", "Ａ", "a", "／", "．．", "：", "＜"),
    *("杯", "红", "杯子", "コ", "ｺ", "가", "각", "👩‍🚀", "𝐀", "\U000e0041", "a" * 300, "杯" * 100),
    *("MUG-001", "mug-001", "Mug-001", "-", "--", "-0123456789", "-abcdef0123", ".take2", ".mp4"),
    *("%2e%2e%2f", "<b>", '"', "'", "|", "?", "*", ":", ";", "=", "@", "+", "#", "&", "$(id)", "`"),
    *("clips", "old", "main", "desktop.ini", "Thumbs.db", ".DS_Store", ".git", "~$a", "_", "(1)"),
)


def hostile_skus(count: int) -> list[str]:
    """Make different texts of the pieces above and of any characters there are."""
    chance = random.Random("hostile SKUs")
    skus: dict[str, None] = dict.fromkeys(PIECES)
    while len(skus) < count:
        kind = chance.random()
        if kind < 0.6:
            text = "".join(chance.choices(PIECES, k=chance.randint(1, 5)))
        elif kind < 0.8:
            text = "".join(chr(chance.randrange(0x110000)) for _ in range(chance.randint(1, 12)))
        else:  # the same words but for case, width and composition
            text = chance.choice(list(PIECES)) + str(chance.randrange(2000))
            change = chance.choice((str.upper, str.lower, str.title, str.casefold, nfd, nfkc))
            text = change(text)
        skus[text] = None
    return list(skus)


def nfd(text: str) -> str:
    """Take letters and their marks apart."""
    return unicodedata.normalize("NFD", text)


def nfkc(text: str) -> str:
    """Give wide, round and joined forms as plain letters."""
    return unicodedata.normalize("NFKC", text)


def folded(name: str) -> str:
    """Give the form under which the least careful disk compares names."""
    return nfkc(nfkc(name).casefold())


def faults(part: str, ending: str) -> list[str]:
    """List why some disk would not take a name as it stands."""
    name = part + ending
    stem = name.split(".")[0].rstrip(" ").upper()
    found = {
        "empty": not part,
        "a step in a path": name in {".", ".."} or "/" in name,
        "forbidden on Windows": FORBIDDEN.search(name) is not None,
        "reserved on Windows": stem in RESERVED,
        "ends in what Windows drops": name[-1:] in {" ", "."} or part[-1:] in {" ", "."},
        "begins with a blank or a dot": name[:1] in {" ", "."},
        "hides characters": any(unicodedata.category(sign) in HIDING for sign in name),
        "too long": len(name.encode()) > NAME_BYTES_LIMIT or len(part.encode()) > PART_BYTES_LIMIT,
    }
    return [fault for fault, is_so in found.items() if is_so]


@pytest.fixture(scope="module")
def skus() -> list[str]:
    """100,000 different hostile texts."""
    return hostile_skus(COUNT)


@pytest.fixture(scope="module", params=["sku", "variant"])
def named(skus: list[str], request: pytest.FixtureRequest) -> dict[str, str]:
    """Each text, as a SKU or as a variant, and the file it gives."""
    if request.param == "sku":
        return {text: clip_file(ClipKey(text)) for text in skus}
    return {text: clip_file(ClipKey("A", text)) for text in skus}


def test_every_name_is_safe_on_every_disk(named: dict[str, str]) -> None:
    """Each of 100,000 hostile texts gives a name that Windows, Linux and macOS take as it is."""
    for text, path in named.items():
        assert path.startswith("clips/")
        assert path.count("/") == 2, ascii(text)
        _, folder, file = path.split("/")
        found = faults(folder, "") + faults(file.removesuffix(".mp4"), ".mp4")
        assert not found, (ascii(text), ascii(path), found)


def test_no_two_texts_share_a_name(named: dict[str, str]) -> None:
    """100,000 hostile texts give as many names, compared without case, width and composition."""
    owners: dict[str, str] = {}
    for text, path in named.items():
        name = folded(path)
        assert name not in owners, (ascii(text), ascii(owners[name]), ascii(name))
        owners[name] = text


def test_the_longest_path_fits_windows(named: dict[str, str]) -> None:
    """No path below the output folder is longer than a Windows without long paths can open."""
    longest = clip_file(ClipKey("x" * 500, "y" * 500, 99))
    assert max(map(len, (longest, *named.values()))) <= WINDOWS_PATH_LIMIT - 2


def test_no_file_of_a_clip_is_one_of_another(skus: list[str]) -> None:
    """Clips, takes, posters and records of many variants never meet, on any disk."""
    owners: dict[str, tuple[str, int]] = {}
    for variant in skus[:10_000]:
        for take in (1, 2, 12):
            clip = clip_file(ClipKey("A", variant, take))
            for file in (clip, poster_file(clip), provenance_file(clip)):
                assert owners.setdefault(folded(file), (variant, take)) == (variant, take)
