"""What a bag's folded story says that is wrong: all marks of one bag, at once. Pure.

Called for every leaf that touches the bag, with its story as known by then: what a late event or
a correction has settled is simply no longer among the marks.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.alerts.rules.bounds import At, named
from app.alerts.rules.mark import Mark, Place, seers
from app.alerts.rules.movement import Fix, too_fast
from app.alerts.rules.weights import difference
from app.balance.postings import DIFFERENCE
from app.events.fold import HELD, LEFT_BEHIND, Folded
from app.events.state import State, Step
from app.events.taking import Moved

GAPS = ("missing-collect", "missing-depart", "missing-arrive")
DEVIATIONS = ("arrived-elsewhere", "not-on-this-trip")
APPORTIONED = "apportioned"


@dataclass(frozen=True)
class TripFacts:
    """What the rules need of a trip."""

    number: str
    regime: str
    carrier: str | None


@dataclass(frozen=True)
class Share:
    """What a bag had in a weighing that it shared, before and after, and whom it concerns."""

    before_g: int
    after_g: int
    seen_by: frozenset[str]


@dataclass(frozen=True)
class Known:
    """What the rules look at besides the story."""

    places: Mapping[str, Place]
    trips: Mapping[str, TripFacts]
    thresholds: Callable[[str, date], At]
    """Of a county and a day, as known when the leaf was recorded."""


def marks_of(code: str, folded: Folded, known: Known) -> Iterator[Mark]:
    """Yield everything that speaks against one bag."""
    before, seen, sealed = State(), None, False
    for step, moved in folded.taken:
        # Until its sealing is told, a bag of hand-ins was counted: no scale to compare with.
        filling = before.hand_ins > 0 and not sealed
        yield from _of_step(code, before, step, moved, known, filling=filling)
        sealed = sealed or step.kind == "collect"
        if step.outcome not in LEFT_BEHIND:
            if seen and seen.site != step.site:
                yield from _leap(code, seen, step, known)
            seen = step
        before = moved.state
    yield from _where_it_is(code, folded, known)
    yield from _pieces(code, folded, known)


def grouped(folded: Folded, known: Known) -> dict[str, Share]:
    """Return a bag's share in each weighing that it shared with others."""
    before, found = State(), {}
    for step, moved in folded.taken:
        if step.mass_source == APPORTIONED and step.mass_g is not None and before.mass_source:
            found[step.event] = Share(before.mass_g, step.mass_g, _concerned(before, step, known))
        before = moved.state
    return found


def _concerned(before: State, step: Step, known: Known) -> frozenset[str]:
    """Return who sees what a step says of a bag: its own site, whence and whereto, the carrier."""
    sites = (step.site, before.site or "", before.destination or "")
    trip = known.trips.get(before.trip or "")
    return seers(map(known.places.get, sites), trip.carrier if trip else None)


def _of_step(
    code: str, before: State, step: Step, moved: Moved, known: Known, *, filling: bool
) -> Iterator[Mark]:
    weighed = not filling and step.mass_source != APPORTIONED and _weighed_twice(step, moved)
    if not moved.flags and not weighed:
        return
    at = known.thresholds(step.county, step.occurred_on)
    trip = known.trips.get(before.trip or "")
    seen_by = _concerned(before, step, known)
    subject = before.trip or step.trip or step.site

    def mark(rule: str, subject: str, figures: dict[str, Any], **more: Any) -> Mark:
        return Mark(
            rule, subject, step.event, step.county, step.site, seen_by, figures,
            event=step.event, batch=code, **more,
        )  # fmt: skip

    number = {"trip": trip.number} if trip else {}
    for flag in moved.flags:
        if flag in DEVIATIONS:
            named_sites = {"destination": before.destination, "site": step.site}
            yield mark(flag, subject, number | named_sites)
        wait = at.bound(flag, "wait") if flag in GAPS else None
        if wait:
            since = _instant(step)
            figures = {"step": step.kind, "since": since.isoformat(), "thresholds": named(wait)}
            yield mark(flag, step.site, figures, due_at=_later(since, wait.value))
    if weighed:
        off = difference(before.mass_g, step.mass_g or 0, at)
        if off:
            yield mark("weight-difference", subject, number | off)


def _leap(code: str, first: Step, second: Step, known: Known) -> Iterator[Mark]:
    """Judge a bag's way between two sites by the sites' positions."""
    there, here = known.places.get(first.site), known.places.get(second.site)
    if there is None or here is None:
        return
    at = known.thresholds(second.county, second.occurred_on)
    fast = too_fast(_fix(there, first), _fix(here, second), at)
    if fast:
        yield Mark(
            "impossible-speed", second.site, second.event, second.county, second.site,
            seers((there, here)), fast, event=second.event, batch=code,
        )  # fmt: skip


