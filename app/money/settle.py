"""Make settlements and carry them on: draft → approved → paid, or discarded while a draft.

No lock keeps two officials from the same hand-ins: the key of `settlement_line` does. Who loses
is replayed on what is then there, and told that nothing is left.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, cast, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import County
from app.areas.scope import reach_of
from app.auth.caller import Caller
from app.auth.permissions import require
from app.db import Database, WriteSession
from app.errors import InvalidBody, NotFound, Unavailable
from app.events.declare import replayed
from app.events.happening import day_of
from app.events.record import MAX_TRIES
from app.ids import uuid7
from app.ledger.follow import cursor_of
from app.money.errors import NothingToSettle, SettlementChanged, SettlementNotInState
from app.money.follow import MONEY
from app.money.models import Payable, Settlement, SettlementLine
from app.money.owed import owed_by, unsettled
from app.orm import among

RIGHT = "money.settle"
STATUSES = {"draft": "草稿", "approved": "已审核", "paid": "已支付", "discarded": "已作废"}
_STATUSES_EN = {name: name for name in STATUSES}
_COPIED = (
    "event",
    "scheme",
    "county",
    "payee",
    "n",
    "site",
    "occurred_on",
    "pieces",
    "mass_g",
    "paid_fen",
    "worth_fen",
    "fen",
)


@dataclass(frozen=True)
class Wanted:
    """Whose money of a county is to be settled, up to a day; every payee's where none is named."""

    county: str
    until: date
    payee_kind: str | None = None
    payee: str | None = None


async def draft(
    database: Database, caller: Caller, wanted: Wanted, *, now: datetime, rng: Random
) -> Sequence[UUID]:
    """Draft a settlement for each payee to whom something is due, or who owes; committed.

    Raises NotFound for a county out of reach, NothingToSettle, InvalidBody for a day to come.
    """
    require(caller, RIGHT)
    if wanted.until > day_of(now):
        raise InvalidBody.at("/until", "最晚到今天", "must not be after today")

    async def work(session: WriteSession) -> Sequence[UUID]:
        await _check_county(session, caller, wanted.county)
        owed = await owed_by(
            session,
            wanted.county,
            until=wanted.until,
            payee=wanted.payee,
            payee_kind=wanted.payee_kind,
        )
        if not owed:
            raise NothingToSettle(until=wanted.until.isoformat())
        first = await _next_number(session, wanted.county, now)
        log_size = await cursor_of(session, MONEY.name)
        ids = [uuid7(rng, now) for _ in owed]
        rows = [
            {
                "id": ids[n], "number": f"{first[0]}{first[1] + n:04}",
                "county": wanted.county, "payee_kind": one.payee_kind, "payee": one.payee,
                "until": wanted.until, "status": "draft", "lines": 0, "deposit_fen": 0,
                "buyback_fen": 0, "subsidy_fen": 0, "total_fen": 0, "log_size": log_size,
                "drafted_by": caller.id, "drafted_at": now,
            }
            for n, one in enumerate(owed)
        ]  # fmt: skip
        await session.execute(insert(Settlement), rows)
        await _take_lines(session, wanted, ids)
        await _add_up(session, ids)
        return ids

    for _ in range(MAX_TRIES):
        with suppress(_TakenMeanwhile):
            return await replayed(database, work)
    raise Unavailable


class _TakenMeanwhile(Exception):
    """Another settlement took between two statements what was due at the first."""


async def _check_county(session: AsyncSession, caller: Caller, county: str) -> None:
    reach = await reach_of(session, caller)
    known = await session.scalar(select(County.code).where(County.code == county))
    if known is None or not reach.holds_county(county):
        raise NotFound(what=county, pointer="/county")


async def _next_number(session: AsyncSession, county: str, now: datetime) -> tuple[str, int]:
    """Return the head of a settlement's number, and the next serial: JS, the month, the county."""
    head = f"JS{day_of(now):%Y%m}{county}"
    serial = cast(func.substr(Settlement.number, len(head) + 1), Integer)
    last = await session.scalar(
        select(func.max(serial)).where(func.starts_with(Settlement.number, head))
    )
    return head, (last or 0) + 1


