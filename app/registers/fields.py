"""One value of a register's field, from JSON or from a cell of a sheet, in its normal form. Pure.

Cells come as text (`sheet.py`), JSON as texts and numbers. What does not fit raises Unfit, in
Chinese and English, and never repeats what was sent: it may be somebody's.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from app.parties.credit import CreditCodeError, normalise_credit_code
from app.web import Unfit

Value = str | int | float
"""Dates are texts like 2026-01-31; quantities are numbers of at most fifteen digits, exact so."""
LONGEST = 2_000
LONGEST_NAME = 200
LONGEST_URL = 500
MOST_DIGITS = 15
"""What a double holds exactly as decimals, and what a spreadsheet keeps."""
FIRST_YEAR, LAST_YEAR = 1949, 2199
MOST_NAMED = 6
"""Codes that an answer lists where a name fits several."""

_DATE = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?: 00:00(?::00)?)?", re.ASCII)
_CHINESE_DATE = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日", re.ASCII)
_YEAR = re.compile(r"(\d{4})年?", re.ASCII)
_NUMBER = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?", re.ASCII)
_PHONE = re.compile(
    r"(?:\+?86[- ]?)?1[3-9]\d{9}|(?:\+?86[- ]?)?0\d{2,3}[- ]?\d{7,8}(?:-\d{1,6})?|[48]00[- ]?\d{3}[- ]?\d{4}",
    re.ASCII,
)
_FAULTS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"})
"""What a spreadsheet shows instead of a value."""


@dataclass(frozen=True)
class Field:
    """A field of a register's entries, as `plan_register_field` describes it."""

    name: str
    label: str
    kind: str
    required: bool = False
    personal: bool = False
    unit: str | None = None
    choices: tuple[str, ...] = ()
    refers: str | None = None


Codes = Callable[[str], Sequence[str]]
"""Looks a text up among codes and names: the codes that it can mean, one where it is clear."""


