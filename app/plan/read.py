"""Read the plan as it is in force on a day: all of it, for it is small and everything is linked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.orm import Base
from app.plan import models as m
from app.plan import tables as t

Table = TypeVar("Table", bound=Base)


@dataclass(frozen=True)
class Paragraph:
    """A paragraph with the words in force, and what is odd in them."""

    address: str
    kind: str
    section: str | None
    box: str | None
    text: str
    document: str
    valid_from: date
    annotations: Sequence[m.PlanAnnotation]


@dataclass(frozen=True)
class Plan:
    """Everything in force on a day, each table in printed order."""

    on: date
    documents: Sequence[m.PlanDocument]
    """The plan, then the amendments known, in the order in which they took effect."""
    sections: Sequence[m.PlanSection]
    boxes: Sequence[m.PlanBox]
    projects: Sequence[m.PlanProject]
    paragraphs: Sequence[Paragraph]
    departments: Sequence[m.PlanDepartment]
    department_names: Sequence[m.PlanDepartmentName]
    issuers: Sequence[m.PlanIssuer]
    addressees: Sequence[m.PlanAddressee]
    responsibility_lists: Sequence[m.PlanResponsibilityList]
    responsibilities: Sequence[m.PlanResponsibility]
    measures: Sequence[t.PlanMeasure]
    targets: Sequence[t.PlanTarget]
    industries: Sequence[t.PlanIndustry]
    industry_lists: Sequence[t.PlanIndustryList]
    listed_industries: Sequence[t.PlanListedIndustry]
    industry_mappings: Sequence[t.PlanIndustryMapping]
    technologies: Sequence[t.PlanTechnology]
    areas: Sequence[t.PlanArea]
    citations: Sequence[t.PlanCitation]
    cited: Sequence[t.PlanCited]
    instruments: Sequence[t.PlanInstrument]
    registers: Sequence[t.PlanRegister]

    @property
    def head(self) -> m.PlanDocument:
        """The plan itself, which the amendments amend."""
        return self.documents[0]

    def responsible(self, section: str | None) -> list[m.PlanResponsibility]:
        """Return the printed list of a section: empty where none is printed."""
        return [one for one in self.responsibilities if one.section == section]


async def plan_on(session: AsyncSession, on: date) -> Plan:
    """Return the plan in force on a day; before the document it has no words and no targets."""

    async def every(table: type[Table], *order: Any) -> Sequence[Table]:
        return (await session.scalars(select(table).order_by(*order))).all()

    return Plan(
        on=on,
        documents=await every(
            m.PlanDocument,
            m.PlanDocument.amends.is_not(None),
            m.PlanDocument.effective_on,
            m.PlanDocument.number,
        ),
        sections=await every(m.PlanSection, m.PlanSection.position),
        boxes=await every(m.PlanBox, m.PlanBox.number),
        projects=await every(m.PlanProject, m.PlanProject.box, m.PlanProject.position),
        paragraphs=await _paragraphs(session, on),
        departments=await every(m.PlanDepartment, m.PlanDepartment.position),
        department_names=await every(m.PlanDepartmentName, m.PlanDepartmentName.printed),
        issuers=await every(m.PlanIssuer, m.PlanIssuer.position),
        addressees=await every(m.PlanAddressee, m.PlanAddressee.position),
        responsibility_lists=await every(
            m.PlanResponsibilityList, m.PlanResponsibilityList.section
        ),
        responsibilities=await every(m.PlanResponsibility, m.PlanResponsibility.position),
        measures=await every(t.PlanMeasure, t.PlanMeasure.position),
        targets=(
            await session.scalars(
                select(t.PlanTarget)
                .where(_in_force(t.PlanTarget, on))
                .order_by(t.PlanTarget.position)
            )
        ).all(),
        industries=await every(t.PlanIndustry, t.PlanIndustry.position),
        industry_lists=await every(t.PlanIndustryList, t.PlanIndustryList.position),
        listed_industries=await every(
            t.PlanListedIndustry, t.PlanListedIndustry.list, t.PlanListedIndustry.position
        ),
        industry_mappings=await every(t.PlanIndustryMapping, t.PlanIndustryMapping.position),
        technologies=await every(t.PlanTechnology, t.PlanTechnology.position),
        areas=await every(t.PlanArea, t.PlanArea.position),
        citations=await every(t.PlanCitation, t.PlanCitation.position),
        cited=await every(t.PlanCited, t.PlanCited.citation, t.PlanCited.paragraph),
        instruments=await every(t.PlanInstrument, t.PlanInstrument.position),
        registers=await every(t.PlanRegister, t.PlanRegister.position),
    )


async def _paragraphs(session: AsyncSession, on: date) -> list[Paragraph]:
    odd: dict[str, list[m.PlanAnnotation]] = {}
    for note in await session.scalars(select(m.PlanAnnotation).order_by(m.PlanAnnotation.quote)):
        odd.setdefault(note.paragraph, []).append(note)
    found = await session.execute(
        select(m.PlanParagraph, m.PlanWording)
        .join(m.PlanWording, m.PlanWording.address == m.PlanParagraph.address)
        .where(_in_force(m.PlanWording, on))
        .order_by(m.PlanParagraph.position)
    )
    return [
        Paragraph(
            address=place.address,
            kind=place.kind,
            section=place.section,
            box=place.box,
            text=wording.text,
            document=wording.document,
            valid_from=wording.valid_from,
            annotations=[note for note in odd.get(place.address, []) if note.quote in wording.text],
        )
        for place, wording in found
    ]


def _in_force(table: Any, on: date) -> ColumnElement[bool]:
    in_force: ColumnElement[bool] = (table.valid_from <= on) & or_(
        table.valid_to.is_(None), table.valid_to >= on
    )
    return in_force


async def wordings_of(session: AsyncSession, address: str) -> Sequence[m.PlanWording]:
    """Return every wording that a paragraph has had or will have, the first one first."""
    asked = (
        select(m.PlanWording)
        .where(m.PlanWording.address == address)
        .order_by(m.PlanWording.valid_from)
    )
    return (await session.scalars(asked)).all()


async def versions_of(session: AsyncSession, target: str) -> Sequence[t.PlanTarget]:
    """Return every version of a target, the first one first."""
    asked = (
        select(t.PlanTarget).where(t.PlanTarget.code == target).order_by(t.PlanTarget.valid_from)
    )
    return (await session.scalars(asked)).all()
