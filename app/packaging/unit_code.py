"""The code of one pesticide unit (单元识别代码) in what was scanned, and what it tells. Pure.

农业部公告第2579号: 32 digits beside a tracing URL; 公告第1049号 is reported to take its place with 32 or
more. app/static/scan/unit_code.js is its twin: tests/scan_vectors.json holds both to each other.
"""

import re
import unicodedata
from dataclasses import dataclass

from app.scanned_text import SPACE, trimmed

DIGITS = 32
MOST_DIGITS = 63
"""公告第1049号 names no upper end; but 64 digits hold two whole codes and cannot be told from them."""
NAMED = ("c", "q", "code")
CATEGORIES = {"1": ("PD",), "2": ("WP",), "3": ("LS", "WL")}
"""Position 1. A temporary registration (临时登记) was LS for fields and WL for hygiene."""
PRODUCTION = {"1": "holder", "2": "commissioned", "3": "repacked"}
"""Position 8: 登记证持有人生产, 委托加工, 委托分装."""
OLD_FROM = 50
"""Two digits of a year from here on are of the last century: PD84102-1 has no 20 before it."""

_PARAMETER = re.compile(r"[?&]([^=&#?]*)=([^&#]*)")
_RUN = re.compile(rf"(?<![0-9])[0-9]{{{DIGITS},{MOST_DIGITS}}}(?![0-9])")
_LONG = re.compile(rf"[0-9]{{{DIGITS},}}")
_GROUPED = re.compile(r"[0-9]{1,31}(?:[ \t-][0-9]{1,31})+")
_PIECES = re.compile(rf"[{SPACE}]+|(?=https?://)", re.ASCII | re.IGNORECASE)
_LETTER = re.compile("[A-Za-z]")
_OF_ADDRESSES = re.compile("[/?]")
_URL = re.compile(rf"https?://[^{SPACE}]+", re.ASCII | re.IGNORECASE)
_HEAD = re.compile(rf"^[^：:/]{{2,12}}[：:](?!//)[{SPACE}]*")
_REGISTRATION = re.compile(
    r"(?:^|[^0-9A-Z])((?:PD|WP|LS|WL)(?:(?:19|20)[0-9]{6}|[0-9]{5}-[0-9]{1,4}|N?[0-9]{1,4}-[0-9]{2}))"
    r"(?![0-9A-EG-Z])",
    re.ASCII | re.IGNORECASE,
)
"""A registration number, of today or of the last century; F and digits after it name a repacker."""
_SEED_HEADING = re.compile(r"(?:品种名称|作物种类|生产经营者(?:名称)?)[：:]")
_SEED_CODE = re.compile(r"[0-9A-Za-z]{1,20}")
_SEED_MAKER = re.compile(r"种业|种子|种苗|制种")
_SEED_SITE = re.compile(r"https?://[^?#]*(?:seed|zhongzi|zhongye)", re.ASCII | re.IGNORECASE)
_VARIETY = re.compile(
    r"[A-Za-z]{0,3}[\u4e00-\u9fa5]{0,6}[A-Za-z]{0,4}[0-9]{2,5}号?(?:[\u4e00-\u9fa5]{2})?"
    r"|[^\n]*种子[^\n]*"
)
"""郑单958, Y两优900, 烟农19号, 京农科728玉米, 小麦种子."""
_CROP = re.compile(r"^(?:杂交)?(?:玉米|小麦|水稻|大豆|棉花|花生|油菜|谷子|高粱|向日葵|马铃薯)")
_PREPARATION = re.compile(r"剂|乳油|原药|母药|悬浮|可湿|种衣|[%磷膦酯唑胺脲嗪菊醚酮啉腈基杀虫螨菌]")
_CHEMIST = re.compile(r"农化|化工|化学|农药|药业|植保")
_PESTICIDE_WORDS = re.compile(r"农药|登记证|有效成分|剂型")
_FOUR = 4
_NAME_AND_HOLDER = 3
"""Lines that an older label has at least when the first two are its name and its holder."""


@dataclass(frozen=True)
class Unit:
    """What the code of one unit says of itself: it proves neither origin nor content."""

    code: str
    category: str
    registrations: tuple[str, ...]
    """What position 1 and the six digits say; several for a temporary registration."""
    candidates: tuple[str, ...]
    """Every registration with these six digits: they collide between categories."""
    production: str
    spec: str
    rules: tuple[str, ...]
    """Numbers of the 公告 that the length fits."""
    name: str | None = None
    holder: str | None = None
    url: str | None = None
    notes: tuple[str, ...] = ()


def unit_code(payload: str) -> str | None:
    """Return the digits that stand for a unit in a scanned payload; None where there are none.

    In this order: a named parameter of an address, any parameter of digits alone, the first run of
    32 to 63 digits, full-width ones too (NFKC). Digits typed in groups are joined, but never a group
    that is a whole code: what stands beside it is not its end. Two codes are none (`two_codes`).
    One code a unit; some makers print one a batch, so a repeat is a hint.
    """
    text = plain(payload)
    return None if _holds_two(text) else _first_code(text)


def plain(payload: str) -> str:
    """Return a payload with full-width characters as ASCII, digits typed in groups joined."""
    text = trimmed(unicodedata.normalize("NFKC", payload))
    return re.sub(r"[ \t-]", "", text) if _GROUPED.fullmatch(text) else text


def two_codes(payload: str) -> bool:
    """Tell whether codes of two units stand in a payload, as when two are scanned into one field.

    Two addresses with different codes, two runs of 32 digits outside addresses, or 64 in one. A
    label's code may stand by itself and in its address.
    """
    return _holds_two(plain(payload))


