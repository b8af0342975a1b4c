"""Shares of repacks: they sum to one, and reading back undoes reading forward."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from app.custody.shares import grams_of, repacked, trace_back, trace_forward
from app.events.state import Output, Repacking

MATERIALS = ("coex", "pe", "pet")


def body(mode, inputs, outputs, removed=()):
    made = tuple(Output(code, mass, tuple(known)) for code, mass, known in outputs)
    return Repacking(mode, tuple(inputs), made, tuple(removed))


def one(mode, inputs, outputs, counted=None, removed=(), at=1):
    made = body(mode, inputs, outputs, removed)
    return repacked(f"e{at}", (at, at, 0, ""), "130110-S0001", made, counted or {})


def rows(repack, **only):
    edges = repack.edges(only.get("inputs", repack.inputs), only.get("outputs", repack.outputs))
    return {(e.input, e.output, e.material): (e.in_g, e.total_in_g, e.out_g) for e in edges}


def test_in_a_mix_every_output_holds_every_input_by_its_stated_mass():
    mix = one(
        "mix", [("a", 600), ("b", 400)], [("c", 700, ()), ("d", 250, ())], removed=[("leak", 50)]
    )
    assert rows(mix) == {
        ("a", "c", None): (600, 1_000, 700), ("b", "c", None): (400, 1_000, 700),
        ("a", "d", None): (600, 1_000, 250), ("b", "d", None): (400, 1_000, 250),
    }  # fmt: skip
    assert {e.share for e in mix.edges(["a"], mix.outputs)} == {Fraction(3, 5)}
    onward = trace_forward({"a": Fraction(1)}, [mix])
    assert onward.batches == {"c": Fraction(7, 10), "d": Fraction(1, 4)}
    assert onward.removed == {("e1", "leak"): Fraction(1, 20)}


def test_in_a_sort_each_material_comes_from_whoever_was_counted_to_hold_it():
    sort = one(
        "sort",
        [("a", 1_000), ("b", 500)],
        [("p", 900, [("pet", 900)]), ("q", 600, [("pe", 600)])],
        {"a": (("pe", 30), ("pet", 90)), "b": (("pe", 50),)},
    )
    assert rows(sort) == {
        ("a", "p", "pet"): (900, 900, 900),
        ("a", "q", "pe"): (100, 600, 600), ("b", "q", "pe"): (500, 600, 600),
    }  # fmt: skip
    assert trace_back({"q": Fraction(600)}, [sort]) == {
        ("a", "pe"): Fraction(100),
        ("b", "pe"): Fraction(500),
    }


def test_what_nobody_counted_is_of_the_materials_that_still_lack():
    sort = one(
        "sort",
        [("a", 600), ("x", 400)],
        [("p", 750, [("pet", 750)]), ("q", 250, [("pe", 250)])],
        {"a": (("pet", 10),)},
    )
    assert rows(sort) == {
        ("a", "p", "pet"): (600, 750, 750), ("x", "p", "pet"): (150, 750, 750),
        ("x", "q", "pe"): (250, 250, 250),
    }  # fmt: skip


def test_an_output_of_unknown_material_may_hold_all_that_went_in():
    sort = one("sort", [("a", 600), ("b", 400)], [("rest", 1_000, ())], {"a": (("pet", 10),)})
    assert rows(sort) == {
        ("a", "rest", None): (600, 1_000, 1_000), ("b", "rest", None): (400, 1_000, 1_000),
    }  # fmt: skip


def test_a_bag_of_two_materials_has_shares_that_sum_to_one_over_both():
    sort = one(
        "sort",
        [("a", 300), ("b", 700)],
        [("o", 1_000, [("pe", 250), ("pet", 750)])],
        {"a": (("pe", 1),), "b": (("pet", 1),)},
    )
    found = [(e.input, e.material, e.share) for e in sort.edges(sort.inputs, ["o"])]
    assert sorted(found) == [
        ("a", "pe", Fraction(1, 4)),
        ("a", "pet", Fraction(1, 20)),
        ("b", "pet", Fraction(7, 10)),
    ]


def test_what_was_counted_does_not_make_more_of_a_bag_than_it_weighed():
    sort = one(
        "sort",
        [("a", 1_000), ("b", 1_000)],
        [("p", 1_500, [("pet", 1_500)]), ("q", 500, [("pe", 500)])],
        {"a": (("pet", 40),), "b": (("pe", 40),)},
    )
    assert trace_forward({"b": Fraction(1_000)}, [sort]).batches == {"p": 500, "q": 500}
    assert trace_back({"p": Fraction(1_500)}, [sort]) == {("a", "pet"): 1_000, ("b", "pet"): 500}
    assert trace_back({"q": Fraction(500)}, [sort]) == {("b", "pe"): 500}


def test_what_was_removed_went_no_further_from_any_input():
    sort = one(
        "sort",
        [("a", 1_000), ("b", 500)],
        [("p", 1_200, [("pet", 1_200)])],
        {"a": (("pet", 40),)},
        [("moisture", 200), ("foreign", 100)],
    )
    onward = trace_forward({"a": Fraction(1_000), "b": Fraction(500)}, [sort])
    assert onward.batches == {"p": 1_200}
    assert onward.removed == {("e1", "moisture"): 200, ("e1", "foreign"): 100}


def test_what_a_sort_counted_to_hold_what_never_came_out_is_of_unknown_material():
    sort = one("sort", [("a", 300)], [("o", 300, [("pet", 300)])], {"a": (("paper", 1),)})
    assert rows(sort) == {("a", "o", "pet"): (300, 300, 300)}


def test_grams_are_divided_without_losing_one():
    assert grams_of(100, {"a": Fraction(1, 3), "b": Fraction(1, 3), "c": Fraction(1, 3)}) == {
        "a": 34,
        "b": 33,
        "c": 33,
    }
    assert grams_of(5, {}) == {}


masses = st.integers(1, 2_000_000)


@st.composite
def worlds(draw, modes=("mix", "sort")):
    """Repacks one after another: each takes in some of what is there and makes new bags."""
    there = {f"o{n}": draw(masses) for n in range(draw(st.integers(1, 5)))}
    counts = {
        code: tuple((m, draw(st.integers(0, 500))) for m in MATERIALS)
        for code in there
        if draw(st.booleans())
    }
    repacks, first = [], dict(there)
    for at in range(draw(st.integers(1, 4))):
        names = draw(st.lists(st.sampled_from(sorted(there)), min_size=1, max_size=4, unique=True))
        inputs = [(code, there.pop(code)) for code in names]
        left = sum(grams for _, grams in inputs)
        removed = []
        if draw(st.booleans()) and left > 1:
            removed = [("moisture", draw(st.integers(1, left - 1)))]
            left -= removed[0][1]
        mode, outputs = draw(st.sampled_from(modes)), []
        for n in range(draw(st.integers(1, 3))):
            code, grams = f"r{at}-{n}", left
            grams = draw(st.integers(1, left)) if n < 2 else left
            if not grams:
                break
            known = ()
            if mode == "sort" and draw(st.booleans()):
                known = ((draw(st.sampled_from(MATERIALS)), grams),)
            outputs.append((code, grams, known))
            left -= grams
            if not left:
                break
        if left:
            outputs.append((f"r{at}-x", left, ()))
        repacks.append(one(mode, inputs, outputs, counts, removed, at))
        for code, grams, known in outputs:
            there[code] = grams
            if known:
                counts[code] = known
    return first, there, repacks


@settings(deadline=None)
@given(worlds())
def test_the_shares_of_every_output_sum_to_one(world):
    _, there, repacks = world
    for repack in repacks:
        for output in repack.outputs:
            assert sum(e.share for e in repack.edges(repack.inputs, [output])) == 1
    for code in there:
        assert sum(trace_back({code: Fraction(1)}, repacks).values()) == 1


@settings(deadline=None)
@given(worlds())
def test_where_a_batch_went_sums_to_all_of_it(world):
    first, _, repacks = world
    for code in first:
        onward = trace_forward({code: Fraction(1)}, repacks)
        assert sum(onward.batches.values()) + sum(onward.removed.values()) == 1


@settings(deadline=None)
@given(worlds())
def test_back_and_forward_lead_to_each_other(world):
    first, there, repacks = world
    back = {(s, end) for end in there for s, _ in trace_back({end: Fraction(1)}, repacks)}
    forward = {(s, end) for s in first for end in trace_forward({s: Fraction(1)}, repacks).batches}
    assert back == forward


@settings(deadline=None)
@given(worlds())
def test_the_same_grams_are_read_from_both_ends(world):
    first, there, repacks = world
    back = {end: trace_back({end: Fraction(grams)}, repacks) for end, grams in there.items()}
    for start, grams in first.items():
        onward = trace_forward({start: Fraction(grams)}, repacks).batches
        for end in there:
            came = sum(part for (code, _), part in back[end].items() if code == start)
            assert onward.get(end, 0) == came


@given(masses, st.dictionaries(st.text(max_size=3), st.fractions(0, 1), min_size=1))
def test_divided_grams_sum_to_the_whole(total, amounts):
    found = grams_of(total, amounts)
    assert sum(found.values()) == (total if any(amounts.values()) else 0)
