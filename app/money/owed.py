"""What is due and not settled: due − settled, by event. The one place that subtracts."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.money.models import Payable, SettlementLine

MOST_PAYEES = 500
"""Payees of one request: a county has fewer shops than that."""
_KEY = ("event", "scheme", "county", "payee")


class Owed(NamedTuple):
    """What is not settled yet with somebody, in fen; negative: what they owe."""

    payee_kind: str
    payee: str
    lines: int
    deposit_fen: int
    buyback_fen: int
    subsidy_fen: int
    first: date
    last: date

    @property
    def total_fen(self) -> int:
        """All schemes together."""
        return self.deposit_fen + self.buyback_fen + self.subsidy_fen


def kind_of(payee: Any) -> ColumnElement[str]:
    """Return what a payee is, by its code: shops and plants are sites, haulers organisations."""
    hauler = func.substr(payee, 7, 1) != "-"
    shop = func.substr(payee, 8, 1) == "P"
    return case((hauler, "hauler"), (shop, "shop"), else_="plant")


def unsettled(county: str, *, until: date | None = None, payee: str | None = None) -> Subquery:
    """Return the rows of a county that are due and not settled, or settled and no longer due."""
    settled = (
        select(
            *(getattr(SettlementLine, name) for name in _KEY),
            func.sum(SettlementLine.fen).label("fen"),
            func.count().label("n"),
            func.max(SettlementLine.site).label("site"),
            func.max(SettlementLine.occurred_on).label("occurred_on"),
        )
        .where(SettlementLine.county == county, SettlementLine.payee == payee if payee else true())
        .group_by(*(getattr(SettlementLine, name) for name in _KEY))
        .subquery()
    )
    due = (
        select(Payable)
        .where(Payable.county == county, Payable.payee == payee if payee else true())
        .subquery()
    )
    on = func.coalesce(due.c.occurred_on, settled.c.occurred_on)
    whose = func.coalesce(due.c.payee, settled.c.payee)
    fen = func.coalesce(due.c.fen, 0) - func.coalesce(settled.c.fen, 0)
    query = (
        select(
            *(func.coalesce(due.c[name], settled.c[name]).label(name) for name in _KEY),
            kind_of(whose).label("payee_kind"),
            func.coalesce(due.c.site, settled.c.site).label("site"),
            on.label("occurred_on"),
            due.c.pieces,
            due.c.mass_g,
            due.c.paid_fen,
            due.c.worth_fen,
            func.coalesce(settled.c.n, 0).label("n"),
            fen.label("fen"),
        )
        .select_from(
            due.join(settled, and_(*(due.c[name] == settled.c[name] for name in _KEY)), full=True)
        )
        .where(fen != 0, on <= until if until else true())
    )
    return query.subquery("unsettled")


def by_payee(rows: Subquery) -> Select[Any]:
    """Return the sums of unsettled rows by payee."""

    def of(*schemes: str) -> ColumnElement[int]:
        return func.coalesce(func.sum(rows.c.fen).filter(rows.c.scheme.in_(schemes)), 0)

    return (
        select(
            rows.c.payee_kind, rows.c.payee, func.count(),
            of("deposit_taken", "deposit_refund"), of("buyback"), of("subsidy"),
            func.min(rows.c.occurred_on), func.max(rows.c.occurred_on),
        )
        .group_by(rows.c.payee_kind, rows.c.payee)
        .order_by(rows.c.payee_kind, rows.c.payee)
        .limit(MOST_PAYEES)
    )  # fmt: skip


async def owed_by(
    session: AsyncSession,
    county: str,
    *,
    until: date | None = None,
    payee: str | None = None,
    payee_kind: str | None = None,
) -> Sequence[Owed]:
    """Return what a county has not settled, by payee."""
    rows = unsettled(county, until=until, payee=payee)
    query = by_payee(rows)
    if payee_kind:
        query = query.where(rows.c.payee_kind == payee_kind)
    return [
        Owed(kind, whose, lines, int(deposit), int(buyback), int(subsidy), first, last)
        for kind, whose, lines, deposit, buyback, subsidy, first, last in await session.execute(
            query
        )
    ]
