"""Who must do what: departments, measures, targets, instruments as wire shapes. Pure."""

from collections.abc import Sequence
from typing import Any

from app.plan.linked import (
    Row,
    citation,
    link,
    link_to_box,
    link_to_section,
    links,
    responsibility,
    section_name,
)
from app.plan.models import PlanDepartment, PlanResponsibility
from app.plan.read import Plan
from app.plan.tables import PlanMeasure, PlanTarget


def target_section(plan: Plan, target: PlanTarget) -> str | None:
    """Return the section whose departments answer for a target.

    That of the paragraph which prints it; a goal of item （二）, which prints no departments, is
    answered for through its measure.
    """
    sections = {paragraph.address: paragraph.section for paragraph in plan.paragraphs}
    own = sections.get(target.paragraph)
    if plan.responsible(own):
        return own
    return next((m.section for m in plan.measures if m.code == target.measure), own)


def departments(plan: Plan) -> list[Row]:
    """Return the thirteen departments with the items they are printed under and what follows."""
    answers = [(one, target_section(plan, one)) for one in plan.targets]
    return [_department(plan, one, answers) for one in plan.departments]


def _department(
    plan: Plan, one: PlanDepartment, answers: Sequence[tuple[PlanTarget, str | None]]
) -> Row:
    slug = one.slug
    own = {r.section: r for r in plan.responsibilities if r.department == slug}
    lists = {printed.section: printed for printed in plan.responsibility_lists}
    return {
        **link("departments", one.slug, one.short_name),
        "full_name": one.name,
        "issuer": next((i.position for i in plan.issuers if i.department == slug), None),
        "printed_names": [
            {"printed": n.printed, "paragraph": citation(n.paragraph)}
            for n in plan.department_names
            if n.department == slug
        ],
        "paragraph": citation(one.paragraph),
        "responsibilities": [
            {
                **link("responsibilities", _pair(own[section.code]), own[section.code].printed),
                "section": link("sections", section.code, section_name(section)),
                "position": own[section.code].position,
                "printed": own[section.code].printed,
                "paragraph": citation(lists[section.code].paragraph),
            }
            for section in plan.sections
            if section.code in own
        ],
        "measures": links("measures", (x for x in plan.measures if x.section in own), "action"),
        "targets": links("targets", (x for x, section in answers if section in own), "indicator"),
        "registers": links(
            "registers", (x for x in plan.registers if x.section in own), "name", "slug"
        ),
        "instruments": links(
            "instruments", (x for x in plan.instruments if x.section in own), "name", "slug"
        ),
    }


def responsibilities(plan: Plan) -> list[Row]:
    """Return the seventy-two pairs of item and department in printed order."""
    printed = {one.section: one for one in plan.responsibility_lists}
    short = {one.slug: one.short_name for one in plan.departments}
    return [
        {
            **link("responsibilities", _pair(one), one.printed),
            "section": link("sections", section.code, section_name(section)),
            "heading": printed[section.code].heading,
            "position": one.position,
            "printed": one.printed,
            "department": link("departments", one.department, short[one.department]),
            "paragraph": citation(printed[section.code].paragraph),
        }
        for section in plan.sections
        for one in plan.responsible(section.code)
    ]


def _pair(one: PlanResponsibility) -> str:
    """Return the code of an item and one of its departments: item-9-1."""
    return f"{one.section}-{one.position}"


def measures(plan: Plan) -> list[Row]:
    """Return the actions that departments must take."""
    return [_measure(plan, measure) for measure in plan.measures]


def _measure(plan: Plan, measure: PlanMeasure) -> Row:
    return {
        **link("measures", measure.code, measure.action),
        **_place(plan, measure),
        "responsibility": responsibility(plan, measure.section),
        "targets": links(
            "targets", (one for one in plan.targets if one.measure == measure.code), "indicator"
        ),
    }


def targets(plan: Plan) -> list[Row]:
    """Return the targets in force, numeric ones and those without a number."""
    return [target(plan, one) for one in plan.targets]


def target(plan: Plan, one: PlanTarget) -> Row:
    """Return one target as printed, without what has been reached.

    Numbers are decimal texts' floats: the document prints at most four digits.
    """
    measure = next((m for m in plan.measures if m.code == one.measure), None)
    register = next((r for r in plan.registers if r.slug == one.register), None)
    stands = next((p for p in plan.paragraphs if p.address == one.paragraph), None)
    return {
        **link("targets", one.code, one.indicator),
        "quantified": one.meaning is not None,
        "indicator": one.indicator,
        "comparator": one.comparator,
        "meaning": one.meaning,
        "value": number(one.value),
        "low": number(one.low),
        "high": number(one.high),
        "unit": one.unit,
        "base_year": one.base_year,
        "target_year": one.target_year,
        "period": {"from": plan.head.period_from, "to": plan.head.period_to},
        "scope": one.scope,
        "document": one.document,
        "valid_from": one.valid_from,
        "valid_to": one.valid_to,
        "section": link_to_section(plan, stands.section if stands else None),
        "box": link_to_box(plan, stands.box if stands else None),
        "paragraph": citation(one.paragraph),
        "quote": one.quote,
        "measure": link("measures", measure.code, measure.action) if measure else None,
        "register": link("registers", register.slug, register.name) if register else None,
        "source": one.source,
        "responsibility": responsibility(plan, target_section(plan, one)),
    }


def number(value: Any) -> int | float | None:
    """Return a decimal as JSON writes it: 85, not 85.0."""
    if value is None:
        return None
    return int(value) if value == int(value) else float(value)


def _place(plan: Plan, row: Any) -> Row:
    return {
        "section": link_to_section(plan, row.section),
        "box": link_to_box(plan, row.box),
        "paragraph": citation(row.paragraph),
        "quote": row.quote,
    }


def instruments(plan: Plan) -> list[Row]:
    """Return the policy instruments."""
    return [
        {
            **link("instruments", one.slug, one.name),
            "section": link_to_section(plan, one.section),
            "paragraph": citation(one.paragraph),
            "quote": one.quote,
            "responsibility": responsibility(plan, one.section),
        }
        for one in plan.instruments
    ]
