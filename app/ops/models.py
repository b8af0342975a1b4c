"""The one row that says what kind of installation a database belongs to."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.orm import Base


class Installation(Base):
    """Whether this database is a demonstration, and whether its first loading is complete."""

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("one = 1", name="only_one"),)

    one: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    demo: Mapped[bool]
    log_origin: Mapped[str]
    created_at: Mapped[datetime]
    loaded_at: Mapped[datetime | None]
