"""The simulated world: who there is and where, before anything happens.

Everything follows from the seed, the last day of the season and the reference files: the same
three give the same world. All of it is invented but for counties, townships and the pilots'
dated demonstration designation.
"""

import csv
from dataclasses import dataclass
from datetime import date, timedelta, timezone
from functools import cached_property, lru_cache
from pathlib import Path
from random import Random
from uuid import UUID

from app.demo.geo import Place

_DATA = Path(__file__).parent.parent / "areas" / "data"
SHANGHAI = timezone(timedelta(hours=8))
OPENED_ON = date(2022, 3, 1)


@dataclass(frozen=True)
class Organisation:
    """A legal person with a credit code whose check characters fit."""

    credit_code: str
    name: str
    pinyin: str
    kind: str
    county: str


@dataclass(frozen=True)
class Site:
    """A point, station or plant; `capacity_g` in grams."""

    code: str
    kind: str
    name: str
    county: str
    township: str
    village: str | None
    lat: float
    lon: float
    point_kind: str | None
    capacity_g: int
    operator: str
    opened_on: date

    @property
    def place(self) -> Place:
        """Latitude and longitude."""
        return self.lat, self.lon


@dataclass(frozen=True)
class Permit:
    """A plant's permit: `discharge` or `hazardous`."""

    site: str
    kind: str
    number: str
    valid_from: date
    valid_to: date


@dataclass(frozen=True)
class Listing:
    """A span in which a resource-use unit is on the province's list."""

    site: str
    valid_from: date
    valid_to: date | None
    document: str


@dataclass(frozen=True)
class Vehicle:
    """A lorry of a carrier."""

    plate: str
    organisation: str
    capacity_g: int


@dataclass(frozen=True)
class Account:
    """A person's account, still without a password."""

    id: UUID
    username: str
    display_name: str
    role: str
    area: str
    site: str | None = None
    township: str | None = None
    organisation: str | None = None
    department: str | None = None


@dataclass(frozen=True)
class World:
    """All that stands still while the season runs."""

    seed: str
    last_day: date
    pilots: tuple[str, ...]
    organisations: tuple[Organisation, ...]
    sites: tuple[Site, ...]
    permits: tuple[Permit, ...]
    listings: tuple[Listing, ...]
    vehicles: tuple[Vehicle, ...]
    accounts: tuple[Account, ...]

    @cached_property
    def site(self) -> dict[str, Site]:
        """Sites by code."""
        return {site.code: site for site in self.sites}

    @cached_property
    def account(self) -> dict[str, Account]:
        """Accounts by username."""
        return {account.username: account for account in self.accounts}

    @cached_property
    def account_at(self) -> dict[str, Account]:
        """The account that acts at a site, by site code."""
        return {account.site: account for account in self.accounts if account.site}

    @cached_property
    def plates(self) -> dict[str, tuple[str, ...]]:
        """The plates of a county's carrier, by county: the light lorry, then the heavy one."""
        home = {carrier.credit_code: carrier.county for carrier in self.organisations}
        found: dict[str, tuple[str, ...]] = {}
        for vehicle in self.vehicles:
            county = home[vehicle.organisation]
            found[county] = (*found.get(county, ()), vehicle.plate)
        return found

    def sites_of(self, county: str, kind: str) -> list[Site]:
        """Return a county's sites of one kind, in the order of their codes."""
        return [site for site in self.sites if site.county == county and site.kind == kind]

    def receivers(self, kind: str) -> list[Site]:
        """Return the plants of one kind that may lawfully receive on the season's last day."""
        lawful = {one.site for one in self.permits if one.valid_to > self.last_day}
        if kind == "R":
            lawful &= {one.site for one in self.listings if one.valid_to is None}
        return [site for site in self.sites if site.kind == kind and site.code in lawful]


def stream(seed: str, name: str) -> Random:
    """Return the random numbers of one part of the world, the same for the same seed."""
    return Random(f"{seed}/{name}")  # noqa: S311  a simulation, not a secret


@lru_cache
def reference(name: str) -> tuple[dict[str, str], ...]:
    """Return the rows of a reference file of areas, such as `counties`."""
    with (_DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def county_rows() -> dict[str, dict[str, str]]:
    """Return all counties by code."""
    return {row["code"]: row for row in reference("counties")}


def years_from(day: date, years: float) -> date:
    """Return the day so many years later, or earlier where negative."""
    return day + timedelta(days=round(365.25 * years))
