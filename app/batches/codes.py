"""The codes people read, type and scan: labels `CCCCCC-SSSS-SSSS-KK`, sites, trips.

MOD 97-10 (ISO 7064) reads a letter as two digits, so by itself it lets through the swaps `1B`/`B1`,
`2M`/`M2`, `3X`/`X3` and about one in 97 of the slips that turn a digit into a letter or back.
Codes are random, so `make_code` steps past those that have such a blind spot: one wrong character
or two swapped neighbours in an issued code never make another valid one.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from stdnum.iso7064 import mod_97_10

from app.scanned_text import SPACE, trimmed

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford base32: no I, L, O, U."""
RANDOM_BITS = 40
SITE_KINDS = "PSRILH"
"""P point 回收点, S station 贮存点/中转站, R 资源化利用, I incinerator, L landfill, H hazardous."""

_COMPACT_CODE = re.compile(f"[0-9]{{6}}[{ALPHABET}]{{8}}[0-9]{{2}}")
_COMPACT_SITE = re.compile(f"([0-9OIL]{{6}})([{SITE_KINDS}])([0-9OIL]{{4}})")
_TRIP = re.compile(r"ZY([0-9]{8})([0-9]{6})([0-9]{4})")
_SEPARATORS = re.compile(rf"[{SPACE}\-‐‑‒–—―−_]")
_SCANNED = re.compile(
    r"HTTPS?://[^/?#]+/B/([^/?#]+)/?(?:[?#].*)?", re.ASCII | re.IGNORECASE | re.DOTALL
)
_LOOKALIKES = str.maketrans("OIL", "011")
END = 9
"""Characters that `ends_of` gives of either end: `CCCCCC-SS` and `S-SSSS-KK`."""
_LONGEST_INPUT = 200
_MOST_SLIPS = 3
# Odd, so that stepping visits every number of forty bits; near the golden ratio, so far apart.
_STRIDE = 0x9E_3779_B97F
_DIGIT_VALUES = range(10)
_LETTER_VALUES = frozenset(int(letter, 36) for letter in ALPHABET[10:])
_BLIND_SWAPS = ("1B", "B1", "2M", "M2", "3X", "X3")


class CodeError(ValueError):
    """A typed or scanned code that cannot be one; `kind` says which of two mistakes it is."""

    def __init__(self, kind: Literal["shape", "check_digits"], text: str) -> None:
        self.kind = kind
        reason = "格式不对" if kind == "shape" else "校验位不符，请核对是否输错"
        super().__init__(f"编码{reason}：{text[:_LONGEST_INPUT]}")


def make_code(county: str, random_bits: int) -> str:
    """Return a label code for a county (six GB/T 2260 digits) and forty random bits.

    The same arguments give the same code; different bits may, rarely, give one code too.
    """
    while True:
        serial = "".join(
            ALPHABET[random_bits >> shift & 31] for shift in range(RANDOM_BITS - 5, -1, -5)
        )
        if not _has_blind_spot(county, serial):
            break
        random_bits = (random_bits + _STRIDE) % (1 << RANDOM_BITS)
    check = mod_97_10.calc_check_digits(county + serial)
    return f"{county}-{serial[:4]}-{serial[4:]}-{check}"


def _has_blind_spot(county: str, serial: str) -> bool:
    """Tell whether one slip in the serial could leave the check digits fitting.

    With P for what stands before it, a digit d reads as 10·P + d and a letter w as 100·P + w: the
    one passes for the other where 90·P ≡ d - w (mod 97). What follows shifts both alike.
    """
    if any(swap in serial for swap in _BLIND_SWAPS):
        return True
    before = int(county) % 97
    for character in serial:
        value = int(character, 36)
        if character.isdigit():
            blind, base = (value - 90 * before) % 97 in _LETTER_VALUES, 10
        else:
            blind, base = (value + 90 * before) % 97 in _DIGIT_VALUES, 100
        if blind:
            return True
        before = (before * base + value) % 97
    return False


