"""Electronics and toys, one short function a product."""

from __future__ import annotations

import math

from studio.paint import across, ball, cylinder, down, flat, metal, slant, tone
from studio.scene import Scene
from studio.shapes import Path, box, moved, oval, ribbon, scaled, smooth, spun, tube


def headphones(scene: Scene) -> None:
    """Over-ear headphones, standing, from the front."""
    for x in (-236, 236):
        scene.stand(66, x, -26, depth=0.25)
    band = oval((0, -360), 262, 330, 190, 350)
    scene.fill(ribbon(band[::4], 46), across("#5a5d63", "#33353a", "#17181a"), volume=0.35)
    pad = oval((0, -352), 240, 312, 222, 318)
    scene.fill(ribbon(pad[::3], 40), down("#b98a62", "#7d5433"), volume=0.5)
    for side in (1, -1):
        scene.fill(scaled(box(242, -420, 276, -270, 10), side, 1), metal())
        cushion = spun(box(150, -330, 232, -30, 40), -5, (200, -180))
        shell = spun(box(206, -322, 300, -40, 46), -5, (200, -180))
        scene.fill(scaled(shell, side, 1), across("#62666d", "#3b3e43", "#1c1d20"), volume=0.4)
        scene.fill(scaled(cushion, side, 1), across("#c99b72", "#a2734a", "#7a5230"), volume=0.6)
        ring = spun(box(226, -318, 238, -44, 6), -5, (200, -180))
        scene.fill(scaled(ring, side, 1), metal("#c9a86a"))
        scene.soft(scaled(box(262, -270, 274, -110, 6), side, 1), "#ffffff", 8, 0.4)


def robot(scene: Scene) -> None:
    """A tin toy robot from the front."""
    red, steel = "#c9483d", "#9fb4bd"
    scene.stand(190)
    for side in (1, -1):
        scene.fill(scaled(box(30, -170, 110, -34, 8), side, 1), cylinder(steel))
        scene.fill(
            scaled(box(18, -56, 138, 4, 16), side, 1), down(tone(red, 0.25), tone(red, -0.35))
        )
        arm = [(165, -425), (232, -385), (236, -270)]
        scene.fill(scaled(ribbon(arm, 50), side, 1), cylinder(steel), volume=0.3)
        for shift in (-22, 22):
            claw = [(236, -262), (236 + shift, -232), (236 + shift * 0.7, -198)]
            scene.fill(scaled(ribbon(claw, 18, 12), side, 1), flat(tone(red, -0.15)))
        scene.fill(oval((side * 168, -425), 40), ball("#ffffff", steel, tone(steel, -0.5)))
    scene.fill(box(-160, -470, 160, -160, 24), cylinder(red, 0.3), volume=0.2)
    scene.fill(box(-118, -430, 118, -270, 12), slant("#f3e7c8", "#d9c594"), volume=0.12)
    _gauge(scene)
    for x, colour in ((-70, "#f2b63c"), (0, "#5fa66a"), (70, "#4b86b8")):
        scene.fill(oval((x, -212), 24), ball("#ffffff", colour, tone(colour, -0.4)))
    scene.fill(tube((58, -500), (58, -466)), cylinder(steel))
    _robot_head(scene)


def _gauge(scene: Scene) -> None:
    scene.fill(oval((-50, -350), 52), ball("#ffffff", "#dfe6e6", "#9aa6a8"))
    scene.fill(spun(box(-53, -392, -47, -348, 2), 38, (-50, -350)), flat("#c9483d"))
    scene.fill(oval((-50, -350), 8), flat("#3b3e43"))
    scene.fills(
        [box(28, -394 + row * 30, 96, -378 + row * 30, 6) for row in range(4)], flat("#6d7f86")
    )


