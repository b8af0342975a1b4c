"""The registers as the document orders them: how many entries stand, and how many are missing."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date

from sqlalchemy import func, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import NotFound
from app.plan.linked import Row, citation, link, link_to_box, link_to_section, links
from app.plan.published import CODE, PLACE, Column, at
from app.plan.read import Plan, plan_on
from app.plan.tables import PlanRegister, PlanRegisterField
from app.registers.models import RegisterEntry
from app.registers.read import below
from app.registers.register import Register, register_of
from app.registers.source import LIVE, counts_of_live, in_force

API = "/api/v1/plan/registers"
Counts = Mapping[str | None, int]
"""Standing entries by industry; None for those that name none."""
COLUMNS: dict[str, Column] = {
    **CODE,
    "名称": at("name"),
    "记什么": at("about"),
    **PLACE,
    "责任部门": lambda row: "、".join(one["printed"] for one in row["departments"]),
    "公开": lambda row: "是" if row["public"] else "否",
    "现有": at("count"),
    "每个行业至少": at("low"),
    "还差": at("missing"),
}
"""The registers themselves as .csv."""


async def registers_on(
    session: AsyncSession, on: date, slug: str | None = None
) -> list[tuple[Register, Row]]:
    """Return every register, or one, as the wire shows it, with the entries in force on a day.

    NotFound for a register that the document does not order. A fixed number of statements.
    """
    plan = await plan_on(session, on)
    rows = [row for row in plan.registers if slug in {None, row.slug}]
    if not rows:
        raise NotFound(what=slug)
    asked = select(PlanRegisterField).order_by(PlanRegisterField.position)
    fields: dict[str, list[PlanRegisterField]] = defaultdict(list)
    for field in await session.scalars(asked):
        fields[field.register].append(field)
    counts = await count_standing(session, on)
    made = [
        (row, register_of(row, fields[row.slug], plan.responsible(row.section))) for row in rows
    ]
    return [
        (register, _shown(plan, row, register, counts.get(row.live or row.slug, {})))
        for row, register in made
    ]


async def count_standing(session: AsyncSession, on: date) -> Mapping[str, Counts]:
    """Return how many entries are in force on a day, by register and industry, in one statement.

    A list kept elsewhere stands under the name of its source, `pilots` or `resource_units`.
    """
    own = (
        select(RegisterEntry.register, RegisterEntry.industry, func.count())
        .where(RegisterEntry.withdrawn.is_(False), in_force(RegisterEntry, on))
        .group_by(RegisterEntry.register, RegisterEntry.industry)
    )
    found: dict[str, dict[str | None, int]] = defaultdict(dict)
    for slug, industry, count in await session.execute(union_all(own, *counts_of_live(on, LIVE))):
        found[slug][industry] = count
    return found


def _shown(plan: Plan, row: PlanRegister, register: Register, counts: Counts) -> Row:
    by_industry = by_industry_of(plan, row, counts)
    return {
        **link("registers", row.slug, row.name),
        "slug": row.slug,
        "page": f"/plan/registers/{row.slug}",
        "about": row.about,
        "entry_name": row.entry_name,
        "public": row.public,
        "live": row.live,
        "section": link_to_section(plan, row.section),
        "box": link_to_box(plan, row.box),
        "paragraph": citation(row.paragraph),
        "quote": row.quote,
        "departments": [
            {
                **link("departments", one.department, one.printed),
                "slug": one.department,
                "printed": one.printed,
            }
            for one in register.responsible
        ],
        "targets": links(
            "targets", (t for t in plan.targets if t.register == row.slug), "indicator"
        ),
        "industry_list": next(
            (
                link("industry-lists", one.code, one.name)
                for one in plan.industry_lists
                if one.code == row.industry_list
            ),
            None,
        ),
        "count": sum(counts.values()),
        "low": row.low_per_industry,
        "missing": sum(one["missing"] for one in by_industry) if row.industry_list else None,
        "by_industry": by_industry,
        "identity": list(register.identity),
        "fields": [
            {
                "name": field.name,
                "label": field.label,
                "kind": field.kind,
                "required": field.required,
                "personal": field.personal,
                "unit": field.unit,
                "choices": list(field.choices) or None,
                "refers": field.refers,
            }
            for field in register.fields
        ],
        "csv": f"{API}/{row.slug}.csv",
        "template": None if row.live else f"{API}/{row.slug}/template.xlsx",
    }


def by_industry_of(plan: Plan, row: PlanRegister, counts: Counts) -> list[Row]:
    """Return each industry of the printed list with its entries, and how many it lacks.

    An entry counts under the industries that a printed name is mapped to, and all below them.
    """
    if row.industry_list is None or row.low_per_industry is None:
        return []
    tree = {industry.code: industry.parent for industry in plan.industries}
    names = {industry.code: industry.name for industry in plan.industries}
    found = []
    for listed in plan.listed_industries:
        if listed.list != row.industry_list:
            continue
        mapped = [
            one.industry
            for one in plan.industry_mappings
            if (one.list, one.position) == (listed.list, listed.position)
        ]
        count = sum(counts.get(code, 0) for code in below(tree, mapped))
        found.append(
            {
                "position": listed.position,
                "printed": listed.printed,
                "industries": [link("industries", code, names[code]) for code in mapped],
                "count": count,
                "low": row.low_per_industry,
                "missing": max(0, row.low_per_industry - count),
            }
        )
    return found
