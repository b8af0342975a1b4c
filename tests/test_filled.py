"""A filled-in form becomes an event's body, or says at which field it does not fit."""

from datetime import UTC, datetime

import pytest

from app.events.as_typed import typed
from app.events.filled import fill
from app.typed_numbers import scaled

NOW = datetime(2026, 5, 1, 1, 2, 3, tzinfo=UTC)
CODE = "130110-0000-0000-00"


def filled(kind, **fields):
    return fill(kind, typed([("id", "1"), ("site", "130110-P0001"), *fields.items()]), NOW)


@pytest.mark.parametrize(
    ("text", "grams"),
    [
        ("7", 7_000),
        ("7.35", 7_350),
        ("0.001", 1),
        ("７．５", 7_500),
        ("7。5", 7_500),
        (" 12 ", 12_000),
        ("", None),
    ],
)
def test_kilograms_are_read_as_exact_grams(text, grams):
    assert scaled(text, 3) == grams


@pytest.mark.parametrize(
    "text", ["-1", "1.2345", "1e3", "七", "1,5", "1.", ".5", "nan", "99999999"]
)
def test_what_is_no_weight_is_not_guessed(text):
    with pytest.raises(ValueError):
        scaled(text, 3)


def test_an_empty_time_is_now_and_a_typed_one_is_the_provinces():
    assert filled("store", codes=CODE).body["occurred_at"] == NOW.isoformat()
    late = filled("store", codes=CODE, occurred_at="2026-04-30T17:05")
    assert late.body["occurred_at"] == "2026-04-30T17:05:00+08:00"
    assert filled("store", codes=CODE, occurred_at="昨天").errors["occurred_at"]


def test_rows_without_pieces_are_left_out_of_a_hand_in():
    form = filled(
        "hand_in",
        code=CODE,
        **{
            "line-0-material": "pet", "line-0-form": "bottle", "line-0-size": "lt200ml",
            "line-0-pieces": "12", "line-1-material": "foil", "line-1-form": "bag",
            "line-1-size": "lt50g", "line-1-pieces": "", "line-2-pieces": "0",
        },
        giver_name="张三", giver_consent="1", payment_yuan="3.5",
    )  # fmt: skip
    assert not form.errors
    assert form.body["contents"] == [
        {"material": "pet", "form": "bottle", "size": "lt200ml", "pieces": 12}
    ]
    assert form.body["giver"] == {"kind": "unknown", "name": "张三"}
    assert form.body["payment"]["fen"] == 350


@pytest.mark.parametrize("who", [{"giver_name": "张三"}, {"giver_phone": "13800138000"}])
def test_nobody_is_named_who_was_not_asked(who):
    assert "giver_consent" in filled("hand_in", code=CODE, **who).errors
    assert "giver_consent" not in filled("hand_in", code=CODE, **who, giver_consent="1").errors
    assert "giver_consent" not in filled("hand_in", code=CODE, giver_village="东庄").errors


def test_a_hand_in_says_which_row_does_not_fit():
    form = filled("hand_in", **{"line-0-pieces": "-3", "line-1-pieces": "2"})
    assert form.errors == {
        "code": "请输入标签码",
        "line-0-pieces": "件数应为整数，例如 12",
        "line-1-pieces": "请选材质、形状和大小",
    }
    [nothing] = filled("hand_in", code=CODE).errors.items()
    assert nothing[0] == "contents"
    assert nothing[1].startswith("请至少填写一种包装的件数")


def test_what_was_weighed_and_not_counted_has_a_mass_and_no_pieces():
    sort = {"material": "pet", "form": "bottle", "size": "lt200ml"}
    row = {f"line-0-{part}": slug for part, slug in sort.items()}
    weighed = row | {"line-0-pieces": "", "line-0-uncounted": "1"}
    form = filled("hand_in", code=CODE, **weighed, mass_kg="2.5")
    assert not form.errors
    assert form.body["contents"] == [{**sort, "pieces": 0}]
    assert form.body["batches"] == [{"code": CODE, "mass_g": 2_500}]
    assert filled("hand_in", code=CODE, **weighed).errors == {
        "mass_kg": "只称重的，请填这次交回的净重"
    }
    both = weighed | {"line-0-pieces": "3"}
    assert filled("hand_in", code=CODE, **both, mass_kg="2.5").errors == {
        "contents": "点了件数的和只称重的，请分两次登记"
    }


