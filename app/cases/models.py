"""Tables of cases: people's work on what was found wrong, whatever found it.

A case hangs on a key of its own (`about_kind`, `about_key`) and never on another table's row:
findings of alerts are deleted and made again by a rebuild, the work on them stays.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.orm import Base


class Case(Base):
    """One matter that is worked on. Its history is in its notes, which are never changed."""

    __tablename__ = "case_file"  # CASE is a word of SQL's own
    __table_args__ = (
        UniqueConstraint("about_kind", "about_key"),
        CheckConstraint("state IN ('open', 'acknowledged', 'resolved')", name="state"),
        CheckConstraint("working_days > 0", name="working_days"),
        Index("ix_case_file_opened_at_id", "opened_at", "id"),
        Index("ix_case_file_seen_by", "seen_by", postgresql_using="gin"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    about_kind: Mapped[str]
    """What sort of thing it is about: `alert`; complaints and inspections will come."""
    about_key: Mapped[str]
    """Which one, for as long as it is the same matter, however often it comes back."""
    about_id: Mapped[UUID]
    """Its latest occurrence, which has a page of its own."""
    title: Mapped[str]
    reason: Mapped[str]
    """The rule behind it, or another slug that deadlines may be set by."""
    severity: Mapped[str]
    county: Mapped[str]
    site: Mapped[str | None]
    seen_by: Mapped[list[str]]
    state: Mapped[str]
    opened_at: Mapped[datetime]
    worked_by: Mapped[UUID | None]
    """Who took it on."""
    resolved_at: Mapped[datetime | None]
    cause_gone_at: Mapped[datetime | None]
    """From when what was wrong no longer is; the case stays, its deadline does not press."""
    counts_from: Mapped[date]
    """The day on which its term began, which itself does not count."""
    working_days: Mapped[int]
    term_source: Mapped[str]


class CaseNote(Base):
    """A line of a case's history: who did or said what, and when. Insert-only."""

    __tablename__ = "case_note"
    __table_args__ = (Index("ix_case_note_case_id_id", "case_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """The client's, so that a form sent twice is one note."""
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case_file.id"))
    act: Mapped[str]
    """acknowledged, note, resolved, reopened, cause_gone, came_back"""
    text: Mapped[str]
    at: Mapped[datetime]
    by: Mapped[UUID | None]
    """Null where the platform itself tells of it."""


class CasePhoto(Base):
    """A photo on a note, made anew as JPEG: nothing else of the upload is kept.

    In the database, so that one backup holds a case with everything that shows it.
    """

    __tablename__ = "case_photo"
    __table_args__ = (Index("ix_case_photo_case_id", "case_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    note_id: Mapped[UUID] = mapped_column(ForeignKey("case_note.id"))
    case_id: Mapped[UUID]
    position: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    sha256: Mapped[bytes]
    content: Mapped[bytes] = mapped_column(deferred=True)


class CaseTerm(Base):
    """Within how many working days a case is to be resolved: data, dated, insert-only."""

    __tablename__ = "case_term"
    __table_args__ = (
        CheckConstraint("working_days > 0", name="working_days"),
        CheckConstraint("valid_to >= valid_from", name="days"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    reason: Mapped[str | None]
    """A rule's name; null for every rule of the severity."""
    severity: Mapped[str | None]
    working_days: Mapped[int]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    source: Mapped[str]
    entered_at: Mapped[datetime]
    entered_by: Mapped[UUID]
