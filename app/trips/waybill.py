"""The 转运交接单 on paper: one trip, each leg with its bags, both weighings, and room to sign.

A hazardous load travels with a 危险废物转移联单 of its own, which lives in the national system:
this paper names its number and says so.
"""

from collections.abc import Sequence
from itertools import zip_longest
from typing import IO

from starlette.concurrency import run_in_threadpool

from app.paper.answer import paper_file
from app.paper.document import Document
from app.paper.table import Cell, Column, Table, Warm
from app.templating import moment
from app.trips.schemas import BagShown, LegShown, TripShown
from app.trips.wording import (
    BAG_STATES,
    FLAGS_ON_PAPER,
    MANIFEST_ELSEWHERE,
    NOTHING_RIDES,
    OUTCOMES,
    REGIMES,
    SIDES,
    STATES,
    said_of_difference,
)

FULL = (
    Column("序号", 0.5, "right"),
    Column("标签码", 2.0),
    Column("发运 kg", 0.95, "right"),
    Column("签收 kg", 0.95, "right"),
    Column("差异 kg", 0.95, "right"),
    Column("情况", 2.4),
)
BRIEF = (Column("序号", 0.5, "right"), *FULL[1:4])
"""A bag that simply arrived, or is under way: two of them stand side by side."""
ROUTE = (
    Column("段", 0.4, "right"),
    Column("发运站点", 2.2),
    Column("接收站点", 2.2),
    Column("袋", 0.5, "right"),
    Column("发运 kg", 0.95, "right"),
    Column("签收 kg", 0.95, "right"),
    Column("发运方签字", 1.6),
)
ROOM_TO_SIGN = 30.0
MANY = 20
"""Bags from which on those that simply arrived stand two in a row."""
PARTIES = 3
"""Seals side by side."""


async def print_waybill(trip: TripShown, host: str, *, demo: bool) -> IO[bytes]:
    """Draw a trip; the same trip gives the same bytes. FontsMissing where there is no type."""
    file = paper_file()
    await run_in_threadpool(draw_waybill, file, trip, host, demo=demo)
    return file


def draw_waybill(file: IO[bytes], trip: TripShown, host: str, *, demo: bool) -> None:
    """Draw a trip into a file."""
    note = f"{REGIMES[trip.regime]} · 打印件以平台记录为准"
    with Document(
        file, title="农药包装废弃物转运交接单", number=trip.number, note=note, demo=demo
    ) as paper:
        paper.facts(
            [
                ("编号", trip.number),
                ("状态", STATES[trip.state]),
                ("管理类别", REGIMES[trip.regime]),
                ("车牌号", trip.vehicle),
                ("运输单位", trip.carrier.name if trip.carrier else "未登记"),
                ("驾驶员", "、".join(trip.drivers)),
            ],
            columns=1,
            link=f"HTTPS://{host}/TRIPS/{trip.number}",
        )
        if trip.regime == "hazardous":
            paper.gap(4)
            paper.paragraph(MANIFEST_ELSEWHERE)
        if trip.nothing_rides:
            paper.paragraph(NOTHING_RIDES[trip.nothing_rides], warm=True)
        if len(trip.legs) > 1:
            _route(paper, trip.legs)
        for number, leg in enumerate(trip.legs, 1):
            # Of several, what has not been loaded is told by its line of the route.
            if leg.departed_at or len(trip.legs) == 1:
                _leg(paper, number, leg)
        if trip.not_on_this_trip:
            paper.heading("随车到达、但不在本单上的袋")
            with Table(paper, [Column("标签码"), Column("签收站点", 2)]) as table:
                table.rows([stray.code, stray.at.name] for stray in trip.not_on_this_trip)
        if trip.other_legs:
            paper.paragraph(f"本车另有 {trip.other_legs} 段与您的站点或辖区无关，未列出。")
        paper.heading("交接签字")
        parties = _parties(trip.legs)
        for start in range(0, len(parties), PARTIES):
            paper.signatures(parties[start : start + PARTIES])


