"""Makes the pictures of docs/steering.md: `python docs/make_steering.py` writes docs/images/steering/*.jpg.

A strip is a draft asset of the example robot from the input camera at even times. Rings and frames mark what was asked.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from tween4d.app.run import RunOptions, make_asset
from tween4d.app.steering import PixelDrag, Steering
from tween4d.data.asset import Asset4D
from tween4d.data.cameras import input_camera
from tween4d.io.images import save_png
from tween4d.stages.render import render_view
from tween4d.synthetic import example_pair_paths
from tween4d.synthetic.example import EXAMPLE
from tween4d.synthetic.families.robot import build_robot
from tween4d.synthetic.render import render_image
from tween4d.synthetic.scene import gather_surface, pose_surface

FOLDER = Path(__file__).parent / "images" / "steering"
TILE, LABEL, SIZE = 132, 18, 512
START, END = example_pair_paths()
DRAGS = (PixelDrag((191, 73), (120, 40), 0.5), PixelDrag((325, 350), (425, 330), 0.5))
RED, BLUE = (200, 40, 30), (30, 100, 190)


def main() -> None:
    """Make every picture."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    plain = made(Steering())
    with tempfile.TemporaryDirectory() as folder:
        between = bowing(Path(folder) / "between.png")
        led = made(Steering((between,), (0.0, 0.4, 1.0)))
        looped = made(Steering(repeat="loop"))
        even = [k / 10 for k in range(11)]
        given = strip([Pillow.open(path) for path in (START, between, END)], "given", ["0", "0.4", "1"])
        write("times", [given, row(plain, even, "two images"), row(led, even, "--times 0,0.4,1", marks=(0, 4, 10))])
    dragged = made(Steering(drags=DRAGS))
    sixths = [k / 8 for k in range(9)]
    rings = {4: [drag.target for drag in DRAGS], 0: [drag.source for drag in DRAGS]}
    write("drag", [row(plain, sixths, "as imagined"), row(dragged, sixths, "two drags @0.5", rings=rings)])
    eases = ("linear", "in", "out", "in-out")
    paced = [row(made(Steering(ease=ease)), sixths, f"--ease {ease}") for ease in eases]
    write("ease", paced)
    write(
        "repeat",
        [
            row(plain, [0, 0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25, 0], "--repeat ping-pong: played back"),
            row(looped, sixths, "--repeat loop: another way back", marks=(0, 4, 8)),
            row(plain, sixths, "--repeat once"),
        ],
    )
    few = made(Steering(fps=4.0), frames=7)
    write("frames", [row(few, [k / 6 for k in range(7)], "--frames 7 --fps 4: 1.5 seconds, t in seconds", scale=1.5)])


def made(steering: Steering, frames: int | None = None) -> Asset4D:
    """A draft of the example."""
    return make_asset(START, END, preset_name="draft", options=RunOptions(frames=frames, steering=steering))


def bowing(path: Path) -> Path:
    """A third state of the robot, drawn as the example's were."""
    middle = replace(
        EXAMPLE.end,
        root=(0, 6, 0),
        chest=(0, 0, 14),
        head=(0, 4, 18),
        antenna=(0, 0, 20),
        left_arm=((0, 0, 78), (0, 0, 4), (0, 80, 0)),
        right_arm=((0, 0, -80), (0, 0, -6), (0, -60, 0)),
        right_leg=((0, 0, -6), (0, 0, 0)),
    )
    scene = build_robot(replace(EXAMPLE, end=middle))
    surface = gather_surface(scene)
    save_png(render_image(surface, pose_surface(scene, surface, 1.0), input_camera(SIZE, SIZE), 4), path)
    return path


def row(
    asset: Asset4D,
    times: Sequence[float],
    title: str,
    marks: Sequence[int] = (),
    rings: dict[int, list[tuple[float, float]]] | None = None,
    scale: float = 1.0,
) -> Pillow.Image:
    """An asset at several times; marks frame a tile, rings circle pixels of the start image."""
    camera = input_camera(SIZE // 2, SIZE // 2, asset.fov_degrees)
    pictures = []
    for number, time in enumerate(times):
        shown = render_view(asset, camera, float(time)).on(1.0)
        picture = Pillow.fromarray((shown.clamp(0, 1) * 255).round().byte().numpy())
        draw = ImageDraw.Draw(picture)
        for x, y in (rings or {}).get(number, []):
            draw.ellipse([x / 2 - 14, y / 2 - 14, x / 2 + 14, y / 2 + 14], outline=RED, width=3)
        if number in marks:
            draw.rectangle([1, 1, SIZE // 2 - 2, SIZE // 2 - 2], outline=BLUE, width=4)
        pictures.append(picture)
    return strip(pictures, title, [f"{time * scale:.3g}" for time in times])


def strip(pictures: Sequence[Pillow.Image], title: str, labels: Sequence[str]) -> Pillow.Image:
    """Pictures side by side under a line of words."""
    canvas = Pillow.new("RGB", (TILE * len(pictures), TILE + 2 * LABEL), "white")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(13)
    draw.text((4, 2), title, fill=(40, 40, 40), font=font)
    for number, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        small = picture.resize((TILE, TILE), Pillow.Resampling.LANCZOS)
        canvas.paste(small, (TILE * number, LABEL), small if small.mode == "RGBA" else None)
        draw.text((TILE * number + 6, TILE + LABEL), f"t = {label}", fill=(110, 110, 110), font=font)
    return canvas


def write(name: str, rows: Sequence[Pillow.Image]) -> None:
    """Rows under one another, as a JPEG."""
    canvas = Pillow.new("RGB", (max(r.width for r in rows), sum(r.height + 4 for r in rows)), "white")
    top = 0
    for picture in rows:
        canvas.paste(picture, (0, top))
        top += picture.height + 4
    canvas.save(FOLDER / f"{name}.jpg", quality=82, optimize=True)


if __name__ == "__main__":
    main()
