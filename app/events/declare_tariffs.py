"""The subject `tariffs` (押金、有偿回收和补贴标准): what a county pays from a day on.

A row begins after the day on which it is declared: what was handed in was paid by what held then,
and no late phone can tell of a hand-in that the new row should have paid.
"""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import County
from app.areas.scope import reach_of
from app.auth.caller import Caller
from app.errors import InvalidBody, NotFound
from app.events.declare import Subject, register
from app.events.declare_reference import AreaCode, Dated, plain
from app.events.fields import Slug, Words
from app.events.happening import day_of
from app.ledger.models import Event
from app.packaging.models import Term
from app.tariffs.models import TariffRow
from app.tariffs.tariff import Payee, Per, Scheme
from app.web import Unfit

MOST_FEN = 100_000_000
"""A million yuan a tonne: more is a slip of the keyboard."""
PAYS = {
    "deposit": ({"shop"}, {"piece"}),
    "buyback": ({"shop"}, {"piece", "kg"}),
    "subsidy": ({"shop", "hauler", "plant"}, {"tonne"}),
}
"""Who settles by each scheme, and what it is reckoned by."""
_KEY = ("county", "scheme", "payee", "per", "material", "form", "size", "valid_from")


class TariffLine(Dated):
    """So many fen a piece, kilogram or tonne; see `app/tariffs/tariff.py`."""

    county: AreaCode
    scheme: Scheme
    payee: Payee = "shop"
    per: Per
    material: Slug | Literal[""] = ""
    form: Slug | Literal[""] = ""
    size: Slug | Literal[""] = ""
    fen: Annotated[int, Field(ge=0, le=MOST_FEN)]
    document: Words

    @model_validator(mode="after")
    def _goes_together(self) -> "TariffLine":
        payees, units = PAYS[self.scheme]
        if self.payee not in payees:
            raise Unfit(
                "押金和有偿回收由回收点结算", "deposits and buy-back are settled by shops", "/payee"
            )
        if self.per not in units:
            raise Unfit(
                "押金按件，有偿回收按件或按千克，补贴按吨",
                f"must be one of {', '.join(sorted(units))} for {self.scheme}",
                "/per",
            )
        if self.per != "piece" and (self.material or self.form or self.size):
            raise Unfit(
                "按重量的标准不分材质、形状和大小", "a tariff by mass takes every sort", "/material"
            )
        return self  # fmt: skip


async def _apply(
    session: AsyncSession, caller: Caller, rows: Sequence[TariffLine], event_id: UUID, _: date
) -> None:
    recorded_at = select(Event.recorded_at).where(Event.id == event_id)
    today = day_of((await session.scalars(recorded_at)).one())
    await _check_counties(session, caller, rows)
    await _check_sorts(session, rows)
    seen: set[tuple[str, ...]] = set()
    for i, row in enumerate(rows):
        if row.valid_from <= today:
            raise InvalidBody.at(
                f"/rows/{i}/valid_from",
                "最早从明天起施行：已经交回的，按交回那天的标准",
                "must be after today: what was handed in is paid by what held then",
            )
        key = tuple(str(getattr(row, name)) for name in _KEY)
        if key in seen:
            raise InvalidBody.at(f"/rows/{i}", "同一种、同一天写了两次", "names a sort's day twice")
        seen.add(key)
    fresh = insert(TariffRow)
    changed = {name: fresh.excluded[name] for name in ("valid_to", "fen", "document", "event_id")}
    await session.execute(
        # The latest word on a day that has not come holds; the log keeps them all.
        fresh.on_conflict_do_update(index_elements=list(_KEY), set_=changed),
        [{**row.model_dump(), "event_id": event_id} for row in rows],
    )


async def _check_counties(
    session: AsyncSession, caller: Caller, rows: Sequence[TariffLine]
) -> None:
    reach = await reach_of(session, caller)
    named = {row.county for row in rows}
    known = set(await session.scalars(select(County.code).where(County.code.in_(named))))
    for i, row in enumerate(rows):
        if row.county not in known or not reach.holds_county(row.county):
            raise NotFound(what=row.county, pointer=f"/rows/{i}/county")


async def _check_sorts(session: AsyncSession, rows: Sequence[TariffLine]) -> None:
    known = {(t.vocabulary, t.slug) for t in await session.scalars(select(Term))}
    for i, row in enumerate(rows):
        for part in ("material", "form", "size"):
            slug = getattr(row, part)
            if slug and (part, slug) not in known:
                raise InvalidBody.at(
                    f"/rows/{i}/{part}", "不在包装分类里", "is not in the vocabulary"
                )


register(Subject("tariffs", TariffLine, plain, _apply))
