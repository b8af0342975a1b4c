"""The subjects that keep reference tables: areas, pilots, unit weights, resource-use units."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints, model_validator
from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import PROVINCE, Area, County, CountyArea, Pilot
from app.auth.caller import Caller
from app.batches.codes import site_kind
from app.batches.schemas import SiteCode
from app.errors import InvalidBody, NotFound
from app.events.declare import Subject, register
from app.events.fields import Name, Slug, Words
from app.packaging.models import Term, UnitWeight, UnitWeightVersion
from app.parties.models import ListedUnit, Site
from app.web import Unfit, Wire

FIRST_YEAR, LAST_YEAR = 1900, 2199
AREA_KINDS = ("province", "city", "direct_city", "new_area")


def _day(value: Any) -> date:
    if isinstance(value, str) and len(value) == 10:  # noqa: PLR2004
        try:
            day = date.fromisoformat(value)
        except ValueError:
            pass
        else:
            if FIRST_YEAR <= day.year <= LAST_YEAR:
                return day
    raise Unfit(
        f"应为 {FIRST_YEAR} 至 {LAST_YEAR} 年间的日期，例如 2026-01-01",
        f"must be a date from {FIRST_YEAR} to {LAST_YEAR} such as 2026-01-01",
    )


Day = Annotated[date, BeforeValidator(_day)]
AreaCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]


class Dated(Wire):
    """A row that holds from a day to a day, both inclusive."""

    valid_from: Day
    valid_to: Day | None = None

    @model_validator(mode="after")
    def _not_upside_down(self) -> "Dated":
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise Unfit("截止日期早于开始日期", "valid_to is before valid_from")
        return self


class AreaRow(Dated):
    """A reporting area, or a county and the area it reports to (`parent`)."""

    code: AreaCode
    name: Name
    pinyin: Annotated[str, StringConstraints(pattern=r"^[a-z]{1,80}$")]
    kind: Literal[
        "province", "city", "direct_city", "new_area",
        "district", "county_city", "county", "autonomous_county",
    ]  # fmt: skip
    parent: AreaCode | None = None


class PilotRow(Dated):
    """A county designated as a pilot."""

    county: AreaCode
    document: Words | None = None
    note: Words | None = None


class UnitWeightRow(Wire):
    """Mean mass of one empty piece, in milligrams."""

    material: Slug
    form: Slug
    size: Slug
    weight_mg: Annotated[int, Field(ge=1, le=50_000_000)]
    source: Words


class ResourceUnitRow(Dated):
    """A unit on the province's list of resource-use units (认定)."""

    site: SiteCode
    document: Words | None = None


def plain(row: Wire) -> dict[str, Any]:
    """Return a row as it stands in a leaf."""
    return row.model_dump(mode="json", exclude_none=True)


async def _apply_areas(
    session: AsyncSession, _: Caller, rows: Sequence[AreaRow], __: UUID, ___: date
) -> None:
    await _check_areas(session, rows)
    areas = [r.model_dump() for r in rows if r.kind in AREA_KINDS]
    # The province, which has no parent, before those that report to it.
    areas.sort(key=lambda area: area["parent"] is not None)
    if areas:
        fresh = insert(Area)
        changed = {key: fresh.excluded[key] for key in areas[0] if key != "code"}
        await session.execute(
            fresh.on_conflict_do_update(index_elements=["code"], set_=changed), areas
        )
    for i, row in enumerate(rows):
        if row.kind not in AREA_KINDS:
            await _make_room(session, i, row)
            membership = insert(CountyArea).values(
                county=row.code, valid_from=row.valid_from, area=row.parent, valid_to=row.valid_to
            )
            await session.execute(
                membership.on_conflict_do_update(
                    index_elements=["county", "valid_from"],
                    set_={"area": row.parent, "valid_to": row.valid_to},
                )
            )


async def _make_room(session: AsyncSession, i: int, row: AreaRow) -> None:
    """End the membership before a new one: a county reports to one area at a time.

    Raises InvalidBody where the new one would run into the next, or two would count the county.
    """
    others = CountyArea.county == row.code
    following = select(func.min(CountyArea.valid_from)).where(
        others, CountyArea.valid_from > row.valid_from
    )
    following_from = await session.scalar(following)
    if following_from and (row.valid_to is None or row.valid_to >= following_from):
        raise InvalidBody.at(
            f"/rows/{i}/valid_to",
            f"应早于 {following_from}，从那天起已有下一段上报关系",
            f"must be before {following_from}, when the next membership begins",
        )
    await session.execute(
        update(CountyArea)
        .where(others, CountyArea.valid_from < row.valid_from)
        .where(or_(CountyArea.valid_to.is_(None), CountyArea.valid_to >= row.valid_from))
        .values(valid_to=row.valid_from - timedelta(days=1))
    )


