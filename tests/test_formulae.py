"""Formulae, periods and cells of the recovery report: pure."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.csv_cells import cell_of
from app.errors import InvalidQuery
from app.reports.formulae import (
    Target,
    recovery_rate,
    resource_use_rate,
    target_rate,
    treatment_rate,
)
from app.reports.masses import Masses
from app.reports.periods import parse_period

TONNE = 1_000_000
grams = st.integers(0, 10**12)
TARGETS = {
    2025: Target(0.85, "冀发改环资〔2021〕1793号"),
    2027: Target(0.905, "冀发改环资〔2026〕7号"),
}


def test_a_county_that_treats_last_years_bags_does_not_treat_131_percent():
    # The published case: 103.4 t treated against 79 t recovered; 24.4 t were in stock before.
    treated, recovered, opening = 103_400_000, 79 * TONNE, 24_400_000
    assert treated / recovered > 1.3
    assert treatment_rate(treated, opening, recovered, closing_g=0).value == 1.0


def test_what_left_the_stock_without_treatment_lowers_the_treatment_rate():
    assert treatment_rate(70, 50, 100, closing_g=50).value == pytest.approx(0.7)


@given(grams, grams, grams, grams)
def test_treatment_never_exceeds_what_left_where_loss_is_not_negative(
    treated, loss, opening, closing
):
    collected = treated + loss + closing - opening
    rate = treatment_rate(treated, opening, collected, closing)
    assert rate.value is None if treated + loss == 0 else 0 <= rate.value <= 1


def test_the_recovery_rate_is_not_capped():
    assert recovery_rate(164, 100).value == 1.64


def test_reuse_of_an_earlier_periods_stock_may_exceed_what_was_recovered():
    assert resource_use_rate(150, 100).value == 1.5


@pytest.mark.parametrize(
    "rate",
    [
        recovery_rate(5, None),
        recovery_rate(5, 0),
        recovery_rate(5, -3),
        resource_use_rate(5, 0),
        treatment_rate(0, 7, 0, 7),
        treatment_rate(0, 7, 0, 9),
        target_rate(2024, TARGETS),
        target_rate(2026, TARGETS),
        target_rate(2025, {}),
    ],
)
def test_a_rate_without_a_denominator_is_null_and_says_why(rate):
    assert rate.value is None
    assert rate.why


def test_a_target_belongs_to_its_year_and_the_others_are_told_with_their_document():
    assert target_rate(2025, TARGETS) == (0.85, None)
    assert target_rate(2027, TARGETS) == (0.905, None)
    assert target_rate(2026, TARGETS).why == (
        "2026 年没有设定目标；冀发改环资〔2021〕1793号的 85% 属于 2025 年；"
        "冀发改环资〔2026〕7号的 90.5% 属于 2027 年"
    )
    assert target_rate(2026, {}).why == "2026 年没有设定目标"


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2025", date(2025, 1, 1), date(2025, 12, 31)),
        ("2025-H1", date(2025, 1, 1), date(2025, 6, 30)),
        ("2025-H2", date(2025, 7, 1), date(2025, 12, 31)),
        ("2025-Q3", date(2025, 7, 1), date(2025, 9, 30)),
        ("2025-Q4", date(2025, 10, 1), date(2025, 12, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2025-12", date(2025, 12, 1), date(2025, 12, 31)),
    ],
)
def test_a_period_is_read_as_its_first_and_last_day(text, first, last):
    period = parse_period(text)
    assert (period.text, period.first, period.last, period.year) == (text, first, last, first.year)


@pytest.mark.parametrize(
    "text",
    [
        "", "25", "2025-", "2025-0", "2025-9", "2025-13", "2025-00", "2025-H3", "2025-Q0", "2025-q3",
        "2025-Q5", "2025-H1-01", "2025-09-01", "1999", "2100", "２０２５", "2025\n", " 2025", "0000",
    ],
)  # fmt: skip
def test_anything_else_is_no_period(text):
    with pytest.raises(InvalidQuery):
        parse_period(text)


def test_masses_add_up_field_by_field():
    one, two = Masses(opening_g=1, loss_g=-2), Masses(opening_g=10, held_g=5)
    assert Masses.total([one, two]) == Masses(opening_g=11, held_g=5, loss_g=-2)
    assert Masses.total([]) == Masses()


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_text_that_looks_like_a_formula_stays_text_in_a_spreadsheet(text):
    assert cell_of(text) == f"'{text}"


def test_numbers_stay_numbers_and_nothing_is_empty():
    assert [cell_of(v) for v in (-5, 0.5, None, True, False, "鹿泉区")] == [
        -5, 0.5, "", "是", "否", "鹿泉区",
    ]  # fmt: skip
