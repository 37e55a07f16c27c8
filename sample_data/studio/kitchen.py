"""Kitchen ware, one short function a product."""

from __future__ import annotations

from studio.paint import across, ball, cylinder, down, flat, metal, slant, tone
from studio.scene import Scene
from studio.shapes import Path, box, moved, oval, ribbon, scaled, smooth, spun, tube, turned


def mug(scene: Scene) -> None:
    """A stoneware mug, dipped in blue glaze, with tea in it."""
    blue, clay = "#7f9fb5", "#d9c3a5"
    scene.stand(215)
    handle = [(170, -345), (285, -365), (345, -255), (290, -140), (160, -110)]
    scene.fill(ribbon(handle, 50, 44), slant(tone(blue, 0.3), tone(blue, -0.3)), volume=0.5)
    body = tube((205, -420), (178, -14))
    scene.fill(body, cylinder(clay, 0.25))
    edge = [(-220, -135), (-120, -105), (-20, -122), (80, -95), (150, -112), (230, -140)]
    glaze = [*smooth(edge, closed=False), (230, -480), (-230, -480)]
    scene.fill(glaze, cylinder(blue), inside=body)
    scene.soft(box(-140, -395, -108, -60, 14), "#ffffff", 12, 0.5, body)
    scene.fill(oval((0, -420), 205, 33), across(tone(blue, 0.5), tone(blue, 0.15)))
    well = oval((0, -418), 190, 27)
    scene.fill(well, across(tone(blue, -0.4), tone(blue, 0.1)))
    scene.fill(oval((0, -402), 190, 27), across("#6e3c18", "#a8642c", "#7d4720"), inside=well)


def kettle(scene: Scene) -> None:
    """A matte black gooseneck kettle on its base."""
    black = "#34363a"
    scene.stand(290)
    scene.fill(tube((250, -34), (255, -8), tilt=0.13), cylinder("#2a2b2e", 0.3))
    spout = [(-150, -130), (-265, -160), (-270, -300), (-300, -430), (-385, -452)]
    scene.fill(ribbon(spout, 62, 24), across("#232427", "#5b5e63", "#2a2b2e"), volume=0.4)
    grip = [(120, -400), (235, -450), (315, -400), (318, -230), (300, -140)]
    scene.fill(ribbon(grip, 34, 44), across("#2b2c2f", "#4c4e52", "#1d1e20"), volume=0.5)
    scene.fill(ribbon([(314, -330), (318, -230), (300, -140)], 45), cylinder("#9a6a3f"))
    body = turned([(128, -400), (160, -385), (205, -230), (232, -80), (222, -42), (212, -34)])
    scene.fill(body, cylinder(black, 0.3), volume=0.25)
    scene.soft(spun(box(-150, -350, -112, -80, 18), 11, (-130, -215)), "#ffffff", 20, 0.3, body)
    scene.fill(oval((0, -398), 132, 22), across("#55585d", "#2c2d30"))
    scene.fill(tube((100, -412), (118, -400)), cylinder("#3d3f44"))
    scene.fill(tube((30, -462), (22, -418)), cylinder("#9a6a3f"))
    scene.fill(oval((0, -462), 30, 6), flat("#c08a5a"))
    scene.fill(oval((0, -22), 9), flat("#f2b25c"))


def bottle(scene: Scene) -> None:
    """A sage green vacuum bottle with a steel cap and a carrying loop."""
    sage = "#8fa58d"
    scene.stand(118, depth=0.2)
    loop = [(-52, -720), (-58, -790), (0, -815), (58, -790), (52, -720)]
    scene.fill(ribbon(loop, 20), across("#3d4440", "#6a746d", "#2e3330"))
    profile = [(74, -648), (84, -620), (118, -560), (120, -500), (120, -40), (116, -4), (108, 4)]
    scene.fill(turned(profile), cylinder(sage, 0.4), volume=0.12)
    scene.fill(tube((76, -664), (76, -640)), metal())
    scene.fill(tube((86, -735), (84, -662)), cylinder("#3d4440", 0.4))
    scene.fill(oval((0, -735), 86, 13), across("#68726b", "#39403b"))
    scene.fill(tube((118, -20), (112, -2)), metal())
    scene.soft(box(-66, -545, -44, -60, 10), "#ffffff", 10, 0.5)
    scene.write("norr", (14, -300), 46, tone(sage, 0.7))
    scene.write("500 ml", (14, -258), 20, tone(sage, 0.6))


