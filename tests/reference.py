"""Reference rows that tests of reading share: three counties, their sites, owners, vehicles."""

import uuid
from datetime import date

from app.areas.models import Area, County, CountyArea, Pilot
from app.db import Database
from app.packaging.models import Term, UnitWeight, UnitWeightVersion
from app.parties.models import ListedUnit, Organisation, Permit, Site, Vehicle

LUQUAN, XINJI, ANXIN = "130110", "130181", "130632"
SHOP, STATION_OWNER, PLANT_OWNER = (
    "92130110MA00000012", "91130110MA00000028", "91130181MA00000033",
)  # fmt: skip
POINT, OTHER_POINT, STATION, PLANT = (
    "130110-P0001", "130110-P0002", "130110-S0001", "130181-R0001",
)  # fmt: skip
EVENT = uuid.UUID(int=7)


async def load(database: Database) -> None:
    """Insert the rows; floors of foreign keys first."""
    opened = date(2024, 1, 1)
    floors = [
        [Area(code="130000", name="河北省", pinyin="hebeisheng", kind="province", valid_from=date(1980, 1, 1))],
        [
            _area("130100", "石家庄市", "city", date(1980, 1, 1)),
            _area(XINJI, "辛集市", "direct_city", date(2013, 1, 1)),
            _area("133100", "雄安新区", "new_area", date(2017, 4, 1)),
            _area("130600", "保定市", "city", date(1983, 1, 1)),
        ],
        [
            _county(LUQUAN, "鹿泉区", "district", "130100"),
            _county(XINJI, "辛集市", "county_city", "130100"),
            _county(ANXIN, "安新县", "county", "130600"),
        ],
        [
            CountyArea(county=LUQUAN, area="130100", valid_from=date(1980, 1, 1)),
            CountyArea(county=XINJI, area=XINJI, valid_from=date(2013, 1, 1)),
            CountyArea(county=ANXIN, area="130600", valid_from=date(1983, 1, 1), valid_to=date(2017, 3, 31)),
            CountyArea(county=ANXIN, area="133100", valid_from=date(2017, 4, 1)),
            Pilot(county=LUQUAN, valid_from=date(2022, 1, 1), event_id=EVENT),
            Pilot(county=XINJI, valid_from=date(2022, 1, 1), valid_to=date(2023, 12, 31), event_id=EVENT),
            _organisation(SHOP, "张家庄农资店", LUQUAN),
            _organisation(STATION_OWNER, "鹿泉农资公司", LUQUAN),
            _organisation(PLANT_OWNER, "辛集再生资源公司", XINJI),
        ],
        [
            _site(POINT, "铜冶镇", SHOP),
            _site(OTHER_POINT, "寺家庄镇", SHOP),
            _site(STATION, "铜冶镇", STATION_OWNER),
            _site(PLANT, "新城镇", PLANT_OWNER),
            Vehicle(plate="冀A12345", organisation=STATION_OWNER, capacity_g=3_000_000),
            Vehicle(plate="冀AD12345", organisation=PLANT_OWNER),
        ],
        [
            Permit(site=PLANT, kind="discharge", number="P-1", valid_from=opened, valid_to=date(2026, 12, 31)),
            ListedUnit(site=PLANT, valid_from=opened, document="冀农告字〔2021〕11号", event_id=EVENT),
            Term(vocabulary="material", slug="pet", name="聚酯（PET）", position=0),
            Term(vocabulary="material", slug="pe", name="聚乙烯（PE、HDPE）", position=1),
            Term(vocabulary="form", slug="bottle", name="瓶", position=0),
            Term(vocabulary="size", slug="lt200ml", name="小于 200 mL", position=0),
            UnitWeightVersion(version=1, valid_from=date(2020, 10, 1), event_id=EVENT),
            UnitWeightVersion(version=2, valid_from=date(2025, 1, 1), event_id=EVENT),
        ],
        [
            _weight(1, "pet", 14_000),
            _weight(1, "pe", 14_000),
            _weight(2, "pet", 15_000),
        ],
    ]  # fmt: skip
    async with database.write() as session:
        for floor in floors:
            session.add_all(floor)
            await session.flush()


def _area(code: str, name: str, kind: str, since: date) -> Area:
    return Area(code=code, name=name, pinyin="x", kind=kind, parent="130000", valid_from=since)


def _county(code: str, name: str, kind: str, city: str) -> County:
    return County(code=code, name=name, pinyin="x", kind=kind, city=city, lat=38.0, lon=114.5)


def _organisation(code: str, name: str, county: str) -> Organisation:
    return Organisation(credit_code=code, name=name, pinyin="x", kind="company", county=county)


def _site(code: str, township: str, operator: str) -> Site:
    return Site(
        code=code, kind=code[7], name=code, county=code[:6], township=township, lat=38.0,
        lon=114.5, operator=operator, opened_on=date(2024, 1, 1),
    )  # fmt: skip


def _weight(version: int, material: str, weight_mg: int) -> UnitWeight:
    return UnitWeight(
        version=version, material=material, form="bottle", size="lt200ml",
        weight_mg=weight_mg, source="暂定",
    )  # fmt: skip
