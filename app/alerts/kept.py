"""What is kept of each bag that has not come to its end: its state and its trail, as JSON."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.keep import upsert
from app.alerts.rules.trail import Moment, Trail
from app.alerts.running import AlertBag
from app.events.state import FINAL, State
from app.orm import among, among_given
from app.prepared import Prepared

_OF_CODES = Prepared(
    select(AlertBag.code, AlertBag.state, AlertBag.trail).where(among_given(AlertBag.code, "codes"))
)
_UNTOLD = frozenset({"contents", "materials", "flags"})
"""Parts of a state that no later step and no rule looks at."""
_FRESH = {f.name: getattr(State(), f.name) for f in fields(State)}
_BLANK = {f.name: getattr(Trail(), f.name) for f in fields(Trail)}
_MOMENTS = ("first", "sealed", "seen", "left", "short")


@dataclass(frozen=True)
class Kept:
    """A bag after the leaves that are judged."""

    state: State = field(default_factory=State)
    trail: Trail = field(default_factory=Trail)


async def load_kept(session: AsyncSession, codes: Iterable[str]) -> dict[str, Kept]:
    """Return what is kept of bags; those that nothing is kept of are left out."""
    rows = await _OF_CODES.rows(session, codes=list(codes))
    return {code: Kept(state_in(state), trail_in(trail)) for code, state, trail in rows}


async def save_kept(session: AsyncSession, kept: Mapping[str, Kept | None]) -> None:
    """Keep bags as they are now; forget those that have come to their end, or are None."""
    standing = {c: one for c, one in kept.items() if one and one.state.status not in FINAL}
    gone = kept.keys() - standing.keys()
    if gone:
        await session.execute(delete(AlertBag).where(among(AlertBag.code, gone)))
    rows = [
        {"code": code, "state": state_out(one.state), "trail": trail_out(one.trail)}
        for code, one in sorted(standing.items())
    ]
    await upsert(session, AlertBag, rows)


def state_out(state: State) -> dict[str, Any]:
    """Return a state as JSON, what is as in a fresh one left out."""
    return {
        name: value
        for name, value in vars(state).items()
        if name not in _UNTOLD and value != _FRESH[name]
    }


def state_in(stored: Mapping[str, Any]) -> State:
    """Return a stored state."""
    values = dict(stored)
    if "mass" in values:
        values["mass"] = tuple((origin, grams) for origin, grams in values["mass"])
    if "last" in values:
        values["last"] = tuple(values["last"])
    return State(**values)


def trail_out(trail: Trail) -> dict[str, Any]:
    """Return a trail as JSON, what is as in a fresh one left out."""
    found = {name: value for name, value in vars(trail).items() if value != _BLANK[name]}
    for name in _MOMENTS:
        if name in found:
            m = found[name]
            found[name] = [m.event, m.site, m.us, m.on.isoformat(), m.known_at.isoformat()]
    return found


def trail_in(stored: Mapping[str, Any]) -> Trail:
    """Return a stored trail."""
    values = dict(stored)
    for name in _MOMENTS:
        if name in values:
            event, site, us, on, known_at = values[name]
            values[name] = Moment(
                event, site, us, date.fromisoformat(on), datetime.fromisoformat(known_at)
            )
    if "shares" in values:
        values["shares"] = {
            weighing: (before_g, after_g, tuple(whom))
            for weighing, (before_g, after_g, whom) in values["shares"].items()
        }
    return Trail(**values)
