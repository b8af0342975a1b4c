"""Industries, technologies, places and cited documents as wire shapes, linked both ways. Pure."""

from typing import Any

from app.plan.linked import Row, citation, link, link_to_box, link_to_section, links
from app.plan.read import Plan


def industries(plan: Plan) -> list[Row]:
    """Return the one classification with every printed name that it stands for."""
    names = {one.code: one.name for one in plan.industries}
    lists = {one.code: one.name for one in plan.industry_lists}
    printed = {(one.list, one.position): one for one in plan.listed_industries}
    order = {one.code: one.position for one in plan.industry_lists}
    listed = {(one.list, one.industry) for one in plan.industry_mappings}
    mappings = sorted(plan.industry_mappings, key=lambda one: order[one.list])
    return [
        {
            **link("industries", one.code, one.name),
            "parent": link("industries", one.parent, names[one.parent]) if one.parent else None,
            "children": links(
                "industries", (c for c in plan.industries if c.parent == one.code), "name"
            ),
            "gbt4754": one.gbt4754,
            "note": one.note,
            "paragraph": citation(one.paragraph),
            "printed": [
                {
                    "list": link("industry-lists", mapped.list, lists[mapped.list]),
                    "position": mapped.position,
                    "printed": printed[mapped.list, mapped.position].printed,
                    "relation": mapped.relation,
                    "paragraph": citation(printed[mapped.list, mapped.position].paragraph),
                }
                for mapped in mappings
                if mapped.industry == one.code
            ],
            "technologies": links(
                "technologies", (t for t in plan.technologies if t.industry == one.code), "name"
            ),
            "registers": links(
                "registers",
                (r for r in plan.registers if (r.industry_list, one.code) in listed),
                "name",
                "slug",
            ),
        }
        for one in plan.industries
    ]


def industry_lists(plan: Plan) -> list[Row]:
    """Return each printed list as printed, every name with what it is in the classification."""
    names = {one.code: one.name for one in plan.industries}
    return [
        {
            **link("industry-lists", one.code, one.name),
            "section": link_to_section(plan, one.section),
            "box": link_to_box(plan, one.box),
            "paragraph": citation(one.paragraph),
            "size": sum(listed.list == one.code for listed in plan.listed_industries),
            "industries": [
                {
                    "position": listed.position,
                    "printed": listed.printed,
                    "paragraph": citation(listed.paragraph),
                    "mapped": [
                        {
                            **link("industries", mapped.industry, names[mapped.industry]),
                            "relation": mapped.relation,
                        }
                        for mapped in plan.industry_mappings
                        if (mapped.list, mapped.position) == (listed.list, listed.position)
                    ],
                }
                for listed in plan.listed_industries
                if listed.list == one.code
            ],
            "registers": links(
                "registers",
                (r for r in plan.registers if r.industry_list == one.code),
                "name",
                "slug",
            ),
        }
        for one in plan.industry_lists
    ]


def technologies(plan: Plan) -> list[Row]:
    """Return the technologies that box 3 names."""
    names = {one.code: one.name for one in plan.industries}
    return [
        {
            **link("technologies", one.code, one.name),
            "verb": one.verb,
            "industry": link("industries", one.industry, names[one.industry]),
            **_stands(plan, one),
        }
        for one in plan.technologies
    ]


def areas(plan: Plan) -> list[Row]:
    """Return the places that the plan names; `area` is the code of the reporting tree."""
    return [
        {**link("areas", one.printed, one.printed), "area": one.area, **_stands(plan, one)}
        for one in plan.areas
    ]


def citations(plan: Plan) -> list[Row]:
    """Return the laws, plans, catalogues, guidelines and notices cited, and where."""
    return [
        {
            **link("citations", one.code, one.title),
            "kind": one.kind,
            "number": one.number,
            "paragraph": citation(
                next(place.paragraph for place in plan.cited if place.citation == one.code)
            ),
            "cited": [_stands(plan, place) for place in plan.cited if place.citation == one.code],
        }
        for one in plan.citations
    ]


def _stands(plan: Plan, row: Any) -> Row:
    place = next((p for p in plan.paragraphs if p.address == row.paragraph), None)
    return {
        "section": link_to_section(plan, place.section if place else None),
        "box": link_to_box(plan, place.box if place else None),
        "paragraph": citation(row.paragraph),
        "quote": row.quote,
    }
