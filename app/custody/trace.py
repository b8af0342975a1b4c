"""Trace one batch: its steps in order, what each did to its mass, and how the mass adds up.

The story is folded again from the leaves, so what is shown is what the log says, as of now or
as of any size the log has had.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import County
from app.areas.scope import Reach
from app.balance.postings import DIFFERENCE, Transfer
from app.batches.read import find_unused_label, find_used_label
from app.custody.as_of import size_as_of
from app.custody.balance import BatchBalance, balance_of
from app.custody.current import Current, describe
from app.custody.loads import loaded, loads_of
from app.custody.nodes import Node, node_of
from app.custody.steps import STAGE_OF_KIND, CustodyStep
from app.custody.stories import Stories, Told, booked_of, folded, stories_of
from app.events.effects import placed
from app.events.fold import Folded
from app.events.state import LabelFacts, State, Step
from app.events.taking import Moved
from app.orm import among_given
from app.parties.models import Site
from app.parties.read import sees_site
from app.prepared import Prepared
from app.trips.open import numbers_of

STAMPED = frozenset(
    {
        "clock-skewed",
        "before-label-issued",
        "receiver-not-listed",
        "receiver-permit-not-in-force",
        "container-elsewhere",
    }
)
"""Flags that stand in the leaf for good; all others come and go with the steps beside."""


@dataclass(frozen=True)
class Place:
    """A site as a step names it; `own` where it is in the reader's reach."""

    code: str
    name: str
    county: str
    county_name: str
    own: bool


@dataclass(frozen=True)
class Trace:
    """The chain of custody of one batch as known at `log_size`; `cut` is None where that is now."""

    batch: Current
    steps: tuple[CustodyStep, ...]
    balance: BatchBalance
    log_size: int
    cut: int | None
    stories: Stories
    nodes: dict[str, Node]
    """The batch as its lineage begins with it; a container and an unused label are in none."""


@dataclass(frozen=True)
class _Names:
    """What codes and ids in steps are called."""

    places: dict[str, Place]
    trips: dict[UUID, str]


async def trace(
    session: AsyncSession, reach: Reach, code: str, *, as_of: int | datetime | None = None
) -> Trace | None:
    """Return the chain of a batch, or of an unused label, in reach; None where there is none.

    With `as_of` only what stood in the log then; without it all that is committed, the newest
    events perhaps without a place in the log yet. The number of queries does not depend on the
    number of steps. Raises InvalidQuery where `as_of` is larger than the log.
    """
    used = await find_used_label(session, reach, code)
    if used is not None:
        kind, label = used[0], LabelFacts(**used[1])
    else:
        unused = await find_unused_label(session, reach, code)
        if unused is None:
            return None
        kind, label = unused.kind, LabelFacts(unused.county, unused.scope)
    size = await size_as_of(session, as_of)
    cut = None if as_of is None else size
    stories = await stories_of(session, [code], cut)
    if kind == "container":
        told = _places(code, stories)
    else:
        shared = any(h.ties for h in stories.around(code))
        booked = (await booked_of(session, [code], cut))[code] if shared else []
        told = folded(code, label, stories.story(code, booked))
    names = await _names(session, reach, [step for step, _ in told.taken])
    before = [State(), *(moved.state for _, moved in told.taken)]
    steps = tuple(
        _show(code, stories.told[step.event], step, moved, _trip(step, state), names)
        for (step, moved), state in zip(told.taken, before, strict=False)
    )
    if kind == "container":
        loads = await loads_of(session, code, stories, cut)
        steps = tuple(loaded(step, loads[step.event]) for step in steps)
    now = describe(
        code,
        kind,
        told.state,
        numbers=names.trips,
        updated_at=max((step.recorded_at for step in steps), default=None),
    )
    nodes = {code: node_of(code, told.state)} if steps and kind == "bag" else {}
    return Trace(now, steps, balance_of(told.transfers), size, cut, stories, nodes)