def folded(text: str) -> str:
    """Return a text as names are compared: full width as half, capitals as small, no blanks."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def parse(field: Field, given: Any, codes: Codes) -> Value | None:
    """Return the value of a field in its normal form, None for an empty one; raises Unfit.

    `codes` resolves a county, area, industry or entry by its code or its name.
    """
    if given is None:
        return None
    if isinstance(given, str):
        if len(given) > LONGEST:
            raise _longer_than(LONGEST)
        given = given.strip()
        if not given:
            return None
    elif isinstance(given, bool) or not isinstance(given, int | float):
        raise Unfit("应为一个值", "must be a single value")
    return _PARSERS[field.kind](field, given, codes)


def parse_text(given: Any, longest: int = LONGEST) -> str | None:
    """Return a text without blanks around it, None for an empty one; raises Unfit.

    What begins like a formula is text like any other. Line breaks and tabs may stand in it.
    """
    if given is None:
        return None
    if not isinstance(given, str):
        raise Unfit("应为文字", "must be a string")
    text = given.strip()
    if len(text) > longest:
        raise _longer_than(longest)
    if any(unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\r\t" for c in text):
        raise Unfit("有不能保存的字符", "holds control characters")
    if text in _FAULTS:
        raise Unfit("表格里的公式出错，没有值", "is an error of the spreadsheet, not a value")
    return text or None


def parse_day(given: Any) -> date | None:
    """Return a day written 2026-01-31, 2026/1/31, 2026.1.31 or 2026年1月31日; raises Unfit."""
    text = parse_text(given)
    if text is None:
        return None
    plain = unicodedata.normalize("NFKC", text)
    if found := _DATE.fullmatch(plain):
        year, _, month, day = found.groups()
    elif found := _CHINESE_DATE.fullmatch("".join(plain.split())):
        year, month, day = found.groups()
    else:
        raise Unfit("应为日期，如 2026-01-31", "must be a date such as 2026-01-31")
    _check_year(int(year))
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise Unfit("没有这一天", "there is no such day") from None


def shown(field: Field, value: Value, names: Mapping[str, str]) -> str:
    """Return a value as a person reads it: with its unit, the name of what a code stands for."""
    if field.kind == "quantity":
        return f"{plain(value)}{'' if field.unit == '%' else ' '}{field.unit}"
    return names.get(str(value), plain(value))


def plain(value: Value) -> str:
    """Return a value as it would be typed: no unit, no exponent."""
    return format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)


def _longer_than(most: int) -> Unfit:
    return Unfit(f"至多 {most} 个字", f"at most {most} characters")


def _text(_: Field, given: Any, __: Codes) -> str | None:
    return parse_text(given)


def _number(given: str | float) -> Decimal | None:
    """Return one plain number, of a text without its thousands separators; None for no number."""
    text = unicodedata.normalize("NFKC", given).strip() if isinstance(given, str) else repr(given)
    if isinstance(given, str) and not _NUMBER.fullmatch(text):
        return None
    number = Decimal(text.replace(",", ""))
    return number if number.is_finite() else None


def _integer(_: Field, given: Any, __: Codes) -> int:
    number = _number(given)
    if number is None or number != number.to_integral_value():
        raise Unfit("应为整数", "must be an integer")
    _check_size(number)
    return int(number)


def _check_size(number: Decimal) -> None:
    if number < 0:
        raise Unfit("不得小于 0", "must be at least 0")
    if number >= 10**MOST_DIGITS:
        raise Unfit("数字过大", "the number is too large")


def _quantity(field: Field, given: Any, _: Codes) -> int | float:
    """Read `1340` or `1340 万平方米`: one number, the unit of the field or none."""
    number, unit = (given, "") if not isinstance(given, str) else _cut(given)
    amount = _number(number)
    if amount is None:
        raise Unfit(
            f"应为一个数，单位为{field.unit}", f"must be one number, in the unit {field.unit}"
        )
    if unit and folded(unit) != folded(field.unit or ""):
        if any(c.isdecimal() for c in unit):
            raise Unfit(
                f"只能写一个数和一种单位，单位为{field.unit}",
                f"must be one number with one unit, {field.unit}",
            )
        raise Unfit(f"单位应为{field.unit}", f"the unit must be {field.unit}")
    _check_size(amount)
    amount = amount.normalize()
    if len(amount.as_tuple().digits) > MOST_DIGITS or amount != round(amount, MOST_DIGITS):
        raise Unfit(f"至多 {MOST_DIGITS} 位数字", f"at most {MOST_DIGITS} digits")
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _cut(text: str) -> tuple[str, str]:
    """Return the number that a text begins with, and the rest."""
    plain = unicodedata.normalize("NFKC", text).strip()
    found = _NUMBER.match(plain)
    return (plain[: found.end()], plain[found.end() :]) if found else ("", plain)


def _year(_: Field, given: Any, __: Codes) -> int:
    text = unicodedata.normalize("NFKC", given) if isinstance(given, str) else f"{given:.15g}"
    found = _YEAR.fullmatch("".join(text.split()))
    if not found:
        raise Unfit("应为年份，如 2025", "must be a year such as 2025")
    year = int(found.group(1))
    _check_year(year)
    return year


def _check_year(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Unfit(
            f"年份应在 {FIRST_YEAR} 至 {LAST_YEAR} 之间",
            f"the year must be from {FIRST_YEAR} to {LAST_YEAR}",
        )


def _date(_: Field, given: Any, __: Codes) -> str | None:
    day = parse_day(given)
    return day.isoformat() if day else None


def _choice(field: Field, given: Any, _: Codes) -> str:
    text = folded(given) if isinstance(given, str) else None
    for choice in field.choices:
        if folded(choice) == text:
            return choice
    raise Unfit(
        f"应为以下之一：{'、'.join(field.choices)}", f"must be one of {', '.join(field.choices)}"
    )


def _credit_code(_: Field, given: Any, __: Codes) -> str:
    if not isinstance(given, str):
        raise Unfit("应为文字", "must be a string")
    try:
        return normalise_credit_code(given)
    except CreditCodeError as error:
        reason = str(error).partition("：")[0]
        raise Unfit(reason, "is not a unified social credit code (GB 32100-2015)") from None


def _phone(_: Field, given: Any, __: Codes) -> str:
    text = unicodedata.normalize("NFKC", given) if isinstance(given, str) else f"{given:.15g}"
    if not _PHONE.fullmatch(text):
        raise Unfit(
            "应为手机号码，或带区号的电话号码，如 0311-12345678",
            "must be a mobile number, or a telephone number with its area code",
        )
    return text


def _url(_: Field, given: Any, __: Codes) -> str:
    text = parse_text(given, LONGEST_URL) or ""
    try:
        parts = urlsplit(text)
        whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username
    except ValueError:
        whole = False
    if not whole or any(c.isspace() for c in text):
        raise Unfit("应为网址，以 http:// 或 https:// 开头", "must be an http or https address")
    return text


_WHAT = {
    "county": ("县（市、区）", "county"),
    "area": ("地区", "area"),
    "industry": ("行业", "industry"),
    "entry": ("条目", "entry"),
}


def _coded(field: Field, given: Any, codes: Codes) -> str:
    """Read a code, or a name that stands for one code alone."""
    text = given if isinstance(given, str) else f"{given:.15g}"
    found = codes(text)
    what, english = _WHAT[field.kind]
    if not found:
        raise Unfit(f"没有这个{what}", f"there is no such {english}")
    if len(found) > 1:
        listed = "、".join(found[:MOST_NAMED]) + ("……" if len(found) > MOST_NAMED else "")
        raise Unfit(
            f"有 {len(found)} 个{what}叫这个名称，请写编码：{listed}",
            f"the name fits {len(found)}; give the code: {listed}",
        )
    return found[0]


_PARSERS: dict[str, Callable[[Field, Any, Codes], Value | None]] = {
    "text": _text,
    "integer": _integer,
    "quantity": _quantity,
    "date": _date,
    "year": _year,
    "choice": _choice,
    "credit_code": _credit_code,
    "county": _coded,
    "area": _coded,
    "industry": _coded,
    "phone": _phone,
    "url": _url,
    "entry": _coded,
}
KINDS = frozenset(_PARSERS)
