"""Tables of who acts and where: organisations, sites, permits, listed units, vehicles."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Float, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.orm import Base


class Organisation(Base):
    """A legal person by its 统一社会信用代码 (GB 32100).

    Whoever writes a row checks the code with `credit.py`; the database knows its shape alone.
    """

    __tablename__ = "organisation"
    __table_args__ = (
        CheckConstraint("credit_code ~ '^[0-9A-HJ-NP-RTUWXY]{18}$'", name="credit_code_shape"),
    )

    credit_code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    pinyin: Mapped[str]
    kind: Mapped[str]
    county: Mapped[str] = mapped_column(ForeignKey("county.code"), index=True)


class Site(Base):
    """A point (P), station (S) or plant (R, I, L, H); `code` is `CCCCCC-P0001`."""

    __tablename__ = "site"
    __table_args__ = (
        CheckConstraint("kind IN ('P','S','R','I','L','H')", name="kind"),
        CheckConstraint("substr(code, 8, 1) = kind", name="code_kind"),
        CheckConstraint("closed_on IS NULL OR closed_on >= opened_on", name="open_span"),
        CheckConstraint("plant_kind IN ('cement_kiln')", name="plant_kind"),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    county: Mapped[str] = mapped_column(ForeignKey("county.code"), index=True)
    township: Mapped[str]
    village: Mapped[str | None]
    lat: Mapped[float] = mapped_column(Float())
    lon: Mapped[float] = mapped_column(Float())
    point_kind: Mapped[str | None]
    plant_kind: Mapped[str | None]
    capacity_g: Mapped[int | None]
    operator: Mapped[str] = mapped_column(ForeignKey("organisation.credit_code"), index=True)
    opened_on: Mapped[date]
    closed_on: Mapped[date | None]


class Permit(Base):
    """A permit of a site: `discharge` 排污许可证, `hazardous` 危险废物经营许可证."""

    __tablename__ = "permit"
    __table_args__ = (
        CheckConstraint("kind IN ('discharge','hazardous')", name="kind"),
        CheckConstraint("valid_to >= valid_from", name="span"),
    )

    site: Mapped[str] = mapped_column(ForeignKey("site.code"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date]
    valid_to: Mapped[date]


class ListedUnit(Base):
    """A resource-use unit on the province's dated list (认定), made by a `declare` event."""

    __tablename__ = "listed_unit"

    site: Mapped[str] = mapped_column(ForeignKey("site.code"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date | None]
    document: Mapped[str | None]
    event_id: Mapped[UUID]


class Vehicle(Base):
    """A vehicle by its plate, normalised and checked."""

    __tablename__ = "vehicle"
    __table_args__ = (CheckConstraint("plate ~ '^.[A-Z][0-9A-Z挂]{5,6}$'", name="plate_shape"),)

    plate: Mapped[str] = mapped_column(primary_key=True)
    organisation: Mapped[str] = mapped_column(ForeignKey("organisation.credit_code"), index=True)
    capacity_g: Mapped[int | None]
