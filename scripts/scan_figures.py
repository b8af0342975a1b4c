"""How many badly seen labels the phone's decoder reads: `python -m scripts.scan_figures [--each 30]`.

Draws our own labels as a phone may see them, each kind of trouble with fixed seeds, so that two runs
and two decoders meet the same pictures; then reads them in Chromium by the modules that the form
uses (app/static/scan/), and prints what share of each kind was read. Nothing is skipped: what is
printed is of all pictures, the hopeless ones among them.
"""

import argparse
import asyncio
import base64
import functools
import http.server
import io
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter
from playwright.async_api import Page, async_playwright

from app.batches import qr
from app.batches.codes import make_code

APP = Path(__file__).resolve().parent.parent / "app"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
HOST = "NY.HEBEI.GOV.CN"
SIDE = 720
MODULE = 8
SYMBOL, CORNER, TEXT = 33 * MODULE, 8 * MODULE, 6 * MODULE
"""Pixels: of a picture's side, a module, the symbol, a corner pattern and the code in letters."""
FLOOR = 0.78
"""Of the whole set: what was measured when this decoder was chosen."""
Picture = Image.Image
READ = """async (pictures) => {
  const { readPhoto } = await import("/static/scan/photo.js");
  const found = [];
  for (const picture of pictures) {
    const photo = await (await fetch("data:image/png;base64," + picture)).blob();
    const begun = performance.now();
    const texts = await readPhoto(photo).catch(() => []);
    found.push([texts, performance.now() - begun]);
  }
  return found;
}"""


def label(rng: Random, module_px: int = MODULE) -> tuple[str, Picture]:
    """Return what a label holds and its picture."""
    code = make_code("130110", rng.getrandbits(40))
    drawn = Image.open(io.BytesIO(qr.png(HOST, code, module_px=module_px)))
    return qr.payload(HOST, code), drawn.convert("L")


