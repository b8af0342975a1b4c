"""An event in force, read from its leaf: what it says of each bag. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from app.events.fold import LEFT_BEHIND
from app.events.removed import removed_by_input
from app.events.state import Order, Output, Repacking, Step

SHANGHAI = ZoneInfo("Asia/Shanghai")


def day_of(at: datetime) -> date:
    """Return the calendar day of an instant in the province."""
    return at.astimezone(SHANGHAI).date()


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
    def weighed(self) -> list[tuple[str, int]]:
        """What was weighed at once, with its net grams: containers, or under "" all that it names."""
        found = [(code, net) for code, net in self.containers.items() if net is not None]
        if "group_mass_g" in self.body:
            found.append(("", self.body["group_mass_g"]))
        return found

    @property
    def tares(self) -> dict[str, int]:
        """The tares by which containers were weighed gross, whether it or their labels said them."""
        scales = [(ref["code"], ref) for ref in self.body.get("batches", ())]
        if "weighed" in self.body:
            scales.append((self.body["weighed"]["container"], self.body["weighed"]))
        nets = dict(self.weighed)
        return {
            code: said["gross_g"] - nets[code]
            for code, said in scales
            if "gross_g" in said and code in nets
        }

    @property
    def ties(self) -> bool:
        """Tell whether its bags have a say in each other's masses."""
        return self.kind == "repack" or bool(self.weighed)

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
        """Return the container that it names beside a bag in it: such a bag is not named alone.

        What goes in or comes out is; and so is what arrives of a container that is left behind.
        """
        if container not in self.containers or self.kind in ("pack", "unpack"):
            return None
        alone = container in self.left_behind and code not in self._outcomes
        return None if alone else container

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


def mass_in(named: dict[str, Any]) -> tuple[int | None, str | None]:
    """Return net grams and their source from a batch as named in an event."""
    mass_g = named.get("mass_g")
    if mass_g is None and "gross_g" in named:
        mass_g = named["gross_g"] - named.get("tare_g", 0)
    if mass_g is None:
        return None, None
    return mass_g, named.get("mass_source", "weighed")


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