def _robot_head(scene: Scene) -> None:
    steel, red = "#9fb4bd", "#c9483d"
    scene.fill(ribbon([(0, -705), (0, -752)], 8), metal())
    scene.fill(oval((0, -768), 22), ball("#ffd9c9", red, tone(red, -0.45)))
    for side in (1, -1):
        scene.fill(scaled(box(122, -630, 154, -560, 10), side, 1), cylinder(red))
    scene.fill(box(-130, -706, 130, -498, 34), cylinder(steel, 0.45), volume=0.25)
    for x in (-56, 56):
        scene.fill(oval((x, -626), 42), slant("#e9eef0", "#66777e"))
        scene.fill(oval((x, -626), 33), ball("#fff6c9", "#f7c948", "#b9781c"))
        scene.fill(oval((x + 3, -624), 12), flat("#3a2a10"))
        scene.fill(oval((x - 8, -636), 6), flat("#ffffff"))
    scene.fill(box(-66, -566, 66, -526, 10), flat("#3f4d53"))
    scene.fills([box(-58 + k * 24, -560, -42 + k * 24, -532, 2) for k in range(5)], flat("#f3e7c8"))
    scene.fills([oval((x, y), 6) for x in (-112, 112) for y in (-686, -518)], flat("#6d7f86"))


def robot_side(scene: Scene) -> None:
    """The same robot from its left side, with the wind-up key."""
    red, steel = "#c9483d", "#9fb4bd"
    scene.stand(150)
    scene.fill(box(-42, -170, 46, -34, 8), cylinder(steel))
    scene.fill(box(-98, -56, 74, 4, 18), down(tone(red, 0.25), tone(red, -0.35)))
    scene.fill(box(100, -330, 150, -312, 4), metal("#c9a85c"))
    scene.fills([oval((172, -358), 30, 36), oval((172, -284), 30, 36)], slant("#f3dd9c", "#a9853c"))
    scene.fills([oval((172, -358), 13, 18), oval((172, -284), 13, 18)], flat("#e3d9c6"))
    scene.fill(box(-105, -470, 105, -160, 24), cylinder(red, 0.3), volume=0.2)
    scene.fill(box(-112, -425, -100, -275, 5), flat("#e9d9ae"))
    scene.fill(tube((48, -500), (48, -466)), cylinder(steel))
    scene.fill(ribbon([(0, -705), (0, -752)], 8), metal())
    scene.fill(oval((0, -768), 22), ball("#ffd9c9", red, tone(red, -0.45)))
    scene.fill(box(-104, -706, 104, -498, 34), cylinder(steel, 0.45), volume=0.25)
    scene.fill(box(-122, -662, -100, -590, 10), across("#f7c948", "#b9781c"))
    scene.fill(oval((10, -600), 40), ball("#f3a79c", red, tone(red, -0.4)))
    arm = [(0, -420), (8, -340), (-42, -270)]
    scene.soft(moved(ribbon(arm, 56), 10, 12), "#1c1a20", 12, 0.4, box(-105, -470, 105, -160, 24))
    scene.fill(ribbon(arm, 54), cylinder(steel), volume=0.35)
    scene.fill(oval((0, -420), 42), ball("#ffffff", steel, tone(steel, -0.5)))
    for end in ((-82, -236), (-40, -212)):
        scene.fill(ribbon([(-46, -262), end], 20, 14), flat(tone(red, -0.15)))


_LEATHER = "#3a3330"


def camera(scene: Scene) -> None:
    """A rangefinder camera from the front."""
    scene.stand(400, depth=0.1)
    scene.fill(tube((52, -500), (52, -452), 230), metal())
    scene.fill(oval((230, -500), 52, 8), flat("#dfe3e6"))
    scene.fill(tube((24, -486), (24, -452), 120), metal("#c98a5a"))
    scene.fill(tube((44, -480), (44, -452), -280), metal())
    top = box(-400, -460, 400, -310, 40)
    body = box(-400, -420, 400, 2, 46)
    scene.fill(body, slant("#dfe3e6", "#9aa1a7"), volume=0.2)
    scene.fill(top, slant("#ffffff", "#cfd4d8", "#a7adb3"), volume=0.2)
    scene.fill(
        box(-402, -352, 402, -36), slant(tone(_LEATHER, 0.16), _LEATHER, tone(_LEATHER, -0.3))
    )
    scene.fill(box(-330, -436, -200, -374, 10), slant("#2a3238", "#5f7380", "#1d2226"))
    scene.fill(box(60, -430, 130, -380, 8), slant("#2a3238", "#7d93a0", "#1d2226"))
    scene.fill(box(210, -432, 350, -372, 10), across("#eef0ea", "#c9cfd0", "#f7f8f4"))
    scene.write("Lumiere", (-60, -428), 32, "#4a4f54")
    _lens(scene)


