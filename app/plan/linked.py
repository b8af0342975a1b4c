"""The plan's tables as wire shapes, linked both ways. Pure: a Plan in, plain dicts out.

A link is `{"code", "name", "href"}`; a citation of a paragraph is `{"address", "href", "page"}`,
where `page` is the paragraph's place on the page of the whole document.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from app.plan.models import PlanBox, PlanSection
from app.plan.read import Paragraph, Plan

Row = dict[str, Any]
API = "/api/v1/plan"


def link(table: str, code: str, name: str) -> Row:
    """Return a link to one row of a table."""
    return {"code": code, "name": name, "href": f"{API}/{table}/{code}"}


def citation(address: str) -> Row:
    """Return a link to a paragraph."""
    return {
        "address": address,
        "href": f"{API}/paragraphs/{address}",
        "page": f"/plan#{address}",
    }


def section_name(section: PlanSection) -> str:
    """Return a section's printed number and heading: 一、总体要求, （九）加强农业废弃物资源化."""
    number = f"{section.number}、" if section.kind == "part" else f"（{section.number}）"
    return number + section.heading


def box_name(box: PlanBox) -> str:
    """Return a box's printed number and heading."""
    return f"专栏{box.number} {box.heading}"


def places_of(plan: Plan) -> dict[str, str]:
    """Return the section or box that each paragraph stands in, in words, by address."""
    names = {one.code: section_name(one) for one in plan.sections}
    names |= {one.code: box_name(one) for one in plan.boxes}
    return {
        one.address: names.get(one.box or one.section or "", "文件正文前")
        for one in plan.paragraphs
    }


def link_to_section(plan: Plan, code: str | None) -> Row | None:
    """Return the link to a part or an item."""
    for section in plan.sections:
        if section.code == code:
            return link("sections", section.code, section_name(section))
    return None


def link_to_box(plan: Plan, code: str | None) -> Row | None:
    """Return the link to a box."""
    for box in plan.boxes:
        if box.code == code:
            return link("boxes", box.code, box_name(box))
    return None


def links(table: str, rows: Iterable[Any], name: str, code: str = "code") -> list[Row]:
    """Return links to rows by the names of their columns."""
    return [link(table, getattr(row, code), getattr(row, name)) for row in rows]


def responsibility(plan: Plan, section: str | None) -> Row | None:
    """Return the printed list of an item: its heading, its departments in printed order."""
    for printed in plan.responsibility_lists:
        if printed.section == section:
            return {
                "heading": printed.heading,
                "section": printed.section,
                "paragraph": citation(printed.paragraph),
                "departments": [
                    {
                        **link("departments", one.department, one.printed),
                        "position": one.position,
                    }
                    for one in plan.responsible(section)
                ],
            }
    return None


def sections(plan: Plan) -> list[Row]:
    """Return the seven parts and twenty-two items, each item after its part."""
    return [_section(plan, section) for section in plan.sections]


def _section(plan: Plan, section: PlanSection) -> Row:
    within = {section.code} | {s.code for s in plan.sections if s.parent == section.code}
    own = [p for p in plan.paragraphs if p.section == section.code]
    return {
        **link("sections", section.code, section_name(section)),
        "kind": section.kind,
        "number": section.number,
        "heading": section.heading,
        "paragraph": citation(section.code if section.kind == "part" else f"{section.code}-p1"),
        "part": link_to_section(plan, section.parent),
        "items": [
            link("sections", s.code, section_name(s))
            for s in plan.sections
            if s.parent == section.code
        ],
        "paragraphs": [paragraph_text(p) for p in own if p.box is None],
        "responsibility": responsibility(plan, section.code),
        "boxes": [link("boxes", b.code, box_name(b)) for b in plan.boxes if b.item in within],
        **_what_stands_in(plan, [p.address for p in plan.paragraphs if p.section in within]),
    }


def boxes(plan: Plan) -> list[Row]:
    """Return the seven boxes with their projects; who answers is printed at their item."""
    return [
        {
            **link("boxes", box.code, box_name(box)),
            "number": box.number,
            "heading": box.heading,
            "paragraph": citation(box.code),
            "item": link_to_section(plan, box.item),
            "responsibility": responsibility(plan, box.item),
            "projects": [
                {
                    "position": project.position,
                    "name": project.name or box.heading,
                    "paragraph": citation(project.paragraph),
                }
                for project in plan.projects
                if project.box == box.code
            ],
            "paragraphs": [paragraph_text(p) for p in plan.paragraphs if p.box == box.code],
            **_what_stands_in(plan, [p.address for p in plan.paragraphs if p.box == box.code]),
        }
        for box in plan.boxes
    ]


def _what_stands_in(plan: Plan, addresses: Sequence[str]) -> Row:
    """Return the links to all that the given paragraphs name."""
    here = set(addresses)

    def among(rows: Iterable[Any]) -> Iterator[Any]:
        return (row for row in rows if row.paragraph in here)

    listed = {one.list for one in plan.listed_industries if one.paragraph in here}
    titles = {c.code: c.title for c in plan.citations}
    cited = dict.fromkeys(one.citation for one in among(plan.cited))
    return {
        "measures": links("measures", among(plan.measures), "action"),
        "targets": links("targets", among(plan.targets), "indicator"),
        "industry_lists": links(
            "industry-lists",
            (x for x in plan.industry_lists if x.paragraph in here or x.code in listed),
            "name",
        ),
        "technologies": links("technologies", among(plan.technologies), "name"),
        "areas": links("areas", among(plan.areas), "printed", "printed"),
        "instruments": links("instruments", among(plan.instruments), "name", "slug"),
        "citations": [link("citations", code, titles[code]) for code in cited],
        "registers": links("registers", among(plan.registers), "name", "slug"),
    }


def paragraph_text(paragraph: Paragraph) -> Row:
    """Return a paragraph without what cites it."""
    return {
        **citation(paragraph.address),
        "kind": paragraph.kind,
        "text": paragraph.text,
        "document": paragraph.document,
        "valid_from": paragraph.valid_from,
        "annotations": [{"quote": note.quote, "note": note.note} for note in paragraph.annotations],
    }


def paragraphs(plan: Plan) -> list[Row]:
    """Return every paragraph in printed order with the rows of all tables that cite it."""
    return [
        {
            **paragraph_text(paragraph),
            "section": link_to_section(plan, paragraph.section),
            "box": link_to_box(plan, paragraph.box),
            **_what_stands_in(plan, [paragraph.address]),
            "industries": _printed_industries(plan, paragraph.address),
            "departments": [
                link("departments", one.department, one.printed)
                for printed in plan.responsibility_lists
                if printed.paragraph == paragraph.address
                for one in plan.responsible(printed.section)
            ],
            "departments_named": [
                link("departments", one.department, one.printed)
                for one in plan.department_names
                if one.paragraph == paragraph.address
            ],
        }
        for paragraph in plan.paragraphs
    ]


def _printed_industries(plan: Plan, address: str) -> list[Row]:
    """Return the industries of the classification that a paragraph prints, or cites first."""
    printed = {
        (one.list, one.position) for one in plan.listed_industries if one.paragraph == address
    }
    here = {m.industry for m in plan.industry_mappings if (m.list, m.position) in printed}
    return links(
        "industries",
        (one for one in plan.industries if one.paragraph == address or one.code in here),
        "name",
    )