def test_full_width_digits_are_read_and_a_wrong_phone_gets_an_example():
    pieces = {"line-0-material": "pet", "line-0-form": "bottle", "line-0-size": "lt200ml"}
    form = filled(
        "hand_in", code=CODE, **pieces, **{"line-0-pieces": "３"}, giver_phone="１３８００"
    )
    assert form.body["giver"]["phone"] == "13800"
    assert form.body["contents"][0]["pieces"] == 3
    assert "13800138000" in filled("hand_in", giver_phone="老王").errors["giver_phone"]
    assert filled("depart", vehicle="冀ＡＰ０７７９").body["vehicle"] == "冀AP0779"


def test_codes_typed_one_a_line_may_carry_a_weight():
    form = filled("store", codes=f"{CODE}\n130110 0000 0000 01  8.25 kg\n\n{CODE} 9.9999")
    assert form.body["batches"][:2] == [
        {"code": CODE},
        {"code": "130110 0000 0000 01", "mass_g": 8_250},
    ]
    assert "最多三位小数" in form.errors["codes"]


def test_bags_that_have_not_arrived_stay_out_of_the_event():
    form = filled(
        "arrive",
        **{
            "outcome-A": "arrived", "mass_kg-A": "6.4", "outcome-B": "damaged", "reason-B": "撕裂",
            "outcome-C": "refused", "outcome-D": "later",
        },
    )  # fmt: skip
    assert form.body["batches"] == [{"code": "A", "mass_g": 6_400}, {"code": "B"}]
    assert [e["code"] for e in form.body["exceptions"]] == ["B", "C"]
    assert form.errors == {"reason-C": "请写明原因"}


def test_an_impossible_weight_is_told_in_kilograms():
    assert "2000 千克" in filled("collect", code=CODE, mass_kg="2000.001").errors["mass_kg"]
    assert filled("collect", code=CODE).errors["mass_kg"]


@pytest.mark.parametrize(
    ("kind", "pointer", "field"),
    [
        ("hand_in", "/batches/0/code", "code"),
        ("collect", "/batches/0/mass_g", "mass_kg"),
        ("store", "/batches/0/code", "codes"),
        ("hand_in", "/giver/phone", "giver_phone"),
        ("hand_in", "/payment/fen", "payment_yuan"),
        ("hand_in", "/contents/3/size", "contents"),
        ("depart", "/vehicle", "vehicle"),
        ("store", "/group_mass_g", "group_kg"),
        ("pack", "/container", "container"),
        ("pack", "/weighed/gross_g", "gross_kg"),
        ("pack", "/weighed/tare_g", "tare_kg"),
        ("repack", "/outputs", "sum"),
        ("repack", "/inputs/0/code", "codes"),
        ("write_off", "/case", "case"),
    ],
)
def test_a_pointer_into_the_body_finds_its_field(kind, pointer, field):
    assert filled(kind, code=CODE, codes=CODE).field_at(pointer) == field


def test_what_no_keyboard_types_is_dropped():
    assert typed([("note", "雨\x00淋\ud800")])["note"] == "雨淋"


def test_a_whole_load_is_weighed_with_one_number():
    values = {
        "site": "130110-S0001",
        "outcome-A": "arrived",
        "outcome-B": "damaged",
        "reason-B": "裂",
    }
    filled = fill("arrive", typed([*values.items(), ("group_kg", "2800.5")]), NOW)
    assert not filled.errors
    assert filled.body["group_mass_g"] == 2_800_500
    assert filled.body["batches"] == [{"code": "A"}, {"code": "B"}]
    assert filled.field_at("/group_mass_g") == "group_kg"


@pytest.mark.parametrize("weight", ["0", "60001", "很多"])
def test_a_load_that_no_lorry_carries_is_told_at_its_field(weight):
    fields = [("site", "130110-S0001"), ("outcome-A", "arrived"), ("group_kg", weight)]
    filled = fill("arrive", typed(fields), NOW)
    assert list(filled.errors) == ["group_kg"]
    assert "group_mass_g" not in filled.body


def test_a_container_in_a_list_is_weighed_gross_with_its_tare():
    form = filled("store", **{"gross_kg-BOX": "295", "tare_kg-BOX": "15", "tare_kg-EMPTY": "12"})
    form = fill("store", typed([*form.values.items(), ("pick", "BOX"), ("pick", "EMPTY")]), NOW)
    assert form.body["batches"] == [
        {"code": "BOX", "gross_g": 295_000, "tare_g": 15_000},
        {"code": "EMPTY"},
    ]
    wrong = fill(
        "store", typed([("pick", "BOX"), ("gross_kg-BOX", "15"), ("tare_kg-BOX", "15")]), NOW
    )
    assert wrong.errors["gross_kg-BOX"] == "毛重应大于皮重"
    assert wrong.field_at("/batches/0/gross_g") == "gross_kg-BOX"
    assert wrong.field_at("/batches/0/code") == "bag-BOX"


