"""Read settlements and their lines, within the caller's reach."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.names import county_names
from app.areas.scope import Reach, within
from app.errors import InvalidQuery, NotFound
from app.ledger.models import Leaf
from app.money.models import DepositSold, Settlement, SettlementLine, UnitReturn
from app.orm import among
from app.pagination import decode_cursor
from app.parties.models import Organisation
from app.parties.names import site_names

SETTLEMENT = tuple(column.name for column in Settlement.__table__.columns)
_LINE = (
    "event", "scheme", "n", "site", "occurred_on", "pieces", "mass_g", "paid_fen", "worth_fen", "fen",
)  # fmt: skip


async def settlement(session: AsyncSession, reach: Reach, id_: UUID) -> Settlement:
    """Return a settlement in reach; NotFound otherwise."""
    found = await session.scalar(select(Settlement).where(Settlement.id == id_, _seen(reach)))
    if found is None:
        raise NotFound(what=str(id_))
    return found


def _seen(reach: Reach) -> Any:
    """Return what keeps to the caller's counties, or to what is settled with the caller."""
    return within(
        reach, county=Settlement.county, site=Settlement.payee, organisation=Settlement.payee
    )


async def settlements(
    session: AsyncSession,
    reach: Reach,
    *,
    county: str | None = None,
    status: str | None = None,
    payee: str | None = None,
    before: tuple[Any, UUID] | None = None,
    limit: int,
) -> Sequence[Settlement]:
    """Return settlements in reach, newest first."""
    query = (
        select(Settlement)
        .where(_seen(reach))
        .order_by(Settlement.drafted_at.desc(), Settlement.id.desc())
        .limit(limit)
    )
    for column, wanted in (
        (Settlement.county, county), (Settlement.status, status), (Settlement.payee, payee)
    ):  # fmt: skip
        if wanted:
            query = query.where(column == wanted)
    if before:
        query = query.where(tuple_(Settlement.drafted_at, Settlement.id) < before)
    return (await session.scalars(query)).all()


def public(row: Settlement) -> dict[str, Any]:
    """Return a settlement as it is answered."""
    return {name: _plain(getattr(row, name)) for name in SETTLEMENT}


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


async def lines(
    session: AsyncSession,
    id_: UUID,
    *,
    after: tuple[date, UUID, str, int] | None = None,
    limit: int,
) -> list[dict[str, Any]]:
    """Return a settlement's lines by day, each with its event's leaf; of 有偿回收 what was paid."""
    line = SettlementLine
    order = (line.occurred_on, line.event, line.scheme, line.n)
    query = (
        select(*(getattr(line, name) for name in _LINE), Leaf.leaf_index)
        .outerjoin(Leaf, Leaf.event_id == line.event)
        .where(line.settlement == id_)
        .order_by(*order)
        .limit(limit)
    )
    if after:
        query = query.where(tuple_(*order) > after)
    return [dict(row) for row in (await session.execute(query)).mappings()]


def key_of_line(row: dict[str, Any]) -> list[Any]:
    """Return a line's place in its settlement, for a cursor."""
    return [row["occurred_on"].isoformat(), str(row["event"]), row["scheme"], row["n"]]


def after_line(cursor: str | None) -> tuple[date, UUID, str, int] | None:
    """Return the line after which a page begins, if any; InvalidQuery."""
    if cursor is None:
        return None
    on, event, scheme, n = decode_cursor(cursor, str, str, str, int)
    try:
        return date.fromisoformat(on), UUID(event), scheme, n
    except ValueError:
        raise InvalidQuery(reason="cursor", pointer="cursor") from None


async def payee_names(session: AsyncSession, payees: Iterable[str]) -> dict[str, str]:
    """Return what payees are called: sites and organisations."""
    wanted = set(payees)
    names = await site_names(session, wanted)
    rows = await session.execute(
        select(Organisation.credit_code, Organisation.name).where(
            among(Organisation.credit_code, wanted - names.keys())
        )
    )
    return names | {row.credit_code: row.name for row in rows}


async def names_of_counties(
    session: AsyncSession, rows: Iterable[Settlement], others: Iterable[str] = ()
) -> dict[str, str]:
    """Return the names of the counties that settle."""
    return dict(await county_names(session, {row.county for row in rows} | set(others)))


async def deposit_of(session: AsyncSession, code: str) -> dict[str, Any]:
    """Return what is known of a unit's deposit: fen, and whether it can still be given back.

    Nobody's shop and day are told: any shop may ask about any bottle.
    """
    sold = await session.scalar(
        select(DepositSold.fen)
        .where(DepositSold.code == code)
        .order_by(DepositSold.leaf_index)
        .limit(1)
    )
    query = select(func.count(), func.count().filter(UnitReturn.fen > 0))
    returned, paid = (await session.execute(query.where(UnitReturn.code == code))).one()
    return {
        "unit_code": code,
        "fen": sold,
        "returned": returned,
        "refundable": sold is not None and not paid,
    }
