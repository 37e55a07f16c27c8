"""Shoes, bags and accessories, one short function a product."""

from __future__ import annotations

import math

from studio.paint import across, ball, cylinder, down, flat, metal, slant, tone
from studio.scene import Scene
from studio.shapes import Path, Point, box, moved, oval, ribbon, scaled, smooth, spun, tube, turned


def sneaker(scene: Scene) -> None:
    """A retro running shoe from its outer side, toe to the right."""
    scene.soft(oval((20, 0), 470, 34), "#1c1a20", 26, 0.45)
    scene.soft(oval((0, 2), 420, 14), "#1c1a20", 9, 0.5)
    tongue = smooth([(-130, -330), (-95, -420), (-30, -405), (20, -300), (-60, -270)])
    scene.fill(tongue, slant("#f2ece0", "#c9bfac"), volume=0.4)
    upper = _upper()
    scene.fill(upper, down("#e9e2d3", "#d9cfbc", "#c3b69f"), volume=0.35)
    navy = slant("#3f5f82", "#2b4766")
    heel = smooth(
        [(-440, -360), (-330, -300), (-255, -190), (-250, -60), (-470, -60), (-470, -250)]
    )
    scene.fill(heel, navy, inside=upper)
    toe = smooth([(240, -60), (262, -170), (330, -190), (480, -120), (470, -40), (330, -40)])
    scene.fill(toe, navy, inside=upper)
    guard = smooth([(-150, -330), (-40, -300), (240, -180), (215, -140), (20, -215), (-150, -260)])
    scene.fill(guard, navy, inside=upper)
    for x in (-120, -40, 40):
        stripe = [(x + 60, -230), (x + 20, -140), (x - 40, -50)]
        scene.fill(ribbon(stripe, 30, 36), slant("#d9764a", "#b8552d"), inside=upper)
    scene.fill(
        ribbon([(-400, -345), (-300, -318), (-170, -330)], 20), flat("#24384f"), inside=upper
    )
    for step in range(5):
        x, y = -92 + step * 62, -338 + step * 36
        lace = [(x - 16, y + 42), (x + 8, y + 6), (x + 50, y - 14)]
        scene.fill(ribbon(lace, 15), down("#fffdf6", "#d9d0bf"))
    _sole(scene)


def _upper() -> Path:
    outline: list[Point] = [
        (-430, -70), (-442, -200), (-425, -345), (-385, -372), (-330, -325), (-235, -305),
        (-160, -345), (-110, -360), (-30, -310), (90, -245), (225, -195), (350, -184), (428, -148),
        (452, -75), (200, -40), (-200, -40),
    ]  # fmt: skip
    return smooth(outline)


def _sole(scene: Scene) -> None:
    mid = smooth(
        [(-450, -84), (-250, -78), (0, -70), (250, -72), (455, -92), (470, -60), (400, -16),
         (100, -10), (-300, -10), (-455, -14)]
    )  # fmt: skip
    scene.fill(mid, down("#fffdf7", "#e4dccb"), volume=0.2)
    scene.fill(box(-600, -26, 600, 10), down("#b98750", "#8f6234"), inside=moved(mid, 0, 6))
    line = [(-440, -58), (-100, -48), (250, -50), (440, -70)]
    scene.fill(ribbon(line, 6), flat("#cfc4ad"), inside=mid)


def backpack(scene: Scene) -> None:
    """A water-repellent city backpack from the front."""
    cloth, strap = "#5d7268", "#3c4a44"
    scene.stand(270)
    grip = [(-62, -700), (-60, -775), (0, -798), (60, -775), (62, -700)]
    scene.fill(ribbon(grip, 26), flat(strap))
    for side in (1, -1):
        band = ribbon([(215, -560), (292, -420), (270, -180)], 46, 30)
        scene.fill(scaled(band, side, 1), flat(strap))
    body = smooth(
        [(-215, -30), (-262, -200), (-250, -480), (-205, -665), (-100, -725), (100, -725),
         (205, -665), (250, -480), (262, -200), (215, -30), (100, 2), (-100, 2)]
    )  # fmt: skip
    scene.fill(body, slant(tone(cloth, 0.3), cloth, tone(cloth, -0.25)), volume=0.4)
    seam = [(-232, -440), (-195, -600), (-100, -662), (100, -662), (195, -600), (232, -440)]
    scene.fill(ribbon(seam, 13), flat("#2f3a35"))
    scene.fill(ribbon(seam, 3), flat("#aebbb3"))
    scene.fill(ribbon([(232, -440), (236, -398)], 12, 16), metal("#c9b27a"))
    pocket = smooth(
        [(-190, -40), (-212, -180), (-196, -345), (-100, -368), (100, -368), (196, -345),
         (212, -180), (190, -40), (80, -14), (-80, -14)]
    )  # fmt: skip
    scene.soft(moved(pocket, 6, 14), "#1c1a20", 14, 0.45, body)
    scene.fill(pocket, slant(tone(cloth, 0.4), tone(cloth, 0.1), tone(cloth, -0.2)), volume=0.35)
    scene.fill(ribbon([(-172, -312), (0, -322), (172, -312)], 11), flat("#2f3a35"))
    scene.fill(ribbon([(150, -312), (156, -272)], 10, 14), metal("#c9b27a"))
    scene.fill(box(-62, -560, 62, -470, 10), slant("#b9804e", "#8f5a30"), volume=0.3)
    scene.write("nordby", (0, -516), 27, "#f4dfc2")