def parse_code(text: str) -> str:
    """Return the label code in `text` as printed.

    Takes lower case, full-width letters, any or no hyphens and spaces, O for 0, I and L for 1, and
    a whole scanned address `HTTPS://<any host>/B/<CODE>`. Raises CodeError: `shape` where it is no
    label code, `check_digits` where it would be one but a character is wrong.
    """
    compact = _compact(text).translate(_LOOKALIKES)
    if not _COMPACT_CODE.fullmatch(compact):
        raise CodeError("shape", text)
    # Compared with the two digits that are issued: modulo 97 alone, 01 would pass for 98.
    if mod_97_10.calc_check_digits(compact[:14]) != compact[14:]:
        raise CodeError("check_digits", text)
    return f"{compact[:6]}-{compact[6:10]}-{compact[10:14]}-{compact[14:]}"


def _compact(text: str) -> str:
    """Return the capitals and digits of a code without what people put between them."""
    if len(text) > _LONGEST_INPUT:
        return ""
    mended = trimmed(unicodedata.normalize("NFKC", text))
    if scanned := _SCANNED.fullmatch(mended):
        mended = scanned.group(1)
    compact = _SEPARATORS.sub("", mended)
    # Upper-casing makes plain letters of some foreign ones, so those must be gone before.
    return compact.upper() if compact.isascii() else ""


def nearest(text: str, candidates: Iterable[str], *, limit: int = 3) -> list[str]:
    """Return the candidates that differ least from a mistyped code, nearest first.

    Only those at most three slips away (a character wrong, missing, added, or swapped with its
    neighbour) are worth asking about. Takes 0.1 ms a candidate: ask for hundreds, not thousands.
    """
    typed = _compact(text).translate(_LOOKALIKES)
    found = ((_slips(typed, code.replace("-", "")), code) for code in candidates)
    return [code for slips, code in sorted(found) if slips <= _MOST_SLIPS][:limit]


def ends_of(text: str) -> tuple[str, str]:
    """Return the first and last END characters, as printed, of the code that a text means to be.

    A slip anywhere, a swap of neighbours included, leaves one of the two as it is on the label.
    """
    typed = _compact(text).translate(_LOOKALIKES)
    return f"{typed[:6]}-{typed[6:8]}", f"{typed[-7:-6]}-{typed[-6:-2]}-{typed[-2:]}"


def _slips(one: str, other: str) -> int:
    """Count the slips between two texts (optimal string alignment distance)."""
    if abs(len(one) - len(other)) > _MOST_SLIPS:
        return _MOST_SLIPS + 1
    above: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        above, previous, row = row, above, [i]
        for j, right in enumerate(other, 1):
            least = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                least = min(least, previous[j - 2] + 1)
            row.append(least)
    return row[-1]


def parse_site_code(text: str) -> str:
    """Return a site code `CCCCCC-P0001` as printed; CodeError of kind `shape` otherwise."""
    found = _COMPACT_SITE.fullmatch(_compact(text))
    if not found:
        raise CodeError("shape", text)
    county, kind, serial = found.groups()
    return f"{county.translate(_LOOKALIKES)}-{kind}{serial.translate(_LOOKALIKES)}"


def site_kind(code: str) -> str:
    """Return the kind letter, one of SITE_KINDS, of a site code as printed."""
    return code[7]


@dataclass(frozen=True)
class TripNumber:
    """The number on a 转运交接单: `ZY`, day, county of departure, four digits of the day."""

    day: date
    county: str
    serial: int

    def __str__(self) -> str:
        """Return the number as printed, such as `ZY202511041301100007`."""
        return f"ZY{self.day:%Y%m%d}{self.county}{self.serial:04}"


def parse_trip_number(text: str) -> TripNumber:
    """Return the parts of a trip number; CodeError of kind `shape` where it is none."""
    found = _TRIP.fullmatch(_compact(text))
    if not found:
        raise CodeError("shape", text)
    day, county, serial = found.groups()
    try:
        on = datetime.strptime(day, "%Y%m%d").date()  # noqa: DTZ007  a calendar day has no zone
    except ValueError:
        raise CodeError("shape", text) from None
    return TripNumber(on, county, int(serial))
