"""The table of actual values that departments enter, year by year, each with its source."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from app.orm import Base


class PlanActual(Base):
    """What a target's indicator came to in a year, never altered: a later number supersedes.

    In the unit of the target. For a target that is a reduction it is the amount itself, and the
    base year's entry is the baseline. `value` None with a unit withdraws what was entered before.
    A target without a number takes a statement: `note`, without a value and a unit.
    """

    __tablename__ = "plan_actual"
    __table_args__ = (
        CheckConstraint("year BETWEEN 2000 AND 2100", name="year"),
        CheckConstraint("value >= 0", name="not_negative"),
        CheckConstraint(
            "num_nonnulls(unit, source) = 2 OR value IS NULL AND num_nonnulls(unit, source) = 1",
            name="value_with_unit_and_source",
        ),
        CheckConstraint("value IS NOT NULL OR note IS NOT NULL", name="words_where_no_value"),
    )

    target: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[Decimal | None] = mapped_column(Numeric())
    unit: Mapped[str | None]
    source: Mapped[str | None]
    url: Mapped[str | None]
    note: Mapped[str | None]
    department: Mapped[str] = mapped_column(ForeignKey("plan_department.slug"))
    actor: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    recorded_at: Mapped[datetime]
