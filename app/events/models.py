"""Tables of the write side that are not the log: bodies that were refused are kept."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.orm import Base


class Refusal(Base):
    """A refused body with the problem it was answered with; nothing a phone sent is lost."""

    __tablename__ = "refusal"
    __table_args__ = (
        Index("ix_refusal_at_id", "at", "id"),
        Index("ix_refusal_site_at", "site", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    event_id: Mapped[str | None]
    at: Mapped[datetime]
    actor: Mapped[UUID] = mapped_column(index=True)
    site: Mapped[str | None]
    county: Mapped[str | None] = mapped_column(index=True)
    device: Mapped[str | None]
    body: Mapped[str]
    problem: Mapped[dict[str, Any]]
