"""The amendments known, each with what it changes: words and figures before and after."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.orm import among
from app.plan.models import PlanDocument, PlanParagraph, PlanWording
from app.plan.tables import PlanTarget


@dataclass(frozen=True)
class Amendment:
    """An amending document; what it changes in pairs of the version before and its own."""

    document: PlanDocument
    wordings: Sequence[tuple[PlanWording, PlanWording]]
    targets: Sequence[tuple[PlanTarget, PlanTarget]]


async def amendments(session: AsyncSession) -> list[Amendment]:
    """Return the amendments known, the one that takes effect last first; three statements."""
    documents = (
        await session.scalars(
            select(PlanDocument)
            .where(PlanDocument.amends.is_not(None))
            .order_by(PlanDocument.effective_on.desc(), PlanDocument.number)
        )
    ).all()
    numbers = [one.number for one in documents]
    addresses = select(PlanWording.address).where(among(PlanWording.document, numbers))
    wordings = await session.scalars(
        select(PlanWording)
        .join(PlanParagraph, PlanParagraph.address == PlanWording.address)
        .where(PlanWording.address.in_(addresses))
        .order_by(PlanParagraph.position, PlanWording.valid_from)
    )
    codes = select(PlanTarget.code).where(among(PlanTarget.document, numbers))
    targets = await session.scalars(
        select(PlanTarget)
        .where(PlanTarget.code.in_(codes))
        .order_by(PlanTarget.position, PlanTarget.valid_from)
    )
    words = [(a, b) for a, b in pairwise(wordings) if a.address == b.address]
    figures = [(a, b) for a, b in pairwise(targets) if a.code == b.code]
    return [
        Amendment(
            document,
            [pair for pair in words if pair[1].document == document.number],
            [pair for pair in figures if pair[1].document == document.number],
        )
        for document in documents
    ]
