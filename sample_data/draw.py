"""Draw the pictures of the sample catalogue.

    python sample_data/draw.py                    all of them, into sample_data/pictures
    python sample_data/draw.py --to DIR MUG-001   those whose name starts with MUG-001, into DIR

Needs Pillow only. Nothing is left to chance: the same Pillow gives the same files again.
A new picture is one function in `studio/` and one line in `SHOTS`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from studio import electronics, fashion, home, kitchen
from studio.scene import Camera, Scene

_WIDE = Camera(1280, 720)
_DESK = Camera(1200, 900)
_TALL = Camera(900, 1200)
_SMALL = Camera(675, 900)
_PICTURES = Path(__file__).parent / "pictures"


@dataclass(frozen=True)
class Shot:
    """One picture: its file, what stands on which ground, and how the camera sees it."""

    file: str
    product: Callable[[Scene], None]
    ground: str
    camera: Camera


SHOTS = (
    Shot("MUG-001.jpg", kitchen.mug, "#d8d2c8", _WIDE.aimed(1.45, (40, -215))),
    Shot("KET-014.jpg", kitchen.kettle, "#e0d3c2", _WIDE.aimed(1.4, (-30, -235))),
    Shot("BTL-303.jpg", kitchen.bottle, "#e6dfd2", _TALL.aimed(0.92, (0, -390))),
    Shot("KNF-021.jpg", kitchen.knife, "#cfd6d6", _WIDE.aimed(1.25, (0, -325))),
    Shot("TPT-005-still.jpg", kitchen.teapot_still, "#ddd6cb", _WIDE.aimed(1.3, (20, -265))),
    Shot("TPT-005-pouring.jpg", kitchen.teapot_pouring, "#ddd6cb", _WIDE.aimed(1.3, (20, -265))),
    Shot("TIN-031-closed.jpg", kitchen.tin_closed, "#e9d6cb", _WIDE.aimed(1.4, (100, -190))),
    Shot("TIN-031-open.jpg", kitchen.tin_open, "#e9d6cb", _WIDE.aimed(1.4, (100, -190))),
    Shot("LMP-012-off.jpg", home.lamp_off, "#c3c6cd", _DESK.aimed(1, (0, -390))),
    Shot("LMP-012-on.jpg", home.lamp_on, "#c3c6cd", _DESK.aimed(1, (0, -390))),
    Shot("CHR-009.jpg", home.chair, "#dcdfd8", _TALL.aimed(0.95, (20, -390))),
    Shot("00872.jpg", home.candle, "#d9cfc6", _DESK.aimed(1.15, (0, -270))),
    Shot("PLT-077.jpg", home.plant, "#dfe5dc", _TALL.aimed(1, (0, -390))),
    Shot("PIL-045.jpg", home.pillow, "#cfd8da", _DESK.aimed(1.05, (0, -330))),
    Shot("BOK-118-closed.jpg", home.book_closed, "#d5dcd6", _DESK.aimed(1.1, (0, -285))),
    Shot("BOK-118-open.jpg", home.book_open, "#d5dcd6", _DESK.aimed(1.1, (0, -285))),
    Shot("SNK-207.jpg", fashion.sneaker, "#d3dbe2", _WIDE.aimed(1.45, (0, -185))),
    Shot("BAG-118.jpg", fashion.backpack, "#e2dccf", _TALL.aimed(1, (0, -390))),
    Shot("WAT-052.jpg", fashion.watch, "#e4e1da", _TALL.aimed(0.95, (0, -350))),
    Shot("00871.webp", fashion.perfume, "#ecdcd3", _TALL.aimed(1.1, (0, -310))),
    Shot("SUN-064.jpg", fashion.sunglasses, "#e9dcc6", _WIDE.aimed(1.5, (0, -185))),
    Shot("00913-folded.jpg", fashion.scarf, "#dfdcd4", _DESK.aimed(1.3, (0, -225))),
    Shot("00913-rolled.jpg", fashion.scarf_rolled, "#dfdcd4", _DESK.aimed(1.1, (40, -220))),
    Shot("00913-detail.jpg", fashion.scarf, "#dfdcd4", _DESK.aimed(2.4, (-120, -110))),
    Shot("UMB-088-folded.jpg", fashion.umbrella_folded, "#e6e0d6", _DESK.aimed(0.95, (0, -360))),
    Shot("UMB-088-open.jpg", fashion.umbrella_open, "#e6e0d6", _DESK.aimed(0.95, (0, -360))),
    Shot("HPH-330.jpg", electronics.headphones, "#dcd9e0", _DESK.aimed(1.1, (0, -330))),
    Shot("ROB-404-front.jpg", electronics.robot, "#d9e3e6", _DESK.aimed(1, (0, -390))),
    Shot("ROB-404-side.jpg", electronics.robot_side, "#d9e3e6", _DESK.aimed(1, (0, -390))),
    Shot("ROB-404-detail.jpg", electronics.robot, "#d9e3e6", _DESK.aimed(2.3, (0, -600))),
    Shot("CAM-090-front.jpg", electronics.camera, "#ddd3c4", _WIDE.aimed(1.4, (0, -235))),
    Shot("CAM-090-side.jpg", electronics.camera_side, "#ddd3c4", _WIDE.aimed(1.4, (0, -235))),
    Shot("CAM-090-detail.jpg", electronics.camera, "#ddd3c4", _WIDE.aimed(2.2, (0, -210))),
    Shot("SPK-115-front.webp", electronics.speaker, "#e3ddd5", _TALL.aimed(1, (0, -270))),
    Shot("SPK-115-top.webp", electronics.speaker, "#e3ddd5", _TALL.aimed(1.9, (0, -430))),
    Shot("CAS-016-back.png", electronics.case_back, "#e5e2ec", _SMALL.aimed(0.95, (0, -380))),
    Shot("CAS-016-side.png", electronics.case_side, "#e5e2ec", _SMALL.aimed(0.95, (0, -380))),
)


def draw(shot: Shot, folder: Path) -> Path:
    """Draw one picture into a folder and give its path."""
    scene = Scene(shot.camera, shot.ground)
    shot.product(scene)
    path = folder / shot.file
    scene.picture().save(path, quality=86, optimize=True, progressive=True, method=6)
    return path


def main() -> None:
    """Draw the pictures that the command line names, or all."""
    parser = argparse.ArgumentParser(description="Draw the pictures of the sample catalogue.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="how a picture's name starts")
    parser.add_argument("--to", type=Path, default=_PICTURES, metavar="DIR", help="the folder")
    wanted = parser.parse_args()
    wanted.to.mkdir(parents=True, exist_ok=True)
    names = tuple(wanted.names) or ("",)
    for shot in SHOTS:
        if shot.file.startswith(names):
            print(draw(shot, wanted.to))


if __name__ == "__main__":
    main()