def knife(scene: Scene) -> None:
    """A chef's knife across a light cutting board."""
    board = box(-620, -560, 620, -90, 46)
    scene.drop(board, 22)
    scene.fill(board, slant("#e2bd8c", "#d0a06a", "#dcb27d", "#c8965f"), volume=0.12)
    for row in range(9):
        grain = [(-640, -530 + row * 52), (-200, -538 + row * 52), (640, -524 + row * 52)]
        scene.fill(ribbon(grain, 2.2), flat("#bd8c58"), inside=board)
    with scene.posed(-9, (0, -320)):
        blade = [(-500, -318), (-420, -290), (-250, -246), (0, -228), (140, -226), (140, -372)]
        edge = smooth(blade[:-1], closed=False)
        outline = [*edge, (140, -366), (-200, -362), (-380, -345)]
        scene.drop(outline, 12)
        scene.fill(outline, down("#8f979e", "#dfe4e8", "#aab2b9", "#f7f9fa"))
        _damask(scene, outline)
        shine = [(-500, -318), (140, -240), (140, -224), (-250, -244)]
        scene.soft(shine, "#ffffff", 5, 0.8, outline)
        grip = [(150, -372), (300, -376), (430, -362), (520, -362), (545, -312), (430, -282)]
        grip += [(300, -298), (150, -292)]
        handle = smooth(grip)
        scene.drop(handle, 16)
        scene.fill(handle, down("#5b3a24", "#8a5b38", "#4a2d1b"), volume=0.45)
        scene.fill(box(134, -378, 172, -280, 10), down("#7c848b", "#e6eaed", "#878f96"))
        scene.fills([oval((x, -331), 10) for x in (240, 345, 450)], ball("#fffbe8", "#a98b4f"))


def _damask(scene: Scene, blade: Path) -> None:
    for row in range(4):
        wave = [(-460 + x * 60, -352 + row * 15 + (6 if x % 2 else -4)) for x in range(11)]
        scene.fill(ribbon(wave, 2.4), flat("#98a0a7"), inside=blade)


def tin_closed(scene: Scene) -> None:
    """A round biscuit tin with its lid on, tied with a ribbon."""
    scene.stand(330)
    _tin_body(scene)
    _tin_lid(scene)
    band = box(-34, -420, 34, 80)
    lid = tube((318, -290), (318, -205), tilt=0.22)
    red = across("#a8323a", "#d9545b", "#a8323a")
    scene.fill(band, red, inside=lid)
    scene.fill(band, red, inside=tube((300, -210), (300, -13), tilt=0.22))
    for side in (1, -1):
        bow = [(0, -300), (60, -385), (150, -395), (135, -325), (60, -296)]
        scene.fill(scaled(smooth(bow), side, 1), down("#e2656b", "#a52f37"), volume=0.4)
        tail = [(10, -298), (90, -282), (130, -240)]
        scene.fill(scaled(ribbon(tail, 30, 40), side, 1), down("#c9444c", "#a02c34"))
    scene.fill(box(-30, -325, 30, -278, 18), ball("#ee8288", "#a52f37"))


def tin_open(scene: Scene) -> None:
    """The same tin open: butter biscuits inside, the lid leaning on it."""
    scene.stand(330)
    scene.stand(180, 420, 8)
    lid = oval((405, -190), 150, 205)
    scene.drop(lid, 14)
    scene.fill(moved(lid, 14, 6), slant("#8a6a2e", "#6a4f1d"))
    scene.fill(lid, slant("#2f5a63", "#1d3e46"), volume=0.3)
    scene.fill(oval((403, -190), 118, 166), slant("#fff3d6", "#e6cf98"))
    scene.fill(oval((403, -190), 104, 150), slant("#2f5a63", "#23484f"))
    scene.write("BISCUITS", (403, -190), 34, "#f5dfae")
    _tin_body(scene)
    scene.fill(oval((0, -215), 300, 66), across("#c9a456", "#f3dfa3", "#a9853c"))
    inner = oval((0, -212), 284, 56)
    scene.fill(inner, down("#7a6130", "#d9c08a"))
    places = [(-185, -228), (-65, -246), (65, -246), (185, -228)]
    places += [(-130, -200), (0, -208), (130, -200), (-60, -176), (70, -176)]
    for x, y in places:
        _biscuit(scene, x, y)


def _tin_body(scene: Scene) -> None:
    teal, gold = "#2f5a63", "#d2b067"
    body = tube((300, -212), (300, -12), tilt=0.22)
    scene.fill(body, cylinder(teal, 0.3))
    for y in (-160, -18):
        band = [*oval((0, y), 300, 66, 180, 0), *oval((0, y + 10), 300, 66, 0, 180)]
        scene.fill(band, cylinder(gold), inside=body)
    for index in range(-4, 5):
        x = 292 * index / 4.6
        drop = 66 * (1 - (x / 300) ** 2) ** 0.5
        scene.fill(oval((x, drop - 88), 20 * (1 - abs(index) / 7), 24), cylinder(gold), inside=body)


