"""Bags and containers while the log is gone over again: the latest in memory, all in the shadow."""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.batches.models import Batch, Label
from app.events.facts import Known
from app.events.state import LabelFacts, State, state_from_json, state_to_json
from app.orm import among
from app.rebuild.shadow import copy_in

MOST = 20_000
"""Held in memory at a time, some kilobytes each."""
_COLUMNS = (
    "code", "kind", "status", "site", "container", "mass_g", "state", "seen_by", "updated_at",
)  # fmt: skip


class Bags:
    """What is known of every code so far; what is asked for has to be fetched first."""

    def __init__(self) -> None:
        self.known: dict[str, Known] = {}
        """Those in memory, the latest used last."""
        self.inside: dict[str, set[str]] = defaultdict(set)
        """What is in each container."""
        self._updated_at: dict[str, datetime] = {}
        self._changed: set[str] = set()

    async def fetch(self, session: AsyncSession, codes: Iterable[str]) -> set[str]:
        """Have codes in memory; return those of which nothing was known before."""
        wanted = set(codes)
        for code in wanted & self.known.keys():
            self.known[code] = self.known.pop(code)
        missing = wanted - self.known.keys()
        if not missing:
            return set()
        rows = await session.execute(
            select(Batch.code, Batch.kind, Batch.state, Batch.seen_by, Batch.updated_at).where(
                among(Batch.code, missing)
            )
        )
        for code, kind, state, seen_by, updated_at in rows:
            label = LabelFacts(**state["label"])
            self.known[code] = Known(label, state_from_json(state), True, set(seen_by), kind)
            self._updated_at[code] = updated_at
        new = missing - self.known.keys()
        await self._begin(session, new)
        return new

    async def _begin(self, session: AsyncSession, codes: set[str]) -> None:
        if not codes:
            return
        query = select(Label.code, Label.kind, Label.county, Label.scope)
        rows = await session.execute(query.where(among(Label.code, codes)))
        labels = {code: (kind, LabelFacts(county, scope)) for code, kind, county, scope in rows}
        for code in codes:
            # Without its label, the code itself still tells the county that issued it.
            kind, label = labels.get(code, ("bag", LabelFacts(code[:6])))
            self.known[code] = Known(label, State(), False, set(), kind)

    def changed(self, code: str, was_in: str | None, at: datetime) -> None:
        """Take note that an event changed a code, which was in a container until then, or not."""
        now_in = self.known[code].state.container
        if was_in != now_in:
            if was_in:
                self.inside[was_in].discard(code)
            if now_in:
                self.inside[now_in].add(code)
        self._updated_at[code] = at
        self._changed.add(code)

    async def save(self, session: AsyncSession) -> None:
        """Write to the shadow what has changed, and let go of what was not used for longest."""
        codes = sorted(self._changed)
        again = [code for code in codes if self.known[code].exists]
        if again:
            await session.execute(delete(Batch).where(among(Batch.code, again)))
        await copy_in(session, Batch, _COLUMNS, [self._row(code) for code in codes])
        for code in codes:
            self.known[code].exists = True
        self._changed.clear()
        for code in list(self.known)[: max(0, len(self.known) - MOST)]:
            del self.known[code]
            self._updated_at.pop(code, None)

    def full(self) -> bool:
        """Tell whether it is time to save."""
        return len(self.known) > 2 * MOST

    def _row(self, code: str) -> tuple[object, ...]:
        known = self.known[code]
        state = known.state
        return (
            code,
            known.kind,
            state.status,
            state.site,
            state.container,
            state.mass_g,
            json.dumps(state_to_json(known.label, state)),
            sorted(known.seen_by),
            self._updated_at[code],
        )