def _route(paper: Document, legs: Sequence[LegShown]) -> None:
    """Write the legs one below the other: whoever hands over at a pick-up signs in its row."""
    paper.heading(f"路线（{len(legs)} 段）")
    with Table(paper, ROUTE, least=ROOM_TO_SIGN) as table:
        for number, leg in enumerate(legs, 1):
            left = kilograms(leg.out_g) if leg.departed_at else ""
            came = kilograms(leg.received_g) if leg.arrived_at else ""
            bags = str(len(leg.bags)) if leg.bags else ""
            row = [str(number), _from(leg), leg.destination.name, bags, left, came, ""]
            table.row(row)


def _from(leg: LegShown) -> str:
    """Return where a leg loads, and when it is to, as long as it has not."""
    if leg.departed_at or leg.pick_up_at is None:
        return leg.origin.name
    return f"{leg.origin.name}（计划 {moment(leg.pick_up_at)}）"


def _parties(legs: Sequence[LegShown]) -> list[str]:
    """Return who seals the paper: of several senders each has signed for the own leg."""
    if len(legs) == 1:
        return ["发运方", "承运方", "接收方"]
    receivers = dict.fromkeys(leg.destination.name for leg in legs)
    return ["承运方", *(f"接收方：{name}" for name in receivers)]


def _leg(paper: Document, number: int, leg: LegShown) -> None:
    paper.heading(f"第 {number} 段　{leg.origin.name} → {leg.destination.name}")
    paper.facts(_facts(leg))
    for sentence in sentences_of(leg):
        paper.paragraph(sentence, warm=True)
    if not leg.bags:
        paper.paragraph("还没有装车。")
        return
    paper.gap(4)
    bags = list(enumerate(leg.bags, 1))
    received = kilograms(leg.received_g) if leg.arrived_at else ""
    total = ["", f"合计 {len(bags)} 袋", kilograms(leg.out_g), received, _total(leg), ""]
    if len(bags) <= MANY:
        with Table(paper, FULL) as table:
            table.rows(_row(n, bag) for n, bag in bags)
            table.row(total, total=True)
        return
    odd = [(n, bag) for n, bag in bags if _is_odd(bag)]
    if odd:
        with Table(paper, FULL) as table:
            table.rows(_row(n, bag) for n, bag in odd)
    plain = [(n, bag) for n, bag in bags if not _is_odd(bag)]
    with Table(paper, (*BRIEF, *BRIEF)) as table:
        for one, other in zip_longest(plain[::2], plain[1::2]):
            table.row([*_brief(one), *_brief(other)])
    with Table(paper, FULL, head=False) as table:
        table.row(total, total=True)


def _brief(one: tuple[int, BagShown] | None) -> Sequence[Cell]:
    return _row(*one)[: len(BRIEF)] if one else [""] * len(BRIEF)


def _is_odd(bag: BagShown) -> bool:
    return bool(bag.outcome or _went_astray(bag) or bag.state == "written_off")


def _facts(leg: LegShown) -> list[tuple[str, str]]:
    facts = [
        ("发运站点", leg.origin.name),
        ("站点编码", leg.origin.code),
        ("接收站点", leg.destination.name),
        ("站点编码", leg.destination.code),
        *_times(leg),
        ("状态", STATES[leg.state]),
        ("交接确认", _confirmation(leg)),
    ]
    if leg.regime == "hazardous":
        facts.append(("联单编号", "、".join(leg.manifests)))
        facts.append(("接收确认", confirm_by_of(leg)))
    return facts


def _times(leg: LegShown) -> list[tuple[str, str]]:
    """Return when it left and came; of a leg that has not left, when it was planned."""
    if leg.departed_at is None:
        return [("计划装货", moment(leg.pick_up_at)), ("计划送到", moment(leg.deliver_at))]
    return [("发运时间", moment(leg.departed_at)), ("签收时间", moment(leg.arrived_at))]


