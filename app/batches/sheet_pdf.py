"""Labels on paper: A4 sheets of three by eight, and rolls of 50 x 30 mm, as PDF.

Everything stands on whole dots of an eighth of a millimetre, those of a 203 dpi thermal head, and
a module of the symbol is five of them: edges stay sharp. All is black, for heads that know no grey.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO, Literal

from reportlab.lib.colors import black, red, white

from app.batches.qr import symbol_of
from app.paper.canvas import MM, PressedCanvas, canvas_on
from app.paper.fonts import BOLD, REGULAR, printable, width_of
from app.typed_numbers import in_kilograms

LayoutName = Literal["a4-3x8", "50x30"]
DOT = MM / 8
MODULE_DOTS = 5
LEADING = 1.25
DEMO = "演示标签，无效"
OVERPRINT = "演示"
OVERPRINT_ALPHA = 0.2
"""A head that knows no grey prints the tint as scattered dots: still read by a camera."""
USES = {"bag": ("农药包装废弃物", "回收袋"), "container": ("容器", "箱、笼、托盘")}
"""What stands on a label of a kind: in large letters, and before its number."""


@dataclass(frozen=True)
class Printed:
    """What a label says; `number` of `count` is its place in its sheet."""

    code: str
    number: int
    count: int
    kind: str
    county_name: str
    tare_g: int | None = None
    site: str | None = None


@dataclass(frozen=True)
class Layout:
    """Where labels stand on a page, in dots; type sizes in points."""

    page: tuple[int, int]
    label: tuple[int, int]
    columns: int
    rows: int
    above: int
    """White at the head of the page."""
    symbol: tuple[int, int]
    """The upper left corner of the quiet zone within a label."""
    words: tuple[int, int]
    """Where the words begin and end across a label."""
    large: float
    code: float
    small: float


LAYOUTS: dict[LayoutName, Layout] = {
    # Labels of 70 x 37 mm; no printer reaches the outer 4 mm of the paper.
    "a4-3x8": Layout((1680, 2376), (560, 296), 3, 8, 4, (36, 45), (246, 524), 12, 12, 9),
    "50x30": Layout((400, 240), (400, 240), 1, 1, 0, (8, 17), (216, 392), 8.5, 8.5, 7.5),
}


def draw_labels(
    file: IO[bytes],
    labels: Iterable[Printed],
    layout: LayoutName,
    *,
    host: str,
    title: str,
    demo: bool = False,
) -> None:
    """Draw labels in their order, from left to right and down; FontsMissing.

    `host` stands in the symbols; `demo` says on each label that it is none.
    """
    place = LAYOUTS[layout]
    canvas = canvas_on(file, title=title, size=(place.page[0] * DOT, place.page[1] * DOT))
    a_page = place.columns * place.rows
    for nth, label in enumerate(labels):
        if nth and nth % a_page == 0:
            canvas.showPage()
        row, column = divmod(nth % a_page, place.columns)
        left, down = column * place.label[0], place.above + row * place.label[1]
        side = _draw_symbol(canvas, place, host, label.code, left, down)
        if demo:
            _overprint(canvas, place, left, down, side)
        _write_words(canvas, place, _lines(label, place, demo=demo), left, down)
    canvas.showPage()
    canvas.save()


def _draw_symbol(
    canvas: PressedCanvas, place: Layout, host: str, code: str, left: int, down: int
) -> int:
    """Draw a symbol as one path of rectangles, in modules; return its side in dots."""
    runs, modules = symbol_of(host, code)
    side = modules * MODULE_DOTS
    x = (left + place.symbol[0]) * DOT
    y = (place.page[1] - down - place.symbol[1] - side) * DOT
    canvas.saveState()
    canvas.setFillColor(black)
    canvas.translate(x, y)
    canvas.scale(MODULE_DOTS * DOT, MODULE_DOTS * DOT)
    path = "".join(f"{x} {modules - y - 1} {length} 1 re " for x, y, length in runs)
    canvas.addLiteral(f"{path}f")
    canvas.restoreState()
    return side


def _overprint(canvas: PressedCanvas, place: Layout, left: int, down: int, side: int) -> None:
    """Tint the symbol: light stays light and dark dark, so it still reads."""
    size = side * DOT / len(OVERPRINT)
    x = (left + place.symbol[0]) * DOT
    y = (place.page[1] - down - place.symbol[1] - side / 2) * DOT - size * 0.38
    canvas.saveState()
    canvas.setFillColor(red, alpha=OVERPRINT_ALPHA)
    canvas.setFont(BOLD, size)
    canvas.drawString(x, y, OVERPRINT)
    canvas.restoreState()


@dataclass(frozen=True)
class _Line:
    text: str
    size: float
    bold: bool = False
    reversed: bool = False
    """White on black."""


def _lines(label: Printed, place: Layout, *, demo: bool) -> list[_Line]:
    what, use = USES[label.kind]
    lines = [
        _Line(what, place.large, bold=True),
        _Line(label.county_name, place.small),
        _Line(label.code[:7], place.code, bold=True),
        _Line(label.code[7:], place.code, bold=True),
        _Line(f"{use} {label.number}/{label.count}", place.small),
    ]
    if label.tare_g is not None:
        lines.insert(2, _Line(f"皮重 {in_kilograms(label.tare_g)} kg", place.small))
    if demo:
        lines.insert(0, _Line(DEMO, place.small, bold=True, reversed=True))
    return lines


def _write_words(
    canvas: PressedCanvas, place: Layout, lines: list[_Line], left: int, down: int
) -> None:
    """Write lines beside a symbol, in the middle of its height; a long one is made smaller."""
    first, last = place.words
    across = (last - first) * DOT
    x = (left + first) * DOT
    height = sum(line.size for line in lines) * LEADING
    y = (place.page[1] - down - place.label[1] / 2) * DOT + height / 2
    for line in lines:
        font = BOLD if line.bold else REGULAR
        text = printable(line.text)
        size = min(line.size, across / width_of(text, 1, font))
        y -= line.size * LEADING
        canvas.setFillColor(black)
        if line.reversed:
            canvas.rect(x - 1, y - 1.5, across, line.size * LEADING, stroke=0, fill=1)
            canvas.setFillColor(white)
        canvas.setFont(font, size)
        canvas.drawString(x, y + line.size * 0.12, text)
