"""The table of tariffs: kept by `declare` events, so that each is dated and stands in the log."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.orm import Base


class TariffRow(Base):
    """One tariff of a county; `material`, `form`, `size` are empty where every one is meant."""

    __tablename__ = "tariff"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="span"),
        CheckConstraint("scheme IN ('deposit','buyback','subsidy')", name="scheme"),
        CheckConstraint("payee IN ('shop','hauler','plant')", name="payee"),
        CheckConstraint("per IN ('piece','kg','tonne')", name="per"),
        CheckConstraint("fen >= 0", name="fen"),
    )

    county: Mapped[str] = mapped_column(ForeignKey("county.code"), primary_key=True)
    scheme: Mapped[str] = mapped_column(primary_key=True)
    payee: Mapped[str] = mapped_column(primary_key=True)
    per: Mapped[str] = mapped_column(primary_key=True)
    material: Mapped[str] = mapped_column(primary_key=True)
    form: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date | None]
    fen: Mapped[int]
    document: Mapped[str]
    event_id: Mapped[UUID]
    """The declaration that it comes from."""
