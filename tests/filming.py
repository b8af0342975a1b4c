"""What a phone's camera sees, for Chromium's fake one: a picture as a clip that plays for ever."""

import io
import shutil
import subprocess
from random import Random

import pytest
from PIL import Image, ImageChops

from app.batches import qr
from scripts import scan_figures as trouble
from tests.browsing import CHROMIUM, FLAGS, IN_A_BROWSER

FFMPEG = shutil.which("ffmpeg")
WITH_A_CAMERA = [
    *IN_A_BROWSER,
    pytest.mark.skipif(FFMPEG is None, reason="there is no ffmpeg to make clips with"),
]
WIDTH, HEIGHT, GROUND = 1280, 960, 150
FAKE_CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


def drawn(code: str, module_px: int = 8) -> Image.Image:
    """Return a label as it is printed."""
    return Image.open(io.BytesIO(qr.png(trouble.HOST, code, module_px=module_px))).convert("L")


def seen(code: str, how: str) -> Image.Image:
    """Return a label as the camera sees it."""
    rng = Random(f"filmed {how}")
    scene = trouble.on_a_bag(drawn(code))
    if how == "rotated":
        scene = scene.rotate(37, Image.Resampling.BICUBIC, fillcolor=GROUND)
    elif how == "small":
        scene = scene.resize((234, 234), Image.Resampling.BOX)
    elif how == "dirty":
        scene = trouble.soiled(scene, rng, 0.03, corners=False)
    elif how == "dim":
        dark = scene.point([20 + v * 40 // 255 for v in range(256)])
        grain = trouble.noisy(Image.new("L", scene.size, 128), rng, 0.05, 0.05)
        scene = ImageChops.add(dark, grain, 1, -128)
    whole = Image.new("L", (WIDTH, HEIGHT), scene.getpixel((0, 0)))
    whole.paste(scene, ((WIDTH - scene.width) // 2, (HEIGHT - scene.height) // 2))
    return whole


def clip(folder, picture: Image.Image) -> str:
    """Return the path of a clip that shows a picture."""
    still, film = folder / "seen.png", folder / "seen.mjpeg"
    picture.save(still)
    subprocess.run(
        [
            *(FFMPEG, "-loglevel", "error", "-y", "-loop", "1", "-i", still, "-t", "1", "-r", "10"),
            *("-vf", f"scale={WIDTH}:{HEIGHT},format=yuvj420p", "-c:v", "mjpeg", "-q:v", "3", film),
        ],
        check=True,
    )
    return str(film)


def camera(film: str) -> dict:
    """Return how to launch a browser whose camera plays a clip."""
    args = [*FLAGS, *FAKE_CAMERA, f"--use-file-for-fake-video-capture={film}"]
    return {"executable_path": CHROMIUM, "args": args}
