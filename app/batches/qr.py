"""The QR of a label, as SVG for paper and pages and as PNG for label printers.

The symbol holds `HTTPS://<HOST>/B/<CODE>` in capitals: alphanumeric mode at level H stays within
version 4 for hosts of up to twenty characters. A phone reads level H through dirt that hides the
lower levels, and the code in letters stands below for when it does not.
"""

import io
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont
from qrcode.constants import ERROR_CORRECT_H

from app.config import MAX_QR_HOST
from app.paper.symbol import Run, SymbolsAlike, runs_of

MAX_VERSION = 4
MODULE_MM = 0.625
"""Five dots of a 203 dpi (8 dots/mm) thermal head: whole dots keep the edges sharp."""

MASK = 6
"""Random codes read alike under every mask, dirty, blurred or turned: none is searched for."""

_TEXT_MODULES = 6
_OVERPRINT_OPACITY = 0.5
# 演示, drawn here so that it needs no Chinese font: 18 rows of 36 dots, the left one highest.
_OVERPRINT_COLUMNS = 36
_OVERPRINT = (
    0x003000000, 0x3BFF0FFF0, 0x1FFF8FFF0, 0x070380000, 0x07FF80000, 0x01FE1FFFC,
    0x70301FFFC, 0x33FF00600, 0x03FF04620, 0x033306670, 0x1BFF0C638, 0x1B330C638,
    0x3BFF1861C, 0x33FF1861C, 0x71CE03E00, 0x778781E00, 0x020100000, 0x000000000,
)  # fmt: skip


def payload(host: str, code: str) -> str:
    """Return the address in the symbol; ValueError where the host is too long for version 4."""
    if not 0 < len(host) <= MAX_QR_HOST:
        raise ValueError(f"a QR host has 1 to {MAX_QR_HOST} characters: {host!r}")
    return f"HTTPS://{host}/B/{code}".upper()


def svg(host: str, code: str, *, overprint: bool = False) -> str:
    """Draw the label as an SVG document; `overprint` lays 演示 over it."""
    runs, side = symbol_of(host, code)
    height = side + _TEXT_MODULES
    shapes = [
        f'<rect width="{side}" height="{height}" fill="#fff"/>',
        f'<path d="{_path(runs)}" shape-rendering="crispEdges"/>',
        (
            f'<text x="{side / 2}" y="{side + 3}" font-family="monospace" font-size="3.2"'
            f' text-anchor="middle" textLength="{side - 4}">{code}</text>'
        ),
    ]
    if overprint:
        across = side / _OVERPRINT_COLUMNS
        down = (side - len(_OVERPRINT) * across) / 2
        shapes.append(
            f'<path d="{_path(runs_of(_overprint_dots()))}" fill="#e00"'
            f' fill-opacity="{_OVERPRINT_OPACITY}" transform="translate(0 {down:.3f})'
            f' scale({across:.5f})"><title>演示</title></path>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {height}"'
        f' width="{side * MODULE_MM}mm" height="{height * MODULE_MM}mm">{"".join(shapes)}</svg>'
    )


def png(host: str, code: str, *, module_px: int = 8, overprint: bool = False) -> bytes:
    """Draw the label as a PNG of `module_px` pixels a module; `overprint` lays 演示 over it."""
    runs, side = symbol_of(host, code)
    width = side * module_px
    image = Image.new("RGB", (width, width + _TEXT_MODULES * module_px), "white")
    pen = ImageDraw.Draw(image)
    for x, y, length in runs:
        left, top = x * module_px, y * module_px
        pen.rectangle((left, top, left + length * module_px - 1, top + module_px - 1), fill="black")
    font = ImageFont.load_default(size=3.3 * module_px)
    middle = (width / 2, width + 2 * module_px)
    pen.text(middle, code, fill="black", font=font, anchor="mm")
    if overprint:
        image = _overprinted(image, width)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def symbol_of(host: str, code: str) -> tuple[list[Run], int]:
    """Return the dark runs, moved by the quiet zone, and the side with it, in modules."""
    text = payload(host, code)
    alike = _alike(len(text))
    if alike.version > MAX_VERSION:
        raise ValueError(f"the address needs a larger symbol than version {MAX_VERSION}: {text}")
    return alike.runs(text), alike.side


@lru_cache(maxsize=4)
def _alike(length: int) -> SymbolsAlike:
    return SymbolsAlike(length, ERROR_CORRECT_H, MASK)


def _path(runs: list[Run]) -> str:
    """Write runs as one SVG path of closed rectangles."""
    return "".join(f"M{x} {y}h{length}v1h-{length}z" for x, y, length in runs)


def _overprint_dots() -> list[list[bool]]:
    columns = range(_OVERPRINT_COLUMNS - 1, -1, -1)
    return [[bool(row >> column & 1) for column in columns] for row in _OVERPRINT]


def _overprinted(image: Image.Image, side: int) -> Image.Image:
    """Tint the middle of the symbol: light stays light and dark dark, so it still reads."""
    mask = Image.new("L", (_OVERPRINT_COLUMNS, len(_OVERPRINT)))
    for x, y, length in runs_of(_overprint_dots()):
        mask.paste(round(255 * _OVERPRINT_OPACITY), (x, y, x + length, y + 1))
    height = side * len(_OVERPRINT) // _OVERPRINT_COLUMNS
    stretched = mask.resize((side, height), Image.Resampling.NEAREST)
    image.paste((238, 0, 0), (0, (side - height) // 2), stretched)
    return image
