"""An event between its forms: as sent, as it stands in the leaf, as steps of bags, as answered.

Everything a step needs stands in the leaf; nothing is looked up again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.areas.datum import gcj02_to_wgs84
from app.events.fold import LEFT_BEHIND
from app.events.removed import removed_by_input
from app.events.rules import Times
from app.events.schemas import Arrive, Correct, Depart, Draft, HandIn, Position
from app.events.state import Order, Output, Repacking, Step
from app.ledger.leaf import utc
from app.transparency.receipt import ReceiptSigner

SHANGHAI = ZoneInfo("Asia/Shanghai")
E7 = 10_000_000
PRIVATE = ("note", "giver", "driver")
"""Fields that stay outside the log."""
ENDS = frozenset({"dispose", "write_off"})
"""What leaves nothing in a container."""


def day_of(at: datetime) -> date:
    """Return the calendar day of an instant in the province."""
    return at.astimezone(SHANGHAI).date()


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


@dataclass(frozen=True)
class Happening:
    """An event as it counts: of a correction with a replacement, the replacement.

    `root` is the event that was first recorded; `corrects` the one that this takes the place of.
    """

    event: str
    root: str
    body: dict[str, Any]
    stamps: dict[str, Any]
    corrects: str | None = None

    @property
    def kind(self) -> str:
        """The kind of what happened."""
        return str(self.body["kind"])

    @cached_property
    def order(self) -> Order:
        """Its place in every story that it is part of."""
        effective = datetime.fromisoformat(self.stamps["effective_at"])
        adjusted = datetime.fromisoformat(self.stamps["adjusted_at"])
        return (_micros(effective), _micros(adjusted), self._seq, self.root)

    @cached_property
    def _seq(self) -> int:
        return int(self.stamps.get("seq", self.body.get("device", {}).get("seq", -1)))

    @property
    def containers(self) -> dict[str, int | None]:
        """The containers that it acts on, with the net grams of those that were weighed."""
        return dict(self.stamps.get("containers", {}))

    @cached_property
    def bags(self) -> frozenset[str]:
        """The bags that it names itself."""
        return (
            frozenset(codes_in(self.body)) - self.containers.keys() - {self.body.get("container")}
        )

    @cached_property
    def named(self) -> frozenset[str]:
        """Every code that it names, of bags and containers."""
        return frozenset(codes_in(self.body))

    @cached_property
    def left_behind(self) -> frozenset[str]:
        """What an arrival did not take in."""
        return frozenset(
            e["code"] for e in self.body.get("exceptions", ()) if e["outcome"] in LEFT_BEHIND
        )

    @property
    def ties(self) -> bool:
        """Tell whether its bags have a say in each other's masses."""
        return (
            self.kind == "repack"
            or "group_mass_g" in self.body
            or any(net is not None for net in self.containers.values())
        )

    @cached_property
    def repacking(self) -> Repacking | None:
        """What it makes of what, where it is a repack."""
        if self.kind != "repack":
            return None
        known = self.stamps.get("materials", {})
        return Repacking(
            self.body["mode"],
            tuple((ref["code"], mass_in(ref)[0] or 0) for ref in self.body["inputs"]),
            tuple(
                Output(
                    ref["code"],
                    mass_in(ref)[0] or 0,
                    tuple(sorted(known.get(ref["code"], {}).items())),
                )
                for ref in self.body["outputs"]
            ),
            tuple((one["reason"], one["mass_g"]) for one in self.body.get("removed", ())),
        )

    @cached_property
    def _named(self) -> dict[str, dict[str, Any]]:
        return {ref["code"]: ref for ref in refs_in(self.body)}

    @cached_property
    def _outcomes(self) -> dict[str, str]:
        return {e["code"]: e["outcome"] for e in self.body.get("exceptions", ())}

    @cached_property
    def _removed(self) -> dict[str, Any]:
        body = self.repacking
        return removed_by_input(body.inputs, body.removed) if body and body.removed else {}

    def reaches(self, code: str, container: str | None) -> str | None:
        """Return the container through which it reaches a bag that it names as an exception."""
        return container if code in self._outcomes and container in self.containers else None

    def step(self, code: str, via: str | None = None) -> Step:
        """Return what it says of one bag: named by itself, or reached `via` its container."""
        if (code, via) not in self._steps:
            self._steps[code, via] = self._step(code, via)
        return self._steps[code, via]

    @cached_property
    def _steps(self) -> dict[tuple[str, str | None], Step]:
        """Steps that were asked for: a long story is folded again and again."""
        return {}

    def _step(self, code: str, via: str | None) -> Step:
        body, stamps = self.body, self.stamps
        member = via is not None and code not in self.bags
        named = {} if member else self._named.get(code, {})
        mass_g, source = mass_in(named)
        effective, adjusted, seq, _ = self.order
        counted = stamps.get("counted") or {}
        repacking = self.repacking
        lines = named.get("contents", ()) if repacking else body.get("contents", ())
        return Step(
            event=self.event,
            kind=self.kind,
            site=body["site"],
            effective_us=effective,
            adjusted_us=adjusted,
            seq=seq,
            occurred_on=self.day,
            mass_g=mass_g,
            mass_source="declared" if repacking and source == "carried" else source,
            scopes=tuple(sorted(counted.get("scopes", {}).items())),
            materials=tuple(sorted(stamps.get("materials", {}).get(code, {}).items())),
            contents=tuple(
                (line["material"], line["form"], line["size"], line["scope"], line["pieces"])
                for line in lines
            ),
            trip=stamps.get("trip"),
            destination=body.get("destination"),
            method=body.get("method"),
            outcome=self._outcomes.get(code) or (self._outcomes.get(via) if via else None),
            root=self.root if self.root != self.event else None,
            container=body.get("container"),
            via=via,
            member=member,
            group=self._group(via),
            repacking=repacking,
            removed=self._removed.get(code, ()),
        )

    @cached_property
    def day(self) -> date:
        """The calendar day on which it happened."""
        return day_of(datetime.fromisoformat(self.stamps["effective_at"]))

    def _group(self, via: str | None) -> tuple[str, int] | None:
        """Return the weighing that a bag shares with others."""
        if "group_mass_g" in self.body:
            return ("", self.body["group_mass_g"])
        # What a pack names is in the container when that is weighed; what an unpack names is not.
        container = via or (self.body["container"] if self.kind == "pack" else None)
        net = self.containers.get(container) if container else None
        return (container, net) if container and net is not None else None


