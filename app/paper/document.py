"""An A4 document drawn from top to bottom: head and foot on every page, 演示 over a demonstration.

Numbers are points, measured as PDF measures them: y grows upwards. The same calls give the same
bytes, whenever and wherever they are made. What is drawn goes straight onto its page; a finished
page is kept only as its compressed stream, so a table may have any number of rows.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import IO, Self

from qrcode.constants import ERROR_CORRECT_Q
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4

from app.paper.canvas import MM, PLATFORM, canvas_on
from app.paper.fonts import BOLD, REGULAR, printable, width_of, wrapped
from app.paper.symbol import symbol

DEMO = "演示数据，不是真实业务"
WIDTH, HEIGHT = A4
LEFT, RIGHT = 20 * MM, WIDTH - 15 * MM
"""The left margin leaves room for filing holes."""
TOP, BOTTOM = HEIGHT - 25 * MM, 20 * MM
ACROSS = RIGHT - LEFT

INK, SOFT, LINE = HexColor("#17211e"), HexColor("#4d5a55"), HexColor("#9aa6a1")
WARM, PALE = HexColor("#ad3217"), HexColor("#eef3f1")
"""Warm red marks what needs attention; words say it too, for printers without colour."""

TEXT, SMALL = 10.0, 8.5
HEADING = 70.0
"""Room that a heading asks for, with something below it."""
LEADING = 1.45
SEAL = 34 * MM
"""Height left for a round seal, which is 38 to 42 mm across and may touch the lines below it."""
NAME_WIDTH = 70.0
QR_SIDE = 27 * MM


class Document:
    """A document being drawn; `close` (or leaving its `with`) writes it to the file."""

    def __init__(
        self, file: IO[bytes], *, title: str, number: str = "", note: str = "", demo: bool = False
    ) -> None:
        """Begin the first page.

        `number` stands at the head of every page and `note` at its foot; `demo` says on every
        page that nothing in it is real. FontsMissing where there is no type to print with.
        """
        self.canvas = canvas_on(file, title=" ".join(filter(None, (title, number))), size=A4)
        self._number, self._note, self._demo = number, note, demo
        self.y = TOP
        """Where the next thing is drawn, top edge."""
        self.page = 0
        self._begin_page()
        self._title(title)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()

    # ---- what a document is made of

    def heading(self, text: str) -> None:
        """Begin a part; its heading never stands alone at the foot of a page."""
        self.gap(10)
        self.room(HEADING)
        self.write(text, LEFT, self.y - 12, size=12, font=BOLD)
        self.y -= 20

    def paragraph(self, text: str, *, warm: bool = False, size: float = TEXT) -> None:
        """Write a paragraph across the page; `warm` where it asks for attention."""
        font = BOLD if warm else REGULAR
        for line in wrapped(text, ACROSS, size, font):
            self.room(size * LEADING)
            ink = WARM if warm else INK
            self.write(line, LEFT, self.y - size, size=size, font=font, ink=ink)
            self.y -= size * LEADING
        self.gap(3)

    def facts(
        self, pairs: Sequence[tuple[str, str]], *, columns: int = 2, link: str | None = None
    ) -> None:
        """Write name and value pairs in columns, row by row; long values break.

        A `link` stands on their right as a QR, for a phone to open the page itself.
        """
        across = ACROSS
        below = self.y
        if link is not None:
            self.room(QR_SIDE)
            self.qr(link, right=RIGHT, top=self.y)
            across, below = ACROSS - QR_SIDE - 10, self.y - QR_SIDE
        each = across / columns
        for start in range(0, len(pairs), columns):
            row = pairs[start : start + columns]
            names = [wrapped(name, NAME_WIDTH, SMALL)[0] for name, _ in row]
            values = [wrapped(value or "—", each - NAME_WIDTH - 8, TEXT) for _, value in row]
            height = max(map(len, values)) * TEXT * LEADING + 3
            if self.room(height):
                below = self.y
            for place, (name, lines) in enumerate(zip(names, values, strict=True)):
                left = LEFT + place * each
                self.write(name, left, self.y - TEXT, size=SMALL, ink=SOFT)
                for number, line in enumerate(lines):
                    down = self.y - TEXT - number * TEXT * LEADING
                    self.write(line, left + NAME_WIDTH, down, size=TEXT)
            self.y -= height
        self.y = min(self.y, below)

    def signatures(self, who: Sequence[str]) -> None:
        """Leave room for each party's seal, signature and date, never cut by a page's end."""
        self.gap(8)
        self.room(SEAL + 34)
        each = ACROSS / len(who)
        for place, party in enumerate(who):
            left = LEFT + place * each
            self.box(left, self.y - SEAL - 26, each, SEAL + 26)
            self.write(party, left + 6, self.y - 14, size=TEXT, font=BOLD)
            self.write("签字：", left + 6, self.y - SEAL + 4, size=SMALL)
            self.write("日期：", left + 6, self.y - SEAL - 16, size=SMALL)
            self.write("（盖章）", left + each - 44, self.y - 14, size=SMALL, ink=SOFT)
        self.y -= SEAL + 34

    def qr(self, link: str, *, right: float, top: float, side: float = QR_SIDE) -> None:
        """Draw a link as a QR with its upper right corner at (right, top)."""
        runs, modules, _ = symbol(link, ERROR_CORRECT_Q)
        dot = side / modules
        self.canvas.setFillColor(INK)
        path = self.canvas.beginPath()
        for x, y, length in runs:
            path.rect(right - side + x * dot, top - (y + 1) * dot, length * dot, dot)
        self.canvas.drawPath(path, stroke=0, fill=1)

    # ---- for parts that draw for themselves: tables, lineages

    def room(self, height: float) -> bool:
        """Go to a new page unless `height` points are left; tell whether it did."""
        if self.y - height >= BOTTOM:
            return False
        self.new_page()
        return True

    def new_page(self) -> None:
        """End this page and begin the next."""
        self.canvas.showPage()
        self._begin_page()

    def gap(self, height: float) -> None:
        """Leave white space; the end of a page swallows it."""
        self.y = max(self.y - height, BOTTOM)

    def write(
        self,
        text: str,
        x: float,
        y: float,
        *,
        size: float = TEXT,
        font: str = REGULAR,
        ink: Color = INK,
        align: str = "left",
    ) -> None:
        """Write one line with its base at (x, y); `align` says which end `x` is."""
        clean = printable(text)
        if align != "left":
            wide = width_of(clean, size, font)
            x -= wide if align == "right" else wide / 2
        self.canvas.setFillColor(ink)
        self.canvas.setFont(font, size)
        self.canvas.drawString(x, y, clean)

    def rule(self, x1: float, y1: float, x2: float, y2: float, *, ink: Color = LINE) -> None:
        """Draw a hair line."""
        self.canvas.setStrokeColor(ink)
        self.canvas.setLineWidth(0.5)
        self.canvas.line(x1, y1, x2, y2)

    def box(
        self, x: float, y: float, width: float, height: float, *, fill: Color | None = None
    ) -> None:
        """Draw a frame from its lower left corner, or fill it without one."""
        self.canvas.setStrokeColor(LINE)
        self.canvas.setLineWidth(0.5)
        if fill is not None:
            self.canvas.setFillColor(fill)
        self.canvas.rect(x, y, width, height, stroke=fill is None, fill=fill is not None)

    def close(self) -> None:
        """End the last page, tell all pages how many there are, and write the file."""
        self.canvas.showPage()
        self.canvas.beginForm(_TOTAL)
        self.write(f"{self.page} 页", 0, 0, size=SMALL, ink=SOFT)
        self.canvas.endForm()
        self.canvas.save()

    # ---- every page

    def _begin_page(self) -> None:
        self.page += 1
        self.y = TOP
        if self._demo:
            self._say_demo()
        self.write(PLATFORM, LEFT, TOP + 14, size=SMALL, ink=SOFT)
        self.write(self._number, RIGHT, TOP + 14, size=SMALL, ink=SOFT, align="right")
        self.rule(LEFT, TOP + 8, RIGHT, TOP + 8)
        self.rule(LEFT, BOTTOM - 8, RIGHT, BOTTOM - 8)
        self.write(self._note, LEFT, BOTTOM - 20, size=SMALL, ink=SOFT)
        # The number of pages is known at the end: a form drawn later holds it.
        self.write(
            f"第 {self.page} 页 / 共 ", RIGHT - 28, BOTTOM - 20, size=SMALL, ink=SOFT, align="right"
        )
        self.canvas.saveState()
        self.canvas.translate(RIGHT - 28, BOTTOM - 20)
        self.canvas.doForm(_TOTAL)
        self.canvas.restoreState()

    def _say_demo(self) -> None:
        self.canvas.saveState()
        self.canvas.translate(WIDTH / 2, HEIGHT / 2)
        self.canvas.rotate(45)
        self.write("演示", 0, -60, size=170, font=BOLD, ink=HexColor("#fbeae5"), align="center")
        self.canvas.restoreState()
        self.box(0, HEIGHT - 8 * MM, WIDTH, 8 * MM, fill=WARM)
        middle = HEIGHT - 5.4 * MM
        self.write(
            DEMO, WIDTH / 2, middle, size=11, font=BOLD, ink=HexColor("#ffffff"), align="center"
        )

    def _title(self, title: str) -> None:
        for line in wrapped(title, ACROSS, 18, BOLD):
            self.write(
                line,
                WIDTH / 2 + (LEFT - (WIDTH - RIGHT)) / 2,
                self.y - 22,
                size=18,
                font=BOLD,
                align="center",
            )
            self.y -= 28
        self.gap(6)


_TOTAL = "pages"
