"""QR symbols as runs of dark modules, for paper and screen alike."""

import re
from collections.abc import Iterable

import qrcode
from qrcode.util import ALPHA_NUM, MODE_ALPHA_NUM, QRData

Run = tuple[int, int, int]
"""A horizontal run of dark modules: x, y, length."""

QUIET_MODULES = 4
MODEL = "1"
"""The text that others are held against is of these: with any one bit turned over it is a text still."""
_DARK = re.compile(rb"\x01+")


def symbol(data: QRData | str, level: int, mask: int | None = None) -> tuple[list[Run], int, int]:
    """Return the dark runs, moved by the quiet zone, the side with it in modules, the version.

    To choose among the eight masks takes ten times as long as to draw with a given one.
    """
    matrix, version = _drawn(data, level, mask)
    return runs_of(matrix), len(matrix), version


def _drawn(data: QRData | str, level: int, mask: int | None) -> tuple[list[list[bool]], int]:
    drawn = qrcode.QRCode(error_correction=level, border=QUIET_MODULES, mask_pattern=mask)
    drawn.add_data(data)
    drawn.make(fit=True)
    return drawn.get_matrix(), drawn.version


class SymbolsAlike:
    """Symbols of many texts of one length, in alphanumeric mode, level and mask being given.

    Error correction, placing and masking are linear over GF(2) (ISO/IEC 18004, 7.5 to 7.8): each bit
    of a text turns the same modules over in every symbol. What a bit turns is drawn once and kept;
    a thousand symbols are then drawn in less than half the time.
    """

    def __init__(self, length: int, level: int, mask: int) -> None:
        self._length, self._level, self._mask = length, level, mask
        matrix, self.version = self._draw(MODEL * length)
        self.side = len(matrix)
        self._model = _packed(matrix)
        self._turned: dict[tuple[int, int], int] = {}

    def runs(self, text: str) -> list[Run]:
        """Return the dark runs of a text's symbol, as `symbol` does; ValueError on another length."""
        if len(text) != self._length:
            raise ValueError(f"not {self._length} characters: {text!r}")
        dots = self._model
        for at in range(0, self._length, 2):
            pair = text[at : at + 2]
            differing = _value(pair) ^ _value(MODEL * len(pair))
            while differing:
                bit = differing & -differing
                dots ^= self._turned.get((at, bit)) or self._turns(at, bit)
                differing ^= bit
        packed = dots.to_bytes(self.side * self.side, "big")
        return runs_of(packed[y : y + self.side] for y in range(0, len(packed), self.side))

    def _turns(self, at: int, bit: int) -> int:
        """Return the modules that one bit of the pair of characters at `at` turns over."""
        model = MODEL * min(2, self._length - at)
        high, low = divmod(_value(model) ^ bit, len(ALPHA_NUM))
        pair = bytes((ALPHA_NUM[high], ALPHA_NUM[low])).decode()[-len(model) :]
        text = MODEL * at + pair + MODEL * (self._length - at - len(model))
        self._turned[at, bit] = _packed(self._draw(text)[0]) ^ self._model
        return self._turned[at, bit]

    def _draw(self, text: str) -> tuple[list[list[bool]], int]:
        return _drawn(QRData(text, mode=MODE_ALPHA_NUM), self._level, self._mask)


def _value(pair: str) -> int:
    """Return the number that one or two characters are written as: 45 to the first."""
    value = 0
    for character in pair.encode("ascii"):
        value = value * len(ALPHA_NUM) + ALPHA_NUM.index(character)
    return value


def _packed(matrix: list[list[bool]]) -> int:
    """Return a matrix as one number, a byte to a module."""
    return int.from_bytes(b"".join(bytes(row) for row in matrix), "big")


def runs_of(dots: Iterable[Iterable[bool | int]]) -> list[Run]:
    """Merge dark dots that touch in a row."""
    return [
        (start, y, end - start)
        for y, row in enumerate(dots)
        for start, end in map(re.Match.span, _DARK.finditer(bytes(row)))
    ]
