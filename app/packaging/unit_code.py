"""The code of one pesticide unit (单元识别代码) in what was scanned, and what it tells. Pure.

农业部公告第2579号: 32 digits beside a tracing URL; 公告第1049号 is reported to take its place with 32 or
more. app/static/scan/unit_code.js is its twin: tests/scan_vectors.json holds both to each other.
"""

import re
from dataclasses import dataclass

DIGITS = 32
MOST_DIGITS = 64
"""A longer run is no unit's code: an upper end is not in the rules, so it is generous."""
NAMED = ("c", "q", "code")
CATEGORIES = {"1": ("PD",), "2": ("WP",), "3": ("LS", "WL")}
"""Position 1. A temporary registration (临时登记) was LS for fields and WL for hygiene."""
PRODUCTION = {"1": "holder", "2": "commissioned", "3": "repacked"}
"""Position 8: 登记证持有人生产, 委托加工, 委托分装."""
OLD_FROM = 50
"""Two digits of a year from here on are of the last century: PD84102-1 has no 20 before it."""

_PARAMETER = re.compile(r"[?&]([^=&#\s]*)=([^&#\s]*)")
_RUN = re.compile(r"(?<![0-9])[0-9]{32,64}(?![0-9])")
_GROUPED = re.compile(r"[0-9]+(?:[ -][0-9]+)+")
_URL = re.compile(r"https?://\S+", re.IGNORECASE)
_HEAD = re.compile(r"^[^：:/]{2,12}[：:](?!//)\s*")
_SEED_CODE = re.compile(r"[0-9A-Za-z]{1,20}")
_SEED_MAKER = re.compile(r"种业|种子|种苗|制种")
_SEED_SITE = re.compile(r"https?://[^?#]*(?:seed|zhongzi|zhongye)", re.IGNORECASE)
_PREPARATION = re.compile(r"剂|乳油|原药|母药|悬浮|可湿|种衣")
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

    In this order: a named parameter of the URL, any parameter of digits alone, the first run
    of 32 digits or more. One code a unit; some makers print one a batch, so a repeat is a hint.
    """
    parameters: list[tuple[str, str]] = _PARAMETER.findall(payload)
    named = [value for wanted in NAMED for name, value in parameters if name.lower() == wanted]
    for value in (*named, *(value for _, value in parameters)):
        if _RUN.fullmatch(value):
            return value
    if _GROUPED.fullmatch(payload.strip()):
        payload = re.sub("[ -]", "", payload)
    found = _RUN.search(payload)
    return found.group() if found else None


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
    url = _URL.search(payload)
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
    """
    lines = _lines(payload)
    if len(lines) == _FOUR and _SEED_CODE.fullmatch(lines[2]) and "." in lines[3]:
        return True
    if len(lines) >= _NAME_AND_HOLDER and _SEED_MAKER.search(lines[1]):
        return not _PREPARATION.search(lines[0])
    return bool(_SEED_SITE.search(payload))


def _lines(payload: str) -> list[str]:
    """Return the lines of an older label without their headings (农药名称：…)."""
    lines = (line.strip() for line in re.split(r"[\r\n]+", payload))
    return [_HEAD.sub("", line) for line in lines if line]
