"""What is in a container: bags that it holds now, or held at a size of the log."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import Reach
from app.batches.models import Batch
from app.batches.read import batches_within
from app.custody.nodes import Node, nodes_of
from app.custody.trace import Trace
from app.events.state import Order
from app.events.story import members_at
from app.orm import among

AT_THE_END: Order = (2**63, 0, 0, "")


@dataclass(frozen=True)
class Members:
    """How many bags in reach are in a container, their grams together, and the first of them."""

    count: int
    mass_g: int
    first: Sequence[Node]


async def members_of(session: AsyncSession, reach: Reach, found: Trace, limit: int) -> Members:
    """Return what is in a traced container, by code. Two statements for now."""
    code = found.batch.code
    if found.cut is None:
        inside = (Batch.container == code, batches_within(reach))
        count, mass_g = (
            await session.execute(
                select(func.count(), func.coalesce(func.sum(Batch.mass_g), 0)).where(*inside)
            )
        ).one()
        codes = await session.scalars(
            select(Batch.code).where(*inside).order_by(Batch.code).limit(limit)
        )
        first = await nodes_of(session, list(codes), None)
        return Members(count, int(mass_g), [first[one] for one in sorted(first)])
    told = members_at(code, found.stories.own(code), AT_THE_END)
    seen = select(Batch.code).where(among(Batch.code, told), batches_within(reach))
    nodes = await nodes_of(session, set(await session.scalars(seen)), found.cut)
    mass_g = sum(node.mass_g for node in nodes.values())
    return Members(len(nodes), mass_g, [nodes[one] for one in sorted(nodes)[:limit]])
