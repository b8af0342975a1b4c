"""What a request's items need to be decided: locked and loaded set-based, in a fixed number of statements."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import reach_of
from app.auth.caller import OFFICIALS, Caller
from app.cases.read import case_exists
from app.errors import DomainError
from app.events import correct
from app.events import facts as load
from app.events.facts import Facts
from app.events.parse import Item
from app.events.rules import times_of
from app.events.schemas import Arrive, Collect, Depart, Draft, HandIn, Repack, StockCount, WriteOff
from app.events.shelf import Shelf
from app.events.state import Order
from app.events.story import order_of
from app.trips.departures import consignments_under
from app.trips.policy_rows import load_policies


@dataclass(frozen=True)
class Asked:
    """An item with who sent it and the server's time for it."""

    item: Item
    caller: Caller
    now: datetime


@dataclass
class _Needed:
    """What a request's items name, by sort."""

    codes: set[str] = field(default_factory=set)
    ids: set[UUID] = field(default_factory=set)
    corrects: set[UUID] = field(default_factory=set)
    sites: set[str] = field(default_factory=set)
    trips: list[UUID | str] = field(default_factory=list)
    vehicles: list[str] = field(default_factory=list)
    origins: set[str] = field(default_factory=set)
    """Counties of departures: their area's policy decides the regime."""
    manifests: set[str] = field(default_factory=set)
    packaging: bool = False

    def add(self, item: Item) -> None:
        """Add what one item names."""
        self.codes |= set(item.named)
        self.ids.add(item.intent.id)
        if item.correct:
            self.corrects.add(item.correct.corrects)
        draft = item.draft
        if draft is None:
            return
        self.sites.add(draft.site)
        if isinstance(draft, Depart):
            self.sites.add(draft.destination)
            self.vehicles.append(draft.vehicle)
            self.origins.add(draft.site[:6])
            self.trips.append(draft.trip or draft.id)
            self.manifests |= {draft.manifest} if draft.manifest else set()
        if isinstance(draft, Arrive) and draft.trip:
            self.trips.append(draft.trip)
        self.packaging |= isinstance(draft, Repack) or bool(
            isinstance(draft, HandIn | Collect) and draft.contents
        )


async def load_facts(session: AsyncSession, asked: Sequence[Asked], whole: frozenset[str]) -> Facts:
    """Lock what a request's items name, by code, and load what deciding them looks at.

    `whole` are codes whose whole stories an earlier round was found to need.
    """
    needed = _Needed()
    for one in asked:
        needed.add(one.item)
    recorded = await load.recorded_under(session, needed.corrects) if needed.corrects else {}
    for id_ in recorded:
        named, site = correct.needs(recorded[id_].parts)
        needed.codes |= set(named)
        needed.sites |= {site} if site else set()
    codes = needed.codes | whole
    labels = await load.labels_of(session, codes) if codes else {}
    containers = {code for code, label in labels.items() if label.kind == "container"}
    known = await load.lock_batches(session, containers, codes - containers) if codes else {}
    if needed.ids:
        recorded |= await load.recorded_under(session, needed.ids)
    facts = Facts(
        labels=labels,
        known=known,
        recorded=recorded,
        sites=await load.sites_of(session, needed.sites) if needed.sites else {},
        trips=await load.trips_of(session, needed.trips),
        carriers=await load.carriers_of(session, needed.vehicles),
        packaging=await load.packaging_now(session) if needed.packaging else None,
        shelf=Shelf(),
        policies=await load_policies(session, needed.origins),
        manifests=await consignments_under(session, needed.manifests, needed.corrects),
        corrected=await load.corrected_among(session, needed.corrects) if needed.corrects else {},
        cases=await _cases(session, asked),
        reaches={
            one.caller.id: await reach_of(session, one.caller)
            for one in {a.caller.id: a for a in asked if a.caller.role in OFFICIALS}.values()
        },
    )
    late = {*_late(asked, facts), *(whole & known.keys())}
    if late:
        await load.load_whole(session, facts, late)
        await load.load_places(session, facts)
    return facts


async def _cases(session: AsyncSession, asked: Sequence[Asked]) -> frozenset[tuple[UUID, UUID]]:
    """Return the cases that exist among those that items name, each with who may see it."""
    named = {
        (one.item.draft.case, one.caller.id): one.caller
        for one in asked
        if isinstance(one.item.draft, StockCount | WriteOff) and one.item.draft.case
    }
    return frozenset(
        [
            (case, by)
            for (case, by), caller in named.items()
            if await case_exists(session, await reach_of(session, caller), case)
        ]
    )


def _late(asked: Sequence[Asked], facts: Facts) -> set[str]:
    """Guess for which codes some item is not the newest event when its turn comes.

    A batch made in this very request needs no loading: its story is what the request says. What
    is missed here is found when the item is decided (Lacking), at the price of another round.
    """
    newest = {code: known.state.last for code, known in facts.known.items()}
    late: set[str] = set()
    for one in asked:
        item = one.item
        if item.intent.id in facts.recorded:
            continue  # sent again: it is compared, not folded
        if item.correct:
            target = facts.recorded.get(item.correct.corrects)
            named = correct.needs(target.parts)[0] if target else item.named
            late |= set(named) & newest.keys()
            continue
        order = _order(one, facts)
        for code in _touched(item, facts) & newest.keys() if order else ():
            last = newest[code]
            if last is not None and order and order <= last:
                late.add(code)
            else:
                newest[code] = order
    return late


def _touched(item: Item, facts: Facts) -> set[str]:
    """Return the codes that an item names, and what is now in the containers among them."""
    named = set(item.named)
    boxes = {c for c in named if c in facts.known and facts.known[c].kind == "container"}
    if not boxes:
        return named
    return named | {c for c, known in facts.known.items() if known.state.container in boxes}


def _order(one: Asked, facts: Facts) -> Order | None:
    """Return an item's place in the order of stories; None where its time does not fit."""
    draft: Draft | None = one.item.draft
    if draft is None:
        return None
    issued: Iterator[datetime] = (
        facts.labels[code].issued_at for code in one.item.named if code in facts.labels
    )
    try:
        times = times_of(draft.occurred_at, one.item.sent_at, one.now, max(issued, default=None))
    except DomainError:
        return None
    return order_of(draft, times)