def watch(scene: Scene) -> None:
    """An automatic watch on a brown leather strap, lying flat."""
    upper = [(-78, -470), (-62, -760), (-40, -790), (40, -790), (62, -760), (78, -470)]
    lower = [(-78, -260), (-60, 60), (0, 92), (60, 60), (78, -260)]
    leather = across("#5e3418", "#96592f", "#8a4f28", "#542d14")
    for strap in (upper, lower):
        scene.drop(strap, 18)
        scene.fill(strap, leather, volume=0.35)
    for side in (1, -1):
        seams = ([(62, -480), (50, -745)], [(62, -255), (48, 55)])
        scene.fills([scaled(ribbon(seam, 4), side, 1) for seam in seams], flat("#e3c196"))
    scene.drop(box(-62, -830, 62, -752, 14), 10)
    scene.fill(box(-62, -830, 62, -752, 14), slant("#f4f6f7", "#9aa1a7", "#6a7077"), volume=0.3)
    scene.fill(box(-46, -814, 46, -768, 8), slant("#8a4f28", "#5e3418"))
    scene.fill(box(-5, -822, 5, -754, 4), metal())
    scene.fills([oval((0, y), 8, 10) for y in (-30, 0, 30)], flat("#2c1608"))
    scene.fills([box(x - 16, -520, x + 16, -210, 10) for x in (-74, 74)], metal())
    centre = (0, -365)
    scene.drop(oval(centre, 182), 20)
    scene.fill(box(172, -388, 214, -342, 10), down("#70767c", "#eef1f3", "#70767c"))
    scene.fill(oval(centre, 182), slant("#ffffff", "#b3b9bf", "#70767c", "#d9dde0"), volume=0.2)
    scene.fill(oval(centre, 160), slant("#70767c", "#e9ecee"))
    scene.fill(oval(centre, 152), ball("#3d5f86", "#24446a", "#142a45"))
    for hour in range(12):
        mark = box(-5, -505, 5, -468, 2) if hour % 3 else box(-8, -507, 8, -460, 2)
        scene.fill(spun(mark, hour * 30, centre), flat("#f3efe4"))
    scene.write("MERIDIAN", (0, -428), 20, "#e9eef4")
    scene.write("automatic", (0, -302), 14, "#b9c8da")
    for angle, length, width in ((-58, 82, 15), (62, 122, 11)):
        hand = [(-width / 2, -360), (-1, -365 - length), (1, -365 - length), (width / 2, -360)]
        scene.fill(spun(hand, angle, centre), flat("#f8f6ef"))
    scene.fill(spun(box(-1.6, -490, 1.6, -325), 205, centre), flat("#e2703a"))
    scene.fill(oval(centre, 10), flat("#e9ecee"))
    scene.soft(spun(box(-140, -440, 0, -405), -35, centre), "#ffffff", 22, 0.28, oval(centre, 152))


def perfume(scene: Scene) -> None:
    """A square perfume bottle of thick glass with a wooden cap."""
    scene.stand(190)
    scene.soft(oval((90, 6), 160, 26), "#e9b98a", 24, 0.6)
    glass = box(-190, -430, 190, 4, 34)
    scene.fill(glass, across("#b9c4c8", "#f4f8f9", "#dfe7ea", "#ffffff", "#a9b6bb"), volume=0.25)
    juice = box(-158, -372, 158, -34, 20)
    scene.fill(juice, slant("#fbe3c3", "#f0bf94", "#dd9d72"), volume=0.2)
    scene.fill(box(-158, -374, 158, -364, 4), flat("#fff1dd"))
    scene.fill(box(-4, -430, 4, -60), across("#f6d6b2", "#ffffff", "#e2ab80"))
    scene.soft(box(-176, -410, -150, -20, 10), "#ffffff", 8, 0.8, glass)
    scene.soft(box(150, -300, 172, -20, 10), "#ffffff", 10, 0.5, glass)
    scene.fill(box(-62, -470, 62, -426, 6), metal("#c8a45c"))
    cap = tube((84, -640), (84, -468), tilt=0.1)
    scene.fill(cap, cylinder("#a4764b", 0.3))
    for shift in (-50, -22, 10, 44):
        grain = [(shift, -640), (shift + 7, -560), (shift - 3, -460)]
        scene.fill(ribbon(grain, 2.4), flat("#8a5f39"), inside=cap)
    scene.fill(oval((0, -640), 84, 8.4), across("#d9ae80", "#a4764b"))
    scene.fill(box(-98, -280, 98, -120, 4), flat("#fffaf2"))
    scene.write("No. 8", (0, -225), 50, "#4d3a2c")
    scene.write("white tea · cedar", (0, -172), 20, "#7d6753")
    scene.write("50 ml", (0, -143), 15, "#9a856f")


