"""The tables of a 追溯报告: steps, corrections, ends, the lineage in words, and original bags."""

from collections.abc import Mapping, Sequence

from app.custody.corrections import Corrected
from app.custody.described import grouped_steps
from app.custody.destinations import Destination
from app.custody.drawn import Part, Picture
from app.custody.members import Members
from app.custody.sources import Group, Sources
from app.custody.steps import CustodyStep
from app.custody.wording import (
    change_in_words,
    destination_in_words,
    source_in_words,
    step_in_words,
)  # fmt: skip
from app.paper.document import Document
from app.paper.table import Cell, Column, Table, Warm
from app.templating import mass, moment, percent, share, words

MOST_ROWS = 2_000
"""Original bags listed one by one; of a larger lot the totals stand, the rest is in the lists."""
MOST_HAND_INS = 30
"""Hand-ins of one bag listed one by one; more are told together, as on the page."""
MOST_PARTS = 12
"""Bags listed in one cell."""
STEPS = (
    Column("时间", 1.35), Column("事项", 0.9), Column("站点", 1.8),
    Column("重量", 1.3, "right"), Column("情况", 2.6),
)  # fmt: skip
CORRECTIONS = (
    Column("登记", 1.6), Column("更正内容", 3.4), Column("更正人", 1.2), Column("更正时间", 1.4),
)  # fmt: skip
ENDS = (
    Column("去向", 3.4), Column("所在袋", 2), Column("重量", 1.1, "right"),
    Column("占比", 0.9, "right"),
)  # fmt: skip
JOINTS = (Column("事项", 1.7), Column("投入", 2.6), Column("产出", 2.6))
MEMBERS = (Column("容器里的袋", 3), Column("重量", 1, "right"))
PLACES = (
    Column("地点", 3), Column("袋数", 0.8, "right"), Column("交回", 0.8, "right"),
    Column("重量", 1.2, "right"), Column("占比", 0.9, "right"),
)  # fmt: skip
BAGS = (
    Column("标签码", 2.2), Column("回收点", 2.6), Column("交回", 0.7, "right"),
    Column("重量", 1.1, "right"), Column("占比", 0.9, "right"),
)  # fmt: skip


def put_steps(paper: Document, steps: tuple[CustodyStep, ...]) -> None:
    """Put every step of a chain; very many hand-ins are one row."""
    with Table(paper, STEPS, "全程记录") as table:
        for group in grouped_steps(steps):
            if len(group) > MOST_HAND_INS:
                table.row(_hand_ins(group))
            else:
                table.rows(_step(step) for step in group)


def _hand_ins(group: Sequence[CustodyStep]) -> Sequence[Cell]:
    first, last = group[0], group[-1]
    pieces = sum(step.pieces for step in group)
    counted = f"{pieces} 件；" if pieces else ""
    said = f"到 {moment(last.effective_at)}；{counted}逐次见平台"
    _, _, *rest, _ = _step(last)
    return [moment(first.effective_at), f"交回 {len(group)} 次", *rest, said]


def _step(step: CustodyStep) -> Sequence[Cell]:
    verb, told, warm = step_in_words(step)
    leaf = "正在存证" if step.leaf_index is None else f"存证第 {step.leaf_index} 条"
    text = "；".join((*told, leaf))
    weighed = f"{mass(step.mass_g)} {words('SOURCES').get(step.mass_source or '', '')}"
    return [
        moment(step.effective_at),
        verb,
        f"{step.site_name}（{step.county_name}）",
        weighed if step.bags is None or step.mass_source else "",
        Warm(text) if warm else text,
    ]


def put_corrections(paper: Document, corrections: Sequence[Corrected]) -> None:
    """Put what was corrected, if anything was."""
    if not corrections:
        return
    with Table(paper, CORRECTIONS, "更正") as table:
        for one in corrections:
            kind = words("KINDS").get(one.kind, one.kind)
            what = "；".join(change_in_words(change) for change in one.changes)
            table.row(
                [
                    f"{kind} {moment(one.effective_at)}",
                    what or "没有发生，已撤销",
                    words("ROLES").get(one.role or "", "—"),
                    moment(one.recorded_at),
                ]
            )