def on_a_bag(drawn: Picture, side: int = SIDE, ground: int = 150) -> Picture:
    """Lay a label in the middle of something grey."""
    scene = Image.new("L", (side, side), ground)
    scene.paste(drawn, ((side - drawn.width) // 2, (side - drawn.height) // 2))
    return scene


def rotated(scene: Picture, rng: Random) -> Picture:
    """Turn by any angle."""
    return scene.rotate(rng.uniform(0, 360), Image.Resampling.BICUBIC, fillcolor=150)


def small(scene: Picture, rng: Random) -> Picture:
    """Two to three and a half pixels a module, as from two metres away."""
    side = int(SIDE * rng.uniform(2.0, 3.5) / MODULE)
    return on_a_bag(scene.resize((side, side), Image.Resampling.BOX))


def blurred(scene: Picture, rng: Random) -> Picture:
    """Out of focus by up to eight tenths of a module."""
    return scene.filter(ImageFilter.GaussianBlur(rng.uniform(2.4, 6.4)))


def noisy(scene: Picture, rng: Random, least: float = 0.5, most: float = 1.4) -> Picture:
    """Grain of a poor sensor; at 1 it is as wide as from black to white."""
    width = rng.uniform(least, most)
    grain = Image.frombytes("L", scene.size, rng.randbytes(scene.width * scene.height))
    half = scene.point([v // 2 + 64 for v in range(256)])
    grain = grain.point([round(v * width / 2) for v in range(256)])
    return ImageChops.add(half, grain, 1, -round(width * 64))


def dim(scene: Picture, rng: Random) -> Picture:
    """In a store without a lamp: little between black and white, and grain."""
    low, high = rng.randint(8, 30), rng.randint(14, 40)
    dark = scene.point([low + v * high // 255 for v in range(256)])
    return ImageChops.add(dark, noisy(Image.new("L", scene.size, 128), rng, 0.03, 0.12), 1, -128)


def dirty(scene: Picture, rng: Random, least: float = 0.005, most: float = 0.04) -> Picture:
    """Blots of mud anywhere: one on a corner pattern is enough to hide a symbol from any reader."""
    return soiled(scene, rng, rng.uniform(least, most), corners=True)


def worn(scene: Picture, rng: Random) -> Picture:
    """Five to twelve hundredths rubbed off or soiled, the three corner patterns left whole."""
    return soiled(scene, rng, rng.uniform(0.05, 0.12), corners=False)


def soiled(scene: Picture, rng: Random, share: float, *, corners: bool) -> Picture:
    """Cover a share of the symbol with dark and light blots of up to three modules."""
    left = (SIDE - SYMBOL) // 2
    top = left - TEXT // 2
    covered, painted = Image.new("L", (SYMBOL, SYMBOL)), scene.copy()
    on_covered, on_scene = ImageDraw.Draw(covered), ImageDraw.Draw(painted)
    while covered.histogram()[1] < share * SYMBOL * SYMBOL:
        x, y, radius = rng.randrange(SYMBOL), rng.randrange(SYMBOL), rng.randint(3, 12)
        near = CORNER + radius
        if not corners and (
            (y < near and (x < near or x > SYMBOL - near)) or (y > SYMBOL - near and x < near)
        ):
            continue
        on_covered.ellipse((x - radius, y - radius, x + radius, y + radius), fill=1)
        middle, down = left + x, top + y
        on_scene.ellipse(
            (middle - radius, down - radius, middle + radius, down + radius),
            fill=rng.choice((40, 90, 200)),
        )
    return painted


def aslant(scene: Picture, rng: Random, most: float = 0.0028) -> Picture:
    """Seen from the side: one edge nearer than the other."""
    g, h = rng.uniform(-most, most), rng.uniform(-most, most)
    middle = scene.width / 2
    k = 1 - (g + h) * middle
    s = 0.9
    matrix = (
        (middle * g + s) / k, middle * h / k, (middle * k - s * middle) / k,
        middle * g / k, (middle * h + s) / k, (middle * k - s * middle) / k,
        g / k, h / k,
    )  # fmt: skip
    return scene.transform(
        scene.size, Image.Transform.PERSPECTIVE, matrix, Image.Resampling.BICUBIC, fillcolor=150
    )


def glaring(scene: Picture, rng: Random) -> Picture:
    """Let the sun fall on a film over the label: a part burnt out, its surroundings washed."""
    light = Image.new("L", scene.size)
    pen = ImageDraw.Draw(light)
    x, y = rng.randint(230, 490), rng.randint(230, 490)
    width, height = rng.randint(25, 80), rng.randint(60, 260)
    pen.ellipse((x - width, y - height, x + width, y + height), fill=255)
    light = light.rotate(rng.uniform(0, 180)).filter(ImageFilter.GaussianBlur(rng.uniform(12, 40)))
    return ImageChops.add(scene, light)


def crumpled(scene: Picture, rng: Random) -> Picture:
    """Bend the surface as on a full sack."""
    cells, step = [], 90
    shift = {
        (x, y): (rng.uniform(-7, 7), rng.uniform(-7, 7))
        for x in range(0, SIDE + 1, step)
        for y in range(0, SIDE + 1, step)
    }
    for x in range(0, SIDE, step):
        for y in range(0, SIDE, step):
            corners = [(x, y), (x, y + step), (x + step, y + step), (x + step, y)]
            quad = [c + d for at in corners for c, d in zip(at, shift[at], strict=True)]
            cells.append(((x, y, x + step, y + step), quad))
    return scene.transform(
        scene.size, Image.Transform.MESH, cells, Image.Resampling.BICUBIC, fillcolor=150
    )


def everything(scene: Picture, rng: Random) -> Picture:
    """Add a little of all of it, as it comes."""
    seen = aslant(rotated(dirty(scene, rng, 0, 0.01), rng), rng, 0.0012)
    seen = seen.filter(ImageFilter.GaussianBlur(rng.uniform(0.8, 2.4)))
    return noisy(seen.point([50 + v * 120 // 255 for v in range(256)]), rng, 0.1, 0.5)


TROUBLES: dict[str, Callable[[Picture, Random], Picture]] = {
    "rotated": rotated,
    "small": small,
    "blurred": blurred,
    "noisy": noisy,
    "dim": dim,
    "dirty": dirty,
    "worn": worn,
    "aslant": aslant,
    "glaring": glaring,
    "crumpled": crumpled,
    "everything": everything,
}


def pictures(trouble: str, count: int) -> list[tuple[str, Picture]]:
    """Return pictures of one trouble with what each holds; the same ones every time."""
    made = []
    for number in range(count):
        rng = Random(f"{trouble} {number}")  # noqa: S311  the same pictures every time
        text, drawn = label(rng)
        made.append((text, TROUBLES[trouble](on_a_bag(drawn), rng)))
    return made


def as_text(picture: Picture) -> str:
    """Return a picture as PNG in base64."""
    file = io.BytesIO()
    picture.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


async def read(page: Page, trouble: str, count: int) -> tuple[int, float]:
    """Return how many of a trouble's pictures were read rightly, and the mean milliseconds."""
    made = pictures(trouble, count)
    found = await page.evaluate(READ, [as_text(picture) for _, picture in made])
    right = sum(text in texts for (text, _), (texts, _) in zip(made, found, strict=True))
    return right, sum(ms for _, ms in found) / count


class Files(http.server.SimpleHTTPRequestHandler):
    """The static files, and an empty page to work in."""

    def do_GET(self) -> None:
        """Answer with a file; anywhere else with nothing to see."""
        if self.path.startswith("/static/"):
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>scan</title>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


async def measure(count: int) -> dict[str, tuple[int, float]]:
    """Return what was read of each trouble."""
    handler = functools.partial(Files, directory=APP)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = await browser.new_page()
            await page.goto(f"http://127.0.0.1:{server.server_port}/")
            return {trouble: await read(page, trouble, count) for trouble in TROUBLES}
    finally:
        server.shutdown()


def main() -> None:
    """Print the share of each trouble and of all; exit 1 below the floor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=30, help="pictures of each trouble")
    parser.add_argument("--save", type=Path, help="a folder for one picture of each")
    asked = parser.parse_args()
    if asked.save:
        asked.save.mkdir(parents=True, exist_ok=True)
        for trouble in TROUBLES:
            pictures(trouble, 1)[0][1].save(asked.save / f"{trouble}.png")
    if CHROMIUM is None:
        sys.exit("there is no chromium")
    found = asyncio.run(measure(asked.each))
    for trouble, (right, ms) in found.items():
        print(f"{trouble:12} {right:3} of {asked.each}  {right / asked.each:6.1%}  {ms:5.0f} ms")
    share = sum(right for right, _ in found.values()) / (asked.each * len(found))
    print(f"{'all':12} {share:23.1%}   at least {FLOOR:.0%}")
    sys.exit(share < FLOOR)


if __name__ == "__main__":
    main()
