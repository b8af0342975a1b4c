"""The form of an amendment as the row it makes. Pure: its rules are asked by declaring it.

What was typed is kept as text, so that a form comes back as it was.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HEAD = ("number", "title", "issued_on", "effective_on")
TARGET = ("comparator", "value", "low", "high", "unit", "target_year", "quote")
FIELDS = ("id", *HEAD, "address", "text", "code", *TARGET)
_NUMBER = re.compile(r"\d{1,13}(\.\d{1,9})?", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)
MISSING = {
    "number": "请填写修订文件的文号",
    "title": "请填写修订文件的标题",
    "issued_on": "请填写发文日期",
    "effective_on": "请填写从哪一天起施行",
}


@dataclass
class Filled:
    """What was typed, the body it makes, and a sentence for each field that does not fit."""

    values: dict[str, str]
    body: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def typed(form: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of the form as texts, without characters that cannot be printed."""
    given = {name: form.get(name) for name in FIELDS}
    return {
        name: "".join(c for c in value if c.isprintable() or c == "\n").strip()
        if isinstance(value, str)
        else ""
        for name, value in given.items()
    }


def fill(values: dict[str, str]) -> Filled:
    """Return the form as the body of an amendment of one paragraph, one target, or both.

    Line breaks inside a paragraph come from copying: no paragraph of the plan has one.
    """
    filled = Filled(values)
    for name, sentence in MISSING.items():
        if not values[name]:
            filled.errors[name] = sentence
    filled.body = {"id": values["id"] or None, **{name: values[name] for name in HEAD}}
    if values["address"] or values["text"]:
        if not values["address"]:
            filled.errors["address"] = "请选择修订哪一段"
        if not values["text"]:
            filled.errors["text"] = "请填写这一段的新文字"
        text = "".join(line.strip() for line in values["text"].splitlines())
        filled.body["paragraphs"] = [{"address": values["address"], "text": text}]
    if values["code"] or any(values[name] for name in TARGET):
        if not values["code"]:
            filled.errors["code"] = "请选择修订哪个目标"
        filled.body["targets"] = [_target(filled)]
    if not (filled.body.keys() & {"paragraphs", "targets"}):
        filled.errors["address"] = "请选择修订的段落，或在下面选择修订的目标"
    return filled


def _target(filled: Filled) -> dict[str, Any]:
    values = filled.values
    found: dict[str, Any] = {
        "code": values["code"],
        "comparator": values["comparator"] or None,
        "unit": values["unit"] or None,
        "quote": values["quote"] or None,
    }
    for name in ("value", "low", "high"):
        plain = _plain(values[name])
        if plain and not _NUMBER.fullmatch(plain):
            filled.errors[name] = "请填数字，例如 90 或 2.5"
        elif plain:
            found[name] = float(plain) if "." in plain else int(plain)
    year = _plain(values["target_year"])
    if year and not _YEAR.fullmatch(year):
        filled.errors["target_year"] = "请填四位年份，例如 2027"
    elif year:
        found["target_year"] = int(year)
    return {name: value for name, value in found.items() if value is not None}


def _plain(text: str) -> str:
    """Return a typed number in half width, with a Chinese full stop read as the point."""
    return unicodedata.normalize("NFKC", text).replace(" ", "").replace("。", ".")


def field_at(pointer: str) -> str:
    """Return the field of the form that a JSON pointer into the body means."""
    steps = pointer.strip("/").split("/")
    return {"paragraphs": "address", "targets": "code"}.get(steps[-1], steps[-1])
