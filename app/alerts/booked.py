"""What leaves booked: by the event that booked it, with the bag that it is of."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.balance.models import Posting
from app.balance.postings import Transfer
from app.orm import among_given
from app.prepared import Prepared

Booked = Mapping[str, Sequence[tuple[str, Transfer]]]
"""(bag, transfer) by the id of the event that booked it."""
_OF_CAUSES = Prepared(
    select(
        Posting.cause,
        Posting.batch_code,
        Posting.about,
        Posting.origin,
        Posting.from_account,
        Posting.to_account,
        Posting.place,
        Posting.mass_g,
        Posting.occurred_on,
    ).where(among_given(Posting.cause, "causes"))
)


async def booked_by(session: AsyncSession, causes: Iterable[str]) -> Booked:
    """Return what each event booked."""
    found: dict[str, list[tuple[str, Transfer]]] = defaultdict(list)
    rows = await _OF_CAUSES.rows(session, causes=[UUID(cause) for cause in causes])
    for cause, code, about, *rest in rows:
        found[str(cause)].append((code, Transfer(str(about), *rest)))
    return found
