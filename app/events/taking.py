"""One step being taken: the state so far, what it books, what it lacks. Pure.

The moves that the kinds of event share: fill a bag, bring it to the step's site, weigh it.
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
from app.events.state import LabelFacts, State, Step, Vector, add_contents, add_mass

OTHERS_WEIGHING = frozenset({"weighed", "apportioned"})
"""Sources that confirm a collector's mass; a carried or declared one does not."""


@dataclass(frozen=True)
class Moved:
    """A step that was taken: the state after it, what it books, what it lacked."""

    state: State
    transfers: tuple[Transfer, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conflict:
    """A step that cannot be true beside what is known."""

    rule: str
    step: str
    """The event that does not fit; in a late story not always the new one."""
    in_the_way: str | None
    retry: bool = False
    batch: str | None = None
    """The bag that it is about, where several were folded together."""


@dataclass
class Taking:
    """One step being taken: the state so far, and what it books."""

    label: LabelFacts
    state: State
    step: Step
    onward: Step | None
    transfers: list[Transfer] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)

    @property
    def here(self) -> bool:
        """Tell whether the bag is believed at the step's site, or sent off from it."""
        return self.state.site == self.step.site

    def then(self, kind: str) -> bool:
        """Tell whether the next known move is of a kind, at this step's site."""
        return self.onward is not None and (kind, self.step.site) == (
            self.onward.kind,
            self.onward.site,
        )

    def change(self, **changes: object) -> None:
        """Bring the state forward."""
        # What dataclasses.replace does, at a twentieth of its time: stories are folded often, and
        # a frozen class sets its fields one by one.
        state = object.__new__(State)
        vars(state).update(vars(self.state), **changes)
        self.state = state

    def book(
        self, mass: Iterable[tuple[str, int]], source: str, target: str, place: str | None = None
    ) -> None:
        """Book a vector from one account to another; nothing where it weighs nothing."""
        place = place or self.step.county
        for origin, grams in mass:
            if grams:
                self.transfers.append(
                    Transfer(
                        self.step.event, origin, source, target, place, grams, self.step.occurred_on
                    )
                )

    def conflict(
        self, rule: str, *, retry: bool = False, in_the_way: str | None = None
    ) -> Conflict:
        """Return the conflict of this step with what brought the bag into its status."""
        return Conflict(rule, self.step.event, in_the_way or self.state.last_event, retry)

    def enter(self, status: str) -> None:
        """Put the bag into a status at the step's site."""
        self.change(
            status=status,
            site=self.step.site,
            trip=None,
            destination=None,
            left=None,
            last_event=self.step.event,
        )

    def leave_container(self) -> None:
        """Take the bag out of the container that it is in, if any."""
        self.change(container=None, packed_by=None)

    def end_in_container(self) -> None:
        """Let nothing be in the container any more; `packed_by` tells what ended inside one."""
        self.change(container=None)

    def done(self) -> Moved:
        """Return what the step did."""
        self.flags = list(dict.fromkeys(self.flags))
        self.change(
            last=self.step.order,
            flags=self.state.flags + tuple((self.step.event, flag) for flag in self.flags),
        )
        return Moved(self.state, tuple(self.transfers), tuple(self.flags))

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
            materials=add_mass(self.state.materials, step.materials),
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
                self.missing("depart", *(() if moving else ("arrive",)))
            origin = f"{self.label.county}/{self.label.scope}"
            self.change(mass=((origin, 0),), site=step.site)
            return
        if state.status == "open":
            self.flags.append("missing-collect")
        if state.status == "in_transit":
            if not moving:
                self.missing("arrive")
            if state.left and self.here:
                self.flags.append("returned-to-sender")
            elif step.site != state.destination:
                self.flags.append("arrived-elsewhere")
            if step.trip and moving and step.trip != state.trip:
                self.flags.append("not-on-this-trip")
            self.book(state.mass, transit_account(state.trip or ""), here, (state.site or "")[:6])
        elif not self.here:
            self.missing("depart", *(() if moving else ("arrive",)))
            self.book(state.mass, site_account(state.site or ""), here)
        self.change(site=step.site)

    def missing(self, *kinds: str) -> None:
        """Flag kinds of steps that nobody has told."""
        self.flags.extend(f"missing-{kind}" for kind in kinds)

    def weigh(self, against: str = DIFFERENCE, account: str | None = None) -> None:
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
        held = account or site_account(step.site)
        place = (state.site or step.site)[:6]
        gained = [(o, a - b) for o, a, b in zip(origins, after, before, strict=True) if a > b]
        lost = [(o, b - a) for o, a, b in zip(origins, after, before, strict=True) if b > a]
        self.book(gained, against, held, place)
        self.book(lost, held, against, place)
        self.change(mass=tuple(zip(origins, after, strict=True)), mass_source=step.mass_source)
        self._confirm()

    def part(self, grams: int) -> Vector:
        """Take grams out of the bag's mass, of each origin in proportion, and return them."""
        origins = [origin for origin, _ in self.state.mass]
        before = [held for _, held in self.state.mass]
        taken = apportion(grams, before)
        rest = (b - t for b, t in zip(before, taken, strict=True))
        self.change(mass=tuple(zip(origins, rest, strict=True)))
        return tuple(zip(origins, taken, strict=True))

    def _confirm(self) -> None:
        """Book the memo: the first weighing by another party confirms what the collector claimed."""
        step, state = self.step, self.state
        if (
            state.collector
            and not state.confirmed
            and step.site != state.collector
            and step.mass_source in OTHERS_WEIGHING
        ):
            self.book(state.claimed(state.mass), CLAIMED, CONFIRMED, state.collector[:6])
            self.change(confirmed=True)
