"""Builds the simulated world: organisations, sites, permits, vehicles and accounts."""

from datetime import date
from random import Random
from uuid import UUID

from stdnum.cn import uscc

from app.demo.geo import Place, near
from app.demo.names import POINT_KINDS, POINT_TRADES, TOWNSHIPS, person, villages
from app.demo.world import (
    OPENED_ON,
    Account,
    Listing,
    Organisation,
    Permit,
    Site,
    Vehicle,
    World,
    county_rows,
    reference,
    stream,
    years_from,
)

PROVINCE = "130000"
STATIONS = ("县集中贮存点", "区域中转站")
# The issuing letter of plates by city; 雄安新区 has one of its own.
_LETTERS = dict(
    zip(
        ("1301", "1302", "1303", "1304", "1305", "1306", "1307", "1308", "1309", "1310", "1311"),
        "ABCDEFGHJRT",
        strict=True,
    )
)
# Kind, county, township, name, pinyin. The last resource-use unit has fallen off the list, the last
# incinerator's permit has run out.
_PLANTS = (
    ("R", "130109", "岗上镇", "石家庄绿循再生资源有限公司", "shijiazhuanglvxun"),
    ("R", "130207", "黄各庄镇", "唐山清田塑料再生有限公司", "tangshanqingtian"),
    ("R", "130927", "冯家口镇", "沧州禾净再生资源有限公司", "cangzhouhejing"),
    ("I", "130408", "临洺关镇", "邯郸洁源生活垃圾焚烧发电有限公司", "handanjieyuan"),
    ("I", "130705", "洋河南镇", "张家口宣洁垃圾焚烧发电有限公司", "zhangjiakouxuanjie"),
    ("L", "130609", "安肃镇", "保定徐水生活垃圾卫生填埋场", "baodingxushui"),
    ("H", "131102", "赵家圈镇", "衡水安泰危险废物处置有限公司", "hengshuiantai"),
    ("I", "130984", "米各庄镇", "河间盛源生活垃圾焚烧发电有限公司", "hejianshengyuan"),
)
_ORGANISATION_KINDS = {"村委会": "54", "种植大户/合作社": "93"}
_CODE_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def build_world(seed: str, last_day: date, counties: int | None = None) -> World:
    """Return the world of a seed, for a season that ends on `last_day`.

    `counties` makes it smaller: so many of the pilots.
    """
    builder = _Builder(seed, last_day)
    pilots = tuple(row["county"] for row in reference("pilots"))[:counties]
    for county in pilots:
        builder.settle(county)
    builder.build_plants()
    builder.appoint_offices()
    return World(
        seed=seed,
        last_day=last_day,
        pilots=pilots,
        organisations=tuple(builder.organisations),
        sites=tuple(builder.sites),
        permits=tuple(builder.permits),
        listings=tuple(builder.listings),
        vehicles=tuple(builder.vehicles),
        accounts=tuple(builder.accounts),
    )


