"""Read entries: pages of a register as of a day, one entry, its history, its personal data."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Text, Uuid, cast, false, func, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import CountyArea
from app.auth.models import Account
from app.errors import InvalidQuery, NotFound
from app.orm import among
from app.pagination import decode_cursor
from app.plan.models import PlanDepartment
from app.plan.search import folded
from app.plan.tables import PlanIndustry, PlanRegisterField
from app.registers.fields import Value
from app.registers.models import RegisterEntry, RegisterPersonal, RegisterVersion
from app.registers.register import Register
from app.registers.source import Entry, in_force, source_of
from app.templating import SHANGHAI

MOST_VERSIONS = 200
"""The newest that a history shows."""


@dataclass(frozen=True)
class Asked:
    """Which entries of a register: those in force on a day, and of these the ones that fit.

    `every` asks for those that are over or not yet begun as well; withdrawn ones never come.
    `refers` is the id of an entry of another register to which they refer.
    """

    on: date
    every: bool = False
    industry: str | None = None
    county: str | None = None
    area: str | None = None
    refers: str | None = None
    q: str = ""


@dataclass(frozen=True)
class Version:
    """One change of an entry: what it then said, which department and whose account said so."""

    number: int
    name: str
    values: dict[str, Value]
    document: str | None
    valid_from: date
    valid_to: date | None
    withdrawn: bool
    note: str | None
    imported_by: UUID | None
    recorded_at: datetime
    department: str
    department_name: str
    account_name: str


async def list_entries(
    session: AsyncSession, register: Register, asked: Asked, *, cursor: str | None, limit: int
) -> list[Entry]:
    """Return entries by name, then id, after the cursor; InvalidQuery for one that is not ours."""
    source = source_of(register)
    row = source.c
    query = (
        select(source)
        .where(row.withdrawn.is_(False), *await _conditions(session, register, row, asked))
        .order_by(row.name_key, row.id)
        .limit(limit)
    )
    if cursor:
        query = query.where(tuple_(row.name_key, row.id) > tuple_(*_place(row, cursor)))
    return [_entry(found) for found in await session.execute(query)]


def _place(row: Any, cursor: str) -> list[Any]:
    name_key, key = decode_cursor(cursor, str, str)
    if isinstance(row.id.type, Uuid):
        try:
            return [name_key, UUID(key)]
        except ValueError:
            raise InvalidQuery(reason="cursor", pointer="cursor") from None
    return [name_key, key]


def _entry(found: Row[Any]) -> Entry:
    parts = dict(found._mapping)  # noqa: SLF001  SQLAlchemy's public name for it
    return Entry(**{**parts, "id": str(parts["id"])})


async def _conditions(
    session: AsyncSession, register: Register, row: Any, asked: Asked
) -> list[ColumnElement[bool]]:
    conditions = [true() if asked.every else in_force(row, asked.on)]
    if asked.county:
        conditions.append(row.county == asked.county)
    if asked.area:
        reporting = select(CountyArea.county).where(
            CountyArea.area == asked.area, in_force(CountyArea, asked.on)
        )
        conditions.append(or_(row.area == asked.area, row.county.in_(reporting)))
    if asked.industry:
        tree = await industry_tree(session)
        conditions.append(among(row.industry, below(tree, {asked.industry})))
    if asked.refers:
        fields = [field.name for field in register.fields if field.kind == "entry"]
        conditions.append(
            or_(*(row["values"][name].astext == asked.refers for name in fields), false())
        )
    for word in folded(asked.q).split():
        told = func.lower(row.name + " " + row.name_key + " " + cast(row["values"], Text))
        conditions.append(func.strpos(told, word) > 0)
    return conditions


async def industry_tree(session: AsyncSession) -> dict[str, str | None]:
    """Return the classification: each industry's parent."""
    rows = await session.execute(select(PlanIndustry.code, PlanIndustry.parent))
    return {row.code: row.parent for row in rows}


def below(tree: dict[str, str | None], codes: Collection[str]) -> set[str]:
    """Return industries with all that stand below them."""
    found = set(codes)
    while more := {code for code, parent in tree.items() if parent in found} - found:
        found |= more
    return found


async def find_entry(session: AsyncSession, register: Register, key: str) -> Entry:
    """Return one entry, withdrawn or not; NotFound."""
    source = source_of(register)
    asked: Any = key
    if isinstance(source.c.id.type, Uuid):
        try:
            asked = UUID(key)
        except ValueError:
            raise NotFound(what=key) from None
    found = (await session.execute(select(source).where(source.c.id == asked))).first()
    if found is None:
        raise NotFound(what=key)
    return _entry(found)


async def history_of(session: AsyncSession, entry: Entry) -> Sequence[Version]:
    """Return the newest versions of an entry, the newest first; none where it is kept elsewhere."""
    return await _versions(session, entry, true(), MOST_VERSIONS)


async def as_of(session: AsyncSession, register: Register, entry: Entry, day: date) -> Entry:
    """Return an entry as it stood at the end of a day; NotFound before it was entered."""
    end = datetime.combine(day, time.max, SHANGHAI)
    versions = await _versions(session, entry, RegisterVersion.recorded_at <= end, 1)
    if not versions:
        raise NotFound(what=entry.id)
    [then] = versions
    return replace(
        entry,
        name=then.name,
        county=register.code_of("county", then.values),
        area=register.code_of("area", then.values),
        industry=register.code_of("industry", then.values),
        values=then.values,
        document=then.document,
        valid_from=then.valid_from,
        valid_to=then.valid_to,
        withdrawn=then.withdrawn,
        version=then.number,
        changed_at=then.recorded_at,
    )


async def _versions(
    session: AsyncSession, entry: Entry, which: ColumnElement[bool], limit: int
) -> list[Version]:
    if entry.version is None:
        return []
    v = RegisterVersion
    query = (
        select(
            v.number, v.name, v.values, v.document, v.valid_from, v.valid_to, v.withdrawn,
            v.note, v.imported_by, v.recorded_at, v.department, PlanDepartment.short_name,
            Account.display_name,
        )
        .join(PlanDepartment, PlanDepartment.slug == v.department)
        .join(Account, Account.id == v.actor)
        .where(v.entry == UUID(entry.id), which)
        .order_by(v.number.desc())
        .limit(limit)
    )  # fmt: skip
    return [Version(*row) for row in await session.execute(query)]


async def personal_of(session: AsyncSession, entry: Entry) -> dict[str, Value] | None:
    """Return the personal data of an entry, name included; None where there is none or no more."""
    query = (
        select(RegisterPersonal.values)
        .where(RegisterPersonal.entry == UUID(entry.id), RegisterPersonal.number <= entry.version)
        .order_by(RegisterPersonal.number.desc())
        .limit(1)
    )
    found: dict[str, Value] | None = await session.scalar(query)
    return found


async def referring_to(
    session: AsyncSession, register: Register, entry: Entry
) -> list[tuple[str, int]]:
    """Return the registers whose standing entries refer to this one, and how many do."""
    fields = select(PlanRegisterField.register, PlanRegisterField.name).where(
        PlanRegisterField.refers == register.slug
    )
    ways = [
        (RegisterEntry.register == row.register)
        & (RegisterEntry.values[row.name].astext == entry.id)
        for row in await session.execute(fields)
    ]
    if not ways:
        return []
    query = (
        select(RegisterEntry.register, func.count())
        .where(or_(*ways), RegisterEntry.withdrawn.is_(False))
        .group_by(RegisterEntry.register)
        .order_by(RegisterEntry.register)
    )
    return [(slug, count) for slug, count in await session.execute(query)]
