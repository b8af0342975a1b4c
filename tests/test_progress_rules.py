"""How far a target is: compared as its meaning says, never guessed, whatever order things come in."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.progress.assess import STATE_NAMES, Goal, Point, assess
from app.progress.filled import fill
from app.progress.overview import card
from app.progress.wording import aim, due, plain, reached

RATE = Goal(
    meaning="at_least", bound=Decimal(85), high=None, unit="%", base_year=None, due=2025,
    due_printed=True, responsible="省农业农村厅",
)  # fmt: skip
REDUCTION = replace(RATE, meaning="reduce_by", bound=Decimal(1200), unit="吨", base_year=2020)
RANGE = replace(
    RATE, meaning="range", bound=Decimal(10), high=Decimal(20), unit="个", due_printed=False
)
WORDS = replace(RATE, meaning=None, bound=None, unit=None)
GOALS = [RATE, replace(RATE, meaning="reach"), REDUCTION, RANGE, WORDS]

amounts = st.decimals(0, 10_000, places=3)
points = st.lists(
    st.builds(Point, st.integers(2018, 2027), amounts, st.just("公报")),
    max_size=8, unique_by=lambda point: point.year,
)  # fmt: skip
goals = st.sampled_from(GOALS)


def at(year: int, value: str) -> Point:
    return Point(year, Decimal(value), f"{year} 年统计公报")


@given(goals, points, st.integers(2018, 2030), st.randoms())
def test_the_order_in_which_values_came_does_not_matter(goal, known, on_year, rng):
    mixed = known.copy()
    rng.shuffle(mixed)
    assert assess(goal, known, on_year=on_year) == assess(goal, mixed, on_year=on_year)


@given(goals, points, st.integers(2018, 2030))
def test_a_value_that_is_told_was_entered_and_its_state_follows_from_it(goal, known, on_year):
    judged = assess(goal, known, on_year=on_year)
    assert judged.state in STATE_NAMES
    assert (judged.value is None) == (judged.why is not None)
    assert [one.year for one in judged.trend] == sorted(p.year for p in known if p.year <= on_year)
    if judged.value is None:
        assert judged.state == ("unquantified" if goal.meaning is None else "no_data")
        assert judged.gap is judged.share is None
        return
    used = {p.year: p.value for p in known if p.year <= on_year}
    if goal.meaning == "reduce_by":
        assert judged.value == used[2020] - used[judged.year]
        assert judged.baseline.value == used[2020]
        assert judged.year > 2020
    else:
        assert judged.value == used[judged.year]
    if goal.bound is None:
        assert judged.state == "unquantified"
        assert judged.gap is None
        return
    assert (judged.state == "reached") == (judged.value >= goal.bound) == (judged.gap == 0)
    if judged.state != "reached":
        assert judged.state == ("behind" if on_year > goal.due else "underway")
        assert judged.gap == goal.bound - judged.value


@given(goals, points, st.integers(2018, 2030))
def test_the_target_year_counts_before_later_and_earlier_years(goal, known, on_year):
    judged = assess(goal, known, on_year=on_year)
    years = [p.year for p in known if p.year <= on_year and p.year > (goal.base_year or 0)]
    if judged.value is not None:
        assert judged.year == (goal.due if goal.due in years else max(years))
    listed = assess(goal, known, on_year=on_year, standing=True)
    if listed.value is not None:
        assert listed.year == max(years)


@given(points.filter(lambda known: all(p.year != 2020 for p in known)))
def test_without_a_baseline_no_reduction_is_told(known):
    judged = assess(REDUCTION, known, on_year=2026)
    assert judged.state == "no_data"
    assert judged.value is judged.baseline is None
    assert judged.why == "2020 年基数缺少，待省农业农村厅填报并注明出处"
    assert all(one.value is None for one in judged.trend)


@given(goals, points, amounts)
def test_more_never_takes_a_goal_away(goal, known, more):
    if goal.meaning == "reduce_by":
        return
    raised = [replace(p, value=p.value + more) for p in known]
    if assess(goal, known, on_year=2026).state == "reached":
        assert assess(goal, raised, on_year=2026).state == "reached"


@pytest.mark.parametrize(
    ("goal", "known", "on_year", "state", "gap"),
    [
        (RATE, [at(2025, "85")], 2025, "reached", 0),
        (RATE, [at(2025, "84.99")], 2025, "underway", Decimal("0.01")),
        (RATE, [at(2025, "84.99"), at(2026, "90")], 2026, "behind", Decimal("0.01")),
        (REDUCTION, [at(2020, "60000"), at(2025, "58800")], 2026, "reached", 0),
        (REDUCTION, [at(2020, "60000"), at(2025, "58800.5")], 2026, "behind", Decimal("0.5")),
        (REDUCTION, [at(2020, "60000"), at(2025, "61000")], 2026, "behind", 2200),
        (RANGE, [at(2024, "10")], 2026, "reached", 0),
        (RANGE, [at(2024, "9")], 2026, "behind", 1),
    ],
)
def test_a_goal_is_reached_from_its_bound_on(goal, known, on_year, state, gap):
    judged = assess(goal, known, on_year=on_year)
    assert (judged.state, judged.gap) == (state, gap)


def test_what_must_be_read_with_a_value_is_told():
    assert assess(RATE, [at(2024, "86")], on_year=2026).notes == [
        "2025 年没有数据，这是 2024 年的数字"
    ]
    assert assess(RATE, [at(2024, "86")], on_year=2024).notes == []
    assert assess(RANGE, [at(2025, "21")], on_year=2026).notes == [
        "文件没有印出目标年份，按方案期末 2025 年衡量",
        "高于印出的上限 20个",
    ]


def test_who_is_to_enter_what_is_missing_is_told():
    assert assess(RATE, [], on_year=2026).why == "还没有数据，待省农业农村厅填报并注明出处"
    assert assess(REDUCTION, [at(2020, "1")], on_year=2026).why == (
        "只有 2020 年基数，以后各年的数据待省农业农村厅填报并注明出处"
    )
    nobody = replace(WORDS, responsible="")
    assert assess(nobody, [], on_year=2026).why == "还没有进展说明，方案没有印出由谁负责"


ROW = {
    "quantified": True, "value": 85, "low": None, "high": None, "unit": "%", "comparator": "以上",
    "meaning": "at_least", "base_year": None, "target_year": 2025,
    "period": {"from": 2021, "to": 2025},
    "actual": {
        "value": 81.25, "unit": "%", "amount": None, "baseline": None, "share": 81.25 / 85, "gap": 3.75, "industries": None,
        "trend": [{"year": 2023, "value": 70}, {"year": 2025, "value": 81.25}],
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        ({}, "85%以上"),
        ({"comparator": "达到"}, "达到85%"),
        ({"comparator": None, "unit": "项", "value": 60}, "60项"),
        (
            {"comparator": "分别减少", "meaning": "reduce_by", "base_year": 2020, "value": 1200, "unit": "吨"},
            "较2020年减少1200吨",
        ),
        ({"comparator": "至少", "value": None, "low": 3, "high": 5, "unit": "家"}, "至少3-5家"),
        ({"quantified": False}, "未量化"),
    ],
)  # fmt: skip
def test_a_target_is_said_as_it_is_printed(printed, words):
    assert aim(ROW | printed) == words


def test_a_card_has_words_a_bar_and_a_line_of_years():
    shown = card(ROW)
    assert (shown["aim"], shown["due"], shown["reached"]) == ("85%以上", "2025 年", "81.25%")
    assert shown["missing"] == "还差 3.75 个百分点"
    assert shown["bar"] == {"part": pytest.approx(0.8125), "mark": 0.85}
    assert shown["line"]["points"] == "4.0,28.0 116.0,4.0"
    assert shown["trend"] == "2023 年 70% → 2025 年 81.25%"


def test_the_line_of_a_reduction_is_of_what_was_used_and_a_running_year_is_said_so():
    trend = [
        {"year": 2020, "value": 0, "amount": 600},
        {"year": 2024, "value": 100, "amount": 500, "partial": True},
    ]
    used = ROW["actual"] | {"trend": trend, "unit": "吨"}
    shown = card(ROW | {"meaning": "reduce_by", "base_year": 2020, "actual": used})
    assert shown["trend"] == "2020 年 600 吨 → 2024 年至今 500 吨"
    assert shown["line"]["points"] == "4.0,4.0 116.0,28.0"
    assert [one["amount"] for one in shown["years"]] == ["500 吨", "600 吨"]


def test_a_share_just_short_of_its_target_is_not_rounded_up_to_it():
    short = ROW["actual"] | {"value": 84.999, "gap": 0.001}
    shown = card(ROW | {"actual": short})
    assert (shown["reached"], shown["missing"]) == ("84.99%", "还差 0.01 个百分点")


def test_what_is_not_known_has_no_bar_and_what_never_changed_no_line():
    nothing = {"value": None, "share": None, "gap": None, "trend": []}
    shown = card(ROW | {"target_year": None, "actual": ROW["actual"] | nothing})
    assert (shown["reached"], shown["missing"], shown["trend"]) == ("", "", "")
    assert shown["bar"] is shown["line"] is None
    assert due(shown) == "未印年份（方案期 2021—2025 年）"
    level = [{"year": 2024, "value": 5}, {"year": 2025, "value": 5}]
    flat = card(ROW | {"actual": ROW["actual"] | {"trend": level}})
    assert flat["line"] is None


def test_an_increase_is_said_so_and_its_bar_is_empty():
    grown = ROW["actual"] | {"trend": [], "value": -500, "share": -0.4, "unit": "吨", "gap": 1700}
    row = ROW | {"meaning": "reduce_by", "unit": "吨", "value": 1200, "actual": grown}
    assert reached(row) == "增加 500 吨"
    assert card(row)["bar"]["part"] == 0
    assert card(row)["missing"] == "还差 1700 吨"


@pytest.mark.parametrize(("value", "words"), [(1340, "1340"), (0.2, "0.2"), (1e-7, "0.0000001")])
def test_numbers_are_written_plainly(value, words):
    assert plain(value) == words


def test_a_form_is_read_as_it_was_typed():
    typed = {"year": "２０２４ 年", "value": "85", "unit": "%", "source": " 公报 "}
    filled = fill(typed)
    assert filled.body() == {
        "year": 2024, "number": None, "unit": "%", "value": "85", "source": "公报",
    }  # fmt: skip
    assert filled.values["year"] == "２０２４ 年"
    assert fill({**typed, "withdraw": "1"}).body()["value"] is None
    assert fill({"year": "去年"}).body() is None
    assert "value" not in fill({"year": "2024", "note": "已建立"}).body()


def test_the_number_that_was_seen_counts_for_its_year_alone():
    seen = {"year": "2024", "unit": "%", "value": "85", "number": "2", "seen_year": "2024"}
    assert fill(seen).body()["number"] == 2
    assert fill({**seen, "year": "2023"}).body()["number"] is None