def sunglasses(scene: Scene) -> None:
    """Tortoiseshell sunglasses, open, from the front."""
    scene.soft(box(-430, -70, 450, 10, 30), "#1c1a20", 28, 0.4)
    for side in (1, -1):
        arm = [(455, -262), (425, -330), (330, -372), (250, -380)]
        scene.fill(scaled(ribbon(arm, 34, 16), side, 1), slant("#6b3f1e", "#3b200e"), volume=0.3)
    bridge = [(-80, -212), (0, -246), (80, -212)]
    scene.fill(ribbon(bridge, 36), down("#9a6230", "#4a280f"), volume=0.4)
    lens: list[Point] = [
        (75, -235), (140, -284), (300, -296), (440, -285), (462, -240), (430, -90), (340, -18),
        (210, -14), (110, -80),
    ]  # fmt: skip
    for side in (1, -1):
        rim = scaled(smooth(lens), side, 1)
        scene.fill(rim, slant("#a86a34", "#5a3216", "#8a5327", "#3f210e"), volume=0.35)
        for step, (x, y) in enumerate(rim[::7]):
            spot = oval((x * 0.98, y), 15 + 7 * (step % 3), 12)
            scene.soft(spot, ("#2a1507", "#d9974a")[step % 3 == 1], 6, 0.7, rim)
        glass = [(268 + (x - 268) * 0.84, -156 + (y + 156) * 0.8) for x, y in lens]
        pane = scaled(smooth(glass), side, 1)
        scene.fill(pane, down("#2c3b38", "#4f6a63", "#9db5aa"), volume=0.2)
        shine = moved(spun(box(-26, -160, 26, 160), 28), side * 268 - 70, -160)
        scene.soft(shine, "#ffffff", 12, 0.4, pane)
        scene.fill(oval((side * 440, -258), 7), flat("#e9d7a8"))


_PLAID = ("#a63a3a", "#efe3cf", "#2f4858")


def scarf(scene: Scene) -> None:
    """A wool scarf in a plaid, folded, its fringe to the front."""
    lower = box(-330, -150, 330, -20, 20)
    scene.soft(box(-340, -60, 360, 30, 30), "#1c1a20", 30, 0.45)
    upper = box(-326, -460, 326, -100, 44)
    scene.fill(moved(lower, 0, 18), flat(tone(_PLAID[0], -0.45)))
    _fringe(scene)
    scene.fill(lower, down(tone(_PLAID[0], -0.1), tone(_PLAID[0], -0.35)), volume=0.4)
    _plaid(scene, lower)
    scene.fill(upper, slant(tone(_PLAID[0], 0.12), _PLAID[0], tone(_PLAID[0], -0.2)))
    _plaid(scene, upper)
    scene.fill(box(150, -190, 290, -128, 5), flat("#f6f0e4"))
    scene.write("100% lambswool", (220, -159), 16, "#4a4038")


def scarf_rolled(scene: Scene) -> None:
    """The same scarf rolled up, its end with the fringe lying out."""
    scene.soft(oval((30, 2), 430, 40), "#1c1a20", 28, 0.45)
    end = smooth([(-60, -60), (200, -62), (400, -52), (410, -8), (200, -4), (-60, -6)])
    scene.fill(end, down(tone(_PLAID[0], 0.1), tone(_PLAID[0], -0.3)), volume=0.3)
    _plaid(scene, end)
    for row in range(6):
        y = -50 + row * 8
        tail = [(395, y), (440, y + 5), (480 + row % 2 * 16, y + 2)]
        scene.fill(ribbon(tail, 8, 5), flat(_PLAID[row % 2]))
    body = oval((-120, -210), 262, 210)
    scene.fill(body, ball(tone(_PLAID[0], 0.15), _PLAID[0], tone(_PLAID[0], -0.45)), volume=0.3)
    _plaid(scene, body)
    scene.fill(oval((-150, -210), 216, 196), flat(tone(_PLAID[0], -0.3)))
    for turn in range(6):
        rx, ry = 208 - turn * 34, 188 - turn * 31
        layer = oval((-150 + turn * 2, -210), rx, ry)
        scene.fill(
            layer, slant(tone(_PLAID[turn % 2 * 2], 0.25), _PLAID[turn % 2 * 2]), volume=0.25
        )
        scene.fill(oval((-150 + turn * 2, -208), rx - 22, ry - 20), flat("#4a1a1c"))