def _lens(scene: Scene) -> None:
    centre = (0.0, -205.0)
    scene.soft(oval((24, -185), 190), "#000000", 22, 0.55)
    rings: list[tuple[float, tuple[str, ...]]] = [
        (188, ("#f4f6f7", "#a3aab0", "#6d747a")), (166, ("#2a2b2e", "#4a4c50", "#17181a")),
        (134, ("#c9cfd3", "#7d848a", "#e6e9eb")), (122, ("#1c1d20", "#3a3c40", "#0f1011")),
    ]  # fmt: skip
    for radius, colours in rings:
        scene.fill(oval(centre, radius), slant(*colours))
    for notch in range(40):
        mark = box(-3, centre[1] - 186, 3, centre[1] - 170)
        scene.fill(spun(mark, notch * 9, centre), flat("#7d848a"))
    glass = oval(centre, 96)
    scene.fill(glass, ball("#8fb0d9", "#35507f", "#1b2647", "#0a0d1a"))
    scene.fill(oval((6, -199), 48), ball("#7a5aa0", "#241a3d", "#08070f"))
    scene.soft(oval((-36, -245), 28, 18), "#ffffff", 8, 0.85, glass)
    scene.soft(oval((34, -165), 18, 11), "#b9d4ff", 7, 0.6, glass)
    scene.write("1:2  f = 35 mm", (0, centre[1] - 109), 14, "#d9dde0")


def camera_side(scene: Scene) -> None:
    """The same camera from its left side: a slim body, the lens barrel to the left."""
    scene.stand(190)
    scene.fill(tube((40, -500), (40, -452), 70), metal())
    scene.fill(box(-20, -440, 160, 2, 34), slant("#dfe3e6", "#9aa1a7"), volume=0.2)
    scene.fill(box(-20, -462, 160, -340, 30), slant("#ffffff", "#a7adb3"), volume=0.2)
    scene.fill(
        box(-22, -352, 162, -36), across(tone(_LEATHER, 0.16), _LEATHER, tone(_LEATHER, -0.3))
    )
    scene.fill(oval((72, -395), 20), ball("#ffffff", "#b9bec4", "#60666c"))
    for left, half, colour in (
        (-62, 188, "#b9bec4"),
        (-160, 166, "#2f3135"),
        (-205, 140, "#a3a9af"),
    ):
        steps = (0.5, 0.75, 0.1, -0.3, -0.55)
        paint = down(*(tone(colour, step) for step in steps))
        scene.fill(box(left, -205 - half, 0 if left > -100 else left + 110, -205 + half, 8), paint)
    for step in range(16):
        y = -360 + step * 20.5
        scene.fill(box(-150, y, -72, y + 8, 2), flat("#1a1b1d"))
    scene.fill(smooth([(-203, -300), (-226, -205), (-203, -110)]), across("#8fb0d9", "#24365c"))


