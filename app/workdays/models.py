"""Days that the province enters beside the State Council's notices: dated, sourced, insert-only."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.orm import Base


class WorkdayRow(Base):
    """A holiday or a make-up working day; of two rows of one day the one entered last holds."""

    __tablename__ = "workday"
    __table_args__ = (CheckConstraint("kind IN ('off', 'work')", name="kind"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date]
    kind: Mapped[str]
    name: Mapped[str]
    source: Mapped[str]
    """The number of the document."""
    year: Mapped[int | None]
    """The year whose whole notice was entered with the row; its days are then known, not assumed."""
    entered_at: Mapped[datetime]
    entered_by: Mapped[UUID]
