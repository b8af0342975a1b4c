"""The follower of money: what each event makes a county owe, as the log has it now.

Counted things (押金, 有偿回收) come from what leaves say, tonnes (补贴) from postings: both are put
right by corrections as they come. What was settled before is not touched: a difference that
appears afterwards is a line of the next settlement.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.balance.flows import BOOKING
from app.events.happening import Happening, happening_of, mass_in
from app.ledger.follow import Follow, LeafRow
from app.ledger.leaf import read_leaf
from app.money.deposits import Returned, Sold, refunds
from app.money.models import DepositSold, Payable, UnitReturn
from app.money.tonnes import add_tonnes
from app.orm import among
from app.packaging.unit_code import unit_code
from app.tariffs.read import tariffs_of
from app.tariffs.tariff import PESTICIDE, Tariff, offer, payable

_DECIDED = (
    update(UnitReturn)
    .where(UnitReturn.code == bindparam("of"), UnitReturn.event == bindparam("by"))
    .values(fen=bindparam("given"), why=bindparam("because"))
    .execution_options(synchronize_session=False)
)
COUNTED = ("deposit_taken", "deposit_refund", "buyback")
"""Schemes whose money is counted from what an event says."""
TAKEN = frozenset({"hand_in", "deposit_sale", "correct"})


@dataclass
class _Told:
    """What the leaves say of one event: the last word, and where each unit's code was first named."""

    standing: Happening | None = None
    leaf_index: int = 0
    named: dict[str, int] = field(default_factory=dict)


async def apply(session: AsyncSession, leaves: Sequence[LeafRow]) -> None:
    """Bring what is due from what stood before these leaves to what stands after them."""
    told = await _told(session, [leaf for leaf in leaves if leaf.kind in TAKEN])
    if told:
        await _counted(session, told)
    await add_tonnes(session, [leaf for leaf in leaves if leaf.kind in BOOKING])


async def _told(session: AsyncSession, leaves: Sequence[LeafRow]) -> dict[UUID, _Told]:
    """Return hand-ins and sales that these leaves tell of, by the event first recorded."""
    read = [(leaf.leaf_index, read_leaf(leaf.leaf)) for leaf in leaves]
    roots = {UUID(parts["stamps"].get("root", parts["event"]["id"])) for _, parts in read}
    told: dict[UUID, _Told] = {root: _Told() for root in roots}
    before = await session.execute(
        select(UnitReturn.event, UnitReturn.code, UnitReturn.leaf_index).where(
            among(UnitReturn.event, roots)
        )
    )
    for event, code, leaf_index in before:
        told[event].named[code] = leaf_index
    for leaf_index, parts in read:
        one = told[UUID(parts["stamps"].get("root", parts["event"]["id"]))]
        one.standing, one.leaf_index = happening_of(parts), leaf_index
        if one.standing and one.standing.kind == "hand_in":
            codes = units_of(one.standing)
            one.named = {code: one.named.get(code, leaf_index) for code in codes}
    return told


def units_of(happening: Happening) -> dict[str, int]:
    """Return the units that a hand-in names, and how often each."""
    found: dict[str, int] = {}
    for payload in happening.body.get("unit_codes") or ():
        code = unit_code(payload)
        if code:
            found[code] = found.get(code, 0) + 1
    return found


async def _counted(session: AsyncSession, told: Mapping[UUID, _Told]) -> None:
    events = list(told)
    was = set()
    for table in (UnitReturn, DepositSold):
        gone = delete(table).where(among(table.event, events)).returning(table.code)
        unseen = gone.execution_options(synchronize_session=False)
        was |= set(await session.scalars(unseen))
    await session.execute(
        delete(Payable)
        .where(among(Payable.event, events), Payable.scheme.in_(COUNTED))
        .execution_options(synchronize_session=False)
    )
    standing = {event: one for event, one in told.items() if one.standing}
    hand_ins = {e: one for e, one in standing.items() if _kind(one) == "hand_in"}
    sales = {e: one for e, one in standing.items() if _kind(one) == "deposit_sale"}
    sold = [row for event, one in sales.items() if (row := _sold_row(event, one))]
    back = [row for event, one in hand_ins.items() for row in _return_rows(event, one)]
    for table, rows in ((DepositSold, sold), (UnitReturn, back)):
        if rows:
            await session.execute(insert(table), rows)
    due = [_taken_row(event, one) for event, one in sales.items()]
    due += await _buyback_rows(session, hand_ins)
    if due:
        await session.execute(insert(Payable), due)
    codes = was | {row["code"] for row in (*sold, *back)}
    if codes:
        await _refund(session, codes)


def _kind(one: _Told) -> str:
    return one.standing.kind if one.standing else ""


def _site_of(one: _Told) -> tuple[str, date]:
    assert one.standing is not None
    return one.standing.body["site"], one.standing.day


def _sold_row(event: UUID, one: _Told) -> dict[str, Any] | None:
    """Return the unit that a sale sold; None where one was recorded that is none by today's rules."""
    assert one.standing is not None
    site, on = _site_of(one)
    body = one.standing.body
    code = unit_code(body["unit_code"])
    if code is None:
        return None
    return {
        "code": code, "event": event, "site": site, "occurred_on": on,
        "fen": body["fen"], "leaf_index": one.leaf_index,
    }  # fmt: skip


