"""Wire shapes of sites, organisations and vehicles."""

from collections.abc import Sequence
from datetime import date
from typing import Self

from pydantic import BaseModel

from app.areas.schemas import Position
from app.parties.models import ListedUnit, Organisation, Permit, Site, Vehicle
from app.parties.read import SiteFile


class Party(BaseModel):
    """An organisation by code and name."""

    credit_code: str
    name: str

    @classmethod
    def of(cls, organisation: Organisation) -> Self:
        """Return who operates or owns something."""
        return cls.model_validate(organisation, from_attributes=True)


class SiteShown(BaseModel):
    """A point (P), station (S) or plant (R, I, L, H); `capacity_g` in grams."""

    code: str
    kind: str
    name: str
    county: str
    township: str
    village: str | None
    position: Position
    point_kind: str | None
    capacity_g: int | None
    operator: Party
    opened_on: date
    closed_on: date | None

    @classmethod
    def of(cls, row: tuple[Site, Organisation]) -> Self:
        """Return a site as it stands in a list."""
        site, operator = row
        return cls(
            code=site.code,
            kind=site.kind,
            name=site.name,
            county=site.county,
            township=site.township,
            village=site.village,
            position=Position(lat=site.lat, lon=site.lon),
            point_kind=site.point_kind,
            capacity_g=site.capacity_g,
            operator=Party.of(operator),
            opened_on=site.opened_on,
            closed_on=site.closed_on,
        )


class SitePage(BaseModel):
    """A page of sites by code."""

    items: list[SiteShown]
    next_cursor: str | None


class PermitShown(BaseModel):
    """A permit: `discharge` 排污许可证 or `hazardous` 危险废物经营许可证; days are inclusive."""

    kind: str
    number: str
    valid_from: date
    valid_to: date


class ListingShown(BaseModel):
    """A time on the province's list of resource-use units (认定); days are inclusive."""

    valid_from: date
    valid_to: date | None
    document: str | None


class SiteDetail(SiteShown):
    """A site with its permits and its times on the province's list."""

    permits: list[PermitShown]
    listings: list[ListingShown]

    @classmethod
    def of_file(cls, file: SiteFile) -> Self:
        """Return all that is on file about a site."""
        shown = SiteShown.of((file.site, file.operator))
        return cls(**dict(shown), permits=_permits(file.permits), listings=_listings(file.listings))


def _permits(permits: Sequence[Permit]) -> list[PermitShown]:
    return [PermitShown.model_validate(permit, from_attributes=True) for permit in permits]


def _listings(listings: Sequence[ListedUnit]) -> list[ListingShown]:
    return [ListingShown.model_validate(listed, from_attributes=True) for listed in listings]


class OrganisationShown(BaseModel):
    """A legal person by its 统一社会信用代码; `county` is where it is registered."""

    credit_code: str
    name: str
    kind: str
    county: str

    @classmethod
    def of(cls, organisation: Organisation) -> Self:
        """Return an organisation."""
        return cls.model_validate(organisation, from_attributes=True)


class OrganisationPage(BaseModel):
    """A page of organisations by credit code."""

    items: list[OrganisationShown]
    next_cursor: str | None


class VehicleShown(BaseModel):
    """A vehicle by its plate, with its owner; `capacity_g` in grams."""

    plate: str
    organisation: Party
    capacity_g: int | None

    @classmethod
    def of(cls, row: tuple[Vehicle, Organisation]) -> Self:
        """Return a vehicle."""
        vehicle, owner = row
        return cls(plate=vehicle.plate, organisation=Party.of(owner), capacity_g=vehicle.capacity_g)


class VehiclePage(BaseModel):
    """A page of vehicles by plate."""

    items: list[VehicleShown]
    next_cursor: str | None
