"""A recorded event as it is answered."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.transparency.receipt import ReceiptSigner

E7 = 10_000_000


def answer_of(
    parts: dict[str, Any], leaf: str, leaf_hash: bytes, trip: str | None
) -> dict[str, Any]:
    """Return the wire answer for a recorded event; `trip` is its number for people."""
    stamps = parts["stamps"]
    event = in_degrees(parts["event"])
    if "replacement" in event:
        event["replacement"] = in_degrees(event["replacement"])
    return {
        **event,
        "recorded_at": stamps["recorded_at"],
        "effective_at": stamps["effective_at"],
        "trip": trip,
        "flags": stamps["flags"],
        "leaf": leaf,
        "leaf_hash": leaf_hash.hex(),
    }


def in_degrees(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event with its position in degrees."""
    if "position" not in event:
        return dict(event)
    at = event["position"]
    position = {"lat": at["lat_e7"] / E7, "lon": at["lon_e7"] / E7}
    if "accuracy_cm" in at:
        position["accuracy_m"] = at["accuracy_cm"] / 100
    return {**event, "position": position}


def receipted(event: dict[str, Any], receipts: ReceiptSigner | None) -> dict[str, Any]:
    """Return an answered event with its receipt, where this server gives receipts."""
    if receipts is None:
        return event
    recorded_at = datetime.fromisoformat(event["recorded_at"])
    leaf_hash = bytes.fromhex(event["leaf_hash"])
    return event | {"receipt": receipts.promise(UUID(event["id"]), leaf_hash, recorded_at)}


def trip_of(parts: dict[str, Any]) -> UUID | None:
    """Return the trip that an event is part of, if its leaf names one."""
    trip = parts["stamps"].get("trip")
    return UUID(trip) if trip else None
