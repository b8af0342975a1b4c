"""The recovery report: identities to the gram, rates with reasons, one's own reach, few queries."""

import csv
import io
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, select

from app.areas.models import Area, CountyArea
from app.auth.caller import Caller
from app.balance.flows import county_flows
from app.balance.models import CountyFlow
from app.balance.read import balance_of_counties
from app.batches.codes import make_code
from app.batches.models import Label
from app.db import Database
from app.events.record import record
from app.events.state import LabelFacts
from app.events.taking import Conflict
from app.events.together import fold
from app.ids import SYSTEM, uuid7
from app.ledger.follow import catch_up, restart
from app.main import FOLLOWERS, create_app
from app.parties.models import Site
from app.reports.masses import Masses, masses_of
from app.reports.periods import parse_period
from app.reports.recovery import recovery
from app.supply.declare import declare_supply
from app.supply.follow import SUPPLY
from app.supply.schemas import SupplyLine
from tests import people
from tests import reference as ref
from tests.test_fold import histories

NOW = datetime(2025, 12, 31, 12, tzinfo=UTC)
FIELDS = [
    "area", "name", "pilot", "period", "generated_g", "collected_g", "confirmed_g",
    "recovery_rate", "target_rate", "resource_use_rate", "treatment_rate", "opening_g", "held_g",
    "in_transit_g", "treated_g", "loss_g", "prior_adjustment_g", "covered", "counties", "why",
]  # fmt: skip


FAR_POINT = "130632-P0001"
CALLERS = {
    name: Caller(uuid4(), name, name, role, area, **more)
    for name, role, area, more in (
        ("collector", "collector", ref.LUQUAN, {"site": ref.POINT}),
        ("far_collector", "collector", ref.ANXIN, {"site": FAR_POINT}),
        ("plant", "plant", ref.XINJI, {"site": ref.PLANT}),
        ("province", "province", "130000", {"department": "agriculture"}),
    )
}


class World:
    """Three counties in 2025, recorded through `record`, and the people who look at them."""

    def __init__(self, database, app):
        self.database, self.app = database, app

    async def happened(self, who, on, kind, code, mass_g=None, **fields):
        """Record one bag's step at noon of a day."""
        caller = CALLERS[who]
        batch = {"code": code} | ({"mass_g": mass_g} if mass_g else {})
        body = {
            "id": str(uuid4()), "kind": kind, "occurred_at": f"2025-{on}T12:00:00+08:00",
            "site": caller.site, "batches": [batch], **fields,
        }  # fmt: skip
        [outcome] = await record(self.database, caller, [body], now=NOW)
        assert outcome.error is None, outcome.error.problem()

    async def declared(self, county, on, units, **more):
        row = {
            "id": f"{county}-{on}-{units}", "county": county, "on": on, "units": units,
            "unit_weight_g": 10, "method": "A", **more,
        }  # fmt: skip
        await declare_supply(
            self.database,
            CALLERS["province"],
            [SupplyLine.model_validate(row)],
            now=NOW,
            new_id=lambda: uuid7(SYSTEM, NOW),
        )

    async def client(self, **who):
        return await people.signed_in(self.app, await people.make_account(self.database, **who))


async def _labels(database, site, *serials):
    codes = [make_code(site[:6], serial) for serial in serials]
    issued = datetime(2025, 1, 1, tzinfo=UTC)
    async with database.write() as session:
        session.add_all(
            Label(
                code=code, county=site[:6], kind="bag", sheet=ref.EVENT, site=site,
                scope="pesticide", issued_at=issued,
            )
            for code in codes
        )  # fmt: skip
    return codes