def happening_of(parts: dict[str, Any]) -> Happening | None:
    """Return what a leaf tells of bags; None for a correction that only takes back, and the rest."""
    event, stamps = parts["event"], parts["stamps"]
    if event["kind"] != "correct":
        return Happening(event["id"], event["id"], event, stamps)
    if "replacement" not in event:
        return None
    return Happening(
        event["id"], stamps["root"], event["replacement"], stamps, corrects=event["corrects"]
    )


def story_of(
    code: str, own: Iterable[Happening], around: Mapping[str, Iterable[Happening]]
) -> list[Step]:
    """Return the story of a bag: what names it, and what names its container while it was inside.

    `own` are the events that name the bag, `around` those that name each container it was in.
    """
    steps: list[Step] = []
    inside: str | None = None
    since: Order | None = None
    own = sorted(own, key=lambda h: h.order)
    for happening in own:
        if inside and since:
            steps += _inside(code, around.get(inside, ()), inside, since, happening.order)
        steps.append(happening.step(code, happening.reaches(code, inside)))
        if happening.kind == "pack" and inside is None:
            inside, since = happening.body["container"], happening.order
        elif inside and (happening.kind == "unpack" or code in happening.left_behind):
            inside = since = None
        else:
            since = happening.order
    if inside and since:
        steps += _inside(code, around.get(inside, ()), inside, since, None)
    return steps


def _inside(
    code: str, around: Iterable[Happening], container: str, since: Order, until: Order | None
) -> list[Step]:
    """Return the steps that happened to a bag through its container between two of its own."""
    found = []
    for happening in sorted(around, key=lambda h: h.order):
        if happening.order <= since or (until and happening.order >= until):
            continue
        if container in happening.containers and code not in happening.bags:
            found.append(happening.step(code, container))
            if happening.kind in ENDS:
                break
    return found


def members_at(container: str, around: Iterable[Happening], order: Order) -> set[str]:
    """Return the bags that are in a container just before a place in the order."""
    inside: set[str] = set()
    for happening in sorted(around, key=lambda h: h.order):
        if happening.order >= order:
            break
        if happening.body.get("container") == container:
            if happening.kind == "pack":
                inside |= happening.bags
            else:
                inside -= happening.bags
        elif container in happening.containers:
            if happening.kind in ENDS:
                inside.clear()
            inside -= happening.left_behind
    return inside


def mass_in(named: dict[str, Any]) -> tuple[int | None, str | None]:
    """Return net grams and their source from a batch as named in an event."""
    mass_g = named.get("mass_g")
    if mass_g is None and "gross_g" in named:
        mass_g = named["gross_g"] - named.get("tare_g", 0)
    if mass_g is None:
        return None, None
    return mass_g, named.get("mass_source", "weighed")


def order_of(draft: Draft, times: Times) -> Order:
    """Return where a draft stands in the order of a story; the same as its step's."""
    seq = draft.device.seq if draft.device and draft.device.seq is not None else -1
    return (_micros(times.effective), _micros(times.adjusted), seq, str(draft.id))


def _micros(at: datetime) -> int:
    whole = int(at.replace(microsecond=0).timestamp())
    return whole * 1_000_000 + at.microsecond


def refs_in(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what an event names with its masses; exceptions and `container` have none."""
    return [ref for field in ("batches", "inputs", "outputs") for ref in body.get(field, ())]


def codes_in(public: dict[str, Any]) -> list[str]:
    """Return every code that an event names, of bags and containers, each once."""
    body = public.get("replacement", public)
    fields = ("batches", "exceptions", "inputs", "outputs")
    named = [ref["code"] for field in fields for ref in body.get(field, ())]
    if "container" in body:
        named.append(body["container"])
    return list(dict.fromkeys(named))


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


def steps_of(happening: Happening, members: Mapping[str, Sequence[str]]) -> dict[str, Step]:
    """Return the step of every bag that an event happens to; `members` are those by container."""
    found: dict[str, Step] = {}
    for container, codes in members.items():
        found |= {code: happening.step(code, container) for code in codes}
    for code in happening.bags:
        inside = found[code].via if code in found else None
        found[code] = happening.step(code, happening.reaches(code, inside))
    return found
