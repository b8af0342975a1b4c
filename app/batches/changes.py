"""Void labels, assign them to a site, and keep what was done with a sheet.

Recording does not lock labels: a bag whose first event comes while its label is voided, or moved,
is a bag all the same. So a label counts as void only while no event has named it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import Reach, reach_of
from app.auth.caller import Caller
from app.auth.permissions import require
from app.batches.issue import check_site
from app.batches.models import Label, LabelChange
from app.batches.numbered import ALL, Numbered, Numbers, labels_named, sheet_labels, still_unused
from app.batches.read import USED
from app.db import WriteSession
from app.ids import SYSTEM, uuid7
from app.orm import among


@dataclass(frozen=True)
class Chosen:
    """Labels by their codes, or by their sheet and numbers."""

    codes: Sequence[str] = ()
    sheet: UUID | None = None
    numbers: Numbers = ALL
    leave_used: bool = False
    """Leave used labels as they are; otherwise one of them refuses all."""

    async def find(self, session: AsyncSession, reach: Reach) -> list[Numbered]:
        """Return the labels; raises as sheet_labels and labels_named do."""
        if self.sheet is None:
            return await labels_named(session, reach, self.codes)
        return (await sheet_labels(session, reach, self.sheet, self.numbers))[1]


@dataclass(frozen=True)
class Changed:
    """How many labels were changed, and how many were left because they are used, or void."""

    changed: int
    used: int
    void: int


async def void_labels(
    session: WriteSession, caller: Caller, chosen: Chosen, *, reason: str, now: datetime
) -> Changed:
    """Void labels that nobody has used, for ever; those that are void stay so.

    Raises Forbidden, NotFound, NotInSheet, LabelsUsed.
    """
    require(caller, "labels.void")
    labels = await chosen.find(session, await reach_of(session, caller))
    return await _change(session, caller, chosen, labels, "void", reason, {"voided_at": now}, now)


async def assign_labels(
    session: WriteSession, caller: Caller, chosen: Chosen, *, site: str | None, now: datetime
) -> Changed:
    """Give unused labels to a site of their county, or back to the county where it is None.

    Raises Forbidden, NotFound, NotInSheet, LabelsUsed, SiteNotForLabels.
    """
    require(caller, "labels.assign")
    reach = await reach_of(session, caller)
    labels = await chosen.find(session, reach)
    if site is not None:
        for county, kind in {(one.label.county, one.label.kind) for one in labels}:
            await check_site(session, reach, county, kind, site)
    return await _change(session, caller, chosen, labels, "assign", site, {"site": site}, now)


async def _change(
    session: WriteSession,
    caller: Caller,
    chosen: Chosen,
    labels: Sequence[Numbered],
    act: str,
    detail: str | None,
    values: dict[str, datetime | str | None],
    now: datetime,
) -> Changed:
    unused = still_unused(labels, leave_used=chosen.leave_used)
    statement = (
        update(Label)
        .where(among(Label.code, [one.label.code for one in unused]))
        .where(Label.voided_at.is_(None), ~USED)
        .values(values)
        .returning(Label.code)
        .execution_options(synchronize_session=False)
    )
    done = set(await session.scalars(statement)) if unused else set()
    changed = [one for one in unused if one.label.code in done]
    keep_changes(session, changed, act, detail, caller, now)
    used = sum(one.used for one in labels)
    return Changed(len(changed), used, len(labels) - len(changed) - used)


def keep_changes(
    session: WriteSession,
    labels: Sequence[Numbered],
    act: str,
    detail: str | None,
    by: Caller,
    now: datetime,
) -> None:
    """Write down what was done with labels, given by sheet and number: a line a sheet."""
    for sheet, group in groupby(labels, key=lambda one: one.label.sheet):
        numbers = [one.number for one in group]
        session.add(
            LabelChange(
                id=uuid7(SYSTEM, now),
                sheet=sheet,
                act=act,
                first=numbers[0],
                last=numbers[-1],
                count=len(numbers),
                detail=detail,
                done_by=by.id,
                done_at=now,
            )
        )


async def changes_of(session: AsyncSession, sheet: UUID, limit: int) -> Sequence[LabelChange]:
    """Return what was done with a sheet, the latest first."""
    latest = (LabelChange.done_at.desc(), LabelChange.id.desc())
    query = select(LabelChange).where(LabelChange.sheet == sheet).order_by(*latest).limit(limit)
    return (await session.scalars(query)).all()


async def prints_of(session: AsyncSession, sheets: Collection[UUID]) -> dict[UUID, int]:
    """Return how often sheets, or parts of them, were printed; those never printed are absent."""
    query = (
        select(LabelChange.sheet, func.count())
        .where(among(LabelChange.sheet, sheets), LabelChange.act == "print")
        .group_by(LabelChange.sheet)
    )
    return {sheet: count for sheet, count in await session.execute(query)}  # noqa: C416
