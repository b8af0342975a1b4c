"""Tables of labels and of the current state of what they name."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.orm import Base


class LabelSheet(Base):
    """One issue of labels for a county. Its labels are numbered from 1, in the order of their codes."""

    __tablename__ = "label_sheet"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    county: Mapped[str] = mapped_column(ForeignKey("county.code"), index=True)
    kind: Mapped[str]
    count: Mapped[int]
    site: Mapped[str | None] = mapped_column(ForeignKey("site.code"))
    issued_by: Mapped[UUID]
    issued_at: Mapped[datetime]


class LabelChange(Base):
    """What was done with labels of one sheet: printed, voided, or assigned to a site.

    `first` to `last` are numbers within the sheet, and `count` how many of them it was done with.
    """

    __tablename__ = "label_change"
    __table_args__ = (CheckConstraint("act IN ('print', 'void', 'assign')", name="act"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sheet: Mapped[UUID] = mapped_column(ForeignKey("label_sheet.id"), index=True)
    act: Mapped[str]
    first: Mapped[int]
    last: Mapped[int]
    count: Mapped[int]
    detail: Mapped[str | None]
    """The layout that was printed, why it was voided, or the site; None is the county itself."""
    done_by: Mapped[UUID]
    done_at: Mapped[datetime]


class Label(Base):
    """A printed code. One life: the primary key of `batch` says that it has been used."""

    __tablename__ = "label"
    __table_args__ = (
        CheckConstraint("kind IN ('bag','container')", name="kind"),
        CheckConstraint("tare_g IS NULL OR tare_g >= 0", name="tare_not_negative"),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    county: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    sheet: Mapped[UUID] = mapped_column(index=True)
    site: Mapped[str | None] = mapped_column(index=True)
    scope: Mapped[str] = mapped_column(server_default=text("'pesticide'"))
    tare_g: Mapped[int | None]
    """Of a container: what it weighs empty."""
    issued_at: Mapped[datetime]
    voided_at: Mapped[datetime | None]


class Batch(Base):
    """What a used label names, as the fold of its story left it.

    The row is made by the first recorded event that names the code, never removed, and writers
    serialise on it. `state` is the fold's whole state; the other columns repeat what lists and
    scope need. `seen_by` holds the codes of all counties, sites and carriers in its story.
    A container has a row too: where it is, never a mass.
    """

    __tablename__ = "batch"
    __table_args__ = (
        Index("ix_batch_seen_by", "seen_by", postgresql_using="gin"),
        Index("ix_batch_site_status", "site", "status"),
        Index("ix_batch_updated_at_code", "updated_at", "code"),
        Index("ix_batch_container", "container", postgresql_where=text("container IS NOT NULL")),
        CheckConstraint("mass_g >= 0", name="mass_not_negative"),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    status: Mapped[str]
    site: Mapped[str | None]
    container: Mapped[str | None]
    """The container that a bag is in."""
    mass_g: Mapped[int]
    state: Mapped[dict[str, Any]]
    seen_by: Mapped[list[str]]
    updated_at: Mapped[datetime]
