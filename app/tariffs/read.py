"""Tariffs read from their table: a county has a few dozen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.orm import among
from app.tariffs.models import TariffRow
from app.tariffs.tariff import Tariff

_FIELDS = tuple(one.name for one in fields(Tariff))
MOST = 500
"""Rows of one county that are shown, or that a phone takes along."""


@dataclass(frozen=True)
class Shown:
    """A tariff with the file that it rests on, and how it stands today."""

    tariff: Tariff
    document: str
    event_id: str
    standing: str

    def public(self) -> dict[str, Any]:
        """Return it as it is answered."""
        found = {name: getattr(self.tariff, name) for name in _FIELDS}
        return found | {
            "valid_from": self.tariff.valid_from.isoformat(),
            "valid_to": self.tariff.valid_to.isoformat() if self.tariff.valid_to else None,
            "document": self.document, "event_id": self.event_id, "standing": self.standing,
        }  # fmt: skip


async def tariffs_of(
    session: AsyncSession, counties: Iterable[str]
) -> Mapping[str, Sequence[Tariff]]:
    """Return every tariff that counties ever declared, by county."""
    found: dict[str, list[Tariff]] = {}
    query = select(TariffRow).where(among(TariffRow.county, set(counties)))
    for row in await session.scalars(query):
        found.setdefault(row.county, []).append(_tariff(row))
    return found


async def shown(session: AsyncSession, county: str, on: date) -> list[Shown]:
    """Return a county's tariffs, what holds now first."""
    rows = (
        await session.scalars(
            select(TariffRow)
            .where(TariffRow.county == county)
            .order_by(*(getattr(TariffRow, name) for name in _FIELDS[1:7]), TariffRow.valid_from.desc())
            .limit(MOST)
        )
    ).all()  # fmt: skip
    every = [_tariff(row) for row in rows]
    return [
        Shown(one, row.document, str(row.event_id), _standing(one, every, on))
        for one, row in zip(every, rows, strict=True)
    ]


async def for_the_phone(session: AsyncSession, county: str, on: date) -> list[dict[str, Any]]:
    """Return what a phone needs to reckon 有偿回收 from a day on."""
    rows = await session.scalars(
        select(TariffRow)
        .where(TariffRow.county == county, TariffRow.scheme.in_(("buyback", "deposit")))
        .where(or_(TariffRow.valid_to.is_(None), TariffRow.valid_to >= on))
        .order_by(*(getattr(TariffRow, name) for name in _FIELDS[1:8]))
        .limit(MOST)
    )
    return [
        {
            **{name: getattr(row, name) for name in _FIELDS if name != "county"},
            "valid_from": row.valid_from.isoformat(),
            "valid_to": row.valid_to.isoformat() if row.valid_to else None,
        }
        for row in rows
    ]


def _tariff(row: TariffRow) -> Tariff:
    return Tariff(**{name: getattr(row, name) for name in _FIELDS})


def _standing(one: Tariff, every: Sequence[Tariff], on: date) -> str:
    if on < one.valid_from:
        return "to_come"
    if not one.holds(on):
        return "over"
    newer = any(
        other.holds(on) and other.valid_from > one.valid_from and _key(other) == _key(one)
        for other in every
    )
    return "replaced" if newer else "in_force"


def _key(one: Tariff) -> tuple[str, ...]:
    return (one.scheme, one.payee, one.per, one.material, one.form, one.size)
