"""An event as it was sent: its public part, normalised, and its private part."""

from collections.abc import Mapping
from typing import Any

from app.areas.datum import gcj02_to_wgs84
from app.events.answered import E7
from app.events.parse import Item
from app.events.parts import Position
from app.events.schemas import Arrive, Correct, Depart, Draft, HandIn
from app.ledger.leaf import utc

PRIVATE = ("note", "giver", "driver")
"""Fields that stay outside the log."""


def public_of(draft: Draft, codes: Mapping[str, str]) -> dict[str, Any]:
    """Return the public part as sent, normalised to integers; `codes` are the codes as parsed."""
    public: dict[str, Any] = {
        "id": str(draft.id),
        "kind": draft.event_kind,
        "occurred_at": utc(draft.occurred_at),
        "site": draft.site,
        **_own(draft),
    }
    for field in ("batches", "inputs", "outputs"):
        if field in public:
            public[field] = [_plain({**ref, "code": codes[ref["code"]]}) for ref in public[field]]
    if isinstance(draft, Arrive) and draft.exceptions:
        public["exceptions"] = [
            {"code": codes[e.code], "outcome": e.outcome, "reason": e.reason}
            for e in draft.exceptions
        ]
    if "container" in public:
        public["container"] = codes[public["container"]]
    if "weighed" in public:
        weighed = public["weighed"]
        public["weighed"] = _plain({**weighed, "container": codes[weighed["container"]]})
    return public


def public_of_correction(correct: Correct, replacement: dict[str, Any] | None) -> dict[str, Any]:
    """Return a correction's public part; `replacement` is that of the event in its stead."""
    public: dict[str, Any] = {"id": str(correct.id), "kind": "correct", **_own(correct)}
    public["corrects"] = str(correct.corrects)
    if correct.occurred_at:
        public["occurred_at"] = utc(correct.occurred_at)
    public.pop("replacement", None)
    if replacement is not None:
        public["replacement"] = {key: v for key, v in replacement.items() if key != "id"}
    return public


def public_part(item: Item) -> dict[str, Any]:
    """Return the public part of an event or a correction, as its leaf has it."""
    public = public_of(item.draft, item.codes) if item.draft else None
    if item.correct:
        return public_of_correction(item.correct, public)
    assert public is not None, "an item is an event or a correction"
    return public


def _own(draft: Draft | Correct) -> dict[str, Any]:
    """Return the fields of a kind that stand in the leaf as they were sent."""
    known = {"id", "kind", "occurred_at", "position", "device", "exceptions", *PRIVATE}
    found = _plain(draft.model_dump(exclude=known, mode="json"))
    if draft.position:
        found["position"] = _position(draft.position)
    if draft.device:
        found["device"] = _plain(draft.device.model_dump())
    return found


def private_of(draft: Draft | Correct | None) -> dict[str, Any] | None:
    """Return what stays outside the log, or None: giver, driver, note."""
    private: dict[str, Any] = {}
    if draft and draft.note:
        private["note"] = draft.note
    if isinstance(draft, HandIn) and draft.giver:
        private["giver"] = _plain(draft.giver.model_dump())
    if isinstance(draft, Depart) and draft.driver:
        private["driver"] = draft.driver
    return private or None


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _position(position: Position) -> dict[str, Any]:
    lat, lon = position.lat, position.lon
    found: dict[str, Any] = {}
    if position.datum == "GCJ-02":
        found["datum"] = "GCJ-02"
        found["original"] = {"lat_e7": round(lat * E7), "lon_e7": round(lon * E7)}
        lat, lon = gcj02_to_wgs84(lat, lon)
    found |= {"lat_e7": round(lat * E7), "lon_e7": round(lon * E7)}
    if position.accuracy_m is not None:
        found["accuracy_cm"] = round(position.accuracy_m * 100)
    return found