def speaker(scene: Scene) -> None:
    """A round fabric loudspeaker with buttons on its top."""
    cloth = "#6f86a0"
    scene.stand(215)
    body = tube((205, -500), (205, -20), tilt=0.2)
    scene.fill(body, cylinder(cloth, 0.3))
    for row in range(46):
        y = -510 + row * 12
        thread = ribbon(oval((0, y), 205, 41, 180, 0)[::5], 2.4)
        scene.fill(thread, cylinder(tone(cloth, -0.25)), inside=body)
    for column in range(-20, 21):
        x = 205 * math.sin(column / 21 * math.pi / 2)
        scene.fill(box(x - 0.9, -560, x + 0.9, 40), flat(tone(cloth, -0.3)), inside=body)
    scene.fill(_band(-505, 22), cylinder("#2b3038"))
    scene.fill(_band(-42, 30), cylinder("#2b3038"))
    scene.fill(oval((0, -505), 205, 41), slant("#4a515b", "#2b3038", "#1f2329"))
    scene.fill(oval((0, -507), 168, 32), slant("#59616c", "#343a43"))
    scene.fills([box(x - 22, -510, x + 22, -505) for x in (-95, 95)], flat("#e6ebf0"))
    scene.fill(box(91, -516, 99, -499), flat("#e6ebf0"))
    scene.fill(oval((0, -508), 26, 8), flat("#e6ebf0"))
    scene.fill(oval((0, -508), 21, 6), flat("#3a414b"))
    scene.fill(box(-44, -200, 44, -176, 4), flat("#dfe5ea"))
    scene.write("ORBIT", (0, -188), 18, "#2b3038")
    loop = [
        (196, -448),
        (236, -425),
        (246, -340),
        (226, -270),
        (210, -340),
        (214, -410),
        (196, -430),
    ]
    scene.fill(ribbon(loop, 10), slant("#d98f4e", "#a8642c"), volume=0.4)


def _band(y: float, height: float) -> Path:
    return [*oval((0, y), 205, 41, 180, 0), *oval((0, y + height), 205, 41, 0, 180)]


def case_back(scene: Scene) -> None:
    """A phone in a printed case, from the back."""
    case = box(-180, -740, 180, 0, 58)
    scene.stand(175, depth=0.12)
    scene.fill(moved(case, 9, 2), flat("#1f3440"))
    scene.fill(case, down("#f6d9b8", "#f3c3a0", "#e79f86"), volume=0.12)
    scene.fill(oval((60, -420), 74), ball("#fff3d6", "#f7b36a", "#e98a55"), inside=case)
    hills = (
        ([(-220, -300), (-90, -390), (40, -310), (240, -400)], "#a9687a"),
        ([(-220, -210), (-60, -300), (90, -215), (240, -280)], "#74506f"),
        ([(-220, -120), (-20, -195), (120, -125), (240, -170)], "#46405f"),
    )
    for ridge, colour in hills:
        hill = [*smooth(ridge, closed=False), (240, 40), (-220, 40)]
        scene.fill(hill, down(tone(colour, 0.18), tone(colour, -0.15)), inside=case)
    scene.soft(box(-165, -700, -140, -40, 12), "#ffffff", 12, 0.4, case)
    island = box(-152, -712, 8, -552, 42)
    scene.drop(island, 7)
    scene.fill(island, slant("#4b5560", "#242a31"), volume=0.25)
    for x, y in ((-110, -670), (-110, -594), (-36, -632)):
        scene.fill(oval((x, y), 32), slant("#aab3bb", "#39414a"))
        scene.fill(oval((x, y), 25), ball("#7d9cc9", "#1f2c47", "#070a12"))
    scene.fill(oval((-30, -686), 9), flat("#fff6dc"))


def case_side(scene: Scene) -> None:
    """The same case from its edge: how thin it is, and its buttons."""
    scene.stand(62, depth=0.3)
    edge = box(-42, -740, 42, 0, 36)
    scene.fill(box(40, -706, 62, -556, 8), across("#39414a", "#1b2026"), volume=0.2)
    scene.fill(edge, down("#e9c3a4", "#c98a7c", "#74506f", "#46405f"), volume=0.35)
    scene.fill(box(-34, -720, -14, -20, 10), across("#14181d", "#4a5561"))
    buttons = [box(2, top, 22, top + high, 9) for top, high in ((-560, 70), (-470, 70), (-610, 34))]
    scene.fills(buttons, across("#f2d3bb", "#a86f68"))
    scene.soft(box(28, -700, 34, -60, 3), "#ffffff", 4, 0.5, edge)
