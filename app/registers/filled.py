"""The form of an entry: its inputs from the register's fields, what was typed, what is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.auth.kept_form import Fields
from app.registers.choices import Groups
from app.registers.fields import Field, plain
from app.registers.register import DOCUMENT, NAME, NOTE, VALID_FROM, VALID_TO, Register
from app.registers.shown import Shown

PARTS = (NAME, DOCUMENT, VALID_FROM, VALID_TO, NOTE)
MOST_DIGITS = 9
_HINTS = {
    "year": "四位年份，如 2025",
    "credit_code": "营业执照上的 18 位代码",
    "phone": "手机号码，或带区号的电话号码",
    "url": "以 http:// 或 https:// 开头",
}
_MODES = {"integer": "numeric", "quantity": "decimal", "year": "numeric", "url": "url"}


@dataclass(frozen=True)
class Input:
    """One input: `kind` is text, long, date, tel, code or select; `groups` are what to choose from."""

    name: str
    label: str
    kind: str
    required: bool
    hint: str = ""
    unit: str = ""
    mode: str = ""
    groups: Groups = ()


def inputs_of(register: Register, choices: Mapping[str, Groups]) -> list[Input]:
    """Return the inputs for the name and the fields; `choices` by field, where there are some."""
    name = Input(NAME, register.entry_name, "text", required=True)
    return [name, *(_input(field, choices.get(field.name, ())) for field in register.fields)]


def _input(field: Field, groups: Groups) -> Input:
    return Input(
        field.name,
        field.label,
        _kind(field, groups),
        required=field.required,
        hint=_hint(field, groups),
        unit=field.unit or "",
        mode=_MODES.get(field.kind, ""),
        groups=groups,
    )


def _kind(field: Field, groups: Groups) -> str:
    if groups:
        return "select"
    if field.kind == "text":
        # A required text is a name; what need not be said is often told at length.
        return "text" if field.required or field.personal else "long"
    return {"date": "date", "phone": "tel", "credit_code": "code"}.get(field.kind, "text")


def _hint(field: Field, groups: Groups) -> str:
    hint = _HINTS.get(field.kind, "")
    if field.kind == "entry" and not groups:
        hint = "写它在自己名单里的名称，一字不差；那里还没有的，先去登记"
    if field.personal:
        hint = "；".join(filter(None, [hint, "个人信息，只有负责部门看得到，可以删除"]))
    return hint


def blank(register: Register) -> dict[str, str]:
    """Return the texts of an empty form, by part."""
    return dict.fromkeys([*register.columns, "version", "backfill"], "")


def typed(register: Register, fields: Fields) -> dict[str, str]:
    """Return the texts of a form that was sent, by part; other fields are left out."""
    sent = {name: value.replace("\r\n", "\n") for name, value in fields}
    return {name: sent.get(name, "") for name in blank(register)}


def as_typed(register: Register, entry: Shown) -> dict[str, str]:
    """Return an entry of `look.py` as the texts of its form.

    A person's name and data come from `personal`: empty where they are erased.
    """
    people = entry.get("personal") or {}
    name = people.get(NAME, "") if register.personal else entry["name"]
    values = {**entry["values"], **people, NAME: name}
    dated = {part: str(entry[part] or "") for part in (DOCUMENT, VALID_FROM, VALID_TO)}
    texts = {part: plain(values[part]) for part in register.columns if part in values}
    return {**blank(register), **texts, **dated, "version": str(entry["version"])}


def given(register: Register, values: Mapping[str, str]) -> dict[str, Any]:
    """Return what `edit.py` takes, of the texts of a form."""
    return {
        **{part: values[part] for part in PARTS},
        "values": {field.name: values[field.name] for field in register.fields},
    }


def version_of(values: Mapping[str, str]) -> int:
    """Return the version that a form was made of; 0, which no entry has, where it is no number."""
    text = values["version"]
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else 0


def errors_at(register: Register, places: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return what is wrong by input, in the order of the form; the first word on each."""
    told: dict[str, str] = {}
    for place in places:
        told.setdefault(place["pointer"].rpartition("/")[2], place["detail"])
    return {part: told[part] for part in register.columns if part in told}
