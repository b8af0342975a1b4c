"""Tables of trips (转运交接单): one vehicle's run from pick-ups to deliveries."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.orm import Base


class Trip(Base):
    """A trip: its UUID is the client's or its first `depart` event's; `number` is for people."""

    __tablename__ = "trip"
    __table_args__ = (
        CheckConstraint("regime IN ('internal','hazardous')", name="regime"),
        Index("ix_trip_county_opened_at", "county", "opened_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    county: Mapped[str]
    opened_on: Mapped[date]
    opened_at: Mapped[datetime]
    destination: Mapped[str]
    vehicle: Mapped[str]
    carrier: Mapped[str | None]
    regime: Mapped[str]
    manifest: Mapped[str | None]


class TripCounter(Base):
    """The last serial of a county and day; the row's lock makes numbers without races."""

    __tablename__ = "trip_counter"

    county: Mapped[str] = mapped_column(primary_key=True)
    opened_on: Mapped[date] = mapped_column(primary_key=True)
    last: Mapped[int]
