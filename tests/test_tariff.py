"""What a hand-in is worth, and which return of a unit is paid: whole fen, on any phone the same."""

import json
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.balance.postings import Transfer
from app.money.deposits import Returned, Sold, refunds
from app.money.masses import Tonnes, tonnes
from app.tariffs.tariff import Tariff, of_grams, offer, payable, rate

VECTORS = json.loads(Path(__file__).with_name("tariff_vectors.json").read_text(encoding="utf-8"))
DAY = date(2026, 5, 1)
FEW = settings(max_examples=60, deadline=None)


def tariff_of(row):
    ends = row["valid_to"] and date.fromisoformat(row["valid_to"])
    begins = date.fromisoformat(row["valid_from"])
    return Tariff(**row | {"county": "130110", "valid_from": begins, "valid_to": ends})


TARIFFS = [tariff_of(row) for row in VECTORS["tariffs"]]


@pytest.mark.parametrize("case", VECTORS["offers"], ids=lambda case: case["why"])
def test_a_hand_in_is_worth_what_the_vectors_say(case):
    on = date.fromisoformat(case["on"])
    found = offer(TARIFFS, on, case["contents"], case["mass_g"], case["basis"])
    assert (found.fen, found.basis, list(found.each)) == (case["fen"], case["by"], case["each"])


@pytest.mark.parametrize("case", VECTORS["grams"])
def test_grams_are_worth_what_the_vectors_say(case):
    assert of_grams(case["fen"], case["per"], case["mass_g"]) == case["worth"]


@FEW
@given(
    fen=st.integers(0, 10**8),
    mass_g=st.integers(-(10**8), 10**8),
    per=st.sampled_from(["kg", "tonne"]),
)
def test_rounding_is_off_by_half_a_fen_at_most_and_the_same_both_ways(fen, mass_g, per):
    unit = {"kg": 1_000, "tonne": 1_000_000}[per]
    worth = of_grams(fen, per, mass_g)
    assert abs(worth - Fraction(fen * mass_g, unit)) <= Fraction(1, 2)
    assert of_grams(fen, per, -mass_g) == -worth  # fmt: skip


SORTS = st.tuples(
    *(
        st.sampled_from(words)
        for words in (["pet", "pe"], ["bottle", "bag"], ["lt200ml", "ge200ml"])
    )
)
NARROWED = st.tuples(*(st.sampled_from(words) for words in (["", "pet", "pe"], ["", "bottle", "bag"], ["", "lt200ml", "ge200ml"])))  # fmt: skip
ROWS = st.lists(
    st.builds(
        lambda sort, start, length, fen: Tariff(
            "130110", "buyback", "shop", "piece", *sort, DAY + timedelta(start),
            None if length is None else DAY + timedelta(start + length), fen,
        ),
        NARROWED, st.integers(-3, 3), st.none() | st.integers(0, 4), st.integers(0, 50),
    ),
    max_size=8,
    unique_by=lambda one: (one.material, one.form, one.size, one.valid_from),
)  # fmt: skip


@FEW
@given(rows=ROWS, sort=SORTS, order=st.randoms(use_true_random=False))
def test_what_is_paid_hangs_on_no_order_and_on_rows_that_hold_and_fit_alone(rows, sort, order):
    asked = {"scheme": "buyback", "payee": "shop", "per": "piece", "sort": sort}
    found = rate(rows, DAY, **asked)
    shuffled = order.sample(rows, len(rows))
    fitting = [one for one in rows if one.holds(DAY) and one.fits(*sort)]
    assert rate(shuffled, DAY, **asked) == rate(fitting, DAY, **asked) == found
    assert (found is None) == (not fitting)
    assert rate([replace(one, scheme="deposit") for one in rows], DAY, **asked) is None


@FEW
@given(rows=ROWS, lines=st.lists(st.tuples(SORTS, st.integers(1, 500)), max_size=5))
def test_a_hand_in_in_two_parts_is_worth_the_same(rows, lines):
    contents = [
        {**dict(zip(("material", "form", "size"), sort, strict=True)), "pieces": pieces}
        for sort, pieces in lines
    ]
    whole = offer(rows, DAY, contents).fen
    assert whole == sum(offer(rows, DAY, [line]).fen for line in contents)
    for paid in (None, 0, whole - 1, whole, whole + 1):
        assert payable(whole, paid) == min(whole, paid or 0)


SALES = st.lists(st.tuples(st.integers(-3, 3), st.integers(1, 300)), max_size=3)


@FEW
@given(
    sales=SALES,
    days=st.lists(st.integers(-3, 3), max_size=5),
    order=st.randoms(use_true_random=False),
)
def test_a_deposit_is_given_back_once_whatever_the_order(sales, days, order):
    sold = [
        Sold(f"s{n}", DAY + timedelta(day), fen, order.randint(0, 99))
        for n, (day, fen) in enumerate(sales)
    ]
    back = [
        Returned(f"r{n}", DAY + timedelta(day), order.randint(0, 99)) for n, day in enumerate(days)
    ]
    found = refunds(sold, back)
    assert found == refunds(order.sample(sold, len(sold)), order.sample(back, len(back)))
    paid = [event for event, refund in found.items() if refund.fen]
    first = min(sold, key=lambda one: (one.leaf_index, one.event), default=None)
    could = [one for one in back if first and one.occurred_on >= first.occurred_on]
    assert len(paid) == (1 if could else 0)
    if paid:
        assert found[paid[0]].fen == first.fen
        assert paid[0] == min(could, key=lambda one: (one.leaf_index, one.event)).event
    assert all((refund.why is None) == (refund.fen > 0) for refund in found.values())  # fmt: skip


def moved(source, target, mass_g, origin="130110/pesticide", about="e"):
    return Transfer(about, origin, source, target, "130110", mass_g, DAY)


HERE, THERE, TRIP = "site/130110-P0001", "site/130110-S0001", "transit/t1"


def test_tonnes_are_whose_they_are_and_of_pesticide_alone():
    def whose(kind, payee, site):
        return Tonnes("e", "130110", kind, payee, site), DAY

    carriers = {"t1": "H", "t2": None}
    assert tonnes([moved("field", HERE, 70), moved(HERE, "field", 20)], carriers) == {
        whose("shop", "130110-P0001", "130110-P0001"): 50
    }
    assert tonnes([moved("field", THERE, 70)], carriers) == {}, "a station is no shop"
    assert tonnes([moved("field", HERE, 70, "130110/film")], carriers) == {}
    for booked in (
        [moved(TRIP, THERE, 100), moved(THERE, "difference", 5)],
        [moved(TRIP, THERE, 95), moved(TRIP, "difference", 5)],
    ):
        found = tonnes(booked, carriers)
        assert found == {whose("hauler", "H", "130110-S0001"): 95}, "as the receiver's scale said"
    assert tonnes([moved("transit/t2", THERE, 100)], carriers) == {}
    assert tonnes([moved(HERE, TRIP, 100)], carriers) == {}, "loaded, not delivered"
    assert tonnes([moved("site/130181-R0001", "treated/resource_use", 9)], carriers) == {
        whose("plant", "130181-R0001", "130181-R0001"): 9
    }
