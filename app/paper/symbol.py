"""QR symbols as runs of dark modules, for paper and screen alike."""

import re

import qrcode
from qrcode.util import QRData

Run = tuple[int, int, int]
"""A horizontal run of dark modules: x, y, length."""

QUIET_MODULES = 4
_DARK = re.compile(rb"\x01+")


def symbol(data: QRData | str, level: int, mask: int | None = None) -> tuple[list[Run], int, int]:
    """Return the dark runs, moved by the quiet zone, the side with it in modules, the version.

    To choose among the eight masks takes ten times as long as to draw with a given one.
    """
    drawn = qrcode.QRCode(error_correction=level, border=QUIET_MODULES, mask_pattern=mask)
    drawn.add_data(data)
    drawn.make(fit=True)
    matrix = drawn.get_matrix()
    return runs_of(matrix), len(matrix), drawn.version


def runs_of(dots: list[list[bool]]) -> list[Run]:
    """Merge dark dots that touch in a row."""
    return [
        (run.start(), y, run.end() - run.start())
        for y, row in enumerate(dots)
        for run in _DARK.finditer(bytes(row))
    ]
