"""What a container held at each of its steps: it has no mass of its own, its bags have."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.balance.models import Posting
from app.balance.postings import DIFFERENCE, site_account
from app.custody.steps import CustodyStep
from app.custody.stories import Stories
from app.events.happening import Happening
from app.events.story import fillings
from app.ledger.models import Leaf
from app.orm import among


@dataclass(frozen=True)
class Load:
    """The bags of a container at one step, and those of them that did not come along.

    `mass_g` are their grams where it was weighed or they moved, `difference_g` what a weighing
    found more of them all (less: negative).
    """

    bags: int
    short: int
    mass_g: int | None
    weighed: bool
    difference_g: int


async def loads_of(
    session: AsyncSession, code: str, stories: Stories, size: int | None
) -> dict[str, Load]:
    """Return what a container held, by event. One statement, however many bags and steps."""
    filled = list(fillings(code, stories.own(code)))
    inside = {
        happening.event: after if happening.kind in ("pack", "unpack") else before
        for happening, before, after in filled
    }
    bags = frozenset().union(*inside.values(), *(before for _, before, _ in filled))
    booked = await _booked(session, inside, bags, size)
    return {
        happening.event: _load(code, happening, inside[happening.event], booked[happening.event])
        for happening, _, _ in filled
    }


def loaded(step: CustodyStep, load: Load) -> CustodyStep:
    """Return a container's step with what it held."""
    return replace(
        step,
        mass_g=load.mass_g or 0,
        mass_source=None if load.mass_g is None else "weighed" if load.weighed else "carried",
        difference_g=load.difference_g,
        bags=load.bags,
        short=load.short,
    )


def _load(
    code: str,
    happening: Happening,
    bags: frozenset[str],
    booked: dict[tuple[str, str], int],
) -> Load:
    moved = {
        "depart": "transit/",
        "arrive": site_account(happening.body["site"]),
        "dispose": "treated/",
        "write_off": "written_off",
    }.get(happening.kind)
    net_g = happening.containers.get(code)
    mass_g = _into(booked, moved) if moved and net_g is None else net_g
    short = bags & happening.left_behind
    return Load(
        len(bags - short), len(short), mass_g, net_g is not None, -_into(booked, DIFFERENCE)
    )


def _into(booked: dict[tuple[str, str], int], account: str) -> int:
    """Return the net grams that went into accounts that begin so."""
    came = sum(grams for (_, to), grams in booked.items() if to.startswith(account))
    return came - sum(grams for (from_, _), grams in booked.items() if from_.startswith(account))


async def _booked(
    session: AsyncSession, events: Collection[str], bags: Collection[str], size: int | None
) -> dict[str, dict[tuple[str, str], int]]:
    """Return grams by event, from and to: what is booked of these bags about these events."""
    found: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    if not bags:
        return found
    query = (
        select(Posting.about, Posting.from_account, Posting.to_account, func.sum(Posting.mass_g))
        .where(among(Posting.batch_code, bags), among(Posting.about, map(UUID, events)))
        .group_by(Posting.about, Posting.from_account, Posting.to_account)
    )
    if size is not None:
        query = query.join(Leaf, Leaf.event_id == Posting.cause).where(Leaf.leaf_index < size)
    for about, from_, to, grams in await session.execute(query):
        found[str(about)][from_, to] = int(grams)
    return found
