"""An event between its forms: as sent, as it stands in the leaf, as a step of a bag, as answered.

Everything a step needs stands in the leaf; nothing is looked up again.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.areas.datum import gcj02_to_wgs84
from app.events.rules import Times
from app.events.schemas import Arrive, Depart, Draft, HandIn, Position
from app.events.state import Step
from app.ledger.leaf import utc
from app.transparency.receipt import ReceiptSigner

SHANGHAI = ZoneInfo("Asia/Shanghai")
E7 = 10_000_000


def day_of(at: datetime) -> date:
    """Return the calendar day of an instant in the province."""
    return at.astimezone(SHANGHAI).date()


def public_of(draft: Draft, codes: list[str]) -> dict[str, Any]:
    """Return the public part as sent, normalised to integers; `codes` are the parsed codes."""
    public: dict[str, Any] = {
        "id": str(draft.id),
        "kind": draft.event_kind,
        "occurred_at": utc(draft.occurred_at),
        "site": draft.site,
        "batches": [
            {"code": code, **_plain(ref.model_dump(exclude={"code"}))}
            for ref, code in zip(draft.batches, codes, strict=False)
        ],
    }
    if draft.position:
        public["position"] = _position(draft.position)
    if draft.device:
        public["device"] = _plain(draft.device.model_dump())
    if draft.channel:
        public["channel"] = draft.channel
    own = draft.model_dump(
        exclude={*Draft.model_fields, "kind", "giver", "driver", "exceptions"}, mode="json"
    )
    public.update(_plain(own))
    if isinstance(draft, Arrive) and draft.exceptions:
        public["exceptions"] = [
            {"code": code, "outcome": e.outcome, "reason": e.reason}
            for e, code in zip(draft.exceptions, codes[len(draft.batches) :], strict=True)
        ]
    return public


def private_of(draft: Draft) -> dict[str, Any] | None:
    """Return what stays outside the log, or None: giver, driver, note."""
    private: dict[str, Any] = {}
    if draft.note:
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


def step_of(public: dict[str, Any], stamps: dict[str, Any], code: str) -> Step:
    """Return what a leaf says of one of its batches."""
    named: dict[str, Any] = next((b for b in public["batches"] if b["code"] == code), {})
    outcome = next((e["outcome"] for e in public.get("exceptions", []) if e["code"] == code), None)
    effective = datetime.fromisoformat(stamps["effective_at"])
    mass_g, mass_source = mass_in(named)
    counted = stamps.get("counted") or {}
    return Step(
        event=public["id"],
        kind=public["kind"],
        site=public["site"],
        effective_us=_micros(effective),
        adjusted_us=_micros(datetime.fromisoformat(stamps["adjusted_at"])),
        seq=public.get("device", {}).get("seq", -1),
        occurred_on=day_of(effective),
        mass_g=mass_g,
        mass_source=mass_source,
        scopes=tuple(sorted(counted.get("scopes", {}).items())),
        contents=tuple(
            (line["material"], line["form"], line["size"], line["scope"], line["pieces"])
            for line in public.get("contents", [])
        ),
        trip=stamps.get("trip"),
        destination=public.get("destination"),
        method=public.get("method"),
        outcome=outcome,
    )


def mass_in(named: dict[str, Any]) -> tuple[int | None, str | None]:
    """Return net grams and their source from a batch as named in an event."""
    mass_g = named.get("mass_g")
    if mass_g is None and "gross_g" in named:
        mass_g = named["gross_g"] - named.get("tare_g", 0)
    if mass_g is None:
        return None, None
    return mass_g, named.get("mass_source", "weighed")


def order_of(draft: Draft, times: Times) -> tuple[int, int, int, str]:
    """Return where a draft stands in the order of a story; the same as its step's."""
    seq = draft.device.seq if draft.device and draft.device.seq is not None else -1
    return (_micros(times.effective), _micros(times.adjusted), seq, str(draft.id))


def _micros(at: datetime) -> int:
    whole = int(at.replace(microsecond=0).timestamp())
    return whole * 1_000_000 + at.microsecond


def codes_in(public: dict[str, Any]) -> list[str]:
    """Return every batch code that an event names, exceptions included, each once."""
    named = [b["code"] for b in public.get("batches", [])]
    named += [e["code"] for e in public.get("exceptions", [])]
    return list(dict.fromkeys(named))


def answer_of(
    parts: dict[str, Any], leaf: str, leaf_hash: bytes, trip: str | None
) -> dict[str, Any]:
    """Return the wire answer for a recorded event; `trip` is its number for people."""
    stamps = parts["stamps"]
    event = dict(parts["event"])
    if "position" in event:
        at = event["position"]
        event["position"] = {"lat": at["lat_e7"] / E7, "lon": at["lon_e7"] / E7}
        if "accuracy_cm" in at:
            event["position"]["accuracy_m"] = at["accuracy_cm"] / 100
    return {
        **event,
        "recorded_at": stamps["recorded_at"],
        "effective_at": stamps["effective_at"],
        "trip": trip,
        "flags": stamps["flags"],
        "leaf": leaf,
        "leaf_hash": leaf_hash.hex(),
    }


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
