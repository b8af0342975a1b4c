"""What weighings found more or less of batches, net, from what is booked."""

from collections.abc import Collection

from sqlalchemy import case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.balance.models import Posting
from app.balance.postings import DIFFERENCE
from app.ledger.models import Leaf
from app.orm import among

WORTH_A_LOOK = 20
"""A difference of more than a twentieth of the mass asks for attention."""


async def differences_of(
    session: AsyncSession, codes: Collection[str], size: int | None
) -> dict[str, int]:
    """Return grams found more (less: negative) than there was, by batch, where there are any."""
    if not codes:
        return {}
    signed = case((Posting.from_account == DIFFERENCE, Posting.mass_g), else_=-Posting.mass_g)
    query = (
        select(Posting.batch_code, func.sum(signed))
        .where(
            among(Posting.batch_code, codes),
            or_(Posting.from_account == DIFFERENCE, Posting.to_account == DIFFERENCE),
        )
        .group_by(Posting.batch_code)
    )
    if size is not None:
        query = query.join(Leaf, Leaf.event_id == Posting.cause).where(Leaf.leaf_index < size)
    return {code: int(grams) for code, grams in await session.execute(query) if grams}


def asks_for_attention(difference_g: int, mass_g: int) -> bool:
    """Tell whether a difference is large beside what is weighed."""
    return abs(difference_g) * WORTH_A_LOOK > mass_g
