"""Subsidies by mass (补贴): what postings say was taken back, hauled and treated, at the day's tariff."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.balance.booked import transfer_of
from app.balance.models import Posting
from app.balance.postings import Transfer
from app.ledger.follow import LeafRow
from app.ledger.leaf import read_leaf
from app.ledger.models import Event, Leaf
from app.money.masses import Grams, tonnes
from app.money.models import Payable
from app.orm import among
from app.tariffs.read import tariffs_of
from app.tariffs.tariff import of_grams, rate
from app.trips.models import Trip

SCHEME = "subsidy"
Steps = Mapping[tuple[str, UUID], list[Transfer]]


async def add_tonnes(session: AsyncSession, leaves: Sequence[LeafRow]) -> None:
    """Bring what is due for tonnes from what stood before these leaves to what stands after them.

    Changes are added up: a rebooking of one bag does not look at the others of its lorry.
    """
    if not leaves:
        return
    causes = [leaf.event_id for leaf in leaves]
    new = (await session.scalars(select(Posting).where(among(Posting.cause, causes)))).all()
    rebooked = {(p.batch_code, p.about) for p in new if p.about != p.cause}
    old: list[Posting] = []
    if rebooked:
        rows = await session.scalars(
            select(Posting)
            .join(Leaf, Leaf.event_id == Posting.cause)
            .where(
                among(Posting.batch_code, {batch for batch, _ in rebooked}),
                among(Posting.about, {about for _, about in rebooked}),
                Leaf.leaf_index < leaves[0].leaf_index,
            )
        )
        old = [p for p in rows if (p.batch_code, p.about) in rebooked]
    before, after = _steps(old), _steps([*old, *new])
    carriers = await _carriers(session, (*before.values(), *after.values()))
    roots = await _roots(session, {about for _, about in after})
    changed: Grams = defaultdict(int)
    for steps, sign in ((before, -1), (after, 1)):
        for transfers in steps.values():
            for (whose, on), mass_g in tonnes(transfers, carriers).items():
                root = roots.get(whose.event, whose.event)
                changed[replace(whose, event=root), on] += sign * mass_g
    changed = {whose: mass_g for whose, mass_g in changed.items() if mass_g}
    if changed:
        await _keep(session, changed)


def _steps(postings: Iterable[Posting]) -> Steps:
    steps: dict[tuple[str, UUID], list[Transfer]] = defaultdict(list)
    for posting in postings:
        steps[posting.batch_code, posting.about].append(transfer_of(posting))
    return steps


async def _roots(session: AsyncSession, steps: Iterable[UUID]) -> dict[str, str]:
    """Return the event first recorded of those that are corrections: money keeps to it."""
    query = select(Event.id, Event.leaf).where(among(Event.id, set(steps)), Event.kind == "correct")
    rows = await session.execute(query)
    return {str(id_): read_leaf(leaf)["stamps"]["root"] for id_, leaf in rows}


async def _carriers(
    session: AsyncSession, steps: Iterable[Iterable[Transfer]]
) -> dict[str, str | None]:
    trips = {
        UUID(account.removeprefix("transit/"))
        for transfers in steps
        for one in transfers
        for account in (one.source, one.target)
        if account.startswith("transit/")
    }
    if not trips:
        return {}
    rows = await session.execute(select(Trip.id, Trip.carrier).where(among(Trip.id, trips)))
    return {str(trip): carrier for trip, carrier in rows}


async def _keep(session: AsyncSession, changed: Grams) -> None:
    """Add the changes to what stands; on a day without a tariff nothing is kept, nor taken back."""
    events = {UUID(whose.event) for whose, _ in changed}
    tariffs = await tariffs_of(session, {whose.county for whose, _ in changed})
    query = select(Payable.event, Payable.county, Payable.payee, Payable.mass_g).where(
        among(Payable.event, events), Payable.scheme == SCHEME
    )
    grams = {
        (str(event), county, payee): mass_g or 0
        for event, county, payee, mass_g in await session.execute(query)
    }
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    # What a step is given now comes after what it was given: its day is the later word.
    for (whose, on), more_g in sorted(changed.items(), key=lambda one: one[1]):
        paid = rate(
            tariffs.get(whose.county, ()), on, scheme=SCHEME, payee=whose.payee_kind, per="tonne"
        )
        if paid is None:
            continue
        key = (whose.event, whose.county, whose.payee)
        mass_g = grams[key] = grams.get(key, 0) + more_g
        if more_g < 0 and key in rows:
            rows[key] |= {"mass_g": mass_g}
            rows[key]["fen"] = of_grams(rows[key]["paid"], "tonne", mass_g)
            continue
        rows[key] = {
            "event": UUID(whose.event), "scheme": SCHEME, "county": whose.county,
            "payee": whose.payee, "payee_kind": whose.payee_kind, "site": whose.site,
            "occurred_on": on, "pieces": None, "mass_g": mass_g, "paid_fen": None,
            "worth_fen": None, "fen": of_grams(paid, "tonne", mass_g), "paid": paid,
        }  # fmt: skip
    for row in rows.values():
        row.pop("paid")
    if rows:
        fresh = insert(Payable)
        again = {name: fresh.excluded[name] for name in ("occurred_on", "mass_g", "fen", "site")}
        keys = ["event", "scheme", "county", "payee"]
        await session.execute(
            fresh.on_conflict_do_update(index_elements=keys, set_=again), list(rows.values())
        )
    await session.execute(
        delete(Payable)
        .where(among(Payable.event, events), Payable.scheme == SCHEME, Payable.mass_g == 0)
        .execution_options(synchronize_session=False)
    )
