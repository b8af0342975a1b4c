"""The type of our PDFs: Noto Sans SC, embedded as the glyphs that a document uses.

The two TrueType files come from npm (scripts/vendor.py copies them beside this file) and are not
committed. A reader's machine needs no Chinese font, and every copy prints alike.
"""

from functools import lru_cache
from pathlib import Path

from reportlab.lib.textsplit import wordSplit
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfbase.ttfonts import TTFError, TTFont

from app.paper.errors import FontsMissing

FOLDER = Path(__file__).resolve().parent / "fonts"
REGULAR = "NotoSansSC_400Regular"
BOLD = "NotoSansSC_700Bold"
GETA = "〓"
"""Printers' mark for a character that the case does not hold: seen, not silently left out."""


@lru_cache(maxsize=1)
def load_fonts(folder: Path = FOLDER) -> frozenset[int]:
    """Register both weights and return the code points that they hold.

    FontsMissing where a file is absent or broken; the next call tries again.
    """
    held: set[int] = set()
    for name in (REGULAR, BOLD):
        try:
            font = TTFont(name, folder / f"{name}.ttf")
        except (OSError, TTFError) as broken:
            raise FontsMissing(file=f"{name}.ttf") from broken
        registerFont(font)
        held = set(font.face.charToGlyph) if not held else held & set(font.face.charToGlyph)
    return frozenset(held)


def printable(text: str) -> str:
    """Return the text as the fonts can print it: tabs and newlines as spaces, the rest 〓."""
    held = load_fonts()
    return "".join(
        mark if ord(mark) in held else " " if mark.isspace() else GETA
        for mark in text
        if mark.isprintable() or mark.isspace()
    )


def width_of(text: str, size: float, font: str = REGULAR) -> float:
    """Return the width of a printable text in points."""
    return float(stringWidth(text, font, size))


HANGING = "，。；：、）"


def wrapped(text: str, width: float, size: float, font: str = REGULAR) -> list[str]:
    """Break a text into lines of at most `width` points, as Chinese is broken; at least one.

    No line begins with a mark that belongs to what stands before it: that hangs over the edge.
    """
    clean = printable(text)
    if width_of(clean, size, font) <= width:
        return [clean]
    lines: list[str] = []
    for _, line in wordSplit(clean, width, font, size):
        rest = line.lstrip(HANGING) if lines else line
        if lines:
            lines[-1] += line[: len(line) - len(rest)]
        if rest:
            lines.append(rest)
    return lines or [""]
