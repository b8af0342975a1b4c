"""Tables of alerts: findings, which a follower makes, and the dated thresholds they are judged by.

People's work on a finding (notes, states, photos) stands elsewhere and hangs on `Finding.id`,
which a rebuild makes again: it is the UUIDv5 of rule, subject, window and the n-th opening.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.orm import Base


class Finding(Base):
    """Something that a rule found wrong, from when it began to hold until it no longer does.

    One that holds again after it closed is a new row with the next `opening`: what was closed,
    and worked on as a case, stays as it was. One key is open at most once.
    """

    __tablename__ = "finding"
    __table_args__ = (
        Index("uq_finding_opening", "rule", "subject", "window", "opening", unique=True),
        Index(
            "uq_finding_open",
            "rule",
            "subject",
            "window",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_finding_opened_at_id", "opened_at", "id"),
        Index("ix_finding_seen_by", "seen_by", postgresql_using="gin"),
        CheckConstraint("opening > 0", name="opening"),
        CheckConstraint("closed_at >= opened_at", name="closed_after_opened"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    rule: Mapped[str]
    subject: Mapped[str]
    """A bag's, container's or site's code, a trip's id, a county, a phone, a person's id."""
    window: Mapped[str]
    """A day, a month, a period, an event's id; empty where the subject says it all."""
    opening: Mapped[int]
    """1 for the first time that the key held, 2 for the second …"""
    county: Mapped[str]
    site: Mapped[str | None]
    seen_by: Mapped[list[str]]
    """Codes of counties, sites, organisations and townships that may see it: `within(seen_by=)`."""
    figures: Mapped[dict[str, Any]]
    """What was measured and what it was held against, with units and the threshold's row."""
    events: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))
    batches: Mapped[list[str]]
    """At most some dozens of codes; `figures` says how many there are."""
    opened_at: Mapped[datetime]
    """When the causing leaf was recorded, or the instant from which silence was too long."""
    opened_leaf: Mapped[int | None]
    """The causing leaf's index; null where time alone opened it."""
    closed_at: Mapped[datetime | None]
    closed_leaf: Mapped[int | None]
    log_size: Mapped[int]
    """The size of the log that the row was last written from."""


class Threshold(Base):
    """A bound of a rule: data, dated, for an area and a season or for all. Insert-only.

    It is used for what is recorded after it was entered and falls on its days; the most specific
    row wins, and among those alike the one entered last.
    """

    __tablename__ = "threshold"
    __table_args__ = (
        Index("ix_threshold_rule_key", "rule", "key"),
        CheckConstraint("value >= 0", name="value"),
        CheckConstraint("valid_to >= valid_from", name="days"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    rule: Mapped[str]
    key: Mapped[str]
    value: Mapped[int]
    unit: Mapped[str]
    area: Mapped[str | None]
    """A county or a reporting area; null for everywhere."""
    season: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger()))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    """The last day, inclusive."""
    source: Mapped[str]
    """The law, the document, or `[assume]` with the reason."""
    entered_at: Mapped[datetime]
    entered_by: Mapped[UUID | None]
    """Null for the defaults that came with the platform."""
