"""QR symbols as runs of dark modules, for paper and screen alike."""

import qrcode
from qrcode.util import QRData

Run = tuple[int, int, int]
"""A horizontal run of dark modules: x, y, length."""

QUIET_MODULES = 4


def symbol(data: QRData | str, level: int) -> tuple[list[Run], int, int]:
    """Return the dark runs, moved by the quiet zone, the side with it in modules, the version."""
    drawn = qrcode.QRCode(error_correction=level, border=QUIET_MODULES)
    drawn.add_data(data)
    drawn.make(fit=True)
    matrix = drawn.get_matrix()
    return runs_of(matrix), len(matrix), drawn.version


def runs_of(dots: list[list[bool]]) -> list[Run]:
    """Merge dark dots that touch in a row."""
    runs = []
    for y, row in enumerate(dots):
        start: int | None = None
        for x, dark in enumerate([*row, False]):
            if dark and start is None:
                start = x
            elif not dark and start is not None:
                runs.append((start, y, x - start))
                start = None
    return runs