def _places(code: str, stories: Stories) -> Folded:
    """Return where a container has been: it has a place, no mass."""
    state, taken = State(), []
    for happening in sorted(stories.own(code), key=lambda h: h.order):
        state = placed(state, happening, code)
        taken.append((happening.step(code), Moved(state)))
    return Folded(state, (), tuple(taken))


_PLACES = Prepared(
    select(Site.code, Site.name, Site.county, County.name, Site.township, Site.operator)
    .join(County, County.code == Site.county)
    .where(among_given(Site.code, "codes"))
)


async def _names(session: AsyncSession, reach: Reach, steps: Sequence[Step]) -> _Names:
    codes = {code for step in steps for code in (step.site, step.destination) if code}
    places = {
        code: Place(code, name, county, county_name, sees_site(reach, code, county, *whose))
        for code, name, county, county_name, *whose in await _PLACES.rows(
            session, codes=sorted(codes)
        )
    }
    trips = await numbers_of(session, [UUID(trip) for trip in {s.trip for s in steps} if trip])
    return _Names(places, trips)


def _trip(step: Step, before: State) -> UUID | None:
    """Return the trip that a step names; an arrival that names none ends the one it was on."""
    trip = step.trip or (before.trip if step.kind == "arrive" else None)
    return UUID(trip) if trip else None


def _show(
    code: str, told: Told, step: Step, moved: Moved, trip: UUID | None, names: _Names
) -> CustodyStep:
    stamps = told.parts["stamps"]
    place = names.places[step.site]
    stamped = [flag for flag in stamps["flags"] if flag in STAMPED]
    return CustodyStep(
        event=step.event,
        kind=step.kind,
        stage=STAGE_OF_KIND[step.kind],
        effective_at=datetime.fromisoformat(stamps["effective_at"]),
        recorded_at=told.recorded_at,
        site=place.code,
        site_name=place.name,
        county=place.county,
        county_name=place.county_name,
        foreign=not place.own,
        role=stamps["role"] if place.own else None,
        mass_g=moved.state.mass_g,
        mass_source=_mass_source(step, moved.state),
        difference_g=_difference(moved.transfers),
        pieces=sum(line[-1] for line in step.contents),
        trip=names.trips.get(trip) if trip else None,
        trip_id=trip,
        destination=step.destination,
        destination_name=names.places[step.destination].name if step.destination else None,
        method=step.method,
        certificate=told.happening.body.get("certificate"),
        outcome=step.outcome,
        reason=_reason(told.happening.body, code) if place.own else None,
        flags=tuple(dict.fromkeys([*moved.flags, *stamped])),
        leaf_index=told.leaf_index,
        via=step.via,
        container=step.container if not step.member else None,
        corrects=told.happening.corrects,
        mode=_mode(step, told.happening.body),
    )


def _mode(step: Step, body: dict[str, Any]) -> str | None:
    if step.repacking is None:
        return None
    return "relabel" if body.get("reason") == "relabel" else step.repacking.mode


def _mass_source(step: Step, after: State) -> str | None:
    """Return where a step's mass comes from; one that did not weigh carries it on."""
    weighed = step.mass_g is not None and step.mass_source != "carried"
    if weighed or step.kind in ("hand_in", "repack") or after.mass_source is None:
        return after.mass_source
    return "carried"


def _difference(transfers: Sequence[Transfer]) -> int:
    found = sum(t.mass_g for t in transfers if t.source == DIFFERENCE)
    return found - sum(t.mass_g for t in transfers if t.target == DIFFERENCE)


def _reason(public: dict[str, Any], code: str) -> str | None:
    """Return why a batch was refused or damaged, else why what arrived weighed otherwise."""
    own = (e["reason"] for e in public.get("exceptions", []) if e["code"] == code)
    return next(own, public.get("difference_reason") or public.get("reason"))
