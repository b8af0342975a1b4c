"""What the leaves of a trip's events tell, as steps. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.trips.leg import CARRIER, ORIGIN, AtArrival, Order, Told


@dataclass(frozen=True)
class Row:
    """An event of a trip as it stands in the log, and a departure's own as it was decided."""

    parts: Mapping[str, Any]
    recorded_at: datetime
    regime: str | None = None


def told_of(trip: UUID | None, rows: Iterable[Row]) -> list[Told]:
    """Return the steps that events tell, of a trip or of none: corrected ones out, replacements in."""
    rows = list(rows)
    corrected = {row.parts["event"].get("corrects") for row in rows}
    return [
        step
        for row in rows
        if row.parts["event"]["id"] not in corrected and (step := _step(trip, row)) is not None
    ]


def _step(trip: UUID | None, row: Row) -> Told | None:
    public, stamps = row.parts["event"], row.parts["stamps"]
    said = public
    if public["kind"] == "correct":
        # The replacement takes the corrected event's place under the correction's id.
        said = public.get("replacement")
        if not said:
            return None
    at = datetime.fromisoformat(stamps["effective_at"])
    return Told(
        event=public["id"],
        kind=said["kind"],
        site=said["site"],
        order=_order(said, stamps, at, public["id"]),
        at=at,
        recorded_at=row.recorded_at,
        codes=frozenset(batch["code"] for batch in said.get("batches", [])),
        destination=said.get("destination"),
        side=CARRIER if stamps.get("role") == "carrier" else ORIGIN,
        regime=row.regime,
        manifest=said.get("manifest"),
        names_trip=stamps.get("trip") == str(trip),
        flags=tuple(stamps.get("flags", [])),
        exceptions={
            one["code"]: AtArrival(one["outcome"], one["reason"])
            for one in said.get("exceptions", [])
        },
        difference_reason=said.get("difference_reason"),
        container=said.get("container"),
    )


def _order(said: Mapping[str, Any], stamps: Mapping[str, Any], at: datetime, event: str) -> Order:
    adjusted = datetime.fromisoformat(stamps["adjusted_at"])
    seq = said.get("device", {}).get("seq", -1)
    return (_micros(at), _micros(adjusted), seq, event)


def _micros(at: datetime) -> int:
    whole = int(at.replace(microsecond=0).timestamp())
    return whole * 1_000_000 + at.microsecond
