"""The working-day calendar: the notices as data, terms counted by it, and what a province adds."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.workdays.calendar import Calendar, add_workdays, begun_before, workdays_left
from app.workdays.read import noticed
from tests.world import make_world

DAYS = {day.day: day for days in noticed().values() for day in days}
KNOWN = Calendar({day: one.kind == "work" for day, one in DAYS.items()}, frozenset(noticed()))
ANY_DAY = st.dates(date(2020, 1, 1), date(2028, 12, 31))
TERMS = st.integers(0, 40)


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


def test_a_term_skips_the_spring_festival_and_counts_its_make_up_days():
    # 2026: off 15 to 23 February; Saturdays 14 and 28 are worked.
    assert add_workdays(date(2026, 2, 13), 1, KNOWN).on == date(2026, 2, 14)
    assert add_workdays(date(2026, 2, 13), 2, KNOWN).on == date(2026, 2, 24)
    assert add_workdays(date(2026, 2, 27), 1, KNOWN).on == date(2026, 2, 28)


def test_the_holiday_that_was_prolonged_in_2020_is_known_with_its_own_document():
    assert not KNOWN.is_workday(date(2020, 2, 1))
    assert "〔2020〕1号" in DAYS[date(2020, 2, 1)].source


@pytest.mark.parametrize(("year", "workdays"), [(2023, 249), (2024, 251), (2025, 248), (2026, 248)])
def test_a_year_has_as_many_working_days_as_its_notice_leaves(year, workdays):
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
    assert sum(KNOWN.is_workday(day) for day in days if day.year == year) == workdays


def test_holidays_are_weekends_or_weekdays_but_make_up_days_are_always_weekends():
    assert all(one.day.weekday() >= 5 for one in DAYS.values() if one.kind == "work")
    assert all(one.source.startswith("国办发明电") for one in DAYS.values())


def test_a_year_without_data_counts_monday_to_friday_and_says_so():
    due = add_workdays(date(2027, 1, 1), 5, KNOWN)  # a Friday
    assert (due.on, due.assumed) == (date(2027, 1, 8), True)
    assert not add_workdays(date(2026, 6, 1), 5, KNOWN).assumed
    assert add_workdays(date(2026, 12, 30), 3, KNOWN).assumed


@given(ANY_DAY, TERMS)
def test_the_last_day_of_a_term_is_worked_and_the_term_has_its_length(start, n):
    due = add_workdays(start, n, KNOWN).on
    between = [start + timedelta(days=d) for d in range(1, (due - start).days + 1)]
    assert sum(map(KNOWN.is_workday, between)) == n
    assert n == 0 or KNOWN.is_workday(due)
    assert workdays_left(start, due, KNOWN) == n


@given(ANY_DAY, ANY_DAY, TERMS)
def test_a_query_finds_just_the_terms_that_are_over(start, today, n):
    over = add_workdays(start, n, KNOWN).on < today
    assert (start < begun_before(today, n, KNOWN)) == over


async def test_a_province_enters_a_new_year_and_it_is_assumed_no_longer(world):
    path = "/api/v1/workdays"
    before = (await world.client(None).get(path, params={"year": 2027})).json()
    assert (before["assumed"], before["items"]) == (True, [])
    body = {
        "year": 2027,
        "source": "国办发明电〔2026〕9号",
        "days": [{"day": "2027-01-01", "kind": "off", "name": "元旦"}],
    }
    answer = await world.client("province").post(path, json=body)
    assert answer.status_code == 201, answer.text
    after = (await world.client(None).get(path, params={"year": 2027})).json()
    assert after["assumed"] is False
    assert after["items"][0]["source"] == "国办发明电〔2026〕9号"


async def test_a_single_day_is_added_over_a_notice_and_the_last_word_holds(world):
    path = "/api/v1/workdays"
    for kind in ("off", "work", "off"):
        days = [{"day": "2026-08-03", "kind": kind, "name": "防汛"}]
        body = {"source": "冀政办传〔2026〕3号", "days": days}
        assert (await world.client("province").post(path, json=body)).status_code == 201
    shown = (await world.client(None).get(path, params={"year": 2026})).json()
    assert [d["kind"] for d in shown["items"] if d["day"] == "2026-08-03"] == ["off"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"source": "x", "days": []}, "/days"),
        ({"source": "x", "days": [{"day": "2027-1-1", "kind": "off", "name": "x"}]}, "/days/0/day"),
        ({"source": "x", "days": [{"day": "2027-01-01", "kind": "maybe", "name": "x"}]}, "/days/0/kind"),
        ({"source": "x", "days": [{"day": "2027-01-01", "kind": "off", "name": "x"}] * 2}, "/days"),
        ({"source": "x", "year": 2028, "days": [{"day": "2027-01-01", "kind": "off", "name": "x"}]}, "/days"),
    ],
)  # fmt: skip
async def test_days_that_do_not_fit_are_refused_at_their_place(world, body, pointer):
    answer = await world.client("province").post("/api/v1/workdays", json=body)
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
