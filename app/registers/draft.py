"""What was sent for an entry → what is stored, or every fault at its place. Pure."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from app.registers.fields import (
    LONGEST_NAME,
    Field,
    Value,
    folded,
    parse,
    parse_day,
    parse_text,
    shown,
)
from app.registers.known import Known
from app.registers.register import DOCUMENT, NAME, NOTE, VALID_FROM, VALID_TO, Register
from app.web import Unfit

MASK = "＊＊"
MISSING = ("缺少这一项", "is missing")


@dataclass(frozen=True)
class Fault:
    """What is wrong with one part of an entry: `name`, `valid_to` …, or the name of a field."""

    part: str
    chinese: str
    english: str


@dataclass(frozen=True)
class Draft:
    """An entry as it is stored. In registers of people `name` is masked and `personal` whole."""

    name: str
    values: Mapping[str, Value]
    personal: Mapping[str, Value] | None
    document: str | None
    valid_from: date
    valid_to: date | None
    note: str | None
    identity_key: str


class Reader:
    """Reads what is sent for the entries of one register."""

    def __init__(self, register: Register, known: Known, *, entered_on: date | None) -> None:
        """`entered_on` is the day on which an entry must not be over; None where it may be."""
        self.register = register
        self.known = known
        self.entered_on = entered_on
        self.codes = {field.name: known.codes(field) for field in register.fields}

    def read(self, given: Mapping[str, Any]) -> Draft | list[Fault]:
        """Return the entry whose parts are given by name, or everything that is wrong with it."""
        faults: list[Fault] = []

        def part(name: str, parse_part: Callable[[Any], Any]) -> Any:
            try:
                found = parse_part(given.get(name))
            except Unfit as error:
                faults.append(Fault(name, str(error), error.english))
                return None
            if found is None and name in self.register.required:
                faults.append(Fault(name, *MISSING))
            return found

        name = part(NAME, lambda sent: parse_text(sent, LONGEST_NAME))
        values = {
            field.name: part(field.name, partial(self._value, field))
            for field in self.register.fields
        }
        document = part(DOCUMENT, lambda sent: parse_text(sent, LONGEST_NAME))
        span = part(VALID_FROM, parse_day), part(VALID_TO, parse_day)
        note = part(NOTE, parse_text)
        faults += self._span_faults(*span)
        faults += self._referred_faults(values, span[0])
        if faults:
            return faults
        return self._draft(
            name, {key: value for key, value in values.items() if value is not None},
            document=document, span=span, note=note,
        )  # fmt: skip

    def _value(self, field: Field, sent: Any) -> Value | None:
        return parse(field, sent, self.codes[field.name])

    def _span_faults(self, valid_from: date | None, valid_to: date | None) -> Iterator[Fault]:
        if valid_to is None:
            return
        if valid_from and valid_to < valid_from:
            yield Fault(VALID_TO, "有效期止早于有效期起", "lies before valid_from")
        elif self.entered_on and valid_to < self.entered_on:
            yield Fault(
                VALID_TO,
                f"有效期已于 {valid_to} 届满。补录历史名单请注明是补录",
                f"expired on {valid_to}; say backfill where a past list is entered",
            )

    def _referred_faults(
        self, values: Mapping[str, Value | None], valid_from: date | None
    ) -> Iterator[Fault]:
        for field in self.register.fields:
            if field.kind != "entry" or values[field.name] is None:
                continue
            referred = self.known.entries[str(values[field.name])]
            if referred.withdrawn:
                yield Fault(
                    field.name, f"“{referred.name}”已移出名单", f"{referred.name} is withdrawn"
                )
            elif valid_from and referred.valid_to and referred.valid_to < valid_from:
                yield Fault(
                    field.name,
                    f"“{referred.name}”的有效期已于 {referred.valid_to} 届满",
                    f"{referred.name} expired on {referred.valid_to}",
                )

    def _draft(
        self, name: str, values: Mapping[str, Value], *, document: str | None, span: Any, note: Any
    ) -> Draft:
        people = {field.name for field in self.register.fields if field.personal}
        whole = {NAME: name, **{key: value for key, value in values.items() if key in people}}
        return Draft(
            name=masked(name) if people else name,
            values={key: value for key, value in values.items() if key not in people},
            personal=whole if people else None,
            document=document,
            valid_from=span[0],
            valid_to=span[1],
            note=note,
            identity_key=identity_key(self.register, {NAME: name, **values}),
        )


def masked(name: str) -> str:
    """Return a person's name as it stands in lists: the first character, then ＊＊."""
    return name[:1] + MASK


def identity_key(register: Register, values: Mapping[str, Value]) -> str:
    """Return what tells entries of a register apart, as a SHA-256 salted by the register.

    A hash, so that no person's name stands in an index, and of one length for all. Whoever knows
    a name and its register can still make it: it is erased along with the personal data. Where a
    part of the identity is empty, the name joins it, or two entries without one would be one.
    """
    parts = [values.get(part) for part in register.identity]
    if None in parts:
        parts.append(values[NAME])
    told = [part if part is None else folded(str(part)) for part in parts]
    text = json.dumps([register.slug, *told], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def shown_values(register: Register, values: Mapping[str, Value], known: Known) -> dict[str, str]:
    """Return values as a person reads them, in the order of the fields."""
    return {
        field.name: shown(field, values[field.name], known.shown_names(field))
        for field in register.fields
        if field.name in values
    }


def entry_texts(register: Register, given: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Return what was sent or stored for the register's fields that refer to entries."""
    refer = [field.name for field in register.fields if field.kind == "entry"]
    return [values.get(name) for values in given for name in refer]