def test_a_pallet_is_packed_on_one_scale():
    form = filled("pack", container="BOX", codes=CODE, gross_kg="295", tare_kg="15.5")
    assert form.body["weighed"] == {"container": "BOX", "gross_g": 295_000, "tare_g": 15_500}
    form = filled("pack", container="BOX", codes=CODE, tare_kg="15")
    assert "weighed" not in form.body
    form = filled("pack", container="BOX", codes=CODE, gross_kg="295", group_kg="280")
    assert form.errors["group_kg"] == "毛重和净重只填一个"
    assert filled("pack", codes=CODE).errors["container"]


REPACK = {
    "as": "sort", "codes": f"{CODE} 7.0", "out-0-code": "A", "out-0-kg": "4", "out-0-material": "pet",
    "out-4-code": "B", "out-4-kg": "2.9",
}  # fmt: skip


def test_a_repack_says_in_words_what_does_not_add_up():
    assert filled("repack", **REPACK).errors["sum"].startswith("还有 100 克没有着落")
    more = filled("repack", **REPACK | {"out-0-kg": "5"})
    assert more.errors["sum"].startswith("多出 900 克")
    even = filled("repack", **REPACK, **{"removed_kg-moisture": "0.1"})
    assert not even.errors
    assert even.body["removed"] == [{"reason": "moisture", "mass_g": 100}]
    assert even.body["outputs"][0] == {"code": "A", "mass_g": 4_000, "material": "pet"}
    # The second new bag was typed in the fifth row.
    assert even.field_at("/outputs/1/code") == "out-4-code"
    assert even.field_at("/outputs/1/mass_g") == "out-4-kg"
    assert even.field_at("/removed/0/mass_g") == "removed_kg-moisture"


def test_a_repack_asks_for_the_weight_of_each_bag():
    form = filled("repack", **REPACK | {"codes": CODE, "out-4-kg": ""})
    assert form.errors["codes"]
    assert form.errors["out-4-kg"]
    assert filled("repack", codes=f"{CODE} 7.0").errors["sum"]


def test_the_weight_that_a_form_came_with_is_carried_and_a_typed_one_is_weighed():
    fields = [
        ("as", "mix"),
        ("pick", "X"),
        ("pick", "Y"),
        ("out-0-code", "A"),
        ("out-0-kg", "12.5"),
    ]
    for code, now in (("X", "7.0"), ("Y", "5.5")):
        fields += [(f"held_kg-{code}", "7"), (f"mass_kg-{code}", now)]
    form = fill("repack", typed([("site", "130110-S0001"), *fields]), NOW)
    assert not form.errors
    assert form.body["inputs"] == [
        {"code": "X", "mass_g": 7_000, "mass_source": "carried"},
        {"code": "Y", "mass_g": 5_500},
    ]


def test_a_relabelling_is_one_old_code_one_new_code_and_one_weight():
    form = filled("repack", **{"as": "relabel"}, old_code="X", new_code="Y", mass_kg="7")
    assert form.body["reason"] == "relabel"
    assert form.body["inputs"] == [{"code": "X", "mass_g": 7_000}]
    assert form.body["outputs"] == [{"code": "Y", "mass_g": 7_000}]
    assert form.field_at("/inputs/0/code") == "old_code"
    assert form.field_at("/outputs/0/code") == "new_code"
    assert form.field_at("/outputs/0/mass_g") == "mass_kg"
    empty = filled("repack", **{"as": "relabel"})
    assert {"old_code", "new_code", "mass_kg"} <= empty.errors.keys()


def test_opening_stock_needs_its_weight_and_no_bag_of_the_books():
    assert filled("stock_count", opening=CODE).errors["opening"]
    form = filled("stock_count", opening=f"{CODE} 4.5")
    assert form.body["batches"] == [{"code": CODE, "mass_g": 4_500}]
    assert filled("stock_count").errors["codes"]
    assert filled("write_off", codes=CODE).errors["reason"]


def test_a_bag_that_was_not_in_its_container_is_missing():
    form = filled("arrive", **{"outcome-BOX": "arrived", "mass_kg-BOX": "270"}, missing="X\n\nY")
    assert form.body["batches"] == [{"code": "BOX", "mass_g": 270_000}]
    assert [(one["code"], one["outcome"]) for one in form.body["exceptions"]] == [
        ("X", "missing"), ("Y", "missing"),
    ]  # fmt: skip
    assert form.field_at("/exceptions/0/code") == "missing"
