"""Wire shapes of batches and of the chain of custody."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from app.custody.current import Current
from app.custody.logged import LoggedEvent
from app.custody.trace import Trace


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
    """One step. `mass_g` is the batch's mass after it; people are named by role, at home alone."""

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
    outcome: str | None
    via: str | None
    container: str | None
    corrects: str | None
    flags: list[str]
    leaf_index: int | None


class LineageShown(Shown):
    """Batches, and which went into which."""

    nodes: list[str]
    edges: list[dict[str, Any]]


class BatchBalanceShown(Shown):
    """in = out + held + loss, in grams."""

    in_g: int
    out_g: int
    held_g: int
    loss_g: int


class LogShown(BaseModel):
    """The size of the log that an answer rests on."""

    size: int


class CustodyShown(BaseModel):
    """The chain of custody of one batch."""

    batch: BatchShown
    steps: list[StepShown]
    lineage: LineageShown
    balance: BatchBalanceShown
    log: LogShown

    @classmethod
    def of(cls, found: Trace) -> Self:
        """Return a traced chain."""
        return cls(
            batch=BatchShown.of(found.batch),
            steps=[StepShown.model_validate(step) for step in found.steps],
            lineage=LineageShown.model_validate(found.lineage),
            balance=BatchBalanceShown.model_validate(found.balance),
            log=LogShown(size=found.log_size),
        )


class LoggedEventShown(BaseModel):
    """An event that names a batch; `leaf_index` is null until it has its place in the log."""

    event: UUID
    kind: str
    occurred_on: date
    leaf_index: int | None
    leaf_hash: str
    """Hex SHA-256(0x00 ‖ leaf), RFC 6962."""


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
            )
            for one in found
        ]
        return cls(batch=batch, items=items)
