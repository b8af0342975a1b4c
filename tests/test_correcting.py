"""An event as a form to correct it, and back: what was left alone stays to the letter."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events.as_typed import Blank
from app.events.correcting import as_recorded, replaced

AT = {"id": "1", "site": "130110-S0001", "occurred_at": "2026-05-01T01:02:03.000000Z"}
POSITION = {"lat": 38.1, "lon": 114.3, "accuracy_m": 12.0}
LINE = {
    "material": "pet", "form": "bottle", "size": "lt200ml", "pieces": 30, "rinse": "fail",
    "scope": "veterinary",
}  # fmt: skip
EVENTS = [
    {
        "kind": "hand_in", "batches": [{"code": "X"}], "contents": [LINE, LINE | {"pieces": 2}],
        "payment": {"fen": 305, "basis": "points"}, "giver": {"kind": "farmer", "name": "张三"},
        "position": POSITION, "unit_codes": ["1"],
    },
    {"kind": "collect", "batches": [{"code": "X", "gross_g": 6_300, "tare_g": 100}]},
    {"kind": "store", "batches": [{"code": "X", "mass_g": 5_000, "mass_source": "declared"}, {"code": "Y"}]},
    {"kind": "store", "batches": [{"code": "X"}, {"code": "Y"}], "group_mass_g": 13_000},
    {
        "kind": "pack", "container": "BOX", "batches": [{"code": "X"}],
        "weighed": {"container": "BOX", "gross_g": 20_000},
    },
    {"kind": "unpack", "container": "BOX", "batches": [{"code": "X", "mass_g": 5_001}]},
    {"kind": "stock_count", "batches": [{"code": "BOX", "gross_g": 25_000, "tare_g": 5_000}], "reason": "月末"},
    {"kind": "write_off", "batches": [{"code": "X"}], "reason": "烧毁"},
    {
        "kind": "depart", "batches": [{"code": "X"}], "destination": "130110-R0001", "vehicle": "冀A12345",
        "trip": "ZY202605011301100001", "driver": "李四", "device": {"id": "p", "seq": 3},
    },
    {
        "kind": "arrive", "batches": [{"code": "X", "mass_g": 4_900}, {"code": "Y"}],
        "exceptions": [
            {"code": "Y", "outcome": "damaged", "reason": "撕裂"},
            {"code": "Z", "outcome": "missing", "reason": "没有"},
        ],
    },
    {"kind": "dispose", "batches": [{"code": "X"}], "method": "incinerate", "certificate": "1 号"},
    {
        "kind": "repack", "mode": "sort",
        "inputs": [{"code": "X", "mass_g": 7_000, "mass_source": "carried"}],
        "outputs": [{"code": "Y", "mass_g": 6_500, "material": "pet"}, {"code": "Z", "mass_g": 300}],
        "removed": [{"reason": "leak", "mass_g": 50}, {"reason": "leak", "mass_g": 150}],
    },
]  # fmt: skip


def event(kind, n=0):
    return {**AT, **[one for one in EVENTS if one["kind"] == kind][n]}


def corrected(body, **changed):
    return replaced(body, Blank(as_recorded(body) | changed))


@pytest.mark.parametrize("body", EVENTS, ids=lambda body: body["kind"])
def test_a_form_left_alone_replaces_an_event_by_itself(body):
    before = {**AT, **deepcopy(body)}
    form = corrected(before)
    assert not form.errors
    assert form.body == {key: value for key, value in before.items() if key != "id"}
    assert before == {**AT, **body}


@given(st.integers(1, 2_000_000), st.integers(1, 2_000_000))
def test_a_weight_is_shown_and_read_back_to_the_gram(grams, other):
    body = {**event("store"), "batches": [{"code": "X", "mass_g": grams}]}
    assert corrected(body).body["batches"] == body["batches"]
    kilograms = f"{other / 1000:.3f}"
    form = corrected(body, **{"mass_kg-X": kilograms})
    assert form.body["batches"] == [{"code": "X", "mass_g": other}]


def test_zeros_and_full_width_digits_change_nothing():
    body = event("store")
    assert corrected(body, **{"mass_kg-X": "５.000"}).body["batches"] == body["batches"]


def test_a_weight_typed_anew_was_weighed():
    form = corrected(event("store"), **{"mass_kg-X": "5.1"})
    assert form.body["batches"] == [{"code": "X", "mass_g": 5_100}, {"code": "Y"}]
    form = corrected(event("store"), **{"mass_kg-X": "", "mass_kg-Y": "2"})
    assert form.body["batches"] == [{"code": "X"}, {"code": "Y", "mass_g": 2_000}]


def test_gross_and_tare_stay_gross_and_tare():
    form = corrected(event("collect"), **{"gross_kg-X": "6.5"})
    assert form.body["batches"] == [{"code": "X", "gross_g": 6_500, "tare_g": 100}]
    wrong = corrected(event("collect"), **{"gross_kg-X": "0.1"})
    assert wrong.errors["gross_kg-X"] == "毛重应大于皮重"
    assert corrected(event("collect"), **{"gross_kg-X": "六"}).errors["gross_kg-X"]


def test_another_container_is_also_the_one_on_the_scale():
    form = corrected(event("pack"), container="CAGE")
    assert form.body["container"] == "CAGE"
    assert form.body["weighed"] == {"container": "CAGE", "gross_g": 20_000}
    form = corrected(event("pack"), gross_kg="")
    assert "weighed" not in form.body
    form = corrected(event("unpack"), gross_kg="12", tare_kg="2")
    assert form.body["weighed"] == {"container": "BOX", "gross_g": 12_000, "tare_g": 2_000}


def test_pieces_keep_their_rinse_grade_and_scope():
    form = corrected(event("hand_in"), **{"line-0-pieces": "31", "line-1-pieces": "0"})
    assert form.body["contents"] == [LINE | {"pieces": 31}]
    assert form.body["giver"] == {"kind": "farmer", "name": "张三"}
    added = {"material": "foil", "form": "bag", "size": "lt50g"}
    new = {f"line-2-{part}": value for part, value in added.items()} | {"line-2-pieces": "4"}
    assert corrected(event("hand_in"), **new).body["contents"][2] == {**added, "pieces": 4}
    none = corrected(event("hand_in"), **{"line-0-pieces": "", "line-1-pieces": ""})
    assert none.errors["contents"]
    wrong = corrected(event("hand_in"), **{"line-0-pieces": "三"})
    assert list(wrong.errors) == ["line-0-pieces"]


def test_what_was_weighed_and_not_counted_stays_so():
    uncounted = LINE | {"pieces": 0}
    body = event("hand_in") | {"contents": [uncounted]}
    assert corrected(body).body["contents"] == [uncounted]


def test_money_keeps_its_basis():
    assert corrected(event("hand_in"), payment_yuan="4").body["payment"] == {
        "fen": 400, "basis": "points",
    }  # fmt: skip
    assert "payment" not in corrected(event("hand_in"), payment_yuan="").body


def test_a_bag_said_missing_may_have_arrived_and_the_other_way_round():
    form = corrected(
        event("arrive"),
        **{"outcome-Z": "arrived", "mass_kg-Z": "3", "outcome-X": "refused", "reason-X": "混杂"},
    )
    assert form.body["batches"] == [{"code": "Y"}, {"code": "Z", "mass_g": 3_000}]
    assert [one["code"] for one in form.body["exceptions"]] == ["X", "Y"]
    assert corrected(event("arrive"), **{"outcome-X": "missing"}).errors["reason-X"]


def test_a_repack_adds_up_again():
    form = corrected(event("repack"), **{"mass_kg-Y": "6.4"})
    assert form.errors["sum"].startswith("还有 100 克")
    form = corrected(event("repack"), **{"mass_kg-Y": "6.4", "removed_kg-leak": "0.3"})
    assert form.body["removed"] == [{"reason": "leak", "mass_g": 300}]
    form = corrected(event("repack"), **{"material-Z": "pe", "material-Y": ""})
    assert [output.get("material") for output in form.body["outputs"]] == [None, "pe"]
    assert corrected(event("repack"), **{"mass_kg-X": ""}).errors["mass_kg-X"]


def test_another_time_is_the_provinces_and_an_empty_one_is_the_old():
    form = corrected(event("store"), occurred_at="2026-05-01T08:30")
    assert form.body["occurred_at"] == "2026-05-01T08:30:00+08:00"


def test_a_refusal_of_the_replacement_finds_its_row():
    form = corrected(event("store"))
    assert form.field_at("/replacement/batches/0/mass_g") == "mass_kg-X"
    assert form.field_at("/replacement/batches/1/code") == "bag-Y"
    form = corrected(event("repack"))
    assert form.field_at("/replacement/outputs") == "sum"
    assert form.field_at("/replacement/outputs/1/mass_g") == "mass_kg-Z"
    assert form.field_at("/replacement/vehicle") == "vehicle"
