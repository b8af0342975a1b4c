"""Tables of trips (转运交接单): one vehicle's run from pick-ups to deliveries."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.orm import Base


class Trip(Base):
    """A trip: its UUID is the client's or its first `depart` event's; `number` is for people.

    `destination`, `regime` and `manifest` are those it was opened with; what each leg has stands
    in `trip_leg` and `trip_event`. `announced_by` is None where a departure opened the trip.
    """

    __tablename__ = "trip"
    __table_args__ = (
        CheckConstraint("regime IN ('internal','hazardous')", name="regime"),
        Index("ix_trip_county_opened_at", "county", "opened_at"),
        Index("ix_trip_opened_at_id", "opened_at", "id"),
        Index("ix_trip_carrier_opened_at", "carrier", "opened_at"),
        Index("ix_trip_vehicle_opened_at", "vehicle", "opened_at"),
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
    announced_by: Mapped[UUID | None]


class TripCounter(Base):
    """The last serial of a county and day; the row's lock makes numbers without races."""

    __tablename__ = "trip_counter"

    county: Mapped[str] = mapped_column(primary_key=True)
    opened_on: Mapped[date] = mapped_column(primary_key=True)
    last: Mapped[int]


class TripStop(Base):
    """A pick-up that was announced before anything was loaded, and where its load is to go.

    `pick_up_at` and `deliver_at` are plans, for those who wait; nothing is judged by them.
    """

    __tablename__ = "trip_stop"

    trip: Mapped[UUID] = mapped_column(ForeignKey("trip.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(ForeignKey("site.code"), index=True)
    destination: Mapped[str] = mapped_column(ForeignKey("site.code"), index=True)
    pick_up_at: Mapped[datetime | None]
    deliver_at: Mapped[datetime | None]


class TripDriver(Base):
    """Who was announced to drive; this table can forget."""

    __tablename__ = "trip_driver"

    trip: Mapped[UUID] = mapped_column(ForeignKey("trip.id"), primary_key=True)
    name: Mapped[str]


class TripEvent(Base):
    """Which events concern a trip, written with them: those that name it, those that move its load.

    A late event or a correction that moves a load again is one of them. `trip` may not exist yet:
    an arrival can be known before its departure. `destination`, `regime` and `manifest` are a
    departure's own: each consignor has a manifest, even on one truck.
    """

    __tablename__ = "trip_event"
    __table_args__ = (
        CheckConstraint("regime IN ('internal','hazardous')", name="regime"),
        Index("ix_trip_event_event_id", "event_id"),
        Index("ix_trip_event_manifest", "manifest", postgresql_where=text("manifest IS NOT NULL")),
    )

    trip: Mapped[UUID] = mapped_column(primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    site: Mapped[str | None]
    destination: Mapped[str | None]
    regime: Mapped[str | None]
    manifest: Mapped[str | None]


class TripConfirmation(Base):
    """The other side's word that a departure was as recorded: insert only."""

    __tablename__ = "trip_confirmation"
    __table_args__ = (CheckConstraint("side IN ('origin','carrier')", name="side"),)

    trip: Mapped[UUID] = mapped_column(ForeignKey("trip.id"), primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    origin: Mapped[str]
    side: Mapped[str]
    by: Mapped[UUID]
    at: Mapped[datetime]


class TripLeg(Base):
    """What a follower found of each leg, for lists; masses in grams.

    `settled` is the leg's state but for time: with `waiting` bags it is overdue after `due_at`.
    `seen_by` holds the codes of everyone whose scope the leg is in.
    """

    __tablename__ = "trip_leg"
    __table_args__ = (
        CheckConstraint("settled IN ('open','under_way','delivered','in_dispute')", name="settled"),
        Index("ix_trip_leg_seen_by", "seen_by", postgresql_using="gin"),
        Index("ix_trip_leg_waiting", "due_at", postgresql_where=text("waiting")),
    )

    trip: Mapped[UUID] = mapped_column(ForeignKey("trip.id"), primary_key=True)
    origin: Mapped[str] = mapped_column(primary_key=True)
    destination: Mapped[str] = mapped_column(primary_key=True)
    settled: Mapped[str]
    waiting: Mapped[bool]
    unconfirmed: Mapped[bool]
    departed_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    bags: Mapped[int]
    out_g: Mapped[int]
    moving_g: Mapped[int]
    difference_g: Mapped[int]
    seen_by: Mapped[list[str]]


class TransportPolicy(Base):
    """What an area asks of transport, and when; `policy.py` says what stands where no row holds."""

    __tablename__ = "transport_policy"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="span"),
        CheckConstraint("unlisted_recycler IN ('internal','hazardous')", name="unlisted_recycler"),
        CheckConstraint("expired_permit IN ('internal','hazardous')", name="expired_permit"),
        CheckConstraint("cement_kiln IN ('internal','hazardous')", name="cement_kiln"),
        CheckConstraint(
            "deliver_within_h > 0 AND confirm_workdays > 0 AND difference_permille > 0"
            " AND difference_g > 0",
            name="positive",
        ),
    )

    area: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date | None]
    unlisted_recycler: Mapped[str]
    expired_permit: Mapped[str]
    cement_kiln: Mapped[str]
    deliver_within_h: Mapped[int]
    confirm_workdays: Mapped[int]
    difference_permille: Mapped[int]
    difference_g: Mapped[int]
    document: Mapped[str | None]
    event_id: Mapped[UUID | None]
    """The declaration that it comes from."""
