"""Things for the home, one short function a product."""

from __future__ import annotations

from studio.paint import Paint, across, ball, cylinder, down, flat, metal, slant, tone
from studio.scene import Scene
from studio.shapes import Path, Point, box, moved, oval, ribbon, scaled, smooth, spun, tube, turned


def lamp_off(scene: Scene) -> None:
    """A table lamp with a linen shade, switched off."""
    _lamp(scene, across("#b9ac97", "#e4dac8", "#d6cab5", "#a3967f"))


def lamp_on(scene: Scene) -> None:
    """The same lamp, switched on."""
    scene.soft(oval((0, -560), 330, 270), "#ffdf9a", 110, 0.85)
    scene.soft(oval((0, 0), 380, 60), "#ffe3a6", 60, 0.8)
    _lamp(scene, across("#f0b765", "#ffeec0", "#fff7de", "#ffe7b0", "#e8a850"))
    scene.soft(oval((0, -560), 110, 90), "#fffdf2", 45, 0.9, _shade())
    scene.soft(oval((0, -440), 80, 120), "#ffdc8c", 60, 0.4)


def _shade() -> Path:
    return tube((130, -740), (235, -440), tilt=0.12)


def _lamp(scene: Scene, linen: Paint) -> None:
    scene.stand(150)
    scene.fill(tube((140, -26), (146, -6)), cylinder("#8a5f3c", 0.3))
    scene.fill(oval((0, -26), 140, 22), slant("#c7986c", "#8f6440"))
    scene.fill(tube((13, -450), (13, -28)), metal("#c2a15e"))
    body = turned([(14, -250), (40, -225), (82, -150), (66, -70), (28, -30), (26, -26)])
    scene.fill(body, ball("#f6fbfb", "#a9c4c6", "#5f8488", "#3d6064"))
    scene.fill(_shade(), linen)
    scene.fill(oval((0, -740), 130, 15.6), across("#8d8069", "#c9bda7"))


def chair(scene: Scene) -> None:
    """A light oak dining chair, seen from its front left."""
    oak = "#c99a63"
    scene.soft(oval((30, -12), 290, 56), "#1c1a20", 40, 0.2)
    for x, y in ((-212, 2), (246, -2), (-150, -52), (196, -60)):
        scene.soft(oval((x + 12, y), 34, 9), "#1c1a20", 7, 0.45)
    back, front = across(tone(oak, -0.1), tone(oak, -0.4)), across(tone(oak, 0.25), tone(oak, -0.2))
    scene.fills(
        [
            ribbon([(-128, -330), (-150, -60)], 30, 20),
            ribbon([(176, -330), (186, -70)], 30, 20),
        ],
        back,
    )
    scene.fills(
        [
            ribbon([(-135, -345), (-150, -560), (-168, -735)], 30, 22),
            ribbon([(206, -345), (214, -560), (222, -745)], 30, 22),
        ],
        front,
    )
    rest = [(-196, -770), (-60, -742), (100, -744), (250, -782), (248, -680), (100, -640)]
    scene.fill(
        smooth([*rest, (-60, -636), (-190, -668)]),
        down(tone(oak, 0.3), tone(oak, -0.15)),
        volume=0.3,
    )
    scene.fills([ribbon([(x, -645), (x - 4, -370)], 14) for x in (-50, 25, 100)], front)
    seat = [(-205, -340), (-150, -392), (40, -402), (225, -388), (262, -330), (60, -290)]
    outline = smooth([*seat, (-150, -300)])
    scene.fill(moved(outline, 0, 24), flat(tone(oak, -0.4)))
    scene.fills(
        [
            ribbon([(-172, -305), (-212, -6)], 38, 24),
            ribbon([(212, -305), (246, -10)], 38, 24),
        ],
        front,
    )
    scene.fill(moved(outline, 0, 14), flat(tone(oak, -0.3)))
    scene.fill(outline, slant(tone(oak, 0.45), oak, tone(oak, -0.12)), volume=0.1)
    scene.soft(oval((20, -350), 150, 26), tone(oak, -0.3), 24, 0.45, outline)


