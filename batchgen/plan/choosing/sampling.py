"""Some SKUs for many: always the same ones, from all over the catalogue. Pure.

Each SKU has a number that only its own text gives; those with the lowest numbers are the sample. So
it does not depend on the order of rows, nor on what was bought, and new rows move it little: a
sample that is run every night buys the same SKUs.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from heapq import heappush, heappushpop


def sampled(skus: Iterable[str], count: int) -> frozenset[str]:
    """Choose so many different SKUs; holds no more of them at a time.

    A SKU may come several times; where there are fewer, all of them are chosen.
    """
    chosen: set[str] = set()
    by_rank: list[tuple[int, str]] = []  # a heap, the highest number first
    for sku in skus:
        if sku in chosen:
            continue
        entry = (-_number(sku), sku)
        chosen.add(sku)
        if len(chosen) <= count:
            heappush(by_rank, entry)
        else:
            chosen.remove(heappushpop(by_rank, entry)[1])
    return frozenset(chosen)


def _number(sku: str) -> int:
    text = sku.encode("utf-8", errors="surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")
