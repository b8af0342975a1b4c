"""The 追溯报告 on paper: one batch's chain of custody, or a treatment lot back to its sources."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any

from app.custody.corrections import Corrected
from app.custody.drawing import Picture
from app.custody.paper_picture import placing_of, put_picture, put_turned_picture
from app.custody.sources import Group, Sources
from app.custody.told import LotTold, Told
from app.custody.trace import CustodyStep, Trace
from app.custody.wording import (
    change_in_words,
    destination_in_words,
    source_in_words,
    step_in_words,
)  # fmt: skip
from app.paper.document import Document
from app.paper.table import Cell, Column, Table, Warm
from app.templating import mass, moment, percent, words

MOST_ROWS = 2_000
"""Original bags listed one by one; of a larger lot the totals stand, the rest is in the lists."""
STEPS = (
    Column("时间", 1.35), Column("事项", 1.1), Column("站点", 1.9),
    Column("重量", 1.0, "right"), Column("情况", 2.6),
)  # fmt: skip
PLACES = (
    Column("地点", 3), Column("袋数", 0.8, "right"), Column("交回", 0.8, "right"),
    Column("重量", 1.2, "right"), Column("占比", 0.9, "right"),
)  # fmt: skip
BAGS = (
    Column("标签码", 2.2), Column("回收点", 2.6), Column("交回", 0.7, "right"),
    Column("重量", 1.1, "right"), Column("占比", 0.9, "right"),
)  # fmt: skip


@dataclass(frozen=True)
class Basis:
    """What a report rests on: so much of the log, its root, and the newest published head."""

    size: int
    root: bytes | None
    published: int | None
    then: str = ""
    """The moment that was asked for, in words; empty for now."""

    @property
    def note(self) -> str:
        """Return it as the foot of every page says it."""
        return f"按存证日志前 {self.size} 条整理 · 打印件以平台记录为准"

    def sentences(self) -> list[str]:
        """Return it in full."""
        found = [
            f"本报告按存证日志的前 {self.size} 条登记整理{f'（{self.then}）' if self.then else ''}。"
        ]
        if self.root is not None:
            found.append(f"存证根（SHA-256）：{self.root.hex()}")
        if self.published is not None:
            found.append(
                f"已公布并签名的日志头：前 {self.published} 条。可在平台“数据存证与核验”页核对。"
            )
        return found


@dataclass(frozen=True)
class Printing:
    """How a paper is printed: the host of its QR, and whether nothing in it is real."""

    host: str
    demo: bool


def draw_chain(
    file: IO[bytes], found: Trace, batch: dict[str, Any], told: Told, basis: Basis, how: Printing
) -> None:
    """Draw a batch's report into a file; the same batch at the same size gives the same bytes."""
    title = "农药包装废弃物追溯报告"
    with Document(file, title=title, number=batch["code"], note=basis.note, demo=how.demo) as paper:
        paper.facts(_facts(batch), columns=1, link=f"HTTPS://{how.host}/B/{batch['code']}")
        for flag in batch["flags"]:
            paper.paragraph(f"{words('FLAGS').get(flag, flag)}。", warm=True)
        _picture(paper, told.picture)
        paper.heading("全程记录")
        if found.steps:
            with Table(paper, STEPS) as table:
                table.rows(_step(step) for step in found.steps)
        else:
            paper.paragraph("这张标签已发放，还没有使用。")
        for line in _balance(found):
            paper.paragraph(line)
        _corrected(paper, told.corrections)
        _destinations(paper, told, batch["code"])
        if [one.code for one in told.sources.items] not in ([], [batch["code"]]):
            paper.heading(f"来自 {len(told.sources.items)} 袋")
            _places(paper, told.townships, told.sources.mass_g)
            _bags(paper, told.sources)
        _rests_on(paper, basis)
        if told.picture and placing_of(told.picture) == "end":
            put_turned_picture(paper, told.picture)


def draw_lot(file: IO[bytes], told: LotTold, basis: Basis, how: Printing) -> None:
    """Draw a lot's report into a file."""
    lot, body = told.lot, told.lot.happening.body
    title = "农药包装废弃物处理批追溯报告"
    with Document(
        file, title=title, number=body["certificate"], note=basis.note, demo=how.demo
    ) as paper:
        paper.facts(
            [
                ("处理方式", words("METHODS").get(body["method"], body["method"])),
                ("处理证明", body["certificate"]),
                ("处理单位", f"{lot.plant.site_name}（{lot.plant.site}）"),
                ("处理时间", moment(lot.at)),
                ("处理重量", f"{mass(lot.mass_g)}，{len(lot.held)} 袋"),
                ("来源", f"{len(told.sources.items)} 袋原始袋"),
                ("登记编号", lot.event),
            ],
            columns=1,
            link=f"HTTPS://{how.host}/LOTS/{lot.event.upper()}",
        )
        if lot.partial:
            paper.paragraph("这批处理里还有别处的袋，这里只列出您能查看的。", warm=True)
        _picture(paper, told.picture)
        for name, by in (("按县", "county"), ("按乡镇", "township"), ("按回收点", "point")):
            paper.heading(name)
            _places(paper, told.totals(by), told.sources.mass_g)
        paper.heading("逐袋")
        _bags(paper, told.sources)
        _rests_on(paper, basis)
        if told.picture and placing_of(told.picture) == "end":
            put_turned_picture(paper, told.picture)