@pytest.fixture(scope="module")
async def world(database: Database, database_urls):
    """LUQUAN: three bags, one treated in XINJI in the second quarter; ANXIN: one, no supply."""
    await ref.load(database)
    async with database.write() as session:
        session.add(
            Site(
                code=FAR_POINT, kind="P", name="端村", county=ref.ANXIN, township="端村镇",
                lat=38.9, lon=115.9, operator=ref.SHOP, opened_on=date(2024, 1, 1),
            )
        )  # fmt: skip
    made = World(database, create_app(database_urls["app"]))
    one, two, late = await _labels(database, ref.POINT, 101, 102, 103)
    [far] = await _labels(database, FAR_POINT, 104)
    happened = made.happened
    await happened("collector", "03-10", "collect", one, 5_000)
    await happened("collector", "03-15", "collect", two, 7_000)
    await happened("far_collector", "03-16", "collect", far, 3_000)
    for code in (one, two):
        await happened(
            "collector", "03-31", "depart", code, destination=ref.PLANT, vehicle="冀A12345"
        )
    await happened("plant", "04-01", "arrive", one, 4_900)
    await happened("plant", "04-05", "dispose", one, method="resource_use", certificate="1")
    # The plant weighs a bag whose collect has not synced; then the phone sends it.
    await happened("plant", "04-02", "arrive", late, 2_000)
    await catch_up(database, FOLLOWERS)
    await happened("collector", "03-20", "collect", late, 2_100)
    await made.declared(ref.LUQUAN, "2025-03-31", 1_500)
    await made.declared(ref.LUQUAN, "2025-03-31", -100)
    await made.declared(ref.LUQUAN, "2025-05-31", 1_000)
    await made.declared(ref.XINJI, "2025-02-28", 600)
    await made.declared(ref.ANXIN, "2025-03-31", 1, method="B", unit_weight_g=None, mass_g=9_999)
    await catch_up(database, FOLLOWERS)
    return made


@pytest.fixture(scope="module")
async def province(world):
    return await world.client(role="province", area="130000")


@contextmanager
def statements(database):
    """Collect the SQL that goes over a database's connections."""
    seen = []
    listen = (database.engine.sync_engine, "before_cursor_execute")

    def note(_connection, _cursor, sql, *_rest):
        seen.append(sql)

    event.listen(*listen, note)
    try:
        yield seen
    finally:
        event.remove(*listen, note)


async def rows_of(client, **query):
    answer = await client.get("/api/v1/reports/recovery", params=query)
    assert answer.status_code == 200, answer.text
    return {row["area"]: row for row in answer.json()["rows"]}


def balanced(row):
    """Tell whether each gram is stored, moving, treated or an explained loss."""
    after = row["held_g"] + row["in_transit_g"] + row["treated_g"] + row["loss_g"]
    return row["opening_g"] + row["collected_g"] == after


def masses(row):
    names = ("opening_g", "collected_g", "held_g", "in_transit_g", "treated_g", "loss_g")
    return tuple(row[name] for name in names)


async def test_a_county_s_quarter_is_told_to_the_gram(province):
    row = (await rows_of(province, period="2025-Q1", by="county"))[ref.LUQUAN]
    assert list(row) == FIELDS
    # 5 000 and 7 000 g on a trip, 2 100 g at the point.
    assert masses(row) == (0, 14_100, 2_100, 12_000, 0, 0)
    assert (row["generated_g"], row["confirmed_g"]) == (14_000, 0)
    assert row["recovery_rate"] == pytest.approx(14_100 / 14_000)
    assert (row["target_rate"], row["resource_use_rate"]) == (0.85, 0)
    assert (row["covered"], row["counties"], row["pilot"]) == (1, 1, True)
    assert (row["name"], row["period"], row["prior_adjustment_g"]) == ("鹿泉区", "2025-Q1", 0)
    assert row["treatment_rate"] is None
    assert list(row["why"]) == ["treatment_rate"]


async def test_the_next_quarter_opens_with_what_the_last_one_held(province):
    row = (await rows_of(province, period="2025-Q2", by="county"))[ref.LUQUAN]
    assert masses(row) == (14_100, 0, 2_000, 7_000, 4_900, 200)
    assert row["confirmed_g"] == 4_900 + 2_000
    assert (row["generated_g"], row["recovery_rate"]) == (10_000, 0)
    assert row["treatment_rate"] == pytest.approx(4_900 / 5_100)
    assert row["resource_use_rate"] is None
    assert set(row["why"]) == {"resource_use_rate"}