def _holds_two(text: str) -> bool:
    pieces = _pieces(text)
    bare = sum(
        len(run) // DIGITS
        for piece in pieces
        if not _is_address(piece)
        for run in _LONG.findall(piece)
    )
    addressed = {_first_code(piece) for piece in pieces if _is_address(piece)} - {None}
    return bare > 1 or len(addressed) > 1


def _pieces(text: str) -> list[str]:
    """Cut a text at white space, and where an address begins without any before it."""
    return [piece for piece in _PIECES.split(text) if piece]


def _is_address(piece: str) -> bool:
    return bool(_OF_ADDRESSES.search(piece) and _LETTER.search(piece))


def _first_code(text: str) -> str | None:
    parameters: list[tuple[str, str]] = [
        found for piece in _pieces(text) for found in _PARAMETER.findall(piece)
    ]
    named = [value for wanted in NAMED for name, value in parameters if name.lower() == wanted]
    for value in (*named, *(value for _, value in parameters)):
        if _RUN.fullmatch(value):
            return value
    found = _RUN.search(text)
    return found.group() if found else None


def registration_in(payload: str) -> str | None:
    """Return the first registration number that is written in a text (PD20230884), in capitals."""
    found = _REGISTRATION.search(plain(payload))
    return found.group(1).upper() if found else None


def read_unit(payload: str) -> Unit | None:
    """Return what the unit's code in a payload tells; None where there is none, or of no pesticide.

    >>> read_unit("http://zp.hyny168.cn/ny?c=12308841005260627001000011857410").registrations
    ('PD20230884',)
    """
    code = unit_code(payload)
    if code is None or code[0] not in CATEGORIES or code[7] not in PRODUCTION:
        return None
    six, stated = code[1:7], CATEGORIES[code[0]]
    every = [prefix for prefixes in CATEGORIES.values() for prefix in prefixes]
    others = [prefix for prefix in every if prefix not in stated]
    lines = _lines(payload)
    told = len(lines) >= _NAME_AND_HOLDER
    url = _URL.search(plain(payload))
    return Unit(
        code=code,
        category=stated[0],
        registrations=tuple(_number(prefix, six) for prefix in stated),
        candidates=tuple(_number(prefix, six) for prefix in (*stated, *others)),
        production=PRODUCTION[code[7]],
        spec=code[8:11],
        rules=("2579", "1049") if len(code) == DIGITS else ("1049",),
        name=lines[0] if told else None,
        holder=lines[1] if told else None,
        url=url.group() if url else None,
        notes=_notes(code, six),
    )


def _number(prefix: str, six: str) -> str:
    """Write a registration number from its last six digits."""
    return f"{prefix}20{six}" if int(six[:2]) < OLD_FROM else f"{prefix}{six[:5]}-{six[5]}"


def _notes(code: str, six: str) -> tuple[str, ...]:
    """Return what a person should know before trusting a code."""
    notes = []
    if code[0] == "2":
        notes.append("WP 是卫生用农药，一般不是农田里用的，请核对。")
    if code[0] == "3":
        notes.append("临时登记有 LS 和 WL 两种，码里分不出来。")
    if code[0] == "3" and len(code) > DIGITS:
        notes.append("公告第1049号只有 PD 和 WP 两类，这个码不合规则。")
    if int(six[:2]) >= OLD_FROM:
        notes.append("像上世纪的登记证号，写法可能不同，请看标签。")
    return tuple(notes)


def is_seed(payload: str) -> bool:
    """Tell whether this is a seed label: the same layout of lines, but no pesticide.

    《农作物种子标签二维码编码规则》: variety, producer, a code of at most 20 letters and digits, URL.
    What is decisive goes before what is a hint:

    1. Headings that only seeds have (品种名称, 生产经营者, 作物种类): a seed, unless the text speaks of
       pesticides or its first line names a preparation.
    2. The code of a pesticide's unit or a registration number: a pesticide, unless the first line is
       a variety (郑单958) of no maker of chemicals; a number (PD20230884) makes even that one.
    3. A first line that names a preparation, words of the trade (农药, 登记证): a pesticide.
    4. With none of these: a short code in the third of four lines, a maker named 种业 or the like,
       an address that speaks of seeds. These are hints: makers of seeds sell pesticides too.
    """
    text = plain(payload)
    lines = _lines(text)
    first, second, *_ = lines if len(lines) >= _NAME_AND_HOLDER else ("", "")
    if _PESTICIDE_WORDS.search(text) or _PREPARATION.search(first):
        return False
    if any(_SEED_HEADING.match(line) for line in _raw_lines(text)):
        return True
    if _REGISTRATION.search(text):
        return False
    if _is_variety(first) and not _CHEMIST.search(second):
        return True
    return read_unit(payload) is None and (
        (len(lines) == _FOUR and bool(_SEED_CODE.fullmatch(lines[2])) and "." in lines[3])
        or bool(_SEED_MAKER.search(second) or _SEED_SITE.search(text))
    )


def _is_variety(name: str) -> bool:
    """Tell whether a first line names a variety of a crop: 郑单958, 玉米 郑单958."""
    return bool(_VARIETY.fullmatch(trimmed(_CROP.sub("", name))))


def _raw_lines(text: str) -> list[str]:
    lines = (trimmed(line) for line in re.split(r"[\r\n]+", text))
    return [line for line in lines if line]


def _lines(text: str) -> list[str]:
    """Return the lines of an older label without their headings (农药名称：…)."""
    return [_HEAD.sub("", line) for line in _raw_lines(text)]
