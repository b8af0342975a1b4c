"""Wire shapes of batches and of the chain of custody."""

from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict

from app.custody.corrections import Corrected
from app.custody.current import Current
from app.custody.lineage import Lineage
from app.custody.logged import LoggedEvent
from app.custody.members import Members
from app.custody.trace import Trace


def _number(share: Any) -> Any:
    return float(share) if isinstance(share, Fraction) else share


Share = Annotated[float, BeforeValidator(_number)]
"""An exact share as a number."""


class Shown(BaseModel):
    """Base of the shapes that are read from a result's attributes."""

    model_config = ConfigDict(from_attributes=True)


class PartShown(Shown):
    """So many grams from one county and of one scope."""

    county: str
    scope: str
    mass_g: int


class PiecesShown(Shown):
    """So many pieces of one sort of packaging."""

    material: str
    form: str
    size: str
    scope: str
    pieces: int


class BatchShown(Shown):
    """A batch; `trip` and `destination` only while it is in transit."""

    code: str
    kind: str
    status: str
    stage: str | None
    mass_g: int
    mass_source: str | None
    site: str | None
    origin: list[PartShown]
    container: str | None
    contents: list[PiecesShown]
    flags: list[str]
    trip: str | None
    destination: str | None
    updated_at: datetime | None

    @classmethod
    def of(cls, current: Current) -> Self:
        """Return a batch as it stands in lists and by itself."""
        return cls.model_validate(current)


class BatchPage(BaseModel):
    """A page of batches by last change."""

    items: list[BatchShown]
    next_cursor: str | None


class StepShown(Shown):
    """One step. `mass_g` is the batch's mass after it; people are named by role, at home alone.

    Of a container `bags` says how many it held, all other masses being theirs together, and
    `short` how many of them did not come along.
    """

    event: UUID
    kind: str
    stage: str
    effective_at: datetime
    recorded_at: datetime
    site: str
    site_name: str
    county: str
    role: str | None
    mass_g: int
    mass_source: str | None
    difference_g: int
    trip: str | None
    destination: str | None
    method: str | None
    certificate: str | None
    outcome: str | None
    via: str | None
    container: str | None
    corrects: str | None
    mode: str | None
    bags: int | None
    short: int
    flags: list[str]
    leaf_index: int | None


class EdgeShown(Shown):
    """So much of an input is in an output: `in_g` of `total_in_g` of its `out_g`.

    Of one `material` where it was sorted. `fraction` is the exact share of the whole output, that
    of all its inputs sums to one; `share` the same as a number.
    """

    input: str
    output: str
    event: UUID
    mode: str
    material: str | None
    in_g: int
    total_in_g: int
    out_g: int
    share: Share
    fraction: str


class LineageBatchShown(Shown):
    """A batch of the lineage, never who handled it; `level` −1 are inputs, 1 outputs."""

    code: str
    level: int
    status: str
    stage: str | None
    site: str | None
    county: str | None
    mass_g: int
    container: str | None


class LineageShown(Shown):
    """Batches, and which went into which; the nearest ones where there are more.

    `node_count` and `edge_count` tell of all; sources and destinations are lists of their own.
    """

    nodes: list[str]
    edges: list[EdgeShown]
    batches: list[LineageBatchShown]
    node_count: int
    edge_count: int
    complete: bool
    sources_url: str | None = None
    destinations_url: str | None = None


class BatchBalanceShown(Shown):
    """in = out + held + loss, in grams."""

    in_g: int
    out_g: int
    held_g: int
    loss_g: int


class LogShown(BaseModel):
    """The size of the log that an answer rests on."""

    size: int


class ChangedShown(Shown):
    """One thing that was told otherwise before."""

    field: str
    was: Any
    now: Any


class CorrectedShown(Shown):
    """A correction of what happened to the batch; `changes` is empty where it did not occur."""

    event: UUID
    corrects: UUID
    kind: str
    reason: str
    role: str | None
    site: str
    effective_at: datetime
    recorded_at: datetime
    leaf_index: int | None
    changes: list[ChangedShown]


class MembersShown(BaseModel):
    """What is in a container; the bags now are a list of their own."""

    count: int
    mass_g: int
    url: str

    @classmethod
    def of(cls, container: str, members: Members) -> Self:
        """Return how many bags in reach are in a container."""
        return cls(
            count=members.count,
            mass_g=members.mass_g,
            url=f"/api/v1/batches?container={container}",
        )


class CustodyShown(BaseModel):
    """The chain of custody of one batch; `members` only of a container."""

    batch: BatchShown
    steps: list[StepShown]
    lineage: LineageShown
    balance: BatchBalanceShown
    corrections: list[CorrectedShown]
    members: MembersShown | None
    log: LogShown

    @classmethod
    def of(
        cls,
        found: Trace,
        lineage: Lineage,
        corrections: Sequence[Corrected],
        members: Members | None,
    ) -> Self:
        """Return a traced chain."""
        code = found.batch.code
        shown = LineageShown.model_validate(lineage)
        if not lineage.complete:
            shown.sources_url = f"/api/v1/batches/{code}/sources"
            shown.destinations_url = f"/api/v1/batches/{code}/destinations"
        return cls(
            batch=BatchShown.of(found.batch),
            steps=[StepShown.model_validate(step) for step in found.steps],
            lineage=shown,
            balance=BatchBalanceShown.model_validate(found.balance),
            corrections=[CorrectedShown.model_validate(one) for one in corrections],
            members=MembersShown.of(code, members) if members else None,
            log=LogShown(size=found.log_size),
        )


class LoggedEventShown(BaseModel):
    """An event that tells of a batch; `leaf_index` is null until it has its place in the log.

    `via` is the container that it names instead; `corrected_by` the event that took its place.
    """

    event: UUID
    kind: str
    occurred_on: date
    leaf_index: int | None
    leaf_hash: str
    """Hex SHA-256(0x00 ‖ leaf), RFC 6962."""
    via: str | None
    corrects: UUID | None
    corrected_by: UUID | None


class LoggedShown(BaseModel):
    """What anybody needs to have the events of a batch proven, at most 500 of them."""

    batch: str
    items: list[LoggedEventShown]

    @classmethod
    def of(cls, batch: str, found: Sequence[LoggedEvent]) -> Self:
        """Return the events of a batch in leaf order."""
        items = [
            LoggedEventShown(
                event=one.event,
                kind=one.kind,
                occurred_on=one.occurred_on,
                leaf_index=one.leaf_index,
                leaf_hash=one.leaf_hash.hex(),
                via=one.via,
                corrects=one.corrects,
                corrected_by=one.corrected_by,
            )
            for one in found
        ]
        return cls(batch=batch, items=items)
