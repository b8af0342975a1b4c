"""The document as it is set on its page: blocks of passages, and what hangs on each. Pure.

The words of a passage are cut into pieces (a heading, a department that is linked) and stay, put
together again, exactly as loaded.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from app.plan.addresses import page_of, with_pages
from app.plan.linked import Row, box_name, paragraphs, section_name
from app.plan.models import PlanAnnotation, PlanDocument
from app.plan.read import Paragraph, Plan

HANGING = (
    "departments", "targets", "measures", "registers", "instruments", "technologies",
    "industry_lists", "areas", "citations",
)  # fmt: skip
"""What is shown beside a block, in this order: keys of the rows of `paragraphs`."""


@dataclass(frozen=True)
class Piece:
    """A piece of a passage: `style` is `lead` for a heading within it, `number` for 专栏4."""

    text: str
    page: str | None = None
    style: str | None = None


@dataclass(frozen=True)
class Passage:
    """A paragraph; `changed_by` is the amendment whose words it has, `notes` as they are met."""

    paragraph: Paragraph
    pieces: Sequence[Piece]
    notes: Sequence[PlanAnnotation]
    changed_by: PlanDocument | None


@dataclass(frozen=True)
class Block:
    """Passages that belong together; `kind` is part, item, box, or that of the cover's passages.

    `name` and `code` are those of the section or box, None on the cover; `item` is the section
    whose departments answer for it.
    """

    kind: str
    item: str | None
    code: str | None
    name: str | None
    passages: Sequence[Passage]
    hanging: Row


def blocks(plan: Plan) -> list[Block]:
    """Return the whole document in printed order."""
    rows = {row["address"]: row for row in paragraphs(plan)}
    amendments = {one.number: one for one in plan.documents if one.amends}
    return [
        _block(plan, list(own), rows, amendments)
        for _, own in groupby(plan.paragraphs, key=_belongs_to)
    ]


def _belongs_to(one: Paragraph) -> tuple[str | None, ...]:
    return one.section, one.box, None if one.section else one.kind


def _block(
    plan: Plan, own: list[Paragraph], rows: dict[str, Row], amendments: dict[str, PlanDocument]
) -> Block:
    section = next((s for s in plan.sections if s.code == own[0].section), None)
    box = next((b for b in plan.boxes if b.code == own[0].box), None)
    kind, code, name = own[0].kind, None, None
    if box:
        kind, code, name = "box", box.code, box_name(box)
    elif section:
        kind, code, name = section.kind, section.code, section_name(section)
    return Block(
        kind,
        own[0].section,
        code,
        name,
        [_passage(plan, one, amendments) for one in own],
        _hanging([rows[one.address] for one in own]),
    )


def _passage(plan: Plan, one: Paragraph, amendments: dict[str, PlanDocument]) -> Passage:
    notes = sorted(one.annotations, key=lambda note: one.text.find(note.quote))
    return Passage(one, pieces(plan, one), notes, amendments.get(one.document))


def _hanging(rows: list[Row]) -> Row:
    """Return what the paragraphs name, each thing once; kinds that are empty left out."""
    found: dict[str, Any] = {}
    for kind in HANGING:
        links = {link["code"]: link for row in rows for link in row[kind]}
        if links:
            found[kind] = with_pages(list(links.values()))
    return found


def pieces(plan: Plan, paragraph: Paragraph) -> list[Piece]:
    """Return the words of a paragraph in pieces; joined they are its text."""
    if paragraph.kind == "responsibility":
        return list(_linked(plan, paragraph))
    words = paragraph.text
    lead, style = _lead(plan, paragraph), "lead"
    if paragraph.kind == "box_heading":
        lead, style = f"专栏{paragraph.address.removeprefix('box-')}", "number"
    if not lead or not words.startswith(lead):
        return [Piece(words)]
    return [Piece(lead, style=style), Piece(words[len(lead) :])]


def _lead(plan: Plan, paragraph: Paragraph) -> str:
    """Return the heading that the first sentence of a paragraph is, if it is one."""
    first = paragraph.text.partition("。")[0] + "。"
    if paragraph.box:
        names = [one.name for one in plan.projects if one.paragraph == paragraph.address]
        return first if names and first == f"{names[0]}。" else ""
    headings = [s.heading for s in plan.sections if s.code == paragraph.section]
    fits = paragraph.kind == "paragraph" and headings and first.endswith(f"{headings[0]}。")
    return first if fits else ""


def _linked(plan: Plan, paragraph: Paragraph) -> Iterator[Piece]:
    """Cut a responsibility list at the names of its departments, in printed order."""
    rest = paragraph.text
    for one in plan.responsible(paragraph.section):
        before, found, after = rest.partition(one.printed)
        if found:
            yield from [Piece(before)] if before else []
            yield Piece(found, page=page_of("departments", one.department))
            rest = after
    yield from [Piece(rest)] if rest else []


def changed_by(amendment: PlanDocument, printed: Sequence[Block]) -> list[Row]:
    """Return where an amendment's words stand in the document as it is set."""
    return [
        {
            "name": block.name or "文件正文前",
            "page": page_of("paragraphs", passage.paragraph.address),
        }
        for block in printed
        for passage in block.passages
        if passage.changed_by == amendment
    ]


def contents(plan: Plan) -> list[Row]:
    """Return the parts with their items, as a list of contents leads to them."""
    return [
        {
            "page": page_of("sections", part.code),
            "name": section_name(part),
            "items": [
                {"page": page_of("sections", item.code), "name": section_name(item)}
                for item in plan.sections
                if item.parent == part.code
            ],
        }
        for part in plan.sections
        if part.kind == "part"
    ]