def _tin_lid(scene: Scene) -> None:
    lid = tube((318, -290), (318, -205), tilt=0.22)
    scene.soft(moved(lid, 0, 14), "#10252a", 10, 0.5, tube((300, -212), (300, -12), tilt=0.22))
    scene.fill(lid, cylinder("#2f5a63", 0.35))
    scene.fill(oval((0, -290), 318, 70), slant("#4d7f89", "#2b525a", "#23464d"))
    scene.fill(oval((0, -291), 285, 61), slant("#e6cd8c", "#b8944a"))
    scene.fill(oval((0, -291), 276, 58), slant("#4a7a84", "#2b525a"))


def _biscuit(scene: Scene, x: float, y: float) -> None:
    scene.soft(oval((x, y + 12), 62, 22), "#3c2a10", 7, 0.6)
    scene.fill(tube((62, y), (60, y + 12), x, tilt=0.4), cylinder("#c98f47"))
    scene.fill(oval((x, y), 62, 25), ball("#f3cf8e", "#dba85d", "#c18742"))
    scene.fill(oval((x, y - 1), 22, 9), ball("#d8595f", "#9a2a30"))


def teapot_still(scene: Scene) -> None:
    """A celadon teapot beside an empty cup."""
    scene.stand(165, 150)
    scene.stand(95, -330, 0)
    _teapot(scene)
    _cup(scene, tea=False)


def teapot_pouring(scene: Scene) -> None:
    """The same teapot lifted and pouring tea into the cup."""
    scene.soft(oval((60, 0), 230, 36), "#1c1a20", 40, 0.25)
    scene.stand(95, -330, 0)
    stream = [(-318, -312), (-330, -270), (-333, -200), (-333, -92)]
    scene.fill(ribbon(stream, 13, 9), across("#b06a1e", "#f0b45c", "#a05a14"))
    _cup(scene, tea=True)
    with scene.posed(-27, (150, -190), (-88, -150)):
        _teapot(scene)


def _teapot(scene: Scene) -> None:
    glaze = "#a9c6b4"
    handle = [(320, -310), (430, -330), (478, -235), (430, -140), (330, -110)]
    scene.fill(ribbon(handle, 40, 34), slant(tone(glaze, 0.3), tone(glaze, -0.35)), volume=0.5)
    spout = [(-10, -120), (-105, -165), (-140, -270), (-205, -330)]
    scene.fill(ribbon(spout, 105, 32), slant(tone(glaze, 0.35), tone(glaze, -0.2)), volume=0.35)
    scene.fill(spun(oval((-211, -336), 20, 8), -40, (-211, -336)), flat("#51665a"))
    profile = [(96, -355), (150, -335), (232, -240), (240, -160), (180, -50), (118, -6), (110, 4)]
    body = turned(profile, 150)
    scene.fill(body, ball(tone(glaze, 0.65), glaze, tone(glaze, -0.2), tone(glaze, -0.5)))
    scene.soft(oval((62, -255), 40, 58), "#ffffff", 22, 0.65, body)
    scene.fill(
        turned([(8, -400), (50, -394), (98, -366), (108, -345), (100, -336)], 150), cylinder(glaze)
    )
    scene.fill(oval((150, -408), 24, 22), ball(tone(glaze, 0.7), glaze, tone(glaze, -0.45)))
    branch = [(60, -120), (140, -170), (230, -180), (300, -225)]
    scene.fill(ribbon(branch, 8, 4), flat("#5f7d6c"), inside=body)
    for x, y in ((118, -190), (205, -215), (190, -150), (262, -175), (285, -245)):
        scene.fill(spun(oval((x, y), 24, 9), -38, (x, y)), flat("#6d8f7c"), inside=body)


def _cup(scene: Scene, *, tea: bool) -> None:
    glaze = "#a9c6b4"
    profile = [(92, -112), (88, -70), (62, -20), (46, -6), (46, 2)]
    scene.fill(turned(profile, -330), cylinder(glaze))
    scene.fill(oval((-330, -112), 92, 19), across(tone(glaze, 0.6), tone(glaze, 0.1)))
    well = oval((-330, -110), 83, 15)
    scene.fill(well, across(tone(glaze, -0.4), tone(glaze, 0.2)))
    if tea:
        scene.fill(oval((-330, -102), 83, 15), across("#a85f16", "#e0a044", "#b86f20"), inside=well)
        scene.fill(oval((-331, -100), 22, 5), flat("#f2c67c"), inside=well)