class _Builder:
    """Collects the world's rows while it goes from county to county."""

    def __init__(self, seed: str, last_day: date) -> None:
        self.seed = seed
        self.last_day = last_day
        self.rng = stream(seed, "offices")
        self.counties = county_rows()
        self.organisations: list[Organisation] = []
        self.sites: list[Site] = []
        self.permits: list[Permit] = []
        self.listings: list[Listing] = []
        self.vehicles: list[Vehicle] = []
        self.accounts: list[Account] = []

    def settle(self, county: str) -> None:
        """Give a pilot county its points, stations, carrier and county officials."""
        rng = self.rng = stream(self.seed, f"world/{county}")
        row = self.counties[county]
        centre = float(row["lat"]), float(row["lon"])
        townships = [(name, near(rng, centre, 4, 14)) for name in TOWNSHIPS[county].split()]
        for number, (village, kind) in enumerate(
            zip(villages(rng, len(POINT_KINDS)), POINT_KINDS, strict=True), start=1
        ):
            township, place = townships[(number - 1) % len(townships)]
            trade = rng.choice(POINT_TRADES[kind])
            name = village[0] + trade[0]
            operator = self._organisation(
                county, row["name"] + name, row["pinyin"] + village[1] + trade[1], kind
            )
            self._site(
                f"{county}-P{number:04}",
                name,
                township,
                near(rng, place, 0.3, 4),
                operator,
                village=village[0],
                point_kind=kind,
                capacity_g=rng.choice((200_000, 300_000, 500_000)),
            )
        keeper = self._organisation(
            county, row["name"] + "供销农业服务有限公司", row["pinyin"] + "gongxiao", "贮存单位"
        )
        for number, name in enumerate(STATIONS, start=1):
            township, place = townships[number - 1]
            self._site(
                f"{county}-S{number:04}",
                row["name"] + name,
                township,
                near(rng, place, 0.3, 2),
                keeper,
                capacity_g=rng.choice((10_000_000, 20_000_000)),
            )
        self._carrier(county, row)
        self._county_officials(county, row, townships[0][0])

    def _organisation(self, county: str, name: str, pinyin: str, kind: str) -> str:
        code = credit_code(self.rng, _ORGANISATION_KINDS.get(kind, "91"), county)
        self.organisations.append(Organisation(code, name, pinyin, kind, county))
        return code

    def _site(
        self,
        code: str,
        name: str,
        township: str,
        place: Place,
        operator: str,
        *,
        capacity_g: int,
        village: str | None = None,
        point_kind: str | None = None,
    ) -> None:
        county, kind = code[:6], code[7]
        self.sites.append(
            Site(
                code,
                kind,
                name,
                county,
                township,
                village,
                *place,
                point_kind,
                capacity_g,
                operator,
                OPENED_ON,
            )
        )
        role = {"P": "collector", "S": "keeper"}.get(kind, "plant")
        number = int(code[8:])
        username = f"{role}-{county}" + (f"-{number}" if number > 1 else "")
        self._account(username, person(self.rng), role, county, site=code, organisation=operator)

    def _carrier(self, county: str, row: dict[str, str]) -> None:
        carrier = self._organisation(
            county, row["name"] + "顺达运输有限公司", row["pinyin"] + "shunda", "运输单位"
        )
        letter = "X" if row["area"] == "133100" else _LETTERS[county[:4]]
        taken = {vehicle.plate for vehicle in self.vehicles}
        for capacity_g in (1_500_000, 5_000_000):
            plate = _plate(self.rng, letter, taken)
            taken.add(plate)
            self.vehicles.append(Vehicle(plate, carrier, capacity_g))
        self._account(
            f"carrier-{county}", person(self.rng), "carrier", county, organisation=carrier
        )

    def _county_officials(self, county: str, row: dict[str, str], township: str) -> None:
        name = row["name"]
        self._account(
            f"county-{county}", f"{name}农业农村局", "county", county, department="agriculture"
        )
        ecology = f"{name}生态环境分局"
        self._account(f"county-{county}-eco", ecology, "county", county, department="ecology")
        self._account(
            f"township-{county}",
            f"{township}农业综合服务中心",
            "township",
            county,
            township=township,
            department="agriculture",
        )

    def build_plants(self) -> None:
        """Set up the province's plants with their permits, and the list of resource users."""
        self.rng = stream(self.seed, "world/plants")
        begin, end = years_from(self.last_day, -2), years_from(self.last_day, 2)
        fallen_off = [plant[1] for plant in _PLANTS if plant[0] == "R"][-1]
        run_out = [plant[1] for plant in _PLANTS if plant[0] == "I"][-1]
        for serial, (kind, county, township, name, pinyin) in enumerate(_PLANTS, start=1):
            operator = self._organisation(county, name, pinyin, "处理单位")
            row = self.counties[county]
            place = near(self.rng, (float(row["lat"]), float(row["lon"])), 3, 10)
            code = f"{county}-{kind}0001"
            self._site(code, name, township, place, operator, capacity_g=500_000_000)
            permit = "hazardous" if kind == "H" else "discharge"
            # 排污许可证 numbers are the credit code and a serial; licences have ten digits.
            number = f"13{begin.year}{serial:04}" if kind == "H" else f"{operator}{serial:03}P"
            ended = years_from(self.last_day, -0.08) if county == run_out else end
            self.permits.append(Permit(code, permit, number, begin, ended))
            if kind == "R":
                until = years_from(self.last_day, -0.1) if county == fallen_off else None
                self.listings.append(Listing(code, begin, until, "冀农告字〔2021〕11号"))

    def appoint_offices(self) -> None:
        """Appoint city, province, auditor and administrator accounts."""
        self.rng = stream(self.seed, "world/offices")
        for area in reference("reporting_areas"):
            name, code = area["name"], area["code"]
            if code == PROVINCE:
                prefix, role, offices = "province", "province", ("农业农村厅", "生态环境厅")
            else:
                prefix, role, offices = f"city-{code}", "city", ("农业农村局", "生态环境局")
            self._account(prefix, name + offices[0], role, code, department="agriculture")
            self._account(f"{prefix}-eco", name + offices[1], role, code, department="ecology")
        self._account("auditor", "河北省审计厅", "auditor", PROVINCE)
        self._account("admin", "系统管理员", "admin", PROVINCE)
        for department, office in _OTHER_OFFICES.items():
            username = f"province-{department.replace('_', '-')}"
            self._account(username, office, "province", PROVINCE, department=department)

    def _account(
        self,
        username: str,
        display_name: str,
        role: str,
        area: str,
        *,
        site: str | None = None,
        township: str | None = None,
        organisation: str | None = None,
        department: str | None = None,
    ) -> None:
        known_as = UUID(int=self.rng.getrandbits(128), version=4)
        self.accounts.append(
            Account(
                known_as,
                username,
                display_name,
                role,
                area,
                site,
                township,
                organisation,
                department,
            )
        )


_OTHER_OFFICES = {
    "development_reform": "河北省发展改革委",
    "industry": "河北省工业和信息化厅",
    "science": "河北省科技厅",
    "finance": "河北省财政厅",
    "housing": "河北省住房和城乡建设厅",
    "transport": "河北省交通运输厅",
    "commerce": "河北省商务厅",
    "market": "河北省市场监督管理局",
    "emergency": "河北省应急管理厅",
    "water": "河北省水利厅",
    "central_bank": "人民银行石家庄中心支行",
}
"""The plan's departments beside the two that supervise packaging."""


def credit_code(rng: Random, registry: str, county: str) -> str:
    """Return a 统一社会信用代码 (GB 32100) whose two check characters fit.

    `registry` is the registering department and the kind of organisation, such as `91`. The ninth
    to seventeenth characters are an organisation code with a check character of its own (GB 11714).
    """
    body = "".join(rng.choice(_CODE_LETTERS[:10] + "ABCDEFGH") for _ in range(8))
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    rest = 11 - sum(int(one, 36) * by for one, by in zip(body, weights, strict=True)) % 11
    number = registry + county + body + {10: "X", 11: "0"}.get(rest, str(rest))
    return number + str(uscc.calc_check_digit(number))


def _plate(rng: Random, letter: str, taken: set[str]) -> str:
    while True:
        serial = rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") + f"{rng.randrange(10_000):04}"
        plate = f"冀{letter}{serial}"
        if plate not in taken:
            return plate