async def test_by_place_a_plant_s_county_holds_what_others_took_back(province):
    found = await rows_of(province, period="2025-Q2", by="county", basis="place")
    luquan, xinji = found[ref.LUQUAN], found[ref.XINJI]
    assert masses(luquan) == (14_100, 0, 0, 7_000, 0, 0)
    assert masses(xinji) == (0, 0, 2_000, 0, 4_900, 200)
    assert xinji["treatment_rate"] is None
    assert "调入调出" in xinji["why"]["treatment_rate"]


async def test_the_whole_province_is_the_same_from_both_points_of_view(province):
    for period in ("2025", "2025-Q1", "2025-04", "2025-H2"):
        query = {"period": period, "by": "province"}
        assert await rows_of(province, **query, basis="origin") == await rows_of(
            province, **query, basis="place"
        )


@pytest.mark.parametrize("period", ["2025", "2025-H1", "2025-Q2", "2025-03", "2025-04", "2024"])
@pytest.mark.parametrize("by", ["province", "area", "county"])
async def test_each_gram_is_stored_moving_treated_or_lost(province, period, by):
    rows = await rows_of(province, period=period, by=by)
    assert rows
    assert all(balanced(row) for row in rows.values())


async def test_an_area_s_rate_sums_only_counties_that_have_a_denominator(province):
    [row] = (await rows_of(province, period="2025-Q1", by="province")).values()
    assert row["collected_g"] == 17_100
    assert row["generated_g"] == 20_000
    assert (row["covered"], row["counties"]) == (2, 3)
    # ANXIN's 3 000 g count among what was collected, not in the rate.
    assert row["recovery_rate"] == pytest.approx(14_100 / 20_000)
    assert (row["area"], row["name"], row["pilot"]) == ("130000", "河北省", None)


async def test_a_county_without_a_declaration_has_no_rate_and_says_why(province):
    row = (await rows_of(province, period="2025-Q1", by="county"))[ref.ANXIN]
    assert row["generated_g"] is None
    assert row["recovery_rate"] is None
    assert set(row["why"]) == {"generated_g", "recovery_rate", "treatment_rate"}
    assert row["covered"] == 0


async def test_returns_that_exceed_sales_are_no_denominator(world, province):
    await world.declared(ref.ANXIN, "2025-06-30", -50)
    await catch_up(world.database, FOLLOWERS)
    row = (await rows_of(province, period="2025-06", by="county"))[ref.ANXIN]
    assert (row["generated_g"], row["recovery_rate"], row["covered"]) == (-500, None, 0)
    assert "退货" in row["why"]["recovery_rate"]


async def test_a_target_belongs_to_its_year(province):
    [row] = (await rows_of(province, period="2026-Q1", by="province")).values()
    assert row["target_rate"] is None
    assert "2026" in row["why"]["target_rate"]


async def test_counties_report_to_the_area_of_the_period_s_last_day(province):
    then = await rows_of(province, period="2016", by="area")
    assert list(then) == ["130100", "130181", "130600"]
    now = await rows_of(province, period="2025", by="area")
    assert list(now) == ["130100", "130181", "133100"]
    assert now["133100"]["collected_g"] == 3_000


async def test_pilots_are_those_of_the_period_s_last_day(province):
    assert list(await rows_of(province, period="2023", by="county", pilot="true")) == [
        ref.LUQUAN, ref.XINJI,
    ]  # fmt: skip
    assert list(await rows_of(province, period="2025", by="county", pilot="true")) == [ref.LUQUAN]
    others = await rows_of(province, period="2025", by="county", pilot="false")
    assert list(others) == [ref.XINJI, ref.ANXIN]
    assert len(await rows_of(province, period="2025", by="county", pilot="")) == 3
    [row] = (await rows_of(province, period="2025", by="province", pilot="true")).values()
    assert (row["counties"], row["collected_g"], row["pilot"]) == (1, 14_100, True)


async def test_no_pilots_at_all_is_an_empty_report(province):
    assert await rows_of(province, period="2020", by="county", pilot="true") == {}


