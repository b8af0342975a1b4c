"""A table that runs on over pages and repeats its head on each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

from app.paper.document import ACROSS, HEADING, INK, LEADING, LEFT, PALE, RIGHT, WARM, Document
from app.paper.fonts import BOLD, REGULAR, wrapped

SIZE = 9.0
PAD = 4.0


@dataclass(frozen=True)
class Column:
    """A column: its head, its share of the width beside the others' shares, its side."""

    head: str
    share: float = 1
    align: Literal["left", "right", "center"] = "left"


@dataclass(frozen=True)
class Warm:
    """A cell that asks for attention: bold, and red where the printer has red."""

    text: str


Cell = str | Warm


class Table:
    """A table being drawn: `with Table(document, columns) as table: table.row([…])`.

    Each row is drawn as it comes, so that the rows may come from a cursor. The `heading` above it
    and the head are drawn with the first row: neither stands alone at the foot of a page.
    """

    def __init__(
        self,
        document: Document,
        columns: Sequence[Column],
        heading: str = "",
        *,
        least: float = 0,
        head: bool = True,
    ) -> None:
        """Begin a table; its rows are at least `least` points high: room to write by hand.

        One without its `head` goes on from a table above it.
        """
        self._document = document
        self._least = least
        self._columns = columns
        self._heading = heading
        self._begun = not head
        unit = ACROSS / sum(column.share for column in columns)
        self._widths = [column.share * unit for column in columns]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._begin(0)
        self._document.gap(8)

    def row(self, cells: Sequence[Cell], *, total: bool = False) -> None:
        """Draw a row; one that does not fit goes to the next page whole. `total` sets it apart."""
        lines = self._lines(cells, bold=total)
        height = max(self._height(lines), 0 if total else self._least)
        self._begin(height)
        if self._document.room(height):
            self._head()
        if total:
            self._document.box(LEFT, self._document.y - height, ACROSS, height, fill=PALE)
        self._draw(cells, lines, height, bold=total)

    def rows(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Draw rows as they come."""
        for cells in rows:
            self.row(cells)

    def _begin(self, first: float) -> None:
        """Draw heading and head, once, where the first row has room below them."""
        if self._begun:
            return
        self._begun = True
        above = HEADING if self._heading else 0
        self._document.room(above + self._height(self._lines(self._heads, bold=True)) + first)
        if self._heading:
            self._document.heading(self._heading)
        self._head()

    @property
    def _heads(self) -> list[str]:
        return [column.head for column in self._columns]

    def _head(self) -> None:
        cells = self._heads
        lines = self._lines(cells, bold=True)
        height = self._height(lines)
        document = self._document
        document.box(LEFT, document.y - height, ACROSS, height, fill=PALE)
        document.rule(LEFT, document.y, RIGHT, document.y, ink=INK)
        self._draw(cells, lines, height, bold=True)

    def _lines(self, cells: Sequence[Cell], *, bold: bool) -> list[list[str]]:
        return [
            _at_most(wrapped(_text(cell), width - 2 * PAD, SIZE, _font(cell, bold=bold)))
            for cell, width in zip(cells, self._widths, strict=True)
        ]

    def _height(self, lines: list[list[str]]) -> float:
        return max(map(len, lines)) * SIZE * LEADING + 2 * PAD - (LEADING - 1) * SIZE / 2

    def _draw(
        self, cells: Sequence[Cell], lines: list[list[str]], height: float, *, bold: bool
    ) -> None:
        document, left = self._document, LEFT
        for cell, column, width, said in zip(
            cells, self._columns, self._widths, lines, strict=True
        ):
            x = {"left": left + PAD, "right": left + width - PAD, "center": left + width / 2}
            for number, line in enumerate(said):
                document.write(
                    line,
                    x[column.align],
                    document.y - PAD - SIZE - number * SIZE * LEADING,
                    size=SIZE,
                    font=_font(cell, bold=bold),
                    ink=WARM if isinstance(cell, Warm) else INK,
                    align=column.align,
                )
            left += width
        document.y -= height
        document.rule(LEFT, document.y, RIGHT, document.y)


MOST_LINES = 40
"""A cell is at most most of a page high: a row always fits on one."""


def _at_most(lines: list[str]) -> list[str]:
    return lines if len(lines) <= MOST_LINES else [*lines[: MOST_LINES - 1], "……"]


def _text(cell: Cell) -> str:
    return cell.text if isinstance(cell, Warm) else cell


def _font(cell: Cell, *, bold: bool) -> str:
    return BOLD if bold or isinstance(cell, Warm) else REGULAR
