"""Entries in some of the plan's registers, so that a demonstration has lists to look at.

Firms, people and documents are invented; counties are real. Registers without entries here stay
empty, and actual values of targets are left to departments: statistics are not invented.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date, datetime
from random import Random
from typing import Any, NamedTuple

from app.auth.caller import Caller
from app.db import Database, WriteSession
from app.demo.names import person
from app.demo.settle import credit_code
from app.demo.world import World, stream
from app.plan.load import rows_of
from app.registers.edit import add_entry

DOCUMENT = "演示文号〔{year}〕{serial}号"
_COUNTIES = ("130110", "130229", "130322", "130435", "130528", "130682", "130722", "131023")
_TOWNS = ("鹿泉", "玉田", "昌黎", "曲周", "宁晋", "定州", "张北", "永清")
_WELL_COVERED = frozenset({"steel", "coking", "building-materials", "papermaking", "chemicals"})
_CROPS = ("小麦", "玉米", "苹果", "设施蔬菜")


class Entry(NamedTuple):
    """One entry: its register, the demonstration account that enters it, what it says."""

    register: str
    account: str
    name: str
    since: date
    values: dict[str, Any]


async def load_registers(database: Database, world: World, now: datetime) -> int:
    """Enter the demonstration's entries, each by an official who may; return how many."""
    async with database.write() as session:
        count = 0
        for serial, entry in enumerate(_entries(world), 1):
            await _add(session, world, entry, serial, now)
            count += 1
        return count


async def _add(
    session: WriteSession, world: World, entry: Entry, serial: int, now: datetime
) -> None:
    caller = Caller(**asdict(world.account[entry.account]))
    given = {
        "name": entry.name,
        "document": DOCUMENT.format(year=entry.since.year, serial=serial),
        "valid_from": entry.since.isoformat(),
        "valid_to": None,
        "note": "演示数据",
        "values": entry.values,
    }
    await add_entry(session, caller, entry.register, given, department=None, backfill=True, now=now)


def _entries(world: World) -> Iterator[Entry]:
    rng = stream(world.seed, "registers")
    firm = _firms(rng)
    year = world.last_day.year
    yield from _enterprises(firm, year)
    yield from _farming(year)
    yield from _services(rng, firm, year)


def _firms(rng: Random) -> Callable[[int], dict[str, Any]]:
    """Return what makes the nth invented firm: its county and a credit code of its own."""

    def firm(number: int) -> dict[str, Any]:
        county = _COUNTIES[number % len(_COUNTIES)]
        return {"county": county, "credit_code": credit_code(rng, "91", county)}

    return firm


def _enterprises(firm: Callable[[int], dict[str, Any]], year: int) -> Iterator[Entry]:
    since = date(year - 1, 6, 30)
    listed = [row for row in rows_of("listed_industries") if row["list"] == "box-1"]
    same = {
        row["position"]: row["industry"]
        for row in rows_of("industry_mappings")
        if row["list"] == "box-1" and row["relation"] == "same"
    }
    number = 0
    for place, row in enumerate(listed):
        industry = same[row["position"]]
        for _ in range(3 if industry in _WELL_COVERED else place % 3):
            number += 1
            values = firm(number) | {"industry": industry, "year": year - 1}
            name = f"{_TOWNS[number % 8]}{row['printed']}示范{number}号有限公司"
            yield Entry("benchmark-enterprises", "province-eco", name, since, values)
    for number in range(12):
        values = firm(number) | {"level": "国家级" if number % 4 == 0 else "省级", "year": year - 1}
        name = f"{_TOWNS[number % 8]}绿色制造{number + 1}号工厂"
        yield Entry("green-factories", "province-industry", name, since, values)
    for number in range(8):
        values = firm(number) | {"enterprise": f"{_TOWNS[number]}家居制品有限公司", "level": "省级"}
        name = f"可回收包装瓶（{number + 1}型）"
        yield Entry("green-design-products", "province-industry", name, since, values)
    for number, industry in enumerate(("steel", "chemicals", "farm-food-processing")):
        values = {
            "kind": "园区" if number else "产业集群", "county": _COUNTIES[number],
            "industry": industry, "enterprises": 20 + number, "stage": "实施中",
        }  # fmt: skip
        name = f"{_TOWNS[number]}循环经济示范园"
        yield Entry("pilot-parks", "province-development-reform", name, since, values)


def _farming(year: int) -> Iterator[Entry]:
    for number, crop in enumerate(_CROPS):
        county, town = _COUNTIES[number], _TOWNS[number]
        values = {
            "county": county, "operator": f"{town}植保服务合作社", "crop": crop,
            "size": f"{number + 1}.5",
        }  # fmt: skip
        name, since = f"{town}{crop}全程绿色防控示范区", date(year - 1, 4, 1)
        yield Entry("green-control-zones", "province", name, since, values)
        values = {"county": county, "year": str(year - 2), "use_rate": f"9{number}.2"}
        name, since = f"{town}秸秆综合利用示范县", date(year - 2, 5, 1)
        yield Entry("straw-counties", "province", name, since, values)


def _services(rng: Random, firm: Callable[[int], dict[str, Any]], year: int) -> Iterator[Entry]:
    since = date(year - 1, 9, 1)
    for number in range(4):
        values = firm(number) | {"listed_on": since.isoformat(), "auditors": 8 + number}
        name = f"{_TOWNS[number]}清洁生产咨询有限公司"
        yield Entry("audit-consultancies", "province-eco", name, since, values)
    for number, speciality in enumerate(("农药包装材料再生", "焦化废水处理", "绿色建筑节能")):
        values = {
            "organisation": f"{_TOWNS[number]}演示研究院", "category": "行业",
            "speciality": speciality, "phone": f"1390000{number:04}",
        }  # fmt: skip
        yield Entry("experts", "province-eco", person(rng), since, values)
    for offset in range(3):
        values = {"year": year - offset, "issuer": "河北省发展改革委等部门"}
        name, since = f"{year - offset} 年清洁生产推进计划", date(year - offset, 3, 1)
        yield Entry("annual-plans", "province-development-reform", name, since, values)