async def test_the_answer_says_how_and_as_of_when(world, province):
    answer = (await province.get("/api/v1/reports/recovery?period=2025")).json()
    assert {key: answer[key] for key in ("method", "period", "by", "basis", "boundaries_on")} == {
        "method": "A", "period": "2025", "by": "province", "basis": "origin",
        "boundaries_on": "2025-12-31",
    }  # fmt: skip
    assert datetime.fromisoformat(answer["as_of"]).tzinfo is not None
    before = answer["log"]["size"]
    await world.declared(ref.XINJI, "2024-01-31", 1)
    await catch_up(world.database, [SUPPLY])
    # One follower has seen the new leaf, the other has not: the report stands on what both saw.
    answer = (await province.get("/api/v1/reports/recovery?period=2025")).json()
    assert answer["log"]["size"] == before
    await catch_up(world.database, FOLLOWERS)
    answer = (await province.get("/api/v1/reports/recovery?period=2025")).json()
    assert answer["log"]["size"] == before + 1


@pytest.mark.parametrize(
    ("who", "by", "seen"),
    [
        ({"role": "county"}, "county", [ref.LUQUAN]),
        ({"role": "county"}, None, [ref.LUQUAN]),
        ({"role": "county"}, "province", None),
        ({"role": "county", "area": ref.XINJI}, "area", [ref.XINJI]),
        ({"role": "city", "area": "130100"}, None, ["130100"]),
        ({"role": "city", "area": "130100"}, "county", [ref.LUQUAN]),
        ({"role": "city", "area": "130100"}, "province", None),
        ({"role": "township"}, None, None),
        ({"role": "auditor", "area": "130000"}, None, ["130000"]),
        ({"role": "auditor", "area": "130000"}, "county", [ref.LUQUAN, ref.XINJI, ref.ANXIN]),
    ],
)
async def test_an_official_sees_what_they_reach_and_404_beyond(world, who, by, seen):
    client = await world.client(**who)
    query = {"period": "2025"} | ({"by": by} if by else {})
    for path in ("/api/v1/reports/recovery", "/api/v1/reports/recovery.csv"):
        answer = await client.get(path, params=query)
        assert answer.status_code == (404 if seen is None else 200)
    if seen is not None:
        assert list(await rows_of(client, **query)) == seen


async def test_a_part_of_an_area_is_not_shown_as_the_area(world, province):
    async with world.database.write() as session:
        session.add(
            CountyArea(
                county=ref.XINJI, area="130100", valid_from=date(2005, 1, 1),
                valid_to=date(2012, 12, 31),
            )
        )  # fmt: skip
    assert (await rows_of(province, period="2010", by="area"))["130100"]["counties"] == 2
    official = await world.client(role="county")
    path = "/api/v1/reports/recovery?period=2010&by="
    assert (await official.get(f"{path}area")).status_code == 404
    assert (await official.get(f"{path}county")).status_code == 200


async def test_site_roles_and_strangers_have_no_report(world):
    collector = await world.client(role="collector")
    assert (await collector.get("/api/v1/reports/recovery?period=2025")).status_code == 403
    stranger = people.browser(world.app)
    assert (await stranger.get("/api/v1/reports/recovery?period=2025")).status_code == 401


@pytest.mark.parametrize(
    "query",
    [
        "", "period=2025-13", "period=2025-Q5", "period=25", "period=2025&by=town",
        "period=2025&basis=somewhere", "period=2025&pilot=perhaps", "period=%00",
    ],
)  # fmt: skip
async def test_what_cannot_be_asked_is_422(province, query):
    for path in ("recovery", "recovery.csv"):
        answer = await province.get(f"/api/v1/reports/{path}?{query}")
        assert answer.status_code == 422, answer.text


async def test_the_csv_opens_in_a_spreadsheet_and_says_the_same(world, province):
    async with world.database.write() as session:
        (await session.get_one(Area, ref.XINJI)).name = "=辛集市"
    answer = await province.get("/api/v1/reports/recovery.csv?period=2025&by=area")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="recovery-2025-area-origin.csv"' in answer.headers["content-disposition"]
    assert answer.content.startswith("\ufeff".encode())
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    shown = (await rows_of(province, period="2025", by="area"))["130100"]
    assert [line["名称"] for line in lines] == ["石家庄市", "'=辛集市", "雄安新区"]
    assert int(lines[0]["回收量（克）"]) == shown["collected_g"]
    assert float(lines[0]["回收率"]) == shown["recovery_rate"]
    assert lines[2]["回收率"] == ""
    assert "本期没有处理" in lines[2]["说明"]
    async with world.database.write() as session:
        (await session.get_one(Area, ref.XINJI)).name = "辛集市"


