"""Where the entries of a register stand: its own table, or a list kept elsewhere on the platform.

Either way one row an entry, with the same columns, so that lists, counts and single entries are
read in one way.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Subquery,
    Text,
    and_,
    cast,
    false,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.areas.models import County, Pilot
from app.parties.models import ListedUnit, Organisation, Site
from app.registers.fields import Value
from app.registers.models import RegisterEntry
from app.registers.register import Register

LIVE = ("pilots", "resource_units")


@dataclass(frozen=True)
class Entry:
    """An entry as it is read; `version` and `changed_at` are None where it is kept elsewhere."""

    id: str
    name: str
    name_key: str
    county: str | None
    area: str | None
    industry: str | None
    values: dict[str, Value]
    document: str | None
    valid_from: date
    valid_to: date | None
    withdrawn: bool
    version: int | None
    changed_at: datetime | None

    def holds(self, on: date) -> bool:
        """Tell whether the entry is in force on a day."""
        begun = self.valid_from <= on
        return not self.withdrawn and begun and (self.valid_to is None or on <= self.valid_to)


def source_of(register: Register) -> Subquery:
    """Return the rows of a register's entries, whenever valid, withdrawn ones too."""
    if register.live == "pilots":
        return _pilots()
    if register.live == "resource_units":
        return _resource_units()
    e = RegisterEntry
    return (
        select(
            e.id, e.name, e.name_key, e.county, e.area, e.industry, e.values,
            e.document, e.valid_from, e.valid_to, e.withdrawn, e.version, e.changed_at,
        )
        .where(e.register == register.slug)
        .subquery()
    )  # fmt: skip


def _pilots() -> Subquery:
    return (
        select(
            _dated(Pilot.county, Pilot.valid_from).label("id"),
            County.name.label("name"),
            County.pinyin.label("name_key"),
            Pilot.county.label("county"),
            *_kept_elsewhere(func.jsonb_build_object("code", Pilot.county)),
            Pilot.document.label("document"),
            Pilot.valid_from.label("valid_from"),
            Pilot.valid_to.label("valid_to"),
        )
        .join(County, County.code == Pilot.county)
        .subquery()
    )


def _resource_units() -> Subquery:
    values = func.jsonb_build_object(
        "site", Site.code, "operator", Organisation.name,
        "credit_code", Organisation.credit_code, "county", Site.county,
    )  # fmt: skip
    return (
        select(
            _dated(ListedUnit.site, ListedUnit.valid_from).label("id"),
            Site.name.label("name"),
            Site.name.label("name_key"),
            Site.county.label("county"),
            *_kept_elsewhere(values),
            ListedUnit.document.label("document"),
            ListedUnit.valid_from.label("valid_from"),
            ListedUnit.valid_to.label("valid_to"),
        )
        .join(Site, Site.code == ListedUnit.site)
        .join(Organisation, Organisation.credit_code == Site.operator)
        .subquery()
    )


def _dated(code: Any, valid_from: Any) -> ColumnElement[str]:
    """Return the id of a dated row: 130110@2022-01-01."""
    joined: ColumnElement[str] = code + literal("@") + func.to_char(valid_from, "YYYY-MM-DD")
    return joined


def _kept_elsewhere(values: Any) -> list[ColumnElement[Any]]:
    """Return the columns that a list kept elsewhere has no other values for."""
    return [
        cast(null(), Text).label("area"),
        cast(null(), Text).label("industry"),
        cast(values, JSONB).label("values"),
        false().label("withdrawn"),
        cast(null(), BigInteger).label("version"),
        cast(null(), DateTime(timezone=True)).label("changed_at"),
    ]


def in_force(row: Any, on: date) -> ColumnElement[bool]:
    """Return the condition that a dated row holds on a day. Days are inclusive."""
    return and_(row.valid_from <= on, or_(row.valid_to.is_(None), row.valid_to >= on))


def counts_of_live(on: date, live: Collection[str]) -> list[Any]:
    """Return one SELECT (live source, None, how many) for each list kept elsewhere."""
    tables = {"pilots": Pilot, "resource_units": ListedUnit}
    return [
        select(literal(name), cast(null(), Text), func.count()).where(in_force(tables[name], on))
        for name in LIVE
        if name in live
    ]
