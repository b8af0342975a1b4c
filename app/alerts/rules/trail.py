"""What rules remember of a bag's story beside its state: enough to go on from the next step. Pure.

A trail is a fold of its own: `Trail().after(…)` over all steps, or one step more.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from app.events.fold import LEFT_BEHIND
from app.events.state import State, Step
from app.events.taking import Moved

APPORTIONED = "apportioned"
Share = tuple[int, int, tuple[str, ...]]
"""Grams before and after a weighing, and the codes of those whom the bag concerned then."""
Shares = Mapping[str, Share]
"""Of one bag, by weighing that it shared with others."""


@dataclass(frozen=True)
class Moment:
    """A step as far as it is looked back at."""

    event: str
    site: str
    us: int
    """Effective time, in microseconds of 1970."""
    on: date
    known_at: datetime
    """When it was recorded: by the thresholds that were known then it is judged."""

    @property
    def at(self) -> datetime:
        """The effective time, to the microsecond."""
        return datetime.fromtimestamp(self.us / 1_000_000, UTC)

    @property
    def second(self) -> datetime:
        """The effective time in whole seconds, from which days are counted."""
        return datetime.fromtimestamp(self.us // 1_000_000, UTC)

    @classmethod
    def of(cls, step: Step, known_at: datetime) -> "Moment":
        """Return the moment of a step."""
        return cls(step.event, step.site, step.effective_us, step.occurred_on, known_at)


@dataclass(frozen=True)
class Trail:
    """A bag's way so far."""

    first: Moment | None = None
    sealed: Moment | None = None
    sealed_g: int = 0
    counted_g: int = 0
    pieces: int = 0
    uncounted: bool = False
    """Some hand-in was weighed and not counted: there is nothing to hold the sealed weight against."""
    seen: Moment | None = None
    """The last step at a site, where the bag itself was."""
    left: Moment | None = None
    """The departure with which it is on its way."""
    short: Moment | None = None
    """The last arrival since then that did not take it in."""
    outcome: str = ""
    shares: Shares = field(default_factory=dict)

    def after(
        self,
        before: State,
        step: Step,
        moved: Moved,
        known_at: datetime,
        whom: Iterable[str] = (),
    ) -> "Trail":
        """Return the trail with one step more; `whom` a shared weighing concerns."""
        now = Moment.of(step, known_at)
        changed: dict[str, Any] = {}
        if self.first is None:
            changed["first"] = now
        if step.kind in ("hand_in", "collect"):
            changed |= self._filled(step, now)
        if step.outcome in LEFT_BEHIND:
            changed |= {"short": now, "outcome": step.outcome}
        else:
            changed["seen"] = now
            if moved.state.status == "in_transit":
                changed |= {"left": now, "short": None, "outcome": ""}
        if is_shared(step) and before.mass_source:
            share = before.mass_g, step.mass_g, tuple(sorted(whom))
            changed["shares"] = {**self.shares, weighing_of(step): share}
        # What dataclasses.replace does, at a quarter of its time.
        return Trail(**(vars(self) | changed))

    def _filled(self, step: Step, now: Moment) -> dict[str, Any]:
        changed: dict[str, Any] = {
            "counted_g": self.counted_g + sum(grams for _, grams in step.scopes),
            "pieces": self.pieces + sum(line[4] for line in step.contents),
        }
        counted = step.scopes and all(line[4] for line in step.contents)
        if step.kind == "hand_in" and not counted:
            changed["uncounted"] = True
        if step.kind == "collect" and self.sealed is None:
            changed |= {"sealed": now, "sealed_g": step.mass_g or 0}
        return changed


def is_shared(step: Step) -> bool:
    """Tell whether a step weighed its bag with others."""
    return step.mass_source == APPORTIONED and step.mass_g is not None


def weighing_of(step: Step) -> str:
    """Return what names a shared weighing: its event, and the container that stood on the scale."""
    container = step.group[0] if step.group else ""
    return f"{step.event}/{container}" if container else step.event
