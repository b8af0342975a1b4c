"""What the values of a register's fields may refer to: places, industries, entries of others."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import Area, County
from app.orm import among
from app.plan.tables import PlanIndustry, PlanIndustryMapping, PlanListedIndustry
from app.registers.fields import Codes, Field, folded
from app.registers.models import RegisterEntry
from app.registers.register import Register

SHORT = ("市", "新区")
"""What is left out of the names of reporting areas: 石家庄, 雄安."""


@dataclass(frozen=True)
class Referred:
    """An entry of another register to which a value refers."""

    id: UUID
    register: str
    name: str
    valid_to: date | None
    withdrawn: bool


@dataclass(frozen=True)
class Known:
    """Names by code and codes by folded name, by kind of field; and the entries asked for."""

    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    by_name: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    entries: Mapping[str, Referred] = field(default_factory=dict)

    def codes(self, asked: Field) -> Codes:
        """Return the look-up for a field's values."""
        return self._entry_ids(asked) if asked.kind == "entry" else self._codes(asked.kind)

    def _codes(self, kind: str) -> Codes:
        names, by_name = self.names.get(kind, {}), self.by_name.get(kind, {})

        def find(text: str) -> Sequence[str]:
            return (text,) if text in names else by_name.get(folded(text), ())

        return find

    def _entry_ids(self, asked: Field) -> Codes:
        own = [entry for entry in self.entries.values() if entry.register == asked.refers]
        by_name: dict[str, list[Referred]] = defaultdict(list)
        for entry in own:
            by_name[folded(entry.name)].append(entry)
        ids = {str(entry.id) for entry in own}

        def find(text: str) -> Sequence[str]:
            if text.lower() in ids:
                return (text.lower(),)
            named = by_name.get(folded(text), [])
            # A withdrawn one is meant only where no other has the name; it is then refused by name.
            standing = [entry for entry in named if not entry.withdrawn] or named[:1]
            return [str(entry.id) for entry in standing]

        return find

    def shown_names(self, asked: Field) -> Mapping[str, str]:
        """Return what the codes in a field's values are called."""
        if asked.kind == "entry":
            return {key: entry.name for key, entry in self.entries.items()}
        return self.names.get(asked.kind, {})


async def known_to(session: AsyncSession, register: Register, texts: Iterable[Any]) -> Known:
    """Return what the register's fields may refer to, for values as they were sent or stored.

    `texts` are the values of its fields of kind `entry`. At most five statements, however many.
    """
    kinds = {one.kind for one in register.fields}
    names: dict[str, dict[str, str]] = {}
    by_name: dict[str, dict[str, list[str]]] = {}
    if kinds & {"area", "county"}:
        areas = (await session.execute(select(Area.code, Area.name))).all()
        names["area"] = {row.code: row.name for row in areas}
        by_name["area"] = _by_name(
            (form, code) for code, name in names["area"].items() for form in {name, _short(name)}
        )
    if "county" in kinds:
        counties = (await session.execute(select(County.code, County.name, County.city))).all()
        names["county"] = {row.code: row.name for row in counties}
        cities = names["area"]
        by_name["county"] = _by_name(
            pair
            for row in counties
            for pair in ((row.name, row.code), (cities.get(row.city, "") + row.name, row.code))
        )
    if "industry" in kinds:
        names["industry"], by_name["industry"] = await _industries(session)
    entries: dict[str, Referred] = {}
    refers = {one.refers for one in register.fields if one.refers}
    if refers:
        entries = await _entries(session, refers, texts)
    return Known(names, by_name, entries)


def _short(name: str) -> str:
    for ending in SHORT:
        name = name.removesuffix(ending)
    return name


def _by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return codes by folded name, in order, none twice under a name."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for name, code in pairs:
        found[folded(name)][code] = None
    return {name: sorted(codes) for name, codes in found.items()}


async def _industries(
    session: AsyncSession,
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return the classification; a printed name stands for what it is the same as, or all of."""
    rows = (await session.execute(select(PlanIndustry.code, PlanIndustry.name))).all()
    names = {row.code: row.name for row in rows}
    printed = select(
        PlanListedIndustry.printed, PlanIndustryMapping.industry, PlanIndustryMapping.relation
    ).join(
        PlanIndustryMapping,
        (PlanIndustryMapping.list == PlanListedIndustry.list)
        & (PlanIndustryMapping.position == PlanListedIndustry.position),
    )
    mapped = (await session.execute(printed)).all()
    same = _by_name((row.printed, row.industry) for row in mapped if row.relation == "same")
    loose = _by_name((row.printed, row.industry) for row in mapped)
    return names, loose | same | _by_name((name, code) for code, name in names.items())


async def _entries(
    session: AsyncSession, registers: Collection[str], texts: Iterable[Any]
) -> dict[str, Referred]:
    """Return the entries that texts may name, by id, in one statement."""
    asked = {text.strip() for text in texts if isinstance(text, str) and text.strip()}
    query = select(
        RegisterEntry.id,
        RegisterEntry.register,
        RegisterEntry.name,
        RegisterEntry.valid_to,
        RegisterEntry.withdrawn,
    ).where(
        among(RegisterEntry.register, registers),
        or_(
            among(RegisterEntry.name_key, {folded(text) for text in asked}),
            among(RegisterEntry.id, {found for text in asked if (found := _uuid(text))}),
        ),
    )
    return {str(row.id): Referred(*row) for row in await session.execute(query)}


def _uuid(text: str) -> UUID | None:
    try:
        found = UUID(text)
    except ValueError:
        return None
    # UUID() by itself also takes braces and texts without hyphens.
    return found if str(found) == text.lower() else None
