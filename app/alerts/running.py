"""The follower's own running state: what it must remember of leaves. Emptied by a restart.

Each row is bounded by sites, days, phones, bags that are not at their end yet, or what is wrong,
never by events, but for the codes of scanned bottles, of which each stands once for every time it
was handed in.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.orm import Base


class AlertBag(Base):
    """A bag that is under way: its folded state, and what rules remember of its steps.

    Most leaves tell what comes after all that is known of their bags: they go on from here. Bags
    of hand-ins alone, and those at their end, have no row.
    """

    __tablename__ = "alert_bag"

    code: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[dict[str, Any]]
    trail: Mapped[dict[str, Any]]


class AlertMark(Base):
    """What speaks for a finding (rules/mark.py); `active` once it is due."""

    __tablename__ = "alert_mark"
    __table_args__ = (
        Index("ix_alert_mark_batch", "batch", postgresql_where=text("batch <> ''")),
        Index("ix_alert_mark_event", "event", postgresql_where=text("event <> ''")),
        Index("ix_alert_mark_due_at", "due_at", postgresql_where=text("NOT active")),
    )

    rule: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    window: Mapped[str] = mapped_column(primary_key=True)
    event: Mapped[str] = mapped_column(primary_key=True)
    batch: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime | None]
    active: Mapped[bool]
    need: Mapped[int]
    county: Mapped[str]
    site: Mapped[str | None]
    seen_by: Mapped[list[str]]
    figures: Mapped[dict[str, Any]]


class AlertClock(Base):
    """One row: the instant up to which silence has been judged. The log's time, not the wall's."""

    __tablename__ = "alert_clock"

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class AlertGroup(Base):
    """A weighing of many bags at once: their masses before and after it, added up.

    `seen_by` holds the codes of everyone whose scope one of them came from, or went to.
    """

    __tablename__ = "alert_group"

    event: Mapped[str] = mapped_column(primary_key=True)
    """The event, with the container's code behind a slash where one stood on the scale."""
    before_g: Mapped[int]
    after_g: Mapped[int]
    seen_by: Mapped[list[str]] = mapped_column(server_default="{}")


class AlertStock(Base):
    """What a site holds by the postings so far."""

    __tablename__ = "alert_stock"

    site: Mapped[str] = mapped_column(primary_key=True)
    held_g: Mapped[int]


class AlertMonth(Base):
    """How many records, nil returns included, tell of a point's month (its first day)."""

    __tablename__ = "alert_month"

    site: Mapped[str] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    told: Mapped[int]


class AlertQuarter(Base):
    """What a point took back in a quarter (its first day): before its last days, and in them."""

    __tablename__ = "alert_quarter"

    site: Mapped[str] = mapped_column(primary_key=True)
    quarter: Mapped[date] = mapped_column(primary_key=True)
    before_g: Mapped[int]
    last_g: Mapped[int]


class AlertDigits(Base):
    """How often each digit stood in the judged place of a site's weights in a year."""

    __tablename__ = "alert_digits"

    site: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    counts: Mapped[list[int]] = mapped_column(ARRAY(BigInteger()))


class AlertYear(Base):
    """A county's year: what was taken back and what came onto its market, in grams and pieces."""

    __tablename__ = "alert_year"

    county: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    collected_g: Mapped[int]
    generated_g: Mapped[int]
    pieces: Mapped[int]
    units: Mapped[int]
    grams_over_us: Mapped[int]
    """Since when more has come back than was declared: microseconds of 1970, or 0."""
    pieces_over_us: Mapped[int]


class AlertFix(Base):
    """Where a phone or an account was last, by effective time."""

    __tablename__ = "alert_fix"

    mover: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    lat_e7: Mapped[int]
    lon_e7: Mapped[int]
    accuracy_cm: Mapped[int]
    event: Mapped[str]
    site: Mapped[str]


class AlertUnitCode(Base):
    """A scanned bottle's code, and a hand-in that named it."""

    __tablename__ = "alert_unit_code"

    code: Mapped[str] = mapped_column(primary_key=True)
    event: Mapped[UUID] = mapped_column(primary_key=True)
    leaf_index: Mapped[int]
    site: Mapped[str]
    times: Mapped[int]
    """How often within this one hand-in."""


class AlertContainer(Base):
    """Where a box or pallet was last; null while it is on the road."""

    __tablename__ = "alert_container"

    code: Mapped[str] = mapped_column(primary_key=True)
    site: Mapped[str | None]
    at: Mapped[datetime]
    event: Mapped[str]


class AlertDeviceRun(Base):
    """Events of a phone without a gap, by its two ends: one row a phone, and one for each gap."""

    __tablename__ = "alert_device_run"

    device: Mapped[str] = mapped_column(primary_key=True)
    first: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    prev: Mapped[str | None]
    """What its first event names as the hash of the one before."""
    event: Mapped[str]
    last: Mapped[int]
    hash: Mapped[str]
    """Of its last event: what the next one must name."""


RUNNING: tuple[type[Base], ...] = (
    AlertBag, AlertMark, AlertClock, AlertGroup, AlertStock, AlertMonth, AlertQuarter, AlertDigits,
    AlertYear, AlertFix, AlertUnitCode, AlertContainer, AlertDeviceRun,
)  # fmt: skip