async def _take_lines(session: AsyncSession, wanted: Wanted, made: Sequence[UUID]) -> None:
    """Put what is due into the settlements, in the database: a county may have many hand-ins."""
    rows = unsettled(wanted.county, until=wanted.until, payee=wanted.payee)
    mine = (Settlement.payee == rows.c.payee) & among(Settlement.id, made)
    found = select(Settlement.id, *(rows.c[name] for name in _COPIED)).join(rows, mine)
    await session.execute(insert(SettlementLine).from_select(["settlement", *_COPIED], found))


async def _add_up(session: AsyncSession, ids: Sequence[UUID]) -> None:
    """Let settlements say what their lines add up to."""
    line = SettlementLine

    def of(*schemes: str) -> Any:
        return func.coalesce(func.sum(line.fen).filter(line.scheme.in_(schemes)), 0)

    sums = (
        select(
            line.settlement, func.count().label("lines"),
            of("deposit_taken", "deposit_refund").label("deposit"),
            of("buyback").label("buyback"), of("subsidy").label("subsidy"),
            func.sum(line.fen).label("total"),
        )
        .where(among(line.settlement, ids))
        .group_by(line.settlement)
        .subquery()
    )  # fmt: skip
    filled = await session.execute(
        update(Settlement)
        .where(Settlement.id == sums.c.settlement)
        .values(
            lines=sums.c.lines, deposit_fen=sums.c.deposit, buyback_fen=sums.c.buyback,
            subsidy_fen=sums.c.subsidy, total_fen=sums.c.total,
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    if filled.rowcount != len(ids):  # type: ignore[attr-defined]
        raise _TakenMeanwhile


async def approve(session: WriteSession, caller: Caller, id_: UUID, *, now: datetime) -> None:
    """Approve a draft whose events still say what it says; SettlementChanged otherwise."""
    found = await _standing(session, caller, id_, "draft")
    changed = await changed_lines(session, id_)
    if changed:
        raise SettlementChanged(number=found.number, lines=changed)
    found.status, found.approved_by, found.approved_at = "approved", caller.id, now


async def pay(
    session: WriteSession, caller: Caller, id_: UUID, *, paid_on: date, voucher: str, now: datetime
) -> None:
    """Note that an approved settlement was paid: the day, and the number of the voucher."""
    found = await _standing(session, caller, id_, "approved")
    approved_on = day_of(found.approved_at) if found.approved_at else paid_on
    if not approved_on <= paid_on <= day_of(now):
        raise InvalidBody.at(
            "/paid_on",
            f"应在审核那天（{approved_on}）和今天之间",
            "must lie between approval and today",
        )
    found.status, found.paid_by, found.paid_at = "paid", caller.id, now
    found.paid_on, found.voucher = paid_on, voucher


async def discard(
    session: WriteSession, caller: Caller, id_: UUID, *, reason: str, now: datetime
) -> None:
    """Discard a draft: its lines are free again, its sums and the reason stay."""
    found = await _standing(session, caller, id_, "draft")
    await session.execute(
        delete(SettlementLine)
        .where(SettlementLine.settlement == id_)
        .execution_options(synchronize_session=False)
    )
    found.status, found.discarded_by, found.discarded_at = "discarded", caller.id, now
    found.reason = reason


async def _standing(session: WriteSession, caller: Caller, id_: UUID, status: str) -> Settlement:
    """Return a settlement of the caller's county in a state, locked against who acts at once."""
    require(caller, RIGHT)
    found = await session.scalar(select(Settlement).where(Settlement.id == id_).with_for_update())
    reach = await reach_of(session, caller)
    if found is None or not reach.holds_county(found.county):
        raise NotFound(what=str(id_))
    if found.status != status:
        raise SettlementNotInState(
            number=found.number,
            reason=STATUSES[found.status],
            reason_en=_STATUSES_EN[found.status],
        )
    return found


async def changed_lines(session: AsyncSession, id_: UUID) -> int:
    """Return how many lines of a settlement no longer are all that is due for their events."""
    line, all_lines = SettlementLine, SettlementLine.__table__.alias("all_lines")
    keys = ("event", "scheme", "county", "payee")
    so_far = (
        select(func.sum(all_lines.c.fen))
        .where(*(all_lines.c[name] == getattr(line, name) for name in keys))
        .scalar_subquery()
    )
    due = (
        select(Payable.fen)
        .where(*(getattr(Payable, name) == getattr(line, name) for name in keys))
        .scalar_subquery()
    )
    query = select(func.count()).where(line.settlement == id_, so_far != func.coalesce(due, 0))
    return int(await session.scalar(query) or 0)