def _picture(paper: Document, picture: Picture | None) -> None:
    if picture is None:
        return
    paper.heading("来龙去脉")
    placing = placing_of(picture)
    if placing == "here":
        put_picture(paper, picture)
    else:
        wide = placing == "end"
        where = "图较宽，见末页附图" if wide else "经过的袋较多，图见平台页面"
        paper.paragraph(f"{where}。")


def _facts(batch: dict[str, Any]) -> list[tuple[str, str]]:
    status = words("STATUSES").get(batch["status"], batch["status"])
    if batch["kind"] == "container":
        facts = [("容器", batch["code"])]
    else:
        source = words("SOURCES").get(batch["mass_source"] or "", "")
        facts = [
            ("标签码", batch["code"]),
            ("状态", status),
            ("净重", f"{mass(batch['mass_g'])}{f'（{source}）' if source else ''}"),
        ]
    facts.append(("地点", f"{batch['site_name'] or '—'}　{batch['county_name'] or ''}"))
    if batch["container"]:
        facts.append(("装在容器", batch["container"]))
    origins = [f"{one['county_name']} {mass(one['mass_g'])}" for one in batch["origin"]]
    if origins:
        facts.append(("来源县", "，".join(origins)))
    return facts


def _step(step: CustodyStep) -> Sequence[Cell]:
    verb, told, warm = step_in_words(step)
    said = "；".join(told)
    source = words("SOURCES").get(step.mass_source or "", "")
    leaf = "正在存证" if step.leaf_index is None else f"存证第 {step.leaf_index} 条"
    text = "；".join(filter(None, (said, leaf)))
    return [
        moment(step.effective_at),
        verb,
        f"{step.site_name}（{step.county_name}）",
        f"{mass(step.mass_g)} {source}",
        Warm(text) if warm else text,
    ]


def _balance(found: Trace) -> list[str]:
    if found.batch.kind == "container":
        return []
    b = found.balance
    came = f"物料平衡：回收 {mass(b.in_g)}，已处理或转入他袋 {mass(b.out_g)}"
    return [f"{came}，现存 {mass(b.held_g)}，损耗与差异 {mass(b.loss_g)}。"]


def _corrected(paper: Document, corrections: Sequence[Corrected]) -> None:
    if not corrections:
        return
    paper.heading("更正")
    columns = (
        Column("登记", 1.6),
        Column("更正内容", 3.4),
        Column("更正人", 1.2),
        Column("更正时间", 1.4),
    )
    with Table(paper, columns) as table:
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


def _destinations(paper: Document, told: Told, code: str) -> None:
    if not told.destinations or [one.key for one in told.destinations] == [code]:
        only = told.destinations[0] if told.destinations else None
        if only and only.kind == "treated":
            paper.paragraph(f"{destination_in_words(only)}。")
        return
    paper.heading("去向")
    columns = (
        Column("去向", 3.4),
        Column("所在袋", 2),
        Column("重量", 1.1, "right"),
        Column("占比", 0.9, "right"),
    )
    with Table(paper, columns) as table:
        for one in told.destinations[:MOST_ROWS]:
            table.row(
                [
                    destination_in_words(one),
                    one.batch or "",
                    mass(one.mass_g),
                    percent(float(one.share)),
                ]
            )
        total = sum(one.mass_g for one in told.destinations)
        table.row(["合计", "", mass(total), percent(1.0)], total=True)


def _places(paper: Document, groups: Sequence[Group], total_g: int) -> None:
    with Table(paper, PLACES) as table:
        for one in groups[:MOST_ROWS]:
            county = one.where.county_name or ""
            name = one.name or "不清楚"
            shown = name if county in ("", name) else f"{name}（{county}）"
            table.row(
                [
                    shown,
                    str(one.bags),
                    str(one.hand_ins),
                    mass(one.mass_g),
                    percent(float(one.share)),
                ]
            )
        bags, hand_ins = (sum(getattr(g, f) for g in groups) for f in ("bags", "hand_ins"))
        table.row(["合计", str(bags), str(hand_ins), mass(total_g), percent(1.0)], total=True)


def _bags(paper: Document, sources: Sources) -> None:
    with Table(paper, BAGS) as table:
        for one in sources.items[:MOST_ROWS]:
            table.row(
                [
                    one.code,
                    source_in_words(one),
                    str(one.hand_ins),
                    mass(one.mass_g),
                    percent(float(one.share)),
                ]
            )
    if len(sources.items) > MOST_ROWS:
        paper.paragraph(f"另有 {len(sources.items) - MOST_ROWS} 袋，见平台。")


def _rests_on(paper: Document, basis: Basis) -> None:
    paper.heading("依据")
    for sentence in basis.sentences():
        paper.paragraph(sentence, size=8.5)
