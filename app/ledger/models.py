"""Tables of the append-only log. The app's role may SELECT and INSERT here, nothing else."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.orm import Base

APPEND_ONLY = ("event", "event_batch", "correction", "posting", "leaf")


class Event(Base):
    """One committed event: its leaf bytes, and the columns that queries need.

    `leaf` is the JCS text that is hashed; `postings` the JCS list whose SHA-256 stands in it.
    """

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_site_occurred_on", "site", "occurred_on"),
        Index("ix_event_recorded_at", "recorded_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    site: Mapped[str | None]
    occurred_at: Mapped[datetime]
    effective_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    occurred_on: Mapped[date]
    actor: Mapped[UUID]
    leaf: Mapped[str]
    leaf_hash: Mapped[bytes]
    postings: Mapped[str]


class EventBatch(Base):
    """Which batches an event names; the story of a batch starts here."""

    __tablename__ = "event_batch"

    batch_code: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)


class Correction(Base):
    """Which event another took the place of, or took back: each at most once, by primary key."""

    __tablename__ = "correction"

    corrects: Mapped[UUID] = mapped_column(primary_key=True)
    event_id: Mapped[UUID] = mapped_column(unique=True)


class EventPrivate(Base):
    """The private part of an event with the salt of its commitment; this table can forget."""

    __tablename__ = "event_private"

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    salt: Mapped[bytes]
    private: Mapped[dict[str, Any]]


class Unsequenced(Base):
    """Committed events that have no leaf index yet, in the order they were appended."""

    __tablename__ = "unsequenced"

    seq: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    event_id: Mapped[UUID]


class Leaf(Base):
    """The place of an event in the log: contiguous from 0, in commit order for one batch."""

    __tablename__ = "leaf"

    leaf_index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    event_id: Mapped[UUID] = mapped_column(unique=True)


class Follower(Base):
    """How far a follower has come: every leaf below `next_index` is applied."""

    __tablename__ = "follower"

    name: Mapped[str] = mapped_column(primary_key=True)
    next_index: Mapped[int]
