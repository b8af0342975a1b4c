"""The first follower: adds postings up into what sites and counties took in and gave out by day.

Rates and balances of areas read these sums, never a scan of events. Corrections and late events
are more addends: a rebooking with swapped accounts is a transfer back.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.balance.booked import transfer_of
from app.balance.models import CountyFlow, Posting, SiteFlow
from app.balance.postings import MEMO, REPACK, Transfer, county_of, net
from app.ledger.follow import Follow, LeafRow
from app.ledger.models import Leaf
from app.orm import among

BOOKING = frozenset({"hand_in", "collect", "store", "depart", "arrive", "dispose"}) | {
    "pack", "unpack", "repack", "stock_count", "write_off", "correct",
}  # fmt: skip
"""Kinds of event that move mass, or weigh it."""
SiteKey = tuple[str, date, str]
CountyKey = tuple[str, str, date, str, str, str, str]


def class_of(account: str) -> str:
    """Return an account's class: `site`, `transit`, or the account itself."""
    kind = account.partition("/")[0]
    return kind if kind in ("site", "transit") else account


def site_flows(transfers: Iterable[Transfer]) -> dict[SiteKey, tuple[int, int]]:
    """Return (in, out) grams by site, day and counter account."""
    sums: dict[SiteKey, list[int]] = defaultdict(lambda: [0, 0])
    for t in transfers:
        for mine, other, side in ((t.target, t.source, 0), (t.source, t.target, 1)):
            if mine.startswith("site/"):
                counter = "transit" if other.startswith("transit/") else other
                sums[mine[5:], t.occurred_on, counter][side] += t.mass_g
    return {key: (into, out) for key, (into, out) in sums.items()}


def county_flows(transfers: Iterable[Transfer]) -> dict[CountyKey, int]:
    """Return grams by origin county, scope, day, and the class and place of both accounts.

    An account that is not a site's counts at the transfer's `place`: a trip at its sender's
    county, what comes from or goes out of the books at the site concerned.
    """
    sums: dict[CountyKey, int] = defaultdict(int)
    for t in transfers:
        county, _, scope = t.origin.partition("/")
        key = (
            county,
            scope,
            t.occurred_on,
            class_of(t.source),
            county_of(t.source) or t.place,
            class_of(t.target),
            county_of(t.target) or t.place,
        )
        sums[key] += t.mass_g
    return dict(sums)


async def apply(session: AsyncSession, leaves: Sequence[LeafRow]) -> None:
    """Bring the sums from what stood before these leaves to what stands after them.

    A rebooking takes back what an earlier posting about the same step said, so it lowers that
    flow instead of showing as a flow the other way.
    """
    causes = [leaf.event_id for leaf in leaves]
    new = (await session.scalars(select(Posting).where(among(Posting.cause, causes)))).all()
    rebooked = {(p.batch_code, p.about) for p in new if p.about != p.cause}
    old = []
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
    before, after = _standing(old), _standing([*old, *new])
    await _add_site_flows(session, before, after)
    await _add_county_flows(session, before, after)


def _standing(postings: Iterable[Posting]) -> list[Transfer]:
    """Return what stands of each step of each batch.

    What goes through the inner account of a repack is left out: inputs and outputs are at one
    site, and what a repack removes has an account of its own.
    """
    steps: dict[tuple[str, UUID], list[Transfer]] = defaultdict(list)
    for posting in postings:
        if REPACK not in (posting.from_account, posting.to_account):
            steps[posting.batch_code, posting.about].append(transfer_of(posting))
    return [transfer for booked in steps.values() for transfer in net(booked)]


async def _add_site_flows(
    session: AsyncSession, before: Sequence[Transfer], after: Sequence[Transfer]
) -> None:
    was = site_flows(t for t in before if t.source not in MEMO)
    now = site_flows(t for t in after if t.source not in MEMO)
    rows = []
    for key in sorted(was.keys() | now.keys()):
        in_g = now.get(key, (0, 0))[0] - was.get(key, (0, 0))[0]
        out_g = now.get(key, (0, 0))[1] - was.get(key, (0, 0))[1]
        if in_g or out_g:
            site, day, counter = key
            rows.append(
                {"site": site, "occurred_on": day, "counter": counter, "in_g": in_g, "out_g": out_g}
            )
    if rows:
        fresh = insert(SiteFlow)
        await session.execute(
            fresh.on_conflict_do_update(
                index_elements=["site", "occurred_on", "counter"],
                set_={
                    "in_g": SiteFlow.in_g + fresh.excluded.in_g,
                    "out_g": SiteFlow.out_g + fresh.excluded.out_g,
                },
            ),
            rows,
        )


async def _add_county_flows(
    session: AsyncSession, before: Sequence[Transfer], after: Sequence[Transfer]
) -> None:
    was, now = county_flows(before), county_flows(after)
    names = [column.name for column in CountyFlow.__table__.primary_key]
    rows = [
        dict(zip(names, key, strict=True), mass_g=now.get(key, 0) - was.get(key, 0))
        for key in sorted(was.keys() | now.keys())
        if now.get(key, 0) != was.get(key, 0)
    ]
    if rows:
        fresh = insert(CountyFlow)
        await session.execute(
            fresh.on_conflict_do_update(
                index_elements=names,
                set_={"mass_g": CountyFlow.mass_g + fresh.excluded.mass_g},
            ),
            rows,
        )


FLOWS = Follow(
    "flows",
    apply,
    (SiteFlow, CountyFlow),
    BOOKING,
)
