"""Which bags each leaf touches, and which of them go on from what is kept of them.

Most leaves tell what comes after all that is known of their bags: one step more. A late event, a
correction, or a share that was booked anew changes what was before: then the whole story is read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.booked import Booked
from app.alerts.groups import Group, load_groups
from app.alerts.kept import Kept, load_kept
from app.alerts.stories import Stories
from app.alerts.told import Told
from app.batches.models import Label
from app.events.happening import Happening, codes_in
from app.events.state import LabelFacts, Order
from app.ledger.models import Event, EventBatch, Leaf
from app.orm import among_given
from app.prepared import Prepared

ITSELF = ""
_LABELS = Prepared(
    select(Label.code, Label.kind, Label.county, Label.scope).where(
        among_given(Label.code, "codes")
    )
)
_BEFORE = Prepared(
    select(EventBatch.batch_code, func.bool_or(Event.kind != "hand_in"))
    .join(Leaf, Leaf.event_id == EventBatch.event_id)
    .join(Event, Event.id == EventBatch.event_id)
    .where(
        among_given(EventBatch.batch_code, "codes"),
        Leaf.leaf_index < bindparam("first", type_=Leaf.leaf_index.type),
    )
    .group_by(EventBatch.batch_code)
)
Ways = Mapping[str, str | None]
"""By bag, how a leaf reaches it: ITSELF, through a container, or None where it rebooks it alone."""


@dataclass
class Touched:
    """The bags of a part."""

    ways: dict[int, Ways] = field(default_factory=dict)
    """By leaf index."""
    labels: dict[str, LabelFacts] = field(default_factory=dict)
    kept: dict[str, Kept] = field(default_factory=dict)
    """What is kept of them from before the part."""
    filling: set[str] = field(default_factory=set)
    """Bags of which hand-ins alone are known, at the part's end too: nothing can be wrong yet."""
    whole: set[str] = field(default_factory=set)
    """Bags whose story changes before its end: those in `stories`."""
    stories: Stories = field(default_factory=Stories)
    told: dict[str, Told] = field(default_factory=dict)
    """Events by id: those of the part and of the stories."""
    groups: dict[str, Group] = field(default_factory=dict)
    """Weighings that bags of the part shared."""


async def touch(session: AsyncSession, part: Sequence[Told], booked: Booked) -> Touched:
    """Find the bags of a part, and load what is kept of them or else their whole stories."""
    found = Touched()
    rebooked = {code for transfers in booked.values() for code, _ in transfers}
    kinds = await _label(session, found, rebooked.union(*map(_named, part)))
    boxes = {code for code, kind in kinds.items() if kind == "container"}
    acted_on = {box for one in part for h in _happenings(one) for box in h.containers}
    await found.stories.read(session, part, acted_on)
    for one in part:
        found.ways[one.leaf_index] = _ways(one, booked, found.stories, boxes)
    bags = {code for ways in found.ways.values() for code in ways}
    await _label(session, found, bags - found.labels.keys())
    found.kept = await load_kept(session, bags)
    fresh = bags - found.kept.keys()
    before: dict[str, bool] = dict(
        await _BEFORE.rows(session, codes=list(fresh), first=part[0].leaf_index)
    )
    _sort(found, part, before)
    await found.stories.read_whole(session, part, found.whole)
    everything = [*part, *(one for told in found.stories.told.values() for one in told)]
    found.told = {one.id: one for one in everything}
    found.groups = await load_groups(session, found.told.values())
    return found


async def _label(session: AsyncSession, found: Touched, codes: Iterable[str]) -> dict[str, str]:
    """Load labels and return their kinds."""
    rows = await _LABELS.rows(session, codes=list(codes))
    found.labels |= {code: LabelFacts(county, scope) for code, _, county, scope in rows}
    return {code: kind for code, kind, _, _ in rows}


def _happenings(one: Told) -> list[Happening]:
    undone = one.undone.happening if one.undone else None
    return [h for h in (undone, one.happening) if h]


def _named(one: Told) -> set[str]:
    """Return the codes that an event names, and the one that it takes back."""
    return {*codes_in(one.event), *(codes_in(one.undone.event) if one.undone else ())}


def _ways(one: Told, booked: Booked, stories: Stories, boxes: set[str]) -> Ways:
    ways: dict[str, str | None] = dict.fromkeys(code for code, _ in booked.get(one.id, ()))
    ways |= dict.fromkeys(_named(one) - boxes)
    for happening in _happenings(one):
        for box in happening.containers:
            members = stories.members(box, happening, one.leaf_index + 1)
            ways |= dict.fromkeys(members, box)
    if one.happening:
        ways |= dict.fromkeys(one.happening.bags, ITSELF)
    return dict(sorted(ways.items()))


def _sort(found: Touched, part: Sequence[Told], before: Mapping[str, bool]) -> None:
    """Tell the bags that go on from those that fill and those whose whole story is needed."""
    last: dict[str, Order | None] = {code: one.state.last for code, one in found.kept.items()}
    others: set[str] = set()
    for one in part:
        for code, way in found.ways[one.leaf_index].items():
            if one.kind != "hand_in" or one.undone:
                others.add(code)
            order = one.happening.order if one.happening and not one.undone else None
            if way is None or order is None or (last.get(code) or order) > order:
                found.whole.add(code)
            last[code] = order
    touched = last.keys()
    fresh = touched - found.kept.keys()
    found.filling = {code for code in fresh - others if not before.get(code)}
    found.whole |= before.keys() - found.filling
    found.whole -= found.filling
