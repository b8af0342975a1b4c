"""Declare amendments of the plan: `declare` events of subject `plan`, applied to its tables.

A row (`AmendmentRow`) is one amending document, or more of one that is known by its number. From
`effective_on` a paragraph has its new words and a target its new figures; the old ones end the
day before and stay readable. The structure stands: there are no new addresses, and what cites a
paragraph (measures, lists, registers) is not changed with its words.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.amendments.check import Standing, amended, faults, words_after
from app.amendments.schemas import AmendmentRow, in_leaf
from app.auth.caller import Caller
from app.errors import InvalidBody
from app.events.declare import Subject, register
from app.plan.index import index_plan
from app.plan.models import PlanDocument, PlanParagraph, PlanWording
from app.plan.tables import PlanTarget

SUBJECT = "plan"
Version = TypeVar("Version", PlanWording, PlanTarget)
UNCHANGED = ("code", "position", "base_year", "measure", "source", "register")
"""Of a target: what an amendment does not touch."""


async def _apply(
    session: AsyncSession, _: Caller, rows: Sequence[AmendmentRow], event_id: UUID, on: date
) -> None:
    """Apply rows in their order; InvalidBody naming every place of the first that does not fit.

    The search then finds today's words. Those of an amendment that takes effect later are found
    from the first start or the first amendment after that day.
    """
    standing = await _standing(session, on)
    for i, row in enumerate(rows):
        found = faults(row, standing)
        if found:
            raise InvalidBody.of(
                [{**one, "pointer": f"/rows/{i}{one['pointer']}"} for one in found]
            )
        await _enact(session, row, standing, event_id)
    await index_plan(session)


async def _standing(session: AsyncSession, on: date) -> Standing:
    """Read the plan and all amendments, one amendment at a time: the lock is the plan's own row."""
    plan = (
        await session.scalars(
            select(PlanDocument).where(PlanDocument.amends.is_(None)).with_for_update()
        )
    ).one()
    documents = await session.scalars(select(PlanDocument))
    paragraphs = await session.execute(select(PlanParagraph.address, PlanParagraph.kind))
    standing = Standing(
        plan=plan,
        documents={one.number: one for one in documents},
        kinds=dict(paragraphs.all()),
        wordings={},
        targets={},
        today=on,
    )
    for wording in await session.scalars(select(PlanWording).order_by(PlanWording.valid_from)):
        standing.wordings.setdefault(wording.address, []).append(wording)
    for target in await session.scalars(select(PlanTarget).order_by(PlanTarget.valid_from)):
        standing.targets.setdefault(target.code, []).append(target)
    return standing


async def _enact(
    session: AsyncSession, row: AmendmentRow, standing: Standing, event_id: UUID
) -> None:
    """Write what a row says, and let `standing` know of it."""
    if row.number not in standing.documents:
        document = PlanDocument(
            number=row.number,
            title=row.title,
            issued_on=row.issued_on,
            effective_on=row.effective_on,
            amends=standing.plan.number,
            event_id=event_id,
        )
        session.add(document)
        await session.flush()
        standing.documents[row.number] = document
    since = {"valid_from": row.effective_on, "document": row.number}
    changes = []
    for change in row.targets:
        latest = standing.targets[change.code][-1]
        words = words_after(change.paragraph or latest.paragraph, row, standing)
        kept = {name: getattr(latest, name) for name in UNCHANGED}
        changes.append(PlanTarget(**since, **kept, **amended(change, latest, words)))
    for target in changes:
        _supersede(session, standing.targets[target.code], target)
    for paragraph in row.paragraphs:
        wording = PlanWording(**since, address=paragraph.address, text=paragraph.text)
        _supersede(session, standing.wordings[paragraph.address], wording)
    await session.flush()


def _supersede(session: AsyncSession, versions: list[Version], new: Version) -> None:
    versions[-1].valid_to = new.valid_from - timedelta(days=1)
    versions.append(new)
    session.add(new)


register(Subject(SUBJECT, AmendmentRow, in_leaf, _apply))
