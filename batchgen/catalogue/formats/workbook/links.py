"""Puts the addresses behind cells in the place of their labels: where the label says no more.

A cell may show `查看图片` and lead to the picture. Only such words give way to the link, so that
a title which is a link stays a title.
"""

from __future__ import annotations

import re

from batchgen.catalogue.formats.workbook.behind.findings import Findings, Place
from batchgen.catalogue.formats.workbook.grid import Grid

#: Labels that say nothing of the product, in small letters without blanks.
_LABELS = {
    "图片", "图", "主图", "原图", "大图", "链接", "图片链接", "链接地址", "点击查看", "查看",
    "查看图片", "查看大图", "打开", "圖片", "連結", "查看圖片", "photo", "picture", "image",
    "img", "link", "url", "view", "viewimage", "viewpicture", "open", "clickhere", "here",
}  # fmt: skip
_PICTURE = re.compile(r"https?://[^\s?#]+\.(?:jpe?g|png|webp)(?:[?#]\S*)?", re.IGNORECASE)


def take_links(grid: Grid, found: Findings) -> list[Place]:
    """Write addresses into the cells, and name those where a link gave way."""
    for place, named in found.references.items():
        grid.put(place, grid.text(named))
    for place, text in found.texts.items():
        grid.put(place, text)
    taken = [
        place
        for place, link in found.links.items()
        if "".join(grid.text(place).split()).casefold() in _LABELS and _PICTURE.fullmatch(link)
    ]
    header = grid.header_row()
    taken = [place for place in taken if place.row > header]
    for place in taken:
        grid.put(place, found.links[place])
    return taken
