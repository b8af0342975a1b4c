"""The planted irregularities: at least one for each rule of alerts. docs/demo.md lists them.

Each has bags, trips or hand-ins of its own beside the season, so that a plain season is the same
kind of season without them. Counties are given by their place among the pilots, days by how many
they lie before the season's last.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from app.demo import irregularities as act
from app.demo import tampering
from app.demo.county import CountySeason
from app.demo.planted import Planted, Planting
from app.demo.world import World


@dataclass(frozen=True)
class Plant:
    """One irregularity: the rule that has to find it, where, when, and what people would see."""

    rule: str
    county: int
    sites: tuple[str, ...]
    days_ago: int | None
    """Before the season's last day; None: all through the season, or as the calendar has it."""
    looks: str
    act: Callable[[Planting], None] | None = None
    """None where it is done elsewhere: in what a county declares."""
    settles: bool = False
    """Whether what is wrong is put right within the season, so that the alert closes by itself."""


PLANTS = (
    Plant("over-long-storage", 0, ("P0005",), 100,
          "纸质台账补录的一袋，封袋后一直没有清运，已过 90 天", act.forgotten_bag),
    Plant("weight-difference", 0, ("P0003",), 33,
          "四袋送到贮存站，其中两袋轻了约 15 %", act.lighter_on_arrival),
    Plant("trip-overdue", 0, ("P0009",), 16,
          "三袋发往贮存站，再也没有签收", act.never_received),
    Plant("night-entries", 0, ("P0002",), 24,
          "23 时以后连着登记四次交回", act.at_night),
    Plant("short-arrival", 1, ("P0004",), 19,
          "四袋中一袋没到、一袋因渗漏被拒收；拒收的次日退回，没到的仍在途", act.short_arrival),
    Plant("implausible-pieces", 1, ("P0006",), 28,
          "按件付钱的点把件数多报成四倍，封袋只有折算重量的三成", act.inflated_pieces),
    Plant("arrived-elsewhere", 2, ("P0003",), 22,
          "转运单写明送贮存点，另一个中转站签收了", act.elsewhere),
    Plant("off-site-scan", 2, ("P0006",), 18,
          "离站点三千多米处登记三次交回", act.from_home),
    Plant("not-on-this-trip", 3, ("P0002", "P0003"), 21,
          "同一天两辆车，签收时把一袋记到另一辆车的转运单上", act.other_trip),
    Plant("rate-over-100", 4, (), None,
          "申报的销售量偏少，回收率超过 100 %"),
    Plant("missing-collect", 4, ("P0005",), 26,
          "没封袋就装车，封袋登记一直没有", act.not_sealed),
    Plant("missing-depart", 5, ("P0004",), 25,
          "贮存站签收了一袋，谁也没有登记发运", act.not_sent),
    Plant("missing-depart", 5, ("P0008",), 30,
          "发运登记十一天后才补传；补传以后预警自动关闭", act.sent_late, settles=True),
    Plant("missing-arrive", 6, ("P0007",), 23,
          "运到就直接入库，没有签收", act.not_received),
    Plant("weight-difference", 6, ("P0004",), 27,
          "7 千克多输成 70 千克多；三天后县里更正，预警自动关闭", act.gross_slip, settles=True),
    Plant("container-at-two-places", 7, ("S0001", "S0002"), 20,
          "同一个托盘码前两天在贮存点装箱，没有转运登记就在中转站又装箱", act.one_pallet_twice),
    Plant("impossible-speed", 8, (), 17,
          "驾驶员的手机两分钟内在相距最远的两个点登记发运", act.two_places_at_once),
    Plant("repeated-unit-code", 9, ("P0008", "P0010"), 29,
          "同一个瓶码先后在两个点交回", act.one_bottle_twice),
    Plant("recovered-over-sold", 9, (), None,
          "申报的多是大桶，交回的小瓶小袋比申报的总件数还多"),
    Plant("silent-point", 10, ("P0011",), None,
          "用药季里整整一个月没有一条登记，也没有零报告", act.shut_for_a_month),
    Plant("receiver-not-listed", 11, ("S0001",), 15,
          "四袋送到已不在名单上的资源化利用单位 130927-R0001", act.to_unlisted),
    Plant("receiver-permit-not-in-force", 12, ("S0001",), 14,
          "三袋送到排污许可证已过期的焚烧厂 130984-I0001", act.to_unpermitted),
    Plant("quarter-end-burst", 12, ("P0012",), None,
          "季末三天里封了十二袋，平时一周不到一袋", act.burst),
    Plant("round-weights", 13, ("S0002",), None,
          "中转站的称重多是整千克和半千克，每周还逐袋“称重”盘点", act.round_weights),
    Plant("full-store", 13, ("P0007",), 31,
          "把启用前的存货一次登记进来，超过核定容量的 95 %；清运以后预警自动关闭", act.full_store, settles=True),
    Plant("device-chain-broken", 10, ("P0007",), 26,
          "一袋封好登记以后，上传之前在手机里把重量改多了四分之一", tampering.edited_in_the_queue),
    Plant("device-sequence-skipped", 11, ("P0004",), 24,
          "三次交回中的一次，上传之前从手机里删掉了", tampering.dropped_from_the_queue),
)  # fmt: skip


def county_of(plant: Plant, world: World) -> str:
    """Return the code of a plant's county; a smaller world has them closer together."""
    return world.pilots[plant.county % len(world.pilots)]


def plant_in(run: CountySeason) -> Iterator[Planted]:
    """Plant what belongs in a county before it lives its season, and yield what was planted.

    What the calendar has no place for is left out: a silent month needs a whole one in season.
    """
    world, county = run.diary.world, run.diary.county
    for plant in PLANTS:
        if county_of(plant, world) != county:
            continue
        day = run.diary.end - timedelta(days=1 + (plant.days_ago or 0))
        planted = Planted(plant.rule, county, day.date())
        if plant.act is None:
            planted.subjects.append(county)
        else:
            plant.act(Planting(run, day, planted))
        if planted.subjects or planted.bags or planted.events:
            yield planted


def counties_with(rule: str, world: World) -> set[str]:
    """Return the counties in which a rule's irregularity is planted."""
    return {county_of(plant, world) for plant in PLANTS if plant.rule == rule}
