"""What a scanned or typed text is: one of our codes, a pesticide's, a seed's, another's. Pure.

app/static/scan/codes.js is its twin for phones without a network: tests/scan_vectors.json holds
both to each other, word for word. Nothing here asks a tracing site.
"""

import re
from dataclasses import asdict, dataclass
from typing import Any, Literal

from app.batches.codes import CodeError, parse_code, parse_site_code, parse_trip_number
from app.packaging.unit_code import is_seed, read_unit, registration_in, two_codes, unit_code
from app.scanned_text import SPACE, trimmed

Kind = Literal["label", "site", "trip", "lot", "unit", "seed", "other", "nothing"]

LONGEST = 8_000
"""Characters (code points): a QR holds 7 089 digits at most."""
_ASCII = re.ASCII | re.IGNORECASE  # without the first, ſ passes for s
_ADDRESS = re.compile(rf"https?://([^/?#{SPACE}]+)(/[^?#{SPACE}]*)?[^{SPACE}]*", _ASCII)
_TRIP_PATH = re.compile(r"/TRIPS/([^/]+)/?", _ASCII)
_LOT_PATH = re.compile(
    r"/LOTS/([0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12})/?", _ASCII
)
_LABEL_PATH = re.compile(r"/B/[0-9]{6}[0-9A-Z-]*/?", _ASCII)
PRODUCTION_WORDS = {"holder": "持证人生产", "commissioned": "委托加工", "repacked": "委托分装"}


@dataclass(frozen=True)
class Scanned:
    """What a text is. `problem` says why a code of ours cannot be one; `says` is for people."""

    kind: Kind
    says: str
    code: str | None = None
    problem: Literal["check_digits", "shape"] | None = None
    host: str | None = None
    unit: dict[str, Any] | None = None


def recognise(payload: str) -> Scanned:
    """Return what a scanned or typed text is; any text is something, if only `nothing`."""
    text = trimmed(payload)
    if not text or len(text) > LONGEST:
        return Scanned("nothing", "没有读到内容，请重新扫。")
    return _ours(text) or _on_packaging(text) or _anothers(text)


def _ours(text: str) -> Scanned | None:
    address = _ADDRESS.fullmatch(text)
    path = (address.group(2) or "") if address else ""
    return _label(text, path) or _paper(text, path) or _site(text)


def _label(text: str, path: str) -> Scanned | None:
    try:
        code = parse_code(text)
    except CodeError as error:
        if error.kind == "check_digits":
            return Scanned("label", "标签码有一位不对，请对照标签核对。", problem="check_digits")
    else:
        return Scanned("label", f"标签 {code}", code)
    if _LABEL_PATH.fullmatch(path):
        return Scanned("label", "标签码不完整，请对照标签输入。", problem="shape")
    return None


def _paper(text: str, path: str) -> Scanned | None:
    """Return the trip or the lot of a printed paper, or a trip's number as it is typed."""
    if lot := _LOT_PATH.fullmatch(path):
        return Scanned("lot", "处理批次的追溯页。", lot.group(1).lower())
    trip = _TRIP_PATH.fullmatch(path)
    try:
        number = str(parse_trip_number(trip.group(1) if trip else text))
    except CodeError:
        return None
    return Scanned("trip", f"转运交接单 {number}", number)


def _site(text: str) -> Scanned | None:
    try:
        site = parse_site_code(text)
    except CodeError:
        return None
    return Scanned("site", f"站点 {site}", site)


def _on_packaging(text: str) -> Scanned | None:
    if is_seed(text):
        return Scanned("seed", "这是种子标签，不是农药包装。")
    if two_codes(text):
        return Scanned("other", "像是两个码连在一起，请分开，一次扫一个。")
    unit = read_unit(text)
    if unit:
        number = "或".join(unit.registrations)
        made = PRODUCTION_WORDS[unit.production]
        return Scanned("unit", f"农药包装上的码：{number}，{made}", unit.code, unit=asdict(unit))
    if unit_code(text):
        return Scanned("other", "一长串数字，但不合农药追溯码的规则。")
    return None


def _anothers(text: str) -> Scanned:
    address = _ADDRESS.fullmatch(text)
    if address:
        host = address.group(1).lower()
        return Scanned("other", f"这是别的系统的码（{host}），这里不用。", host=host)
    if number := registration_in(text):
        return Scanned("other", f"农药登记证号 {number}，没有追溯码，分不出是哪一瓶（袋）。")
    return Scanned("nothing", "看不出是什么码，请对照标签输入。")
