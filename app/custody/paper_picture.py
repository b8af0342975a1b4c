"""A lineage's picture on paper: scaled to the page's width, cut into pages where it is long."""

from itertools import pairwise

from reportlab.lib.colors import HexColor

from app.custody.drawn import Box, Picture
from app.paper.document import (
    ACROSS,
    BOTTOM,
    HEADING,
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
LARGEST, UPRIGHT, SMALLEST = 0.72, 0.46, 0.36
"""Of the size on screen: never larger; turned where it would be smaller upright; unreadable."""


def _upright(picture: Picture) -> float:
    return min(ACROSS / picture.width, (TOP - BOTTOM - HEADING) / picture.height, LARGEST)


def _turned(picture: Picture) -> float:
    return min((TOP - BOTTOM) / picture.width, (ACROSS - 30) / picture.height, LARGEST)


def placing_of(picture: Picture) -> str:
    """Return where a picture goes: `here`, turned on a page at the `end`, or `nowhere`.

    One that would be too small to read goes nowhere: the tables tell the same.
    """
    upright, turned = _upright(picture), _turned(picture)
    if upright >= min(UPRIGHT, max(turned, SMALLEST)):
        return "here"
    return "end" if turned >= SMALLEST else "nowhere"


def put_picture(paper: Document, picture: Picture, heading: str) -> None:
    """Draw a picture upright where the document stands, below its heading."""
    scale = _upright(picture)
    paper.room(HEADING + picture.height * scale)
    paper.heading(heading)
    paper.canvas.saveState()
    paper.canvas.translate(LEFT, paper.y)
    _draw(paper, picture, scale)
    paper.canvas.restoreState()
    paper.y -= picture.height * scale
    paper.gap(8)


def put_turned_picture(paper: Document, picture: Picture) -> None:
    """Draw a wide picture turned, on a page of its own, to be held sideways."""
    paper.new_page()
    paper.heading("附图　来龙去脉")
    paper.canvas.saveState()
    paper.canvas.translate(LEFT + 30, BOTTOM)
    paper.canvas.rotate(90)
    _draw(paper, picture, min(_turned(picture), (paper.y - BOTTOM) / picture.width))
    paper.canvas.restoreState()


def _draw(paper: Document, picture: Picture, scale: float) -> None:
    """Draw a picture with its upper left corner at the canvas's origin."""
    canvas = paper.canvas
    for frame in picture.frames:
        x, y = frame.x * scale, -(frame.y + frame.height) * scale
        canvas.saveState()
        canvas.setDash(3, 2)
        paper.box(x, y, frame.width * scale, frame.height * scale)
        canvas.restoreState()
        x, y = (frame.x + 6) * scale, -(frame.y + 16) * scale
        paper.write(f"装在 …{frame.code[-12:]}", x, y, size=12 * scale, ink=SOFT)
    canvas.setStrokeColor(FLOW)
    for link in picture.links:
        canvas.setLineWidth(link.width * scale)
        for (x1, y1), (x2, y2) in pairwise((x * scale, -y * scale) for x, y in link.points):
            bend = (x2 - x1) / 2
            canvas.bezier(x1, y1, x1 + bend, y1, x2 - bend, y2, x2, y2)
    for link in picture.links:
        at = (link.x * scale, -link.y * scale)
        paper.write(mass(link.grams), *at, size=12.5 * scale, align=link.align)
    for box in picture.boxes:
        _box(paper, box, box.x * scale, -box.y * scale, scale)


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
            y - (9 + number * 22 - 6) * scale,
            size=(14 if number == 1 else 13) * scale,
            font=BOLD if number == 1 or line.warm else REGULAR,
            ink=WARM if line.warm else INK if number == 1 else SOFT,
        )