def candle(scene: Scene) -> None:
    """A scented candle burning in an amber glass."""
    scene.stand(195)
    scene.soft(oval((0, -10), 260, 40), "#ffcf7c", 40, 0.6)
    glass = tube((185, -400), (180, -12))
    scene.fill(glass, across("#5a2c0c", "#b96a22", "#e39a45", "#c37426", "#8a4a16", "#4c250a"))
    scene.fill(oval((0, -400), 185, 30), across("#c98a4a", "#f5d9a8", "#a8682c"))
    scene.fill(oval((0, -398), 172, 25), down("#6b3510", "#b36a28"))
    wax = oval((0, -372), 172, 25)
    scene.fill(wax, ball("#fffbe2", "#ffe9b4", "#e9b766"), inside=[*oval((0, -398), 172, 25)])
    scene.soft(oval((0, -330), 160, 70), "#ffca6a", 40, 0.75, glass)
    scene.soft(box(-150, -375, -122, -40, 12), "#ffffff", 10, 0.45, glass)
    label = box(-105, -275, 105, -75, 6)
    scene.fill(label, across("#e8e0d0", "#fffaf0", "#e3d8c4"))
    scene.fill(box(-92, -262, 92, -88), flat("#c9b89a"))
    scene.fill(box(-90, -260, 90, -90), across("#ece4d5", "#fffaf0", "#e6dcc9"))
    scene.write("FIG", (0, -205), 52, "#4a3a28")
    scene.write("& vetiver", (0, -158), 27, "#6b583f")
    scene.write("220 g", (0, -117), 19, "#8b775b")
    scene.fill(ribbon([(0, -385), (2, -420)], 6), flat("#2a1c10"))
    _flame(scene)


def _flame(scene: Scene) -> None:
    scene.soft(oval((0, -470), 120, 130), "#ffd98a", 60, 0.7)
    outer = smooth([(0, -410), (24, -440), (20, -480), (2, -545), (-16, -480), (-22, -440)])
    scene.fill(outer, down("#ffb347", "#ffd874", "#ff9d2e"))
    scene.soft(oval((0, -447), 11, 26), "#fffbe6", 6, 1.0)


def plant(scene: Scene) -> None:
    """A snake plant in a glazed pot on its saucer."""
    scene.stand(225)
    scene.fill(tube((205, -30), (180, -2)), cylinder("#d8cdbd", 0.4))
    scene.fill(oval((0, -30), 205, 33), across("#efe6d9", "#b9ad9b"))
    leaves: list[tuple[float, float, float]] = [
        (-95, -580, -24), (110, -600, 22), (-40, -730, -9), (60, -690, 10), (-130, -430, -36),
        (0, -640, 1), (135, -440, 34),
    ]  # fmt: skip
    for x, top, angle in leaves:
        _leaf(scene, x * 0.8, top, angle)
    pot = turned([(178, -290), (182, -270), (176, -200), (150, -60), (138, -28), (134, -20)])
    scene.fill(pot, cylinder("#c76f4f", 0.3), volume=0.12)
    scene.fill(tube((192, -302), (188, -254)), cylinder("#cf7a59", 0.35))
    front = [*oval((0, -302), 192, 31, 0, 180), *oval((0, -302), 176, 25, 180, 0)]
    scene.fill(front, across("#e6a185", "#b05d3f"))
    scene.soft(box(-130, -250, -104, -60, 10), "#ffffff", 12, 0.35, pot)


def _leaf(scene: Scene, x: float, top: float, angle: float) -> None:
    half = 42.0
    middle = (top - 290) / 2
    outline = smooth(
        [(x - 20, -270), (x - half, middle), (x, top), (x + half, middle), (x + 20, -270)]
    )
    outline = spun(outline, angle * 0.7, (x, -285))
    scene.fill(outline, across("#dbe08a", "#3f7a4c", "#2d5f3a", "#4d8a58", "#c9d27a"), volume=0.25)
    for step in range(9):
        y = top + 60 + step * (-330 - top) / 9
        band = ribbon([(x - 30, y + 8), (x, y), (x + 30, y + 10)], 5)
        scene.fill(spun(band, angle * 0.7, (x, -285)), flat("#6fa274"), inside=outline)


def pillow(scene: Scene) -> None:
    """A linen cushion with stripes and piping."""
    corners: list[Point] = [
        (-312, -640), (-150, -632), (150, -632), (312, -640), (306, -480), (308, -180), (322, -8),
        (150, -18), (-150, -18), (-322, -8), (-308, -180), (-306, -480),
    ]  # fmt: skip
    outline = smooth(corners)
    scene.soft(oval((30, -8), 360, 46), "#1c1a20", 34, 0.4)
    scene.soft(oval((0, -16), 320, 22), "#1c1a20", 12, 0.5)
    scene.fill(scaled(outline, 1.012, 1.005), slant("#b8623f", "#8f4427"))
    linen = ball("#fbf5ea", "#efe4d2", "#d3c3aa", "#b29f84")
    scene.fill(outline, linen, volume=0.4)
    for x, width in ((-170, 34), (-122, 8), (122, 8), (170, 34)):
        bend = x * 0.13
        stripe = [(x + bend, -700), (x - bend * 0.4, -330), (x + bend, 60)]
        scene.fill(ribbon(stripe, width), across("#b8623f", "#a85433"), inside=outline)
    scene.soft(oval((150, -170), 170, 130), "#4a3620", 60, 0.22, outline)
    for x, y, tilt in ((-300, -600, 40), (300, -600, -40), (300, -50, 40), (-300, -50, -40)):
        fold = spun(oval((x * 0.86, y * 0.9 - 30), 60, 5), tilt, (x * 0.86, y * 0.9 - 30))
        scene.soft(fold, "#5d4a33", 7, 0.35, outline)