def _return_rows(event: UUID, one: _Told) -> list[dict[str, Any]]:
    assert one.standing is not None
    site, on = _site_of(one)
    return [
        {
            "code": code, "event": event, "site": site, "occurred_on": on,
            "leaf_index": one.named[code], "times": times, "fen": 0, "why": "no-deposit",
        }
        for code, times in sorted(units_of(one.standing).items())
    ]  # fmt: skip


def _row(event: UUID, scheme: str, site: str, on: date, **more: Any) -> dict[str, Any]:
    """Return a line of what is due to a shop: the county of its site pays."""
    return {
        "event": event, "scheme": scheme, "county": site[:6], "payee": site, "payee_kind": "shop",
        "site": site, "occurred_on": on, "pieces": None, "mass_g": None, "paid_fen": None,
        "worth_fen": None, **more,
    }  # fmt: skip


def _taken_row(event: UUID, one: _Told) -> dict[str, Any]:
    """Return what a shop owes of a deposit that it took: whoever gives it back is paid for it."""
    assert one.standing is not None
    site, on = _site_of(one)
    return _row(event, "deposit_taken", site, on, pieces=1, fen=-one.standing.body["fen"])


async def _buyback_rows(
    session: AsyncSession, hand_ins: Mapping[UUID, _Told]
) -> list[dict[str, Any]]:
    """Return what shops are given back of what they paid, at most what the tariff of the day gives."""
    paid = {
        e: one for e, one in hand_ins.items() if one.standing and "payment" in one.standing.body
    }
    tariffs = await tariffs_of(session, {_site_of(one)[0][:6] for one in paid.values()})
    rows = []
    for event, one in paid.items():
        assert one.standing is not None
        body, (site, on) = one.standing.body, _site_of(one)
        worth = _worth(tariffs.get(site[:6], ()), on, body)
        given = body["payment"]["fen"]
        pieces = sum(
            line["pieces"] for line in body["contents"] if line.get("scope", PESTICIDE) == PESTICIDE
        )
        if given:
            more = {"pieces": pieces, "paid_fen": given, "worth_fen": worth}
            rows.append(_row(event, "buyback", site, on, **more, fen=payable(worth, given)))
    return rows  # fmt: skip


def _worth(tariffs: Sequence[Tariff], on: date, body: Mapping[str, Any]) -> int:
    basis = body["payment"]["basis"]
    known = basis if basis in ("weight", "points") else "pieces"
    return offer(tariffs, on, body["contents"], mass_in(body["batches"][0])[0], known).fen


async def _refund(session: AsyncSession, codes: set[str]) -> None:
    """Decide anew which hand-in of each unit gets its deposit back, and what that makes due."""
    sold: dict[str, list[Sold]] = {}
    sales = select(
        DepositSold.code, DepositSold.event, DepositSold.occurred_on, DepositSold.fen,
        DepositSold.leaf_index,
    ).where(among(DepositSold.code, codes))  # fmt: skip
    for code, event, on, fen, leaf_index in await session.execute(sales):
        sold.setdefault(code, []).append(Sold(str(event), on, fen, leaf_index))
    back: dict[str, list[Returned]] = {}
    named = await session.execute(
        select(
            UnitReturn.code, UnitReturn.event, UnitReturn.occurred_on, UnitReturn.leaf_index
        ).where(among(UnitReturn.code, codes))
    )
    for code, event, on, leaf_index in named:
        back.setdefault(code, []).append(Returned(str(event), on, leaf_index))
    decided: list[dict[str, Any]] = [
        {"of": code, "by": UUID(event), "given": refund.fen, "because": refund.why}
        for code, returned in sorted(back.items())
        for event, refund in sorted(refunds(sold.get(code, ()), returned).items())
    ]
    if decided:
        connection = await session.connection()
        await connection.execute(_DECIDED, decided)
        await _refund_rows(session, {row["by"] for row in decided})


async def _refund_rows(session: AsyncSession, events: set[UUID]) -> None:
    await session.execute(
        delete(Payable)
        .where(among(Payable.event, events), Payable.scheme == "deposit_refund")
        .execution_options(synchronize_session=False)
    )
    sums = (
        select(
            UnitReturn.event, UnitReturn.site, UnitReturn.occurred_on,
            func.count().label("pieces"), func.sum(UnitReturn.fen).label("fen"),
        )
        .where(among(UnitReturn.event, events), UnitReturn.fen > 0)
        .group_by(UnitReturn.event, UnitReturn.site, UnitReturn.occurred_on)
    )  # fmt: skip
    due = [
        _row(event, "deposit_refund", site, on, pieces=pieces, fen=int(fen))
        for event, site, on, pieces, fen in await session.execute(sums)
    ]
    if due:
        await session.execute(insert(Payable), due)


MONEY = Follow("money", apply, (DepositSold, UnitReturn, Payable), BOOKING | {"deposit_sale"})