def _plaid(scene: Scene, cloth: Path) -> None:
    from_x, from_y = -480, -520
    for step in range(9):
        x, y = from_x + step * 120, from_y + step * 120
        wide, thin = _PLAID[2], _PLAID[1]
        scene.soft(box(x, -600, x + 40, 60), wide, 1, 0.62, cloth)
        scene.soft(box(-600, y, 600, y + 40), wide, 1, 0.62, cloth)
        scene.soft(box(x + 66, -600, x + 76, 60), thin, 0.8, 0.8, cloth)
        scene.soft(box(-600, y + 66, 600, y + 76), thin, 0.8, 0.8, cloth)
    scene.soft(moved(cloth, -30, -34), "#ffffff", 50, 0.1, cloth)


def _fringe(scene: Scene) -> None:
    for step in range(34):
        x = -318 + step * 19.3
        sway = 5 * math.sin(step * 1.7)
        tassel = ribbon([(x, -40), (x + sway, 0), (x - sway, 34 + 6 * math.cos(step))], 13, 8)
        colour = _PLAID[1] if step % 4 == 2 else _PLAID[0]
        scene.fill(tassel, across(tone(colour, 0.2), tone(colour, -0.35)))


def umbrella_folded(scene: Scene) -> None:
    """A long umbrella, rolled and strapped, lying at a slant."""
    with scene.posed(62, (0, -330), (0, 60)):
        cloth = turned([(8, -760), (20, -720), (46, -560), (58, -330), (48, -210), (26, -196)])
        scene.drop(cloth, 18)
        handle = [(0, -190), (0, 10), (6, 70), (60, 96), (106, 62), (108, 20)]
        scene.drop(ribbon(handle, 24), 14)
        scene.fill(ribbon([(0, -800), (0, -740)], 8, 14), metal())
        scene.fill(ribbon([(0, -200), (0, -110)], 16), metal())
        scene.fill(
            ribbon([(0, -120), *handle[1:]], 28, 26), slant("#c8935a", "#7d4f26"), volume=0.4
        )
        scene.fill(cloth, cylinder("#2f6f73", 0.4), volume=0.2)
        for shift in (-24, -4, 18):
            fold = [(shift * 0.2, -750), (shift, -480), (shift * 1.5, -210)]
            scene.fill(ribbon(fold, 3), flat("#1f5053"), inside=cloth)
        scene.fill(box(-70, -352, 70, -318, 4), cylinder("#244f52"), inside=cloth)
        scene.fill(oval((10, -335), 9), flat("#e9dcc0"))


def umbrella_open(scene: Scene) -> None:
    """The same umbrella, open and upright."""
    teal = "#2f6f73"
    scene.soft(oval((20, 4), 330, 40), "#1c1a20", 44, 0.28)
    scene.soft(oval((62, 20), 70, 9), "#1c1a20", 9, 0.45)
    scene.fill(ribbon([(0, -790), (0, -730)], 7, 12), metal())
    scene.fill(box(-8, -500, 8, -130, 2), metal())
    handle = [(0, -200), (0, -60), (8, -14), (58, 6), (100, -20), (104, -58)]
    scene.fill(ribbon(handle, 26), slant("#c8935a", "#7d4f26"), volume=0.4)
    ribs = (-470, -325, -120, 120, 325, 470)
    dips = [(x, -404 + 14 * (abs(x) / 470) ** 2) for x in ribs]
    scene.fill(oval((0, -412), 452, 30), down("#163b3e", "#1f4d50"))
    dome = oval((0, -380), 470, 360, 180, 360)
    shades = (0.28, 0.42, 0.14, -0.08, -0.26)
    for index, shade in enumerate(shades):
        panel = _panel(dips[index], dips[index + 1])
        scene.fill(panel, down(tone(teal, shade + 0.1), tone(teal, shade)))
    scene.soft(oval((-150, -600), 130, 60), "#ffffff", 50, 0.28, dome)
    scene.fill(turned([(6, -748), (18, -736), (22, -728)]), flat("#1f5053"))


def _panel(left: Point, right: Point) -> Path:
    """Give one gore of the canopy: from the tip down two ribs, a scallop between them."""
    tip = (0.0, -740.0)
    sides = []
    for x, y in (left, right):
        bow = (x * 0.72, tip[1] + (y - tip[1]) * 0.32)
        sides.append(smooth([tip, bow, (x, y)], closed=False))
    middle = ((left[0] + right[0]) / 2, (left[1] + right[1]) / 2 - 30)
    scallop = smooth([left, middle, right], closed=False)
    return [*sides[0], *scallop, *sides[1][::-1]]