def confirm_by_of(leg: LegShown) -> str:
    """Say until when the receiver confirms the manifest in the national system."""
    if leg.confirm_by is None:
        return f"签收后 {leg.confirm_workdays} 个工作日内"
    assumed = "（当年放假安排尚未登记，按周一至周五算）" if leg.confirm_by_assumed else ""
    return f"不晚于 {leg.confirm_by:%Y-%m-%d}{assumed}"


def _confirmation(leg: LegShown) -> str:
    if leg.confirmation is None:
        return "—"
    if leg.confirmation.waiting_for is None:
        return "双方已确认"
    return f"待{SIDES[leg.confirmation.waiting_for]}确认"


def sentences_of(leg: LegShown) -> list[str]:
    """Return in words what is wrong with a leg."""
    found = []
    if leg.manifest_missing:
        found.append("危险废物运输，缺少危险废物转移联单编号。")
    if leg.beyond:
        carried_g = leg.out_g - leg.moving_g - leg.written_off_g
        words = said_of_difference(leg.difference_g, carried_g)
        reasons = "；".join(leg.difference_reasons)
        found.append(f"{words}。{f'原因：{reasons}。' if reasons else '没有写明原因。'}")
    counts = {name: sum(b.outcome == slug for b in leg.bags) for slug, name in OUTCOMES.items()}
    if any(counts.values()):
        found.append("，".join(f"{name} {many} 袋" for name, many in counts.items() if many) + "。")
    elsewhere = sum(bag.elsewhere for bag in leg.bags)
    if elsewhere:
        mass = kilograms(leg.elsewhere_g)
        found.append(f"{elsewhere} 袋送到了别的站点，在那里签收 {mass} kg。")
    returned = sum(bag.state == "returned" for bag in leg.bags)
    if returned:
        found.append(f"{returned} 袋退回了发运站点，收回 {kilograms(leg.returned_g)} kg。")
    found += [f"{FLAGS_ON_PAPER[flag]}。" for flag in leg.flags if flag in FLAGS_ON_PAPER]
    return found


def _row(number: int, bag: BagShown) -> Sequence[Cell]:
    said = words_of(bag)
    if bag.received_g is not None and _went_astray(bag):
        said = [*said, f"{kilograms(bag.received_g)} kg"]
    words = " · ".join(said)
    return [
        str(number),
        bag.code,
        kilograms(bag.out_g),
        "" if bag.received_g is None or _went_astray(bag) else kilograms(bag.received_g),
        "" if bag.difference_g is None else signed(bag.difference_g),
        Warm(words) if _is_odd(bag) else words,
    ]


def _went_astray(bag: BagShown) -> bool:
    """Tell whether somebody else took a bag in than its receiver: it is in no sum of his."""
    return bag.elsewhere or bag.state == "returned"


def words_of(bag: BagShown) -> list[str]:
    """Return in words what became of a bag."""
    words = [BAG_STATES[bag.state]]
    if bag.outcome:
        words = [OUTCOMES[bag.outcome]] + ([BAG_STATES[bag.state]] if bag.state != "moving" else [])
    if bag.elsewhere and bag.at:
        words.append(f"在{bag.at.name}")
    if bag.reason:
        words.append(bag.reason)
    return words


def _total(leg: LegShown) -> Cell:
    if not leg.arrived_at:
        return ""
    words = signed(leg.difference_g)
    return Warm(words) if leg.beyond else words


def kilograms(grams: int) -> str:
    """Show grams as kilograms with three decimals, as scales print them."""
    return f"{grams / 1000:,.3f}"


def signed(grams: int) -> str:
    """Show a difference in kilograms with its sign."""
    return f"{grams / 1000:+,.3f}".replace("-", "−") if grams else "0"