def put_members(paper: Document, members: Members | None) -> None:
    """Put what is in a container, the first of it where there is much."""
    if not members or not members.count:
        return
    with Table(paper, MEMBERS, f"容器里的 {members.count} 袋") as table:
        table.rows((one.code, mass(one.mass_g)) for one in members.first)
        table.row(["合计", mass(members.mass_g)], total=True)
    if members.count > len(members.first):
        paper.paragraph(f"另有 {members.count - len(members.first)} 袋，见平台。")


def put_destinations(paper: Document, ends: Sequence[Destination], code: str) -> None:
    """Put where the mass went; a bag that was treated as it is needs no table for that."""
    if [one.key for one in ends] in ([], [code]):
        for only in ends:
            if only.kind == "treated":
                paper.paragraph(f"{destination_in_words(only)}。")
        return
    with Table(paper, ENDS, "去向") as table:
        for one in ends[:MOST_ROWS]:
            cells = [destination_in_words(one), one.batch or "", mass(one.mass_g), share(one.share)]
            table.row(cells)
        table.row(["合计", "", mass(sum(one.mass_g for one in ends)), percent(1.0)], total=True)


def put_sentences(paper: Document, picture: Picture | None) -> None:
    """Put the lineage in words, one row for what joined or parted bags."""
    if picture is None:
        return
    with Table(paper, JOINTS, "分拣、合并与处理") as table:
        for one in picture.sentences:
            said = "；".join(line.text for line in one.lines)
            table.row([said, _parts(one.ins), _parts(one.outs) or "—"])


def _parts(parts: Sequence[Part]) -> str:
    told = [
        f"{one.name} {mass(one.grams)}" + "".join(f"（{note.text}）" for note in one.notes)
        for one in parts[:MOST_PARTS]
    ]
    if len(parts) > MOST_PARTS:
        told.append(f"等 {len(parts)} 项，共 {mass(sum(one.grams for one in parts))}")
    return "；".join(told)


def put_places(
    paper: Document,
    heading: str,
    groups: Sequence[Group],
    total_g: int,
    materials: Mapping[str, str],
) -> None:
    """Put original bags added up by place."""
    with Table(paper, PLACES, heading) as table:
        for one in groups[:MOST_ROWS]:
            county = one.where.county_name or ""
            name = one.name or "不清楚"
            shown = name if county in ("", name) else f"{name}（{county}）"
            told = _materials(one.materials, materials)
            table.row(
                [
                    f"{shown} {told}" if told else shown,
                    str(one.bags),
                    str(one.hand_ins),
                    mass(one.mass_g),
                    share(one.share),
                ]
            )
        bags, hand_ins = (sum(getattr(g, f) for g in groups) for f in ("bags", "hand_ins"))
        table.row(["合计", str(bags), str(hand_ins), mass(total_g), percent(1.0)], total=True)


def put_bags(paper: Document, heading: str, sources: Sources, materials: Mapping[str, str]) -> None:
    """Put original bags one by one."""
    with Table(paper, BAGS, heading) as table:
        for one in sources.items[:MOST_ROWS]:
            told = _materials(one.materials, materials)
            table.row(
                [
                    one.code,
                    f"{source_in_words(one)} {told}" if told else source_in_words(one),
                    str(one.hand_ins),
                    mass(one.mass_g),
                    share(one.share),
                ]
            )
    if len(sources.items) > MOST_ROWS:
        paper.paragraph(f"另有 {len(sources.items) - MOST_ROWS} 袋，见平台。")


def _materials(sorted_out: Sequence[tuple[str, int]], names: Mapping[str, str]) -> str:
    return "，".join(f"{names.get(slug, slug)} {mass(grams)}" for slug, grams in sorted_out)