def book_closed(scene: Scene) -> None:
    """A cook book lying closed, cover up."""
    cover = [(-235, -600), (235, -600), (290, -40), (-290, -40)]
    pages = [(-288, -40), (288, -40), (282, 14), (-282, 14)]
    scene.drop([(-235, -600), (235, -600), (290, 20), (-290, 20)], 24)
    scene.fill([(-290, 14), (290, 14), (290, 26), (-290, 26)], flat("#7c2f22"))
    scene.fill(pages, down("#fff8e8", "#d9cdb4"))
    for row in range(5):
        y = -30 + row * 9
        scene.fill(box(-284, y, 284, y + 1.6), flat("#cfc2a6"))
    scene.fill(cover, slant("#d9664b", "#c4513a", "#a8402c"))
    scene.fill([(-235, -600), (-212, -600), (-262, -40), (-290, -40)], across("#9c3a28", "#c9563f"))
    scene.fill([(-290, -40), (290, -40), (290, -30), (-290, -30)], flat("#8c3423"))
    scene.write("THE LITTLE BOOK OF", (10, -520), 32, "#ffe9cf")
    scene.write("NOODLES", (10, -462), 74, "#fff6e6")
    _bowl(scene)
    scene.write("48 recipes", (12, -92), 32, "#ffe9cf")


def _bowl(scene: Scene) -> None:
    for shift in (-40, 0, 40):
        steam = [(10 + shift, -345), (24 + shift, -368), (4 + shift, -388), (18 + shift, -412)]
        scene.fill(ribbon(steam, 7), flat("#ffe9cf"))
    scene.fill(oval((10, -300), 135, 140, 0, 180), flat("#fff6e6"))
    scene.fill(box(-30, -166, 50, -146, 6), flat("#fff6e6"))
    scene.fill(ribbon([(-110, -262), (10, -240), (130, -262)], 9), flat("#2f5a63"))
    for column in range(5):
        loop = [(-100 + column * 48, -296), (-76 + column * 48, -332), (-52 + column * 48, -296)]
        scene.fill(ribbon(loop, 13), flat("#f4c268"))
    scene.fills(
        [ribbon([(60, -300), (230, -420)], 8), ribbon([(85, -298), (246, -396)], 8)],
        flat("#5f2418"),
    )


def book_open(scene: Scene) -> None:
    """The same book lying open at a recipe."""
    scene.soft(box(-480, -470, 490, 10, 10), "#1c1a20", 36, 0.4)
    scene.fill([(-452, -520), (452, -520), (520, 6), (-520, 6)], flat("#9c3a28"))
    left = [*smooth([(0, -500), (-90, -528), (-250, -530), (-440, -512)], closed=False)]
    left += smooth([(-505, -14), (-290, -44), (-100, -40), (0, 0)], closed=False)
    for side in (1, -1):
        page = scaled(left, side, 1)
        scene.fill(moved(page, 0, 9), flat("#cdbf9f"))
        scene.fill(page, flat("#fdf7e8"))
        scene.soft(box(-40, -540, 40, 20), "#7a6848", 30, 0.55, page)
        scene.soft(box(side * 300 - 90, -540, side * 300 + 90, 20), "#ffffff", 40, 0.6, page)
    scene.write("Sesame noodles", (235, -455), 36, "#a8402c")
    for row in range(8):
        y = -405 + row * 42
        end = 395 if row % 4 != 3 else 290
        spread = 1 + row * 0.018
        scene.fill(ribbon([(82, y + 8), (220, y - 2), (end * spread, y + 4)], 8), flat("#b3a78f"))
    photo = smooth([(-400, -460), (-240, -476), (-90, -468)], closed=False)
    photo += smooth([(-86, -130), (-250, -146), (-434, -124)], closed=False)
    scene.fill(photo, slant("#7fa3a0", "#4f7a7a"))
    scene.fill(oval((-250, -290), 132, 108), ball("#ffffff", "#e6e2d8", "#b5ae9f"))
    scene.fill(oval((-250, -294), 104, 82), ball("#e9b45a", "#b97a2c"))
    for ring in range(4):
        noodle = oval((-250 + ring * 4, -294), 90 - ring * 21, 68 - ring * 16, 30 + ring * 60, 330)
        scene.fill(ribbon(noodle[::6], 9), flat("#ffdf94"))
    scene.fills(
        [oval((x, y), 9) for x, y in ((-280, -320), (-225, -270), (-262, -262))], flat("#5f8f4a")
    )
