"""Tables of money: what a follower finds due, and what was settled of it. Whole fen, signed."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.orm import Base

SCHEMES = ("deposit_taken", "deposit_refund", "buyback", "subsidy")
_SCHEME = "scheme IN ('deposit_taken','deposit_refund','buyback','subsidy')"
_PAYEE = "payee_kind IN ('shop','hauler','plant')"
_DATED = (
    "(status IN ('approved','paid')) = (approved_at IS NOT NULL)"
    " AND (status = 'paid') = (paid_at IS NOT NULL AND paid_on IS NOT NULL AND voucher IS NOT NULL)"
    " AND (status = 'discarded') = (discarded_at IS NOT NULL)"
)


class DepositSold(Base):
    """A deposit that a till took with a unit; `event` is the sale as first recorded."""

    __tablename__ = "deposit_sold"

    code: Mapped[str] = mapped_column(primary_key=True)
    event: Mapped[UUID] = mapped_column(primary_key=True)
    site: Mapped[str]
    occurred_on: Mapped[date]
    fen: Mapped[int]
    leaf_index: Mapped[int]

    __table_args__ = (Index("ix_deposit_sold_event", "event"),)


class UnitReturn(Base):
    """A unit's code in a hand-in; `fen` is what is given back for it, `why` if nothing is."""

    __tablename__ = "unit_return"

    code: Mapped[str] = mapped_column(primary_key=True)
    event: Mapped[UUID] = mapped_column(primary_key=True)
    site: Mapped[str]
    occurred_on: Mapped[date]
    leaf_index: Mapped[int]
    """Where the log first names the code for this hand-in: first come, first paid."""
    times: Mapped[int]
    fen: Mapped[int]
    why: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("(fen > 0) = (why IS NULL)", name="why"),
        Index("ix_unit_return_event", "event"),
        Index("ix_unit_return_site_occurred_on", "site", "occurred_on"),
    )


class Payable(Base):
    """What a county owes somebody for one event as the log has it now; negative: what is owed to it.

    `event` is the one that was first recorded: corrections keep its place. Of 有偿回收 `paid_fen` is
    what the shop says it paid, `worth_fen` what the tariff of the day gives.
    """

    __tablename__ = "payable"
    __table_args__ = (
        CheckConstraint(_SCHEME, name="scheme"),
        CheckConstraint(_PAYEE, name="payee_kind"),
        Index("ix_payable_county_payee", "county", "payee_kind", "payee", "occurred_on"),
    )

    event: Mapped[UUID] = mapped_column(primary_key=True)
    scheme: Mapped[str] = mapped_column(primary_key=True)
    county: Mapped[str] = mapped_column(primary_key=True)
    payee: Mapped[str] = mapped_column(primary_key=True)
    payee_kind: Mapped[str]
    site: Mapped[str]
    occurred_on: Mapped[date]
    pieces: Mapped[int | None]
    mass_g: Mapped[int | None]
    paid_fen: Mapped[int | None]
    worth_fen: Mapped[int | None]
    fen: Mapped[int]


class Settlement(Base):
    """结算单: what a county settles with one shop, hauler or plant; the sums are those of its lines."""

    __tablename__ = "settlement"
    __table_args__ = (
        CheckConstraint("status IN ('draft','approved','paid','discarded')", name="status"),
        CheckConstraint(_PAYEE, name="payee_kind"),
        CheckConstraint("total_fen = deposit_fen + buyback_fen + subsidy_fen", name="total"),
        CheckConstraint(_DATED, name="dated"),
        Index("ix_settlement_county_drafted_at", "county", "drafted_at", "id"),
        Index("ix_settlement_payee_drafted_at", "payee", "drafted_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    county: Mapped[str] = mapped_column(ForeignKey("county.code"))
    payee_kind: Mapped[str]
    payee: Mapped[str]
    until: Mapped[date]
    status: Mapped[str]
    lines: Mapped[int]
    deposit_fen: Mapped[int]
    buyback_fen: Mapped[int]
    subsidy_fen: Mapped[int]
    total_fen: Mapped[int]
    log_size: Mapped[int]
    drafted_by: Mapped[UUID]
    drafted_at: Mapped[datetime]
    approved_by: Mapped[UUID | None]
    approved_at: Mapped[datetime | None]
    paid_by: Mapped[UUID | None]
    paid_at: Mapped[datetime | None]
    paid_on: Mapped[date | None]
    voucher: Mapped[str | None]
    discarded_by: Mapped[UUID | None]
    discarded_at: Mapped[datetime | None]
    reason: Mapped[str | None]


class SettlementLine(Base):
    """One event's money in a settlement: `n` 0 is the event itself, later ones what changed since.

    The key is the rule: an event's money is settled once. Whoever settles it at the same time is
    refused by the database.
    """

    __tablename__ = "settlement_line"
    __table_args__ = (
        CheckConstraint(_SCHEME, name="scheme"),
        CheckConstraint("fen <> 0", name="fen"),
        Index("ix_settlement_line_settlement", "settlement", "occurred_on", "event", "scheme"),
        Index("ix_settlement_line_county_payee", "county", "payee"),
    )

    event: Mapped[UUID] = mapped_column(primary_key=True)
    scheme: Mapped[str] = mapped_column(primary_key=True)
    county: Mapped[str] = mapped_column(primary_key=True)
    payee: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    settlement: Mapped[UUID] = mapped_column(ForeignKey("settlement.id"))
    site: Mapped[str]
    occurred_on: Mapped[date]
    pieces: Mapped[int | None]
    mass_g: Mapped[int | None]
    paid_fen: Mapped[int | None]
    worth_fen: Mapped[int | None]
    fen: Mapped[int]
