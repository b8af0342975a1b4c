"""The story of a bag as a pure fold: no database, no clock. model.md, Story and fold.

`advance` takes one step; `fold` a whole story. Reality is recorded and what does not fit is
flagged: a *gap* is a step that fits once others are supplied that somebody's phone may still
hold. A *conflict* is what cannot be true; `retry` says that a missing step could still cure it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from app.balance.apportion import apportion
from app.balance.postings import (
    CLAIMED,
    CONFIRMED,
    DIFFERENCE,
    FIELD,
    UNEXPLAINED,
    Transfer,
    site_account,
    transit_account,
)
from app.events.state import LabelFacts, State, Step, add_contents, add_mass

HELD = frozenset({"collected", "stored", "received"})
OTHERS_WEIGHING = frozenset({"weighed", "apportioned"})
"""Sources that confirm a collector's mass; a carried or declared one does not."""


@dataclass(frozen=True)
class Moved:
    """A step that was taken: the state after it, what it books, what it lacked."""

    state: State
    transfers: tuple[Transfer, ...] = ()
    flags: tuple[str, ...] = ()
    doubt: "Conflict | None" = None
    """What it contradicts unless the other half of a round trip is yet to be told."""


@dataclass(frozen=True)
class Conflict:
    """A step that cannot be true beside what is known."""

    rule: str
    step: str
    """The event that does not fit; in a late story not always the new one."""
    in_the_way: str | None
    retry: bool = False


@dataclass(frozen=True)
class Folded:
    """A whole story: the state at its end, all transfers due, each step with what it did."""

    state: State
    transfers: tuple[Transfer, ...] = ()
    taken: tuple[tuple[Step, Moved], ...] = ()


def fold(label: LabelFacts, story: Iterable[Step], *, strict: bool = True) -> Folded | Conflict:
    """Fold a story in its own order; what stands in the log, doubts and all, not `strict`."""
    state = State()
    transfers: list[Transfer] = []
    taken: list[tuple[Step, Moved]] = []
    for step in sorted(story, key=lambda s: s.order):
        moved = advance(label, state, step)
        if isinstance(moved, Conflict):
            return moved
        if moved.doubt and strict:
            return moved.doubt
        state = moved.state
        transfers.extend(moved.transfers)
        taken.append((step, moved))
    return Folded(state, tuple(transfers), tuple(taken))


def advance(label: LabelFacts, state: State, step: Step) -> Moved | Conflict:
    """Take one step, or say what it contradicts."""
    if state.status == "disposed":
        return Conflict("batch-already-disposed", step.event, state.last_event)
    draft = _Draft(label, state, step)
    conflict = _KINDS[step.kind](draft)
    return conflict or draft.done()


@dataclass
class _Draft:
    """One step being taken: the state so far, and what it books."""

    label: LabelFacts
    state: State
    step: Step
    transfers: list[Transfer] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    doubt: Conflict | None = None

    @property
    def here(self) -> bool:
        return self.state.site == self.step.site

    def change(self, **changes: object) -> None:
        # What dataclasses.replace does, at a quarter of its time: long stories are folded often.
        self.state = State(**(vars(self.state) | changes))

    def book(
        self, mass: Iterable[tuple[str, int]], source: str, target: str, place: str | None = None
    ) -> None:
        place = place or self.step.county
        for origin, grams in mass:
            if grams:
                self.transfers.append(
                    Transfer(
                        self.step.event, origin, source, target, place, grams, self.step.occurred_on
                    )
                )

    def conflict(self, rule: str, *, retry: bool = False) -> Conflict:
        return Conflict(rule, self.step.event, self.state.last_event, retry)

    def enter(self, status: str) -> None:
        self.change(
            status=status,
            site=self.step.site,
            trip=None,
            destination=None,
            last_event=self.step.event,
        )

    def done(self) -> Moved:
        self.flags = list(dict.fromkeys(self.flags))
        self.change(
            last=self.step.order,
            flags=self.state.flags + tuple((self.step.event, flag) for flag in self.flags),
        )
        return Moved(self.state, tuple(self.transfers), tuple(self.flags), self.doubt)

    def fill(self) -> None:
        """Add what a hand-in, or a collect without hand-ins, takes back from the field."""
        step = self.step
        by_scope = list(step.scopes) or [(self.label.scope, step.mass_g or 0)]
        total = step.mass_g if step.mass_g is not None else sum(g for _, g in by_scope)
        shares = apportion(total, [grams for _, grams in by_scope])
        added = [
            (f"{step.county}/{scope}", share)
            for (scope, _), share in zip(by_scope, shares, strict=True)
        ]
        self.book(added, FIELD, site_account(step.site))
        self.change(
            mass=add_mass(self.state.mass, added),
            contents=add_contents(self.state.contents, step.contents),
            collector=step.site,
        )

    def take_up(self) -> None:
        """Bring the bag to the step's site, supplying the steps that nobody has told yet."""
        step, state = self.step, self.state
        here = site_account(step.site)
        moving = step.kind == "arrive"
        if state.status == "unused":
            self.flags.append("missing-collect")
            if moving or step.site[7] not in "PS":
                self._missing("depart", *(() if moving else ("arrive",)))
            origin = f"{self.label.county}/{self.label.scope}"
            self.change(mass=((origin, 0),), site=step.site)
            return
        if state.status == "open":
            self.flags.append("missing-collect")
        if state.status == "in_transit":
            if not moving:
                self._missing("arrive")
            if step.site != state.destination:
                self.flags.append("arrived-elsewhere")
            if step.trip and moving and step.trip != state.trip:
                self.flags.append("not-on-this-trip")
            self.book(state.mass, transit_account(state.trip or ""), here, (state.site or "")[:6])
        elif not self.here:
            self._missing("depart", *(() if moving else ("arrive",)))
            self.book(state.mass, site_account(state.site or ""), here)
        self.change(site=step.site)

    def _missing(self, *kinds: str) -> None:
        self.flags.extend(f"missing-{kind}" for kind in kinds)

    def weigh(self, against: str = DIFFERENCE) -> None:
        """Every weighing is a firewall: it fixes the mass and books the difference here."""
        step, state = self.step, self.state
        if step.mass_g is None or step.mass_source == "carried":
            return
        if state.mass_source is None:
            # A bag whose collect nobody has told: its first mass has no known source.
            against = UNEXPLAINED
        origins = [origin for origin, _ in state.mass]
        before = [grams for _, grams in state.mass]
        after = apportion(step.mass_g, before)
        here = site_account(step.site)
        gained = [(o, a - b) for o, a, b in zip(origins, after, before, strict=True) if a > b]
        lost = [(o, b - a) for o, a, b in zip(origins, after, before, strict=True) if b > a]
        self.book(gained, against, here)
        self.book(lost, here, against)
        self.change(mass=tuple(zip(origins, after, strict=True)), mass_source=step.mass_source)
        self._confirm()

    def _confirm(self) -> None:
        """Book the memo: the first weighing by another party confirms what the collector claimed."""
        step, state = self.step, self.state
        if (
            state.collector
            and not state.confirmed
            and step.site != state.collector
            and step.mass_source in OTHERS_WEIGHING
        ):
            self.book(state.mass, CLAIMED, CONFIRMED, state.collector[:6])
            self.change(confirmed=True)