def _weighed_twice(step: Step, moved: Moved) -> bool:
    """Tell whether a step weighed a bag that had a mass, and found another."""
    compared = any(DIFFERENCE in (t.source, t.target) for t in moved.transfers)
    return step.mass_g is not None and compared


def _where_it_is(code: str, folded: Folded, known: Known) -> Iterator[Mark]:
    state = folded.state
    if state.status == "in_transit":
        yield from _on_the_way(code, folded, known)
    elif state.status in HELD and state.site:
        yield from _in_store(code, folded, known)


def _in_store(code: str, folded: Folded, known: Known) -> Iterator[Mark]:
    """Count from the sealing; of a bag whose sealing nobody has told, from its first step."""
    state = folded.state
    site = state.site or ""
    sealed = next((s for s, _ in folded.taken if s.kind == "collect"), folded.taken[0][0])
    place = known.places.get(site)
    at = known.thresholds(site[:6], sealed.occurred_on)
    working = {"P": "point", "S": "station"}.get(site[7])
    for key, window in ((working, "working"), ("law", "law")):
        limit = at.bound("over-long-storage", key) if key else None
        if limit:
            figures = {
                "sealed_on": sealed.occurred_on.isoformat(),
                "mass_g": state.mass_g,
                "thresholds": named(limit),
            }
            due = _later(_instant(sealed), limit.value)
            yield Mark(
                "over-long-storage", site, window, site[:6], site, seers([place]), figures,
                event=sealed.event, batch=code, due_at=due,
            )  # fmt: skip


def _on_the_way(code: str, folded: Folded, known: Known) -> Iterator[Mark]:
    state = folded.state
    trip = known.trips.get(state.trip or "")
    site = state.site or ""
    left = next(s for s, _ in reversed(folded.taken) if s.event == state.last_event)
    at = known.thresholds(site[:6], left.occurred_on)
    places = (known.places.get(site), known.places.get(state.destination or ""))
    seen_by = seers(places, trip.carrier if trip else None)
    told = {
        "trip": trip.number if trip else None,
        "destination": state.destination,
        "departed_on": left.occurred_on.isoformat(),
        "mass_g": state.mass_g,
    }
    subject = state.trip or left.event
    limit = at.bound("trip-overdue", trip.regime if trip else "internal")
    if limit:
        yield Mark(
            "trip-overdue", subject, "", site[:6], site, seen_by,
            told | {"thresholds": named(limit)}, event=left.event, batch=code,
            due_at=_later(_instant(left), limit.value),
        )  # fmt: skip
    short = [s for s, _ in folded.taken if s.order > left.order and s.outcome in LEFT_BEHIND]
    if short:
        at_site = {"outcome": short[-1].outcome, "at_site": short[-1].site}
        yield Mark(
            "short-arrival", subject, "", short[-1].county, short[-1].site,
            seen_by | seers([known.places.get(short[-1].site)]), told | at_site,
            event=short[-1].event, batch=code,
        )  # fmt: skip


def _pieces(code: str, folded: Folded, known: Known) -> Iterator[Mark]:
    """Hold what was counted, pieces × unit weight, against the sealed weight."""
    sealed = next((s for s, _ in folded.taken if s.kind == "collect"), None)
    if sealed is None or not sealed.mass_g:
        return
    counted_g = 0
    for step, _ in folded.taken:
        if step.kind in ("hand_in", "collect"):
            if not step.scopes and step.kind == "hand_in":
                return  # a hand-in that was weighed and not counted: nothing to compare with
            counted_g += sum(grams for _, grams in step.scopes)
    at = known.thresholds(sealed.county, sealed.occurred_on)
    bounds = at.all("implausible-pieces", "low", "high")
    if bounds is None or not counted_g:
        return
    low, high = bounds
    if low.value * counted_g <= sealed.mass_g * 100 <= high.value * counted_g:
        return
    pieces = sum(line[4] for step, _ in folded.taken for line in step.contents)
    figures = {
        "sealed_g": sealed.mass_g,
        "counted_g": counted_g,
        "pieces": pieces,
        "percent": round(sealed.mass_g * 100 / counted_g, 1),
        "thresholds": named(low, high),
    }
    yield Mark(
        "implausible-pieces", code, "", sealed.county, sealed.site,
        seers([known.places.get(sealed.site)]), figures, event=sealed.event, batch=code,
    )  # fmt: skip


def _fix(place: Place, step: Step) -> Fix:
    at = datetime.fromtimestamp(step.effective_us / 1_000_000, UTC)
    return Fix(at, place.lat, place.lon, 0.0, step.event, place.code)


def _instant(step: Step) -> datetime:
    return datetime.fromtimestamp(step.effective_us // 1_000_000, UTC)


def _later(at: datetime, days: int) -> datetime:
    return at + timedelta(days=days)
