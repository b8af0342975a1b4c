"""Labels and batches that a caller's scope reaches. Out of scope looks like absent."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, exists, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import Reach, within
from app.batches.models import Batch, Label, LabelSheet
from app.orm import overlaps
from app.parties.models import Site
from app.parties.read import sites_within
from app.prepared import Prepared


@dataclass(frozen=True)
class LabelFound:
    """A label, and whether an event has named it."""

    label: Label
    used: bool

    @property
    def void(self) -> bool:
        """Tell whether it must not be used. One whose first event came while it was voided stays."""
        return self.label.voided_at is not None and not self.used


def labels_within(reach: Reach) -> ColumnElement[bool]:
    """Return the WHERE clause that keeps labels inside `reach`.

    They are seen by their county and by their site; a township's officials see those for its
    sites, and those of the county that name no site.
    """
    ways = [within(reach, county=Label.county, site=Label.site)]
    if reach.township or reach.organisations:
        ways.append(Label.site.in_(select(Site.code).where(sites_within(reach))))
    if reach.township:
        ways.append((Label.county == reach.township[0]) & Label.site.is_(None))
    return or_(*ways)


def sheets_within(reach: Reach) -> ColumnElement[bool]:
    """Return the WHERE clause that keeps sheets inside `reach`: by their county or their labels."""
    if reach.everything or reach.counties:
        return within(reach, county=LabelSheet.county)
    return LabelSheet.id.in_(select(Label.sheet).where(labels_within(reach)))


def batches_within(reach: Reach) -> ColumnElement[bool]:
    """Return the WHERE clause that keeps batches inside `reach`: by their origins and sites."""
    return within(reach, seen_by=Batch.seen_by)


USED = exists().where(Batch.code == Label.code)
"""Whether an event has named a label."""


async def list_labels(
    session: AsyncSession,
    reach: Reach,
    *,
    county: str | None = None,
    site: str | None = None,
    sheet: UUID | None = None,
    kind: str | None = None,
    unused: bool = False,
    after: str = "",
    limit: int,
) -> list[LabelFound]:
    """Return labels in reach by code after `after`; `unused` leaves out used and void ones."""
    query = (
        select(Label, USED)
        .where(labels_within(reach), Label.code > after)
        .order_by(Label.code)
        .limit(limit)
    )
    narrowed = (
        (Label.county, county),
        (Label.site, site),
        (Label.sheet, sheet),
        (Label.kind, kind),
    )
    for column, value in narrowed:
        if value is not None:
            query = query.where(column == value)
    if unused:
        query = query.where(~USED, Label.voided_at.is_(None))
    return [LabelFound(label, used) for label, used in await session.execute(query)]


async def find_label(session: AsyncSession, reach: Reach, code: str) -> Label | None:
    """Return a label that is in reach itself, or whose bag is; None where there is none."""
    bag = exists().where(Batch.code == Label.code, batches_within(reach))
    query = select(Label).where(Label.code == code, or_(labels_within(reach), bag))
    return await session.scalar(query)


async def find_unused_label(session: AsyncSession, reach: Reach, code: str) -> Label | None:
    """Return a label in reach that no event has named, None where there is none."""
    query = select(Label).where(Label.code == code, labels_within(reach), ~USED)
    return await session.scalar(query)


async def list_sheets(
    session: AsyncSession,
    reach: Reach,
    *,
    before: tuple[datetime, UUID] | None = None,
    limit: int,
) -> Sequence[LabelSheet]:
    """Return sheets in reach, newest first by (issued_at, id)."""
    newest = (LabelSheet.issued_at.desc(), LabelSheet.id.desc())
    query = select(LabelSheet).where(sheets_within(reach)).order_by(*newest)
    if before is not None:
        query = query.where(tuple_(LabelSheet.issued_at, LabelSheet.id) < before)
    return (await session.scalars(query.limit(limit))).all()


async def list_batches(
    session: AsyncSession,
    reach: Reach,
    *,
    counties: Collection[str] = (),
    site: str | None = None,
    statuses: Collection[str] = (),
    container: str | None = None,
    since: datetime | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int,
) -> Sequence[Batch]:
    """Return batches in reach that changed at or after `since`, by (updated_at, code).

    `counties` keeps those with an origin or a step in one of them; `site` those it holds or sent;
    `container` those that are in it now.
    """
    query = _batches(reach, counties, site, statuses).order_by(Batch.updated_at, Batch.code)
    if container:
        query = query.where(Batch.container == container)
    if since is not None:
        query = query.where(Batch.updated_at >= since)
    if after is not None:
        query = query.where(tuple_(Batch.updated_at, Batch.code) > after)
    return (await session.scalars(query.limit(limit))).all()


async def latest_batches(
    session: AsyncSession,
    reach: Reach,
    *,
    counties: Collection[str] = (),
    site: str | None = None,
    statuses: Collection[str] = (),
    container: str | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int,
) -> Sequence[Batch]:
    """Return batches in reach by their latest change, newest first: what people look for."""
    newest = (Batch.updated_at.desc(), Batch.code.desc())
    query = _batches(reach, counties, site, statuses).order_by(*newest)
    if container:
        query = query.where(Batch.container == container)
    if before is not None:
        query = query.where(tuple_(Batch.updated_at, Batch.code) < before)
    return (await session.scalars(query.limit(limit))).all()


def _batches(
    reach: Reach, counties: Collection[str], site: str | None, statuses: Collection[str]
) -> Select[Batch]:
    query = select(Batch).where(batches_within(reach))
    if counties:
        query = query.where(overlaps(Batch.seen_by, sorted(counties)))
    if site:
        query = query.where(Batch.site == site)
    if statuses:
        query = query.where(Batch.status.in_(statuses))
    return query


async def find_batch(session: AsyncSession, reach: Reach, code: str) -> Batch | None:
    """Return a used label's batch in reach, None where there is none."""
    return await session.scalar(select(Batch).where(Batch.code == code, batches_within(reach)))


_USED = Prepared(
    select(Batch.kind, Batch.state["label"], Batch.seen_by).where(Batch.code == bindparam("code"))
)


async def find_used_label(
    session: AsyncSession, reach: Reach, code: str
) -> tuple[str, dict[str, Any]] | None:
    """Return the kind of a used label in reach and what was printed on it; None where there is none."""
    for kind, label, seen_by in await _USED.rows(session, code=code):
        if reach.sees(seen_by):
            return kind, label
    return None