def _hand_in(draft: _Draft) -> Conflict | None:
    state, step = draft.state, draft.step
    if state.status not in ("unused", "open"):
        return draft.conflict("bag-is-sealed")
    if state.status == "open" and not draft.here:
        return draft.conflict("bag-is-open-elsewhere")
    draft.fill()
    draft.enter("open")
    source = "weighed" if step.mass_g is not None else "counted"
    draft.change(hand_ins=state.hand_ins + 1, mass_source=source)
    return None


def _collect(draft: _Draft) -> Conflict | None:
    state, step = draft.state, draft.step
    if state.status not in ("unused", "open"):
        return draft.conflict("bag-is-sealed")
    if state.status == "unused":
        draft.fill()
    elif not draft.here:
        return draft.conflict("bag-is-open-elsewhere")
    else:
        # The sealed weight is what the point took back: the difference from what was counted
        # or weighed over days goes back to the field, it is nobody's loss.
        draft.weigh(against=FIELD)
    draft.enter("collected")
    draft.change(mass_source=step.mass_source)
    return None


def _store(draft: _Draft) -> Conflict | None:
    draft.take_up()
    draft.weigh()
    draft.enter("stored")
    return None


def _depart(draft: _Draft) -> Conflict | None:
    if draft.state.status == "in_transit" and draft.here:
        draft.doubt = draft.conflict("batch-already-departed", retry=True)
    step = draft.step
    draft.take_up()
    draft.weigh()
    trip = step.trip or step.event
    draft.book(draft.state.mass, site_account(step.site), transit_account(trip))
    draft.enter("in_transit")
    draft.change(trip=trip, destination=step.destination)
    return None


def _arrive(draft: _Draft) -> Conflict | None:
    state, step = draft.state, draft.step
    if step.outcome in ("refused", "missing"):
        # Not taken in: it stays on its trip until it is received, returned or written off.
        draft.flags.append(f"{step.outcome}-at-arrival")
        return None
    if draft.here and state.status in HELD | {"open"}:
        draft.doubt = draft.conflict("batch-already-here", retry=True)
        draft.flags.append("missing-depart")
    if step.outcome:
        draft.flags.append(f"{step.outcome}-at-arrival")
    draft.take_up()
    draft.weigh()
    draft.enter("received")
    return None


def _dispose(draft: _Draft) -> Conflict | None:
    step = draft.step
    draft.take_up()
    draft.weigh()
    draft.book(draft.state.mass, site_account(step.site), f"treated/{step.method}")
    draft.enter("disposed")
    return None


_KINDS = {
    "hand_in": _hand_in,
    "collect": _collect,
    "store": _store,
    "depart": _depart,
    "arrive": _arrive,
    "dispose": _dispose,
}
KINDS = tuple(_KINDS)
