"""A lineage's picture on paper: scaled to the page's width, cut into pages where it is long."""

from reportlab.lib.colors import HexColor

from app.custody.drawing import Box, Picture
from app.paper.document import (
    ACROSS,
    BOTTOM,
    INK,
    LEFT,
    LINE,
    PALE,
    SOFT,
    TOP,
    WARM,
    Document,
)  # fmt: skip
from app.paper.fonts import BOLD, REGULAR
from app.templating import mass

FLOW, WHITE = HexColor("#79a99c"), HexColor("#ffffff")
SMALLEST = 0.36
"""Of the page's size on screen: smaller than that nobody reads it."""


def put_picture(paper: Document, picture: Picture) -> bool:
    """Draw a picture where the document stands; tell whether it fits on one page at all.

    One that would be too small to read is left out: the tables below it tell the same.
    """
    scale = min(ACROSS / picture.width, (TOP - BOTTOM - 60) / picture.height, 0.72)
    if scale < SMALLEST:
        return False
    height = picture.height * scale
    paper.room(height)
    canvas, top = paper.canvas, paper.y

    def at(x: float, y: float) -> tuple[float, float]:
        return LEFT + x * scale, top - y * scale

    for frame in picture.frames:
        x, y = at(frame.x, frame.y + frame.height)
        canvas.saveState()
        canvas.setDash(3, 2)
        paper.box(x, y, frame.width * scale, frame.height * scale)
        canvas.restoreState()
        x, y = at(frame.x + 6, frame.y + 16)
        paper.write(f"装在 …{frame.code[-12:]}", x, y, size=12 * scale, ink=SOFT)
    for link in picture.links:
        canvas.saveState()
        canvas.setStrokeColor(FLOW)
        canvas.setLineWidth(link.width * scale)
        (x1, y1), (x2, y2) = at(link.x1, link.y1), at(link.x2, link.y2)
        bend = (x2 - x1) / 2
        canvas.bezier(x1, y1, x1 + bend, y1, x2 - bend, y2, x2, y2)
        canvas.restoreState()
    for link in picture.links:
        x, y = at(link.x, link.y)
        paper.write(mass(link.grams), x, y, size=12.5 * scale, align=link.align)
    for box in picture.boxes:
        _box(paper, box, *at(box.x, box.y), scale)
    paper.y = top - height
    paper.gap(8)
    return True


def _box(paper: Document, box: Box, x: float, y: float, scale: float) -> None:
    width, height = box.width * scale, box.height * scale
    fill = {"here": HexColor("#e4efeb"), "join": PALE}.get(box.kind, WHITE)
    paper.box(x, y - height, width, height, fill=fill)
    canvas = paper.canvas
    canvas.setStrokeColor(INK if box.kind == "here" else LINE)
    canvas.setLineWidth(1.2 if box.kind == "here" else 0.6)
    canvas.rect(x, y - height, width, height)
    for number, line in enumerate(box.lines, 1):
        paper.write(
            line.text,
            x + 8 * scale,
            y - (8 + number * 20 - 5) * scale,
            size=(14 if number == 1 else 13) * scale,
            font=BOLD if number == 1 or line.warm else REGULAR,
            ink=WARM if line.warm else INK if number == 1 else SOFT,
        )
