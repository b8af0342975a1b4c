"""Labels by their place in their sheet: what is printed, voided or assigned, and what may be.

A label's number is its place among the codes of its sheet, from 1. Labels are never removed, so
it never changes; what is out of scope keeps its number and is not shown.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import Reach
from app.batches.errors import LabelsUsed, NotInSheet
from app.batches.models import Label, LabelSheet
from app.batches.read import USED, LabelFound, labels_within
from app.errors import NotFound
from app.orm import among


@dataclass(frozen=True)
class Numbered(LabelFound):
    """A label with its number in its sheet."""

    number: int


@dataclass(frozen=True)
class Numbers:
    """The labels from one number to another; as far as the sheet goes where an end is open."""

    first: int | None = None
    last: int | None = None


ALL = Numbers()


async def sheet_labels(
    session: AsyncSession, reach: Reach, sheet: UUID, asked: Numbers = ALL
) -> tuple[LabelSheet, list[Numbered]]:
    """Return a sheet and those of its labels that were asked for, by number.

    Raises NotInSheet for numbers that it does not have, NotFound for a sheet none of whose labels
    is in reach, and for a number in the middle whose label is not.
    """
    found = await session.get(LabelSheet, sheet)
    labels = await _numbered(session, reach, Label.sheet == sheet) if found else []
    if found is None or not labels:
        raise NotFound(what=str(sheet))
    if asked == ALL:
        return found, labels
    first, last = asked.first or 1, asked.last or found.count
    if not 1 <= first <= last <= found.count:
        pointer = "/first" if first > found.count else "/last"
        raise NotInSheet(first=first, last=last, count=found.count, pointer=pointer)
    chosen = [one for one in labels if first <= one.number <= last]
    if missing := set(range(first, last + 1)) - {one.number for one in chosen}:
        raise NotFound(what=f"第 {min(missing)} 张")
    return found, chosen


async def labels_named(session: AsyncSession, reach: Reach, codes: Sequence[str]) -> list[Numbered]:
    """Return labels by sheet and number; NotFound, pointing at it, for a code out of reach."""
    wanted = set(codes)
    sheets = Label.sheet.in_(select(Label.sheet).where(among(Label.code, wanted)))
    found = await _numbered(session, reach, sheets, among(Label.code, wanted))
    known = {one.label.code for one in found}
    for place, code in enumerate(codes):
        if code not in known:
            raise NotFound(what=code, pointer=f"/codes/{place}")
    return found


async def _numbered(
    session: AsyncSession, reach: Reach, sheets: ColumnElement[bool], *which: ColumnElement[bool]
) -> list[Numbered]:
    number = func.row_number().over(partition_by=Label.sheet, order_by=Label.code)
    numbers = select(Label.code, number.label("number")).where(sheets).subquery()
    query = (
        select(Label, USED, numbers.c.number)
        .join(numbers, numbers.c.code == Label.code)
        .where(labels_within(reach), *which)
        .order_by(Label.sheet, numbers.c.number)
    )
    return [Numbered(*row) for row in await session.execute(query)]


def still_unused(labels: Sequence[Numbered], *, leave_used: bool) -> list[Numbered]:
    """Return the labels that nobody has used or voided; LabelsUsed for used ones unless left be."""
    used = [one for one in labels if one.used]
    if used and not leave_used:
        raise LabelsUsed(batch=used[0].label.code, count=len(used))
    return [one for one in labels if not one.used and not one.void]


@dataclass(frozen=True)
class Tally:
    """How many labels at a site, or kept by the county, are unused, used and void."""

    site: str | None
    unused: int
    used: int
    void: int

    @property
    def all(self) -> int:
        """Return how many there are."""
        return self.unused + self.used + self.void


def tallies(labels: Collection[Numbered]) -> list[Tally]:
    """Count labels by site; those that the county keeps come first."""
    counted: dict[str, Counter[str]] = {}
    for one in labels:
        state = "used" if one.used else "void" if one.void else "unused"
        counted.setdefault(one.label.site or "", Counter())[state] += 1
    return [
        Tally(site or None, found["unused"], found["used"], found["void"])
        for site, found in sorted(counted.items())
    ]
