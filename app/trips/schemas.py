"""Wire shapes of trips."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from app.batches.schemas import SiteCode
from app.parties.schemas import Party
from app.trips.fields import ClientId, Instant, Plate
from app.web import Unfit, Wire

MAX_STOPS = 100
State = Literal["open", "under_way", "delivered", "in_dispute", "overdue"]
Regime = Literal["internal", "hazardous"]
Side = Literal["origin", "carrier"]


class Stop(Wire):
    """One pick-up, where its load is to go, and when that is planned."""

    origin: SiteCode
    destination: SiteCode
    pick_up_at: Instant | None = None
    deliver_at: Instant | None = None

    @model_validator(mode="after")
    def _goes_elsewhere(self) -> "Stop":
        if self.origin == self.destination:
            raise Unfit("目的地不能就是装货的站点", "must be another site", "/destination")
        if self.pick_up_at and self.deliver_at and self.deliver_at <= self.pick_up_at:
            raise Unfit("送到应晚于装货", "must be after pick_up_at", "/deliver_at")
        return self


class TripOrder(Wire):
    """A planned run of one vehicle, announced before anything is loaded."""

    id: ClientId | None = None
    vehicle: Plate
    carrier: Annotated[str, StringConstraints(pattern="^[0-9A-HJ-NP-RTUWXY]{18}$")] | None = None
    stops: Annotated[list[Stop], Field(min_length=1, max_length=MAX_STOPS)]
    driver: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)] | None
    ) = None

    @model_validator(mode="after")
    def _each_leg_once(self) -> "TripOrder":
        if len({(stop.origin, stop.destination) for stop in self.stops}) < len(self.stops):
            raise Unfit("同一段写了两次", "names one leg twice", "/stops")
        return self


class ConfirmOrder(Wire):
    """Which pick-up is confirmed: one's own site where none is named, a driver's are all."""

    site: SiteCode | None = None


class PlaceShown(BaseModel):
    """A site by code and name."""

    code: str
    name: str


class BagShown(BaseModel):
    """One bag of a leg; grams. `difference_g` is what arrived more (less: negative)."""

    code: str
    state: Literal["moving", "arrived", "returned", "written_off"]
    out_g: int
    received_g: int | None
    difference_g: int | None
    outcome: Literal["refused", "missing", "damaged"] | None
    reason: str | None
    at: PlaceShown | None
    elsewhere: bool


class Confirmation(BaseModel):
    """Whether the other side has confirmed what was recorded; `waiting_for` says who has not."""

    confirmed: bool
    waiting_for: Side | None


class LegShown(BaseModel):
    """What a trip took from one origin for one destination; grams.

    `received_g` is what the destination took in, `returned_g` what the origin took back,
    `elsewhere_g` what others took in; these three less `difference_g` with `moving_g` and
    `written_off_g` are `out_g`. `confirm_by` is the last
    day on which the receiver of hazardous waste confirms its manifest in the national system, by
    the State Council's calendar; `confirm_by_assumed` where a year's notice is not known yet.
    """

    origin: PlaceShown
    destination: PlaceShown
    state: State
    regime: Regime | None
    manifests: list[str]
    manifest_missing: bool
    pick_up_at: datetime | None
    deliver_at: datetime | None
    departed_at: datetime | None
    due_at: datetime | None
    arrived_at: datetime | None
    confirm_workdays: int | None
    confirm_by: date | None
    confirm_by_assumed: bool
    confirmation: Confirmation | None
    out_g: int
    received_g: int
    returned_g: int
    elsewhere_g: int
    moving_g: int
    written_off_g: int
    difference_g: int
    beyond: bool
    difference_reasons: list[str]
    flags: list[str]
    bags: list[BagShown]


class Stray(BaseModel):
    """A bag that came in with this trip but is not known to have been on it."""

    code: str
    at: PlaceShown


class TripHead(BaseModel):
    """A trip by its numbers; `announced` before anything was loaded."""

    id: UUID
    number: str
    state: State
    regime: Regime
    vehicle: str
    carrier: Party | None
    opened_at: datetime
    announced: bool


class TripShown(TripHead):
    """A trip with the legs that the reader may see; `other_legs` says how many more there are.

    `nothing_rides` says why there are none at all: the departures were `taken_back`, or what they
    carry is `not_told` yet.
    """

    drivers: list[str]
    legs: list[LegShown]
    other_legs: int
    nothing_rides: Literal["taken_back", "not_told"] | None
    not_on_this_trip: list[Stray]
    may_confirm: list[str]


class LegListed(BaseModel):
    """A leg as it stands in a list; grams."""

    origin: PlaceShown
    destination: PlaceShown
    state: State
    pick_up_at: datetime | None
    deliver_at: datetime | None
    departed_at: datetime | None
    due_at: datetime | None
    unconfirmed: bool
    bags: int
    out_g: int
    moving_g: int
    difference_g: int


class TripListed(TripHead):
    """A trip in a list."""

    legs: list[LegListed]


class LogSize(BaseModel):
    """How much of the log the figures hold, at least."""

    size: int


class TripPage(BaseModel):
    """A page of trips, the latest first."""

    items: list[TripListed]
    next_cursor: str | None
    log: LogSize
