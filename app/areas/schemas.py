"""Wire shapes of areas and counties."""

from datetime import date
from typing import Self

from pydantic import BaseModel

from app.areas.models import Area
from app.areas.read import CountyThen


class Position(BaseModel):
    """A place in decimal degrees, WGS-84."""

    lat: float
    lon: float


class AreaShown(BaseModel):
    """The province or an area that reports to it; days are inclusive."""

    code: str
    name: str
    kind: str
    parent: str | None
    valid_from: date
    valid_to: date | None

    @classmethod
    def of(cls, area: Area) -> Self:
        """Return an area as everyone signed in may see it."""
        return cls.model_validate(area, from_attributes=True)


class AreaPage(BaseModel):
    """A page of areas by code."""

    items: list[AreaShown]
    next_cursor: str | None


class CountyShown(BaseModel):
    """A county as of a day: `city` by its code, `area` to which it reports, centre position."""

    code: str
    name: str
    kind: str
    city: str
    area: str | None
    pilot: bool
    position: Position

    @classmethod
    def of(cls, then: CountyThen) -> Self:
        """Return a county as everyone signed in may see it."""
        county = then.county
        return cls(
            code=county.code,
            name=county.name,
            kind=county.kind,
            city=county.city,
            area=then.area,
            pilot=then.pilot,
            position=Position(lat=county.lat, lon=county.lon),
        )


class CountyPage(BaseModel):
    """A page of counties by code."""

    items: list[CountyShown]
    next_cursor: str | None
