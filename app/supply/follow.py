"""The follower of supply: adds declared mass up by county, day and method."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger.follow import Follow, LeafRow
from app.ledger.leaf import read_leaf
from app.supply.models import SupplyDay, SupplyRow


async def apply(session: AsyncSession, leaves: Sequence[LeafRow]) -> None:
    """Add the mass of declared rows; a row that replaces another takes that one's mass back.

    A leaf names a replaced row by its id: what it said stands in `supply_row`, which is never
    changed.
    """
    sums: dict[tuple[str, date, str], int] = defaultdict(int)
    replaced = []
    for leaf in leaves:
        event = read_leaf(leaf.leaf)["event"]
        if event["subject"] != "supply":
            continue
        for row in event["rows"]:
            sums[row["county"], date.fromisoformat(row["on"]), row["method"]] += row["mass_g"]
            if "replaces" in row:
                replaced.append(row["replaces"])
    if replaced:
        for row in await session.scalars(select(SupplyRow).where(SupplyRow.id.in_(replaced))):
            sums[row.county, row.on_day, row.method] -= row.mass_g
    if sums:
        fresh = insert(SupplyDay)
        keys = ["county", "occurred_on", "method"]
        await session.execute(
            fresh.on_conflict_do_update(
                index_elements=keys, set_={"mass_g": SupplyDay.mass_g + fresh.excluded.mass_g}
            ),
            [
                dict(zip(keys, key, strict=True), mass_g=mass_g)
                for key, mass_g in sorted(sums.items())
            ],
        )


SUPPLY = Follow("supply", apply, (SupplyDay,), frozenset({"declare"}))
