"""Where the files of a clip stand in the output folder, from its key alone. Pure.

A SKU or variant stays as it is when that is safe everywhere; otherwise it becomes a readable slug
plus `-` and ten hex digits of the hash of the exact text. "Safe everywhere" asks four things:

* the slug of the text is the text itself: letters, digits and `_ . , ( ) + -`, single blanks
  inside, no reserved Windows word, no leading or trailing dot, at most 120 bytes;
* its letters have one case only, so that no second plain text equals it on a disk that ignores
  case. SKUs keep ASCII capitals (`MUG-001`), variants keep small letters (`spin-small`), and
  letters beyond ASCII must be their own NFKC + casefold form (CJK is);
* it does not end like a mark of ours (`-` and ten hex digits);
* a variant does not end like a take or a second file of ours (`.take2`, `.finished`).

Two plain texts therefore differ after case folding, a plain and a marked one differ in their end,
and two marked ones differ in their hash. Nothing depends on the other clips of a job.
"""

from __future__ import annotations

import hashlib
import re
import string
import unicodedata
from functools import lru_cache

from pathvalidate import sanitize_filename

from batchgen.clip import ClipKey

#: Bytes (UTF-8) of one folder or file part without its ending; disks take 255 for a whole name.
PART_BYTES_LIMIT = 120
_MARK_BYTES = 11

#: Its own slug, seen at a glance: longer than any reserved word, and nothing but ASCII.
_OWN_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{3,118}[A-Za-z0-9]")
_UNSAFE = re.compile(r"[^\w .,()+-]+")
_BLANKS_BEFORE_DOT = re.compile(r" +(?=\.)")
_LOOKS_MARKED = re.compile(r"-[0-9a-f]{10}$", re.IGNORECASE)
_LOOKS_LIKE_OURS = re.compile(r"\.(take\d+|finished)$", re.IGNORECASE)
_TO_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def clip_file(key: ClipKey) -> str:
    """Name the clip's file, relative to the output folder: `clips/<sku>/<variant>[.take2].mp4`."""
    folder = sku_folder(key.sku)
    name = _part(key.variant, other_case=string.ascii_uppercase)
    take = f".take{key.take}" if key.take > 1 else ""
    return f"clips/{folder}/{name}{take}.mp4"


def poster_file(clip: str) -> str:
    """Name the poster beside a clip, given the clip's file."""
    return clip.removesuffix(".mp4") + ".jpg"


def provenance_file(clip: str) -> str:
    """Name the provenance record beside a clip, given the clip's file."""
    return clip.removesuffix(".mp4") + ".json"


def finished_file(clip: str) -> str:
    """Name the second file beside a clip, given the clip's file."""
    return clip.removesuffix(".mp4") + ".finished.mp4"


def sku_folder(sku: str) -> str:
    """Name the folder of a SKU below `clips/`."""
    return _part(sku, other_case=string.ascii_lowercase)


@lru_cache(maxsize=1024)  # variants come again and again
def _part(text: str, other_case: str) -> str:
    if _is_plain(text, other_case):
        return text
    mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    slug = _cut(_slug(text), PART_BYTES_LIMIT - _MARK_BYTES)
    return f"{slug}-{mark}"


def _is_plain(text: str, other_case: str) -> bool:
    return (
        _slug(text) == text
        and len(text.encode()) <= PART_BYTES_LIMIT
        and not set(text) & set(other_case)
        and _fold(text) == text.translate(_TO_LOWER)
        and not _LOOKS_MARKED.search(text)
        and not _LOOKS_LIKE_OURS.search(text)
    )


def _fold(text: str) -> str:
    """Give the form under which two names may be the same file on some disk."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _slug(text: str) -> str:
    """Make a readable name part that every file system takes; different texts may share one."""
    if _OWN_SLUG.fullmatch(text):
        return text
    safe = _UNSAFE.sub("_", unicodedata.normalize("NFKC", text))
    safe = _BLANKS_BEFORE_DOT.sub("", " ".join(safe.split()))
    safe = sanitize_filename(safe.strip(" ."), platform="universal", replacement_text="_")
    return safe or "_"


def _cut(text: str, limit_bytes: int) -> str:
    return text.encode()[:limit_bytes].decode(errors="ignore").rstrip(" .")
