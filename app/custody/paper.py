"""The 追溯报告 on paper: one batch's chain of custody, or a treatment lot back to its sources."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from app.custody import paper_tables as tables
from app.custody.drawn import Picture
from app.custody.paper_picture import placing_of, put_picture, put_turned_picture
from app.custody.told import LotTold, Told
from app.custody.trace import Trace
from app.paper.document import Document
from app.templating import mass, moment, words


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
    """How a paper is printed: the host of its QR, and whether nothing in it is real.

    `materials` says what materials are called.
    """

    host: str
    demo: bool
    materials: Mapping[str, str] = field(default_factory=dict)


def draw_chain(
    file: IO[bytes], found: Trace, batch: dict[str, Any], told: Told, basis: Basis, how: Printing
) -> None:
    """Draw a batch's report into a file; the same batch at the same size gives the same bytes."""
    title = "农药包装废弃物追溯报告"
    with Document(file, title=title, number=batch["code"], note=basis.note, demo=how.demo) as paper:
        link = f"HTTPS://{how.host}/B/{batch['code']}"
        paper.facts(_facts(batch, told), columns=1, link=link)
        _rests_on(paper, basis)
        for flag in batch["flags"]:
            paper.paragraph(f"{words('FLAGS').get(flag, flag)}。", warm=True)
        _picture(paper, told.picture)
        if found.steps:
            tables.put_steps(paper, found.steps)
        else:
            paper.heading("全程记录")
            paper.paragraph("这张标签已发放，还没有使用。")
        if batch["kind"] != "container":
            paper.paragraph(_balance(found))
        tables.put_corrections(paper, told.corrections)
        tables.put_members(paper, told.members)
        tables.put_destinations(paper, told.destinations, batch["code"])
        tables.put_sentences(paper, told.picture)
        if [one.code for one in told.sources.items] not in ([], [batch["code"]]):
            came = f"来自 {len(told.sources.items)} 袋"
            whole_g = told.sources.mass_g
            tables.put_places(paper, came, told.townships, whole_g, how.materials)
            tables.put_bags(paper, "", told.sources, how.materials)
        _end(paper, told.picture)


def draw_lot(file: IO[bytes], told: LotTold, basis: Basis, how: Printing) -> None:
    """Draw a lot's report into a file."""
    lot, body = told.lot, told.lot.happening.body
    title = "农药包装废弃物处理批追溯报告"
    with Document(
        file, title=title, number=body["certificate"], note=basis.note, demo=how.demo
    ) as paper:
        boxes, hand_ins = len(lot.happening.containers), sum(s.hand_ins for s in told.sources.items)
        paper.facts(
            [
                ("处理方式", words("METHODS").get(body["method"], body["method"])),
                ("处理证明", body["certificate"]),
                ("处理单位", f"{lot.plant.site_name}（{lot.plant.site}）"),
                ("处理时间", moment(lot.at)),
                (
                    "处理重量",
                    f"{mass(lot.mass_g)}，{len(lot.held)} 袋{f'，装在 {boxes} 个容器里' * bool(boxes)}",
                ),
                (
                    "来源",
                    f"{len(told.sources.items)} 袋原始袋{f'，{hand_ins} 次交回' * bool(hand_ins)}",
                ),
                ("登记编号", lot.event),
            ],
            columns=1,
            link=f"HTTPS://{how.host}/LOTS/{lot.event.upper()}",
        )
        _rests_on(paper, basis)
        if lot.partial:
            paper.paragraph("这批处理里还有别处的袋，这里只列出您能查看的。", warm=True)
        if not told.sources.complete:
            paper.paragraph("袋数太多，没有全部追溯到头。", warm=True)
        _picture(paper, told.picture)
        for name, by in (("按县", "county"), ("按乡镇", "township"), ("按回收点", "point")):
            whole_g = told.sources.mass_g
            tables.put_places(paper, name, told.totals(by), whole_g, how.materials)
        tables.put_sentences(paper, told.picture)
        tables.put_bags(paper, "逐袋", told.sources, how.materials)
        _end(paper, told.picture)


def _picture(paper: Document, picture: Picture | None) -> None:
    if picture is None:
        return
    placing = placing_of(picture)
    if placing == "here":
        put_picture(paper, picture, "来龙去脉")
    else:
        paper.heading("来龙去脉")
        where = "图较宽，见末页附图" if placing == "end" else "图太大，印出来看不清，见平台页面"
        paper.paragraph(f"{where}；“分拣、合并与处理”一节用文字写了同样的内容。")


def _end(paper: Document, picture: Picture | None) -> None:
    if picture and placing_of(picture) == "end":
        put_turned_picture(paper, picture)


def _rests_on(paper: Document, basis: Basis) -> None:
    paper.gap(4)
    for sentence in basis.sentences():
        paper.paragraph(sentence, size=8.5)


def _balance(found: Trace) -> str:
    b = found.balance
    came = f"物料平衡：回收 {mass(b.in_g)}，已处理或转入他袋 {mass(b.out_g)}"
    return f"{came}，现存 {mass(b.held_g)}，损耗与差异 {mass(b.loss_g)}。"


def _facts(batch: dict[str, Any], told: Told) -> list[tuple[str, str]]:
    status = words("STATUSES").get(batch["status"], batch["status"])
    if batch["kind"] == "container":
        facts = [("容器", batch["code"])]
        if told.members:
            facts.append(("容器内", f"{told.members.count} 袋，{mass(told.members.mass_g)}"))
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