async def test_a_report_costs_the_same_queries_however_many_counties(world):
    caller = CALLERS["province"]
    costs = set()
    for by in ("province", "area", "county"):
        for period in ("2025", "2025-03"):
            with statements(world.database) as seen:
                async with world.database.read() as session:
                    await recovery(session, caller, parse_period(period), by=by, now=NOW)
            costs.add(len([sql for sql in seen if sql.lstrip().startswith("SELECT")]))
            assert not any("posting" in sql or "FROM event" in sql for sql in seen)
    # areas, counties, masses, supply, targets, two cursors
    assert costs == {7}


async def effects(database):
    """Return every sum that followers keep, zeros left out."""
    async with database.read() as session:
        return {
            (table.__tablename__, *key): sums
            for follower in FOLLOWERS
            for table in follower.tables
            for row in await session.execute(select(table.__table__))
            for key, sums in [_split(tuple(row), len(table.__table__.primary_key))]
            if any(sums)
        }


def _split(row, width):
    return row[:width], row[width:]


async def test_followers_restarted_end_where_they_were(world, province):
    before, shown = await effects(world.database), await rows_of(province, period="2025", by="area")
    assert before
    for follower in FOLLOWERS:
        await restart(world.database, follower)
    assert await effects(world.database) == {}
    await catch_up(world.database, FOLLOWERS)
    assert await effects(world.database) == before
    assert await rows_of(province, period="2025", by="area") == shown


async def test_a_report_agrees_with_the_balance_of_the_same_days(world, province):
    for by in ("area", "county"):
        for code, row in (await rows_of(province, period="2025-Q2", by=by, basis="place")).items():
            answer = await province.get(
                f"/api/v1/balance?area={code}&from=2025-04-01&to=2025-06-30"
            )
            balance = answer.json()
            assert balance["opening_g"] == row["opening_g"]
            assert balance["closing_g"] == row["held_g"] + row["in_transit_g"]


COUNTIES = ["130110", "130121", "130182"]
"""Those of the sites in tests/test_fold.py."""
DAY = date(2025, 6, 20)


@st.composite
def standing_transfers(draw):
    """What stands of a few bags over months; of some of their steps nobody has told yet."""
    transfers = []
    for _ in range(draw(st.integers(1, 4))):
        day, story = DAY, []
        for step in draw(histories()):
            day += timedelta(days=draw(st.integers(0, 40)))
            story.append(replace(step, occurred_on=day))
        told = draw(st.lists(st.sampled_from(story), unique=True, min_size=1))
        folded = fold(LabelFacts(draw(st.sampled_from(COUNTIES))), told)
        if not isinstance(folded, Conflict):
            transfers += folded.transfers
    return transfers


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(transfers=standing_transfers())
async def test_whatever_happens_the_figures_balance_from_both_points_of_view(world, transfers):
    periods = [parse_period(f"2025-Q{quarter}") for quarter in (2, 3, 4)]
    names = [column.name for column in CountyFlow.__table__.primary_key]
    async with world.database.write() as session:
        await session.execute(delete(CountyFlow))
        for key, mass_g in county_flows(transfers).items():
            session.add(CountyFlow(**dict(zip(names, key, strict=True)), mass_g=mass_g))
    async with world.database.read() as session:
        closing = {}
        for period in periods:
            by_origin = await masses_of(session, COUNTIES, period, "origin")
            by_place = await masses_of(session, COUNTIES, period, "place")
            assert Masses.total(by_origin.values()) == Masses.total(by_place.values())
            for county, masses in by_origin.items():
                assert masses.balanced
                assert masses.opening_g == closing.get(county, 0)
                assert min(masses.held_g, masses.in_transit_g, masses.treated_g) >= 0
            closing = {county: masses.closing_g for county, masses in by_origin.items()}
            for county, masses in by_place.items():
                balance = await balance_of_counties(
                    session, frozenset({county}), period.first, period.last
                )
                assert (balance.opening_g, balance.closing_g) == (
                    masses.opening_g, masses.closing_g,
                )  # fmt: skip
