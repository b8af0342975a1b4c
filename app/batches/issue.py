"""Issue labels: codes that nobody can guess, unique for ever, one sheet an order."""

from datetime import datetime
from random import Random
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Text, bindparam, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from app.areas.models import County
from app.areas.scope import Reach, reach_of
from app.auth.caller import Caller
from app.auth.permissions import require
from app.batches.codes import RANDOM_BITS, make_code
from app.batches.errors import SheetIdReused, SiteNotForLabels
from app.batches.models import Label, LabelSheet
from app.db import WriteSession
from app.errors import NotFound
from app.ids import uuid7
from app.parties.models import Site
from app.parties.read import sites_within

SITES_OF_KIND = {"bag": frozenset("PS"), "container": frozenset("PSRILH")}
"""Bags are filled at points and stations; boxes, cages and pallets are loaded anywhere."""


async def issue_labels(
    session: WriteSession,
    *,
    county: str,
    kind: str,
    count: int,
    site: str | None,
    by: Caller,
    now: datetime,
    rng: Random,
    sheet: UUID | None = None,
    tare_g: int | None = None,
) -> tuple[UUID, list[str]]:
    """Issue `count` labels of a county and return their sheet's id and their codes, sorted.

    `rng` gives the forty random bits of each code, and the sheet's id where the caller brings
    none; the same order under the same `sheet` again returns what was issued. `tare_g` is what
    each container weighs empty. Raises Forbidden,
    NotFound for a county or site that is absent or out of reach, SiteNotForLabels, SheetIdReused.
    """
    require(by, "labels.issue")
    reach = await reach_of(session, by)
    await _check_county(session, reach, county)
    if site is not None:
        await check_site(session, reach, county, kind, site)
    order = LabelSheet(
        id=sheet or uuid7(rng, now),
        county=county,
        kind=kind,
        count=count,
        site=site,
        issued_by=by.id,
        issued_at=now,
    )
    if await _is_new(session, order):
        return order.id, await _draw(session, order, rng, tare_g)
    return order.id, await _issued_before(session, order)


async def _check_county(session: WriteSession, reach: Reach, county: str) -> None:
    in_reach = reach.holds_county(county) or (reach.township and reach.township[0] == county)
    known = in_reach and await session.scalar(select(County.code).where(County.code == county))
    if not known:
        raise NotFound(what=county, pointer="/county")


async def check_site(
    session: WriteSession, reach: Reach, county: str, kind: str, site: str
) -> None:
    """Raise where a site may not have a county's labels of a kind: NotFound, SiteNotForLabels."""
    found = await session.scalar(select(Site).where(Site.code == site, sites_within(reach)))
    if found is None:
        raise NotFound(what=site, pointer="/site")
    if found.county != county:
        raise SiteNotForLabels(
            site=site,
            reason="站点不在这个县（市、区）",
            reason_en="it lies in another county",
            pointer="/site",
        )
    if found.kind not in SITES_OF_KIND[kind]:
        raise SiteNotForLabels(
            site=site,
            reason="袋标签只发给回收点和贮存站",
            reason_en="bags are filled at points and stations",
            pointer="/site",
        )


async def _is_new(session: WriteSession, order: LabelSheet) -> bool:
    """Insert the sheet; False where its id stands. Two clicks at once wait for each other here."""
    values = {key: getattr(order, key) for key in LabelSheet.__table__.columns.keys()}  # noqa: SIM118
    statement = insert(LabelSheet).values(values).on_conflict_do_nothing()
    return await session.scalar(statement.returning(LabelSheet.id)) is not None


async def _issued_before(session: WriteSession, order: LabelSheet) -> list[str]:
    standing = await session.get_one(LabelSheet, order.id)
    same = ("county", "kind", "count", "site", "issued_by")
    if any(getattr(standing, key) != getattr(order, key) for key in same):
        raise SheetIdReused(sheet=str(order.id))
    codes = select(Label.code).where(Label.sheet == order.id).order_by(Label.code)
    return list(await session.scalars(codes))


async def _draw(
    session: WriteSession, order: LabelSheet, rng: Random, tare_g: int | None
) -> list[str]:
    """Insert new labels in one statement; codes that stand already are drawn again."""
    rows = select(
        func.unnest(bindparam("codes", type_=ARRAY(Text))),
        literal(order.county),
        literal(order.kind),
        literal(order.id),
        literal(order.site, Text),
        literal(order.issued_at),
        literal(tare_g, BigInteger),
    )
    statement = (
        insert(Label.__table__)  # type: ignore[arg-type]
        .from_select(["code", "county", "kind", "sheet", "site", "issued_at", "tare_g"], rows)
        .on_conflict_do_nothing()
        .returning(Label.code)
    )
    codes: list[str] = []
    while missing := order.count - len(codes):
        new = [make_code(order.county, rng.getrandbits(RANDOM_BITS)) for _ in range(missing)]
        codes += await session.scalars(statement, {"codes": new})
    return sorted(codes)