async def _check_areas(session: AsyncSession, rows: Sequence[AreaRow]) -> None:
    """Raise where a row names a county that there is not, or an area to report to."""
    areas = set(await session.scalars(select(Area.code)))
    areas |= {row.code for row in rows if row.kind in AREA_KINDS}
    counties = set(await session.scalars(select(County.code)))
    for i, row in enumerate(rows):
        if row.kind in AREA_KINDS:
            above = None if row.kind == "province" else PROVINCE
            if row.parent != above:
                raise InvalidBody.at(
                    f"/rows/{i}/parent", f"上报区域的上级是 {PROVINCE}", f"must be {PROVINCE}"
                )
            continue
        if row.code not in counties:
            raise NotFound(what=row.code, pointer=f"/rows/{i}/code")
        if row.parent is None:
            raise InvalidBody.at(f"/rows/{i}/parent", "要写上报到哪里", "is missing")
        if row.parent not in areas:
            raise NotFound(what=row.parent, pointer=f"/rows/{i}/parent")


async def _apply_pilots(
    session: AsyncSession, _: Caller, rows: Sequence[PilotRow], event_id: UUID, __: date
) -> None:
    await _must_exist(session, County.code, [r.county for r in rows])
    fresh = insert(Pilot)
    await session.execute(
        fresh.on_conflict_do_update(
            index_elements=["county", "valid_from"],
            set_={k: fresh.excluded[k] for k in ("valid_to", "document", "note", "event_id")},
        ),
        [{**r.model_dump(), "event_id": event_id} for r in rows],
    )


async def _apply_unit_weights(
    session: AsyncSession, _: Caller, rows: Sequence[UnitWeightRow], event_id: UUID, on: date
) -> None:
    terms = await session.execute(select(Term.vocabulary, Term.slug))
    known = {(vocabulary, slug) for vocabulary, slug in terms}
    seen: set[tuple[str, str, str]] = set()
    for i, row in enumerate(rows):
        sort = (row.material, row.form, row.size)
        if not set(zip(("material", "form", "size"), sort, strict=True)) <= known:
            raise InvalidBody.at(f"/rows/{i}", "没有这种材质、形状或大小", "is not in a vocabulary")
        if sort in seen:
            raise InvalidBody.at(f"/rows/{i}", "同一种包装写了两次", "names a sort twice")
        seen.add(sort)
    newest = await session.scalar(select(func.max(UnitWeightVersion.version)))
    version = (newest or 0) + 1
    await session.execute(
        insert(UnitWeightVersion).values(version=version, valid_from=on, event_id=event_id)
    )
    await session.execute(
        insert(UnitWeight), [{**r.model_dump(), "version": version} for r in rows]
    )


async def _apply_resource_units(
    session: AsyncSession, _: Caller, rows: Sequence[ResourceUnitRow], event_id: UUID, __: date
) -> None:
    for i, row in enumerate(rows):
        if site_kind(row.site) != "R":
            raise InvalidBody.at(f"/rows/{i}/site", "不是资源化利用单位", "is no resource-use unit")
    await _must_exist(session, Site.code, [r.site for r in rows])
    fresh = insert(ListedUnit)
    await session.execute(
        fresh.on_conflict_do_update(
            index_elements=["site", "valid_from"],
            set_={k: fresh.excluded[k] for k in ("valid_to", "document", "event_id")},
        ),
        [{**r.model_dump(), "event_id": event_id} for r in rows],
    )


async def _must_exist(session: AsyncSession, column: Any, codes: list[str]) -> None:
    found = set(await session.scalars(select(column).where(column.in_(codes))))
    for i, code in enumerate(codes):
        if code not in found:
            raise NotFound(what=code, pointer=f"/rows/{i}")


register(Subject("areas", AreaRow, plain, _apply_areas))
register(Subject("pilots", PilotRow, plain, _apply_pilots))
register(Subject("unit_weights", UnitWeightRow, plain, _apply_unit_weights))
register(Subject("resource_units", ResourceUnitRow, plain, _apply_resource_units))
