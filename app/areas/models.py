"""Tables of divisions (GB/T 2260), of the reporting tree, which is another tree, and of pilots."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Float, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.orm import Base

PROVINCE = "130000"


class Area(Base):
    """The province or one of the areas that report to it: 11 cities, 定州, 辛集, 雄安新区."""

    __tablename__ = "area"
    __table_args__ = (
        CheckConstraint("kind IN ('province','city','direct_city','new_area')", name="kind"),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    pinyin: Mapped[str]
    kind: Mapped[str]
    parent: Mapped[str | None] = mapped_column(ForeignKey("area.code"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class County(Base):
    """A county-level division; `city` is its place in the code tree, not who it reports to."""

    __tablename__ = "county"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('district','county_city','county','autonomous_county')", name="kind"
        ),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    pinyin: Mapped[str]
    kind: Mapped[str]
    city: Mapped[str]
    lat: Mapped[float] = mapped_column(Float())
    lon: Mapped[float] = mapped_column(Float())


class CountyArea(Base):
    """To which area a county reports, and when."""

    __tablename__ = "county_area"

    county: Mapped[str] = mapped_column(ForeignKey("county.code"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    area: Mapped[str] = mapped_column(ForeignKey("area.code"), index=True)
    valid_to: Mapped[date | None]


class Pilot(Base):
    """A dated designation of a pilot county, made by a `declare` event."""

    __tablename__ = "pilot"

    county: Mapped[str] = mapped_column(ForeignKey("county.code"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date | None]
    document: Mapped[str | None]
    note: Mapped[str | None]
    event_id: Mapped[UUID]
