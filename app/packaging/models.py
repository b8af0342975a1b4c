"""Tables of the packaging vocabularies and of unit weights (单件空包装重), by version."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.orm import Base


class Term(Base):
    """One word of a vocabulary; `slug` is stable, `name` is Chinese."""

    __tablename__ = "packaging_term"
    __table_args__ = (CheckConstraint("vocabulary IN ('material','form','size')", name="of"),)

    vocabulary: Mapped[str] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    position: Mapped[int]


class UnitWeightVersion(Base):
    """A declared set of unit weights, in force from a day on."""

    __tablename__ = "unit_weight_version"

    version: Mapped[int] = mapped_column(primary_key=True)
    valid_from: Mapped[date]
    event_id: Mapped[UUID]


class UnitWeight(Base):
    """Mean mass of one empty piece, in milligrams."""

    __tablename__ = "unit_weight"
    __table_args__ = (CheckConstraint("weight_mg > 0", name="weight_positive"),)

    version: Mapped[int] = mapped_column(
        ForeignKey("unit_weight_version.version"), primary_key=True
    )
    material: Mapped[str] = mapped_column(primary_key=True)
    form: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[str] = mapped_column(primary_key=True)
    weight_mg: Mapped[int]
    source: Mapped[str]
