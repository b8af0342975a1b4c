"""Wire shapes of sources, destinations and treatment lots."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel

from app.custody.destinations import Destination
from app.custody.lot import Lot
from app.custody.schemas import LogShown, Share, Shown
from app.custody.sources import Group, Source, Sources, Where, grouped, materials_in

MOST_TOTALS = 200
"""Rows of one sort of totals in an answer; all of them are in the paged lists."""


class WhereShown(Shown):
    """A place; a township or county alone where several sites are added up."""

    site: str | None
    site_name: str | None
    township: str | None
    county: str | None
    county_name: str | None


class SourceShown(WhereShown):
    """An original bag. `fraction` is its exact share of the whole, `mass_g` that in grams."""

    code: str
    kind: str
    share: Share
    fraction: str
    mass_g: int
    materials: dict[str, int]
    hand_ins: int
    own_mass_g: int | None

    @classmethod
    def of(cls, one: Source) -> Self:
        """Return a source."""
        return cls.model_validate(_flat(one, one.where, one.share) | {"share": one.share})


class GroupShown(WhereShown):
    """Original bags of one point, township or county added up."""

    key: str
    name: str
    bags: int
    hand_ins: int
    share: Share
    fraction: str
    mass_g: int
    materials: dict[str, int]

    @classmethod
    def of(cls, one: Group) -> Self:
        """Return a group."""
        return cls.model_validate(_flat(one, one.where, one.share))


def _flat(one: Any, where: Where, share: Any) -> dict[str, Any]:
    values = {**vars(one), **vars(where), "fraction": str(share)}
    if "materials" in values:
        values["materials"] = dict(values["materials"])
    return values


class HandInShown(Shown):
    """A hand-in of an original bag; `mass_g` is what it was weighed or counted at. Nobody's name."""

    event: UUID
    batch: str
    site: str
    effective_at: datetime
    occurred_on: date
    mass_g: int | None
    pieces: int
    leaf_index: int | None


class SourcePage(BaseModel):
    """Original bags by code; all pages sum to `mass_g`."""

    items: list[SourceShown]
    next_cursor: str | None
    mass_g: int
    complete: bool
    log: LogShown


class GroupPage(BaseModel):
    """Points, townships or counties by code; all pages sum to `mass_g`."""

    items: list[GroupShown]
    next_cursor: str | None
    mass_g: int
    complete: bool
    log: LogShown


class HandInPage(BaseModel):
    """Hand-ins by bag and time."""

    items: list[HandInShown]
    next_cursor: str | None
    log: LogShown


class DestinationShown(WhereShown):
    """What became of part of a batch's mass, and in which batch."""

    kind: str
    batch: str | None
    event: UUID | None
    share: Share
    fraction: str
    mass_g: int
    whole_g: int | None
    method: str | None
    certificate: str | None
    reason: str | None
    at: datetime | None

    @classmethod
    def of(cls, one: Destination) -> Self:
        """Return a destination."""
        return cls.model_validate(_flat(one, one.where, one.share))


class DestinationPage(BaseModel):
    """Where a batch's mass went; all pages sum to `mass_g`."""

    items: list[DestinationShown]
    next_cursor: str | None
    mass_g: int
    complete: bool
    log: LogShown


class LotShown(BaseModel):
    """A treatment lot: what was treated together, and where it was taken back.

    `partial` where only the bags in the reader's reach are told of.
    """

    event: UUID
    method: str
    certificate: str
    product: str | None
    manifest: str | None
    plant: WhereShown
    effective_at: datetime
    recorded_at: datetime
    leaf_index: int | None
    bags: int
    mass_g: int
    partial: bool
    original_bags: int
    hand_ins: int
    materials: dict[str, int]
    points: list[GroupShown]
    point_count: int
    townships: list[GroupShown]
    township_count: int
    counties: list[GroupShown]
    complete: bool
    log: LogShown

    @classmethod
    def of(cls, lot: Lot, sources: Sources, size: int) -> Self:
        """Return a lot with its totals."""
        body = lot.happening.body
        points, townships = grouped(sources, "point"), grouped(sources, "township")
        return cls(
            event=UUID(lot.event),
            method=body["method"],
            certificate=body["certificate"],
            product=body.get("product"),
            manifest=body.get("manifest"),
            plant=WhereShown.model_validate(lot.plant),
            effective_at=lot.at,
            recorded_at=lot.recorded_at,
            leaf_index=lot.leaf_index,
            bags=len(lot.held),
            mass_g=lot.mass_g,
            partial=lot.partial,
            original_bags=len(sources.items),
            hand_ins=sum(one.hand_ins for one in sources.items),
            materials=dict(materials_in(sources.items)),
            points=_shown(points),
            point_count=len(points),
            townships=_shown(townships),
            township_count=len(townships),
            counties=_shown(grouped(sources, "county")),
            complete=sources.complete,
            log=LogShown(size=size),
        )


def _shown(groups: Sequence[Group]) -> list[GroupShown]:
    largest = sorted(groups, key=lambda one: (-one.mass_g, one.key))
    return [GroupShown.of(one) for one in largest[:MOST_TOTALS]]
