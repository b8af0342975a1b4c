"""What must stand after anything that was told: read back from the leaves and the bookings."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import select

from app.areas.scope import Reach
from app.balance.postings import (
    REPACK,
    Transfer,
    removed_account,
    site_account,
    total,
    transit_account,
)
from app.batches.models import Batch
from app.custody.stories import Stories, booked_of, stories_of
from app.custody.trace import trace
from app.db import Database
from app.events.effects import placed
from app.events.fold import Folded
from app.events.happening import Happening
from app.events.state import FINAL, LabelFacts, State, state_from_json
from app.events.story import members_at, story_of
from app.events.together import fold_together
from app.ledger.sequence import log_size, sequence
from app.orm import among

EVERYTHING = Reach(everything=True)
ENDLESS = (2**62, 2**62, 2**62, "~")
"""After everything that can be told."""


@dataclass(frozen=True)
class Standing:
    """The rows of batches, the events in force that name them, what is booked for them."""

    rows: Mapping[str, Batch]
    stories: Stories
    booked: Mapping[str, list[Transfer]]

    @property
    def bags(self) -> dict[str, State]:
        """Return the stored states of bags."""
        return {c: state_from_json(r.state) for c, r in self.rows.items() if r.kind == "bag"}

    @property
    def repacks(self) -> list[Happening]:
        """Return the repacks in force."""
        told = (one.happening for one in self.stories.told.values())
        return [happening for happening in told if happening.kind == "repack"]

    def whole(self) -> dict[str, Folded]:
        """Fold all stories from their leaves, together, nothing taken from what is stored."""
        labels = {c: LabelFacts(**self.rows[c].state["label"]) for c in self.bags}
        stories = {}
        for code in labels:
            own = self.stories.own(code)
            boxes = {h.body["container"] for h in own if h.kind == "pack"}
            stories[code] = story_of(code, own, {box: self.stories.own(box) for box in boxes})
        folded = fold_together(labels, stories)
        assert isinstance(folded, dict), f"what was recorded does not fit: {folded}"
        return folded


async def standing_of(database: Database, codes: Collection[str]) -> Standing:
    """Return what stands of batches; the codes of everything that shares their stories."""
    async with database.read() as session:
        rows = await session.scalars(select(Batch).where(among(Batch.code, set(codes))))
        return Standing(
            {row.code: row for row in rows},
            await stories_of(session, codes),
            await booked_of(session, codes),
        )


async def check_read(database: Database, codes: Collection[str], back: int) -> None:
    """Read the chains of batches as of now, and as of so many leaves ago: each is one that fits."""
    while await sequence(database):
        pass
    async with database.read() as session:
        now = await log_size(session)
        for code in codes:
            row = await session.get(Batch, code)
            shown = await trace(session, EVERYTHING, code)
            assert shown is not None, (code, row and row.state)
            assert row is None or (shown.batch.status, shown.batch.mass_g) == (
                row.status,
                row.mass_g,
            ), (code, shown, row.state)
            assert await trace(session, EVERYTHING, code, as_of=max(0, now - back))


def check(standing: Standing) -> None:
    """Raise AssertionError where something does not hold that always must."""
    folded = standing.whole()
    for code, state in standing.bags.items():
        _stored_is_the_fold(standing, code, state, folded[code])
        _one_holder(standing, code, state)
        _nothing_after_the_end(code, state, folded[code])
    _containers_hold_what_is_in_them(standing)
    for repack in standing.repacks:
        _repack_conserves(standing, repack)
    _lineage_reads_both_ways(standing)
    for code, shares in _shares(standing).items():
        assert sum(shares.values()) == 1, (code, shares)


def _stored_is_the_fold(standing: Standing, code: str, state: State, folded: Folded) -> None:
    row = standing.rows[code]
    assert state == folded.state, (code, "stored", state, "folded", folded.state)
    assert (row.status, row.site, row.container, row.mass_g) == (
        state.status,
        state.site,
        state.container,
        state.mass_g,
    ), code
    due = {key: grams for key, grams in total(folded.transfers).items() if grams}
    booked = {key: grams for key, grams in total(standing.booked[code]).items() if grams}
    assert booked == due, (code, "booked", booked, "due", due)


def _one_holder(standing: Standing, code: str, state: State) -> None:
    """Whoever holds a bag holds all of it, of each origin, and nobody else any."""
    balances: dict[tuple[str, str], int] = defaultdict(int)
    for transfer in standing.booked[code]:
        balances[transfer.target, transfer.origin] += transfer.mass_g
        balances[transfer.source, transfer.origin] -= transfer.mass_g
    places = {
        key: grams
        for key, grams in balances.items()
        if grams and key[0].startswith(("site/", "transit/"))
    }
    assert sum(balances.values()) == 0
    assert all(grams >= 0 for _, grams in state.mass), (code, state.mass)
    if state.status in FINAL or state.status == "unused":
        held = {}
    else:
        at = (
            transit_account(state.trip or "")
            if state.status == "in_transit"
            else site_account(state.site or "")
        )
        held = {(at, origin): grams for origin, grams in state.mass if grams}
    assert places == held, (code, places, held)


def _nothing_after_the_end(code: str, state: State, folded: Folded) -> None:
    if state.status in FINAL:
        assert folded.taken[-1][0].event == state.last_event, code


def _containers_hold_what_is_in_them(standing: Standing) -> None:
    inside: dict[str, set[str]] = defaultdict(set)
    for code, state in standing.bags.items():
        if state.container:
            inside[state.container].add(code)
    for code, row in standing.rows.items():
        if row.kind != "container":
            continue
        own, state = standing.stories.own(code), State()
        for happening in sorted(own, key=lambda h: h.order):
            state = placed(state, happening, code)
        assert state_from_json(row.state) == state, code
        assert row.mass_g == 0
        assert members_at(code, own, ENDLESS) == inside[code], code


def _repack_conserves(standing: Standing, repack: Happening) -> None:
    """What goes into a repack comes out of it or is removed, of each origin to the gram."""
    inner: dict[str, int] = defaultdict(int)
    came: dict[str, int] = defaultdict(int)
    for code in repack.bags:
        for t in standing.booked[code]:
            if t.about == repack.event and REPACK in (t.source, t.target):
                sign = 1 if t.target == REPACK else -1
                inner[t.origin] += sign * t.mass_g
                came[code] += sign * t.mass_g
    assert not any(inner.values()), (repack.event, inner)
    removed: dict[str, int] = defaultdict(int)
    for code in repack.bags:
        for t in standing.booked[code]:
            if t.about == repack.event and t.target.startswith("removed/"):
                removed[t.target] += t.mass_g
            elif t.about == repack.event and t.source.startswith("removed/"):
                removed[t.source] -= t.mass_g
    told: dict[str, int] = defaultdict(int)
    for one in repack.body.get("removed", ()):
        told[removed_account(one["reason"])] += one["mass_g"]
    assert {account: grams for account, grams in removed.items() if grams} == told
    for output in repack.body["outputs"]:
        assert -came[output["code"]] == _grams(output), (repack.event, output, came)


def _grams(ref: dict[str, int]) -> int:
    return ref["mass_g"] if "mass_g" in ref else ref["gross_g"] - ref.get("tare_g", 0)


def _lineage_reads_both_ways(standing: Standing) -> None:
    """Forward from every input and back from every output are the same edges."""
    states = standing.bags
    of = {h.event: h for h in standing.repacks}
    forward = {
        (code, output["code"])
        for code, state in states.items()
        if state.status == "repacked"
        for output in of[state.last_event or ""].body["outputs"]
    }
    back = {
        (source["code"], code)
        for code, state in states.items()
        if state.born
        for source in of[state.born].body["inputs"]
    }
    told = {
        (source["code"], output["code"])
        for h in of.values()
        for source in h.body["inputs"]
        for output in h.body["outputs"]
    }
    assert forward == back == told


def _shares(standing: Standing) -> dict[str, dict[str, Fraction]]:
    """Return of each bag that came out of a repack which part of it came from which first bag."""
    states, of = standing.bags, {h.event: h for h in standing.repacks}
    found: dict[str, dict[str, Fraction]] = {}

    def share(code: str) -> dict[str, Fraction]:
        born = states[code].born
        if born is None:
            return {code: Fraction(1)}
        if code not in found:
            sources = of[born].body["inputs"]
            whole = sum(_grams(source) for source in sources)
            sums: dict[str, Fraction] = defaultdict(Fraction)
            for source in sources:
                for first, part in share(source["code"]).items():
                    sums[first] += part * Fraction(_grams(source), whole)
            found[code] = dict(sums)
        return found[code]

    for code in states:
        share(code)
    return found
