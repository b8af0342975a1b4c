"""Tables of declared packaging (产生量测算): the denominator of the rate."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.orm import Base


class SupplyRow(Base):
    """One declared row: method A, units × unit weight; negative units are returns."""

    __tablename__ = "supply_row"
    __table_args__ = (
        CheckConstraint("method IN ('A','B','C')", name="method"),
        Index("ix_supply_row_county_on_day", "county", "on_day"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    county: Mapped[str] = mapped_column(ForeignKey("county.code"))
    on_day: Mapped[date]
    dealer: Mapped[str | None]
    registration: Mapped[str | None]
    spec: Mapped[str | None]
    units: Mapped[int]
    unit_weight_mg: Mapped[int | None]
    mass_g: Mapped[int]
    method: Mapped[str]
    replaces: Mapped[str | None] = mapped_column(unique=True)
    """A row is replaced once; the database holds it."""
    event_id: Mapped[UUID]


class SupplyDay(Base):
    """Generated mass of a county on a day by method, added up by a follower."""

    __tablename__ = "supply_day"

    county: Mapped[str] = mapped_column(primary_key=True)
    occurred_on: Mapped[date] = mapped_column(primary_key=True)
    method: Mapped[str] = mapped_column(primary_key=True)
    mass_g: Mapped[int]
