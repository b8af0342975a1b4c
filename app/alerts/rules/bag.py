"""What is wrong with one bag: by each step that it takes, and by where it is after them. Pure.

What a step says of itself is judged once, by the thresholds that were known when it was recorded,
and stands until the story before it is told otherwise. Where the bag is, is judged after each step.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from app.alerts.rules.bounds import At, named
from app.alerts.rules.mark import Mark, Place, seers
from app.alerts.rules.movement import Fix, too_fast
from app.alerts.rules.trail import Moment, Trail, is_shared
from app.alerts.rules.weights import difference
from app.balance.postings import DIFFERENCE
from app.events.fold import HELD, LEFT_BEHIND, Folded
from app.events.state import State, Step
from app.events.taking import Moved

GAPS = ("missing-collect", "missing-depart", "missing-arrive")
DEVIATIONS = ("arrived-elsewhere", "not-on-this-trip")
OF_A_STEP = frozenset({*GAPS, *DEVIATIONS, "weight-difference", "impossible-speed"})
"""Rules whose marks stay with their step, whatever comes after it."""


@dataclass(frozen=True)
class TripFacts:
    """What the rules need of a trip."""

    number: str
    regime: str
    carrier: str | None


@dataclass(frozen=True)
class Known:
    """What the rules look at besides the story."""

    places: Mapping[str, Place]
    trips: Mapping[str, TripFacts]
    thresholds: Callable[[str, date, datetime], At]
    """Of a county and a day, as known at an instant."""


def marks_of(
    code: str, folded: Folded, known: Known, told_at: Callable[[str], datetime]
) -> tuple[list[Mark], Trail]:
    """Return everything that speaks against a bag by its whole story, and the trail of that.

    `told_at` says when an event was recorded.
    """
    before, trail = State(), Trail()
    found: list[Mark] = []
    for step, moved in folded.taken:
        known_at = told_at(step.event)
        found += step_marks(code, before, trail, step, moved, known, known_at)
        whom = concerned(before, step, known) if is_shared(step) else ()
        trail = trail.after(before, step, moved, known_at, whom)
        before = moved.state
    return [*found, *standing_marks(code, folded.state, trail, known)], trail


def step_marks(
    code: str,
    before: State,
    trail: Trail,
    step: Step,
    moved: Moved,
    known: Known,
    known_at: datetime,
) -> Iterator[Mark]:
    """Yield what one step says that is wrong; `before` and `trail` are as they were before it."""
    if step.outcome not in LEFT_BEHIND and trail.seen and trail.seen.site != step.site:
        yield from _leap(code, trail.seen, Moment.of(step, known_at), known)
    # Until its sealing is told, a bag of hand-ins was counted: no scale to compare with.
    filling = before.hand_ins > 0 and trail.sealed is None
    weighed = not filling and not is_shared(step) and _weighed_twice(step, moved)
    if not moved.flags and not weighed:
        return
    at = known.thresholds(step.county, step.occurred_on, known_at)
    trip = known.trips.get(before.trip or "")
    seen_by = concerned(before, step, known)
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
            since = Moment.of(step, known_at).second
            figures = {"step": step.kind, "since": since.isoformat(), "thresholds": named(wait)}
            yield mark(flag, step.site, figures, due_at=_later(since, wait.value))
    if weighed:
        off = difference(before.mass_g, step.mass_g or 0, at)
        if off:
            yield mark("weight-difference", subject, number | off)


def concerned(before: State, step: Step, known: Known) -> frozenset[str]:
    """Return who sees what a step says of a bag: its own site, whence and whereto, the carrier."""
    sites = (step.site, before.site or "", before.destination or "")
    trip = known.trips.get(before.trip or "")
    return seers(map(known.places.get, sites), trip.carrier if trip else None)


def standing_marks(code: str, state: State, trail: Trail, known: Known) -> Iterator[Mark]:
    """Yield what is wrong with where a bag is, and with what was sealed in it."""
    if state.status == "in_transit" and trail.left:
        yield from _on_the_way(code, state, trail, trail.left, known)
    elif state.status in HELD and state.site and trail.first:
        yield from _in_store(code, state, trail.sealed or trail.first, known)
    if trail.sealed:
        yield from _pieces(code, trail, trail.sealed, known)


def _leap(code: str, first: Moment, second: Moment, known: Known) -> Iterator[Mark]:
    """Judge a bag's way between two sites by the sites' positions."""
    there, here = known.places.get(first.site), known.places.get(second.site)
    if there is None or here is None:
        return
    at = known.thresholds(here.county, second.on, second.known_at)
    fast = too_fast(_fix(there, first), _fix(here, second), at)
    if fast:
        yield Mark(
            "impossible-speed", second.site, second.event, here.county, second.site,
            seers((there, here)), fast, event=second.event, batch=code,
        )  # fmt: skip


def _weighed_twice(step: Step, moved: Moved) -> bool:
    """Tell whether a step weighed a bag that had a mass, and found another."""
    compared = any(DIFFERENCE in (t.source, t.target) for t in moved.transfers)
    return step.mass_g is not None and compared


def _in_store(code: str, state: State, since: Moment, known: Known) -> Iterator[Mark]:
    """Count from the sealing; of a bag whose sealing nobody has told, from its first step."""
    site = state.site or ""
    place = known.places.get(site)
    at = known.thresholds(site[:6], since.on, since.known_at)
    working = {"P": "point", "S": "station"}.get(site[7])
    for key, window in ((working, "working"), ("law", "law")):
        limit = at.bound("over-long-storage", key) if key else None
        if limit:
            figures = {
                "sealed_on": since.on.isoformat(),
                "mass_g": state.mass_g,
                "thresholds": named(limit),
            }
            yield Mark(
                "over-long-storage", site, window, site[:6], site, seers([place]), figures,
                event=since.event, batch=code, due_at=_later(since.second, limit.value),
            )  # fmt: skip


def _on_the_way(
    code: str, state: State, trail: Trail, left: Moment, known: Known
) -> Iterator[Mark]:
    trip = known.trips.get(state.trip or "")
    site = state.site or ""
    at = known.thresholds(site[:6], left.on, left.known_at)
    places = (known.places.get(site), known.places.get(state.destination or ""))
    seen_by = seers(places, trip.carrier if trip else None)
    told = {
        "trip": trip.number if trip else None,
        "destination": state.destination,
        "departed_on": left.on.isoformat(),
        "mass_g": state.mass_g,
    }
    subject = state.trip or left.event
    limit = at.bound("trip-overdue", trip.regime if trip else "internal")
    if limit:
        yield Mark(
            "trip-overdue", subject, "", site[:6], site, seen_by,
            told | {"thresholds": named(limit)}, event=left.event, batch=code,
            due_at=_later(left.second, limit.value),
        )  # fmt: skip
    if trail.short:
        at_site = {"outcome": trail.outcome, "at_site": trail.short.site}
        yield Mark(
            "short-arrival", subject, "", trail.short.site[:6], trail.short.site,
            seen_by | seers([known.places.get(trail.short.site)]), told | at_site,
            event=trail.short.event, batch=code,
        )  # fmt: skip


def _pieces(code: str, trail: Trail, sealed: Moment, known: Known) -> Iterator[Mark]:
    """Hold what was counted, pieces × unit weight, against the sealed weight."""
    if trail.uncounted or not trail.counted_g or not trail.sealed_g:
        return
    at = known.thresholds(sealed.site[:6], sealed.on, sealed.known_at)
    bounds = at.all("implausible-pieces", "low", "high")
    if bounds is None:
        return
    low, high = bounds
    if low.value * trail.counted_g <= trail.sealed_g * 100 <= high.value * trail.counted_g:
        return
    figures = {
        "sealed_g": trail.sealed_g,
        "counted_g": trail.counted_g,
        "pieces": trail.pieces,
        "percent": round(trail.sealed_g * 100 / trail.counted_g, 1),
        "thresholds": named(low, high),
    }
    yield Mark(
        "implausible-pieces", code, "", sealed.site[:6], sealed.site,
        seers([known.places.get(sealed.site)]), figures, event=sealed.event, batch=code,
    )  # fmt: skip


def _fix(place: Place, moment: Moment) -> Fix:
    return Fix(moment.at, place.lat, place.lon, 0.0, moment.event, place.code)


def _later(at: datetime, days: int) -> datetime:
    return at + timedelta(days=days)
