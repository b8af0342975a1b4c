"""The fold: reality is recorded, what does not fit is flagged, arrival order does not matter."""

from dataclasses import replace
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from app.balance.postings import outstanding, total
from app.events.fold import Folded
from app.events.state import LabelFacts, Step
from app.events.taking import Conflict
from app.events.together import fold

P1, P2 = "130110-P0001", "130110-P0002"
S1, S2 = "130110-S0001", "130121-S0001"
R1 = "130182-R0001"
LABEL = LabelFacts("130110")
DAY = date(2026, 9, 1)


def step(kind, site, at, **facts):
    if kind == "collect" or facts.get("mass_g"):
        facts.setdefault("mass_source", "weighed")
    return Step(
        f"e{at:03d}", kind, site, at * 1_000_000, at * 1_000_000, at, DAY.replace(day=1 + at % 28),
        **facts,
    )  # fmt: skip


def hand_in(site, at, grams=500):
    return step(
        "hand_in", site, at, scopes=(("pesticide", grams),),
        contents=(("pet", "bottle", "lt200ml", "pesticide", 30),),
    )  # fmt: skip


@st.composite
def histories(draw):
    """A life of a bag in which every step fits: points, stations, returns, a treatment."""
    grams = st.integers(1, 9_000)
    maybe = st.none() | grams
    at, site, story = 1, draw(st.sampled_from([P1, S1])), []
    if site == P1:
        for _ in range(draw(st.integers(0, 4))):
            story.append(hand_in(site, at, draw(grams)))
            at += 1
    story.append(step("collect", site, at, mass_g=draw(grams)))
    for _ in range(draw(st.integers(0, 5))):
        at += 1
        if draw(st.booleans()):
            story.append(step("store", site, at, mass_g=draw(maybe)))
            at += 1
        to = draw(st.sampled_from([s for s in (P1, P2, S1, S2) if s != site]))
        story.append(step("depart", site, at, destination=to, mass_g=draw(maybe)))
        at += 1
        # As named, elsewhere, or back where it came from.
        site = draw(st.sampled_from([to, to, S2 if site != S2 else S1, site]))
        story.append(step("arrive", site, at, mass_g=draw(maybe)))
    if draw(st.booleans()):
        at += 1
        story.append(step("depart", site, at, destination=R1))
        story.append(step("arrive", R1, at + 1, mass_g=draw(maybe)))
        if draw(st.booleans()):
            story.append(step("dispose", R1, at + 2, method="resource_use"))
    return story


def arrive_in(order):
    """Record steps one by one as the server does, trying refused ones again; return what stands."""
    known, booked, waiting, result = [], [], list(order), None
    while waiting:
        refused = []
        for new in waiting:
            attempt = fold(LABEL, [*known, new])
            if isinstance(attempt, Conflict):
                assert attempt.retry, attempt
                refused.append(new)
                continue
            known.append(new)
            booked += outstanding(attempt.transfers, booked)
            result = attempt
        assert len(refused) < len(waiting), ("stuck", refused)
        waiting = refused
    return result, booked


@settings(max_examples=300, deadline=None)
@given(histories().flatmap(lambda h: st.tuples(st.just(h), st.permutations(h))))
def test_every_arrival_order_ends_in_the_same_state_postings_and_chain(drawn):
    story, order = drawn
    straight = fold(LABEL, story)
    assert isinstance(straight, Folded)
    result, booked = arrive_in(order)
    assert result.state == straight.state
    assert result.taken == straight.taken
    assert {k: v for k, v in total(booked).items() if v} == {
        k: v for k, v in total(straight.transfers).items() if v
    }


@settings(max_examples=200, deadline=None)
@given(histories(), st.data())
def test_mass_is_conserved_and_stands_where_the_state_says(story, data):
    known = data.draw(st.lists(st.sampled_from(story), unique=True, min_size=1))
    folded = fold(LABEL, known)
    if isinstance(folded, Conflict):
        return
    held = {}
    for t in folded.transfers:
        assert t.mass_g > 0
        if t.source == "claimed":
            continue
        held[t.source] = held.get(t.source, 0) - t.mass_g
        held[t.target] = held.get(t.target, 0) + t.mass_g
    assert sum(held.values()) == 0
    places = {a: g for a, g in held.items() if a.startswith(("site/", "transit/")) and g}
    state = folded.state
    if state.status == "disposed" or state.mass_g == 0:
        assert places == {}
    elif state.status == "in_transit":
        assert places == {f"transit/{state.trip}": state.mass_g}
    else:
        assert places == {f"site/{state.site}": state.mass_g}


def test_a_sealed_bag_takes_no_more_hand_ins():
    story = [hand_in(P1, 1), step("collect", P1, 2, mass_g=480), hand_in(P1, 3)]
    assert fold(LABEL, story) == Conflict("bag-is-sealed", "e003", "e002")


def test_the_sealed_weight_is_what_the_point_took_back():
    folded = fold(LABEL, [hand_in(P1, 1), step("collect", P1, 2, mass_g=480)])
    field = sum(t.mass_g if t.source == "field" else -t.mass_g for t in folded.transfers)
    assert (folded.state.mass_g, field) == (480, 480)


def test_a_bag_that_arrives_before_its_phone_has_synced_is_recorded_with_what_is_missing():
    folded = fold(LABEL, [step("arrive", S1, 5, mass_g=700)])
    assert [flags for _, m in folded.taken for flags in m.flags] == [
        "missing-collect", "missing-depart",
    ]  # fmt: skip
    assert [(t.source, t.target, t.mass_g) for t in folded.transfers] == [
        ("unexplained", f"site/{S1}", 700)
    ]


def test_nothing_comes_after_treatment():
    story = [step("collect", P1, 1, mass_g=9), step("dispose", R1, 2, method="landfill")]
    late = step("store", S1, 3)
    assert fold(LABEL, [*story, late]) == Conflict("batch-already-disposed", "e003", "e002")


def test_loading_twice_is_refused_and_may_be_cured_by_an_arrival_not_yet_told():
    story = [
        step("collect", P1, 1, mass_g=9),
        step("depart", P1, 2, destination=S1),
        step("depart", P1, 3, destination=S1),
    ]
    assert fold(LABEL, story) == Conflict("batch-already-departed", "e003", "e002", retry=True)


def test_the_first_weighing_by_another_party_confirms_once():
    story = [
        step("collect", P1, 1, mass_g=1000),
        step("depart", P1, 2, destination=S1, mass_g=990),
        step("arrive", S1, 3),
        step("store", S1, 4, mass_g=980),
        step("depart", S1, 5, destination=R1),
        step("arrive", R1, 6, mass_g=970),
    ]
    memo = [t for t in fold(LABEL, story).transfers if t.source == "claimed"]
    assert [(t.about, t.mass_g, t.place) for t in memo] == [("e004", 980, "130110")]


def test_a_correction_of_an_earlier_mass_moves_only_the_next_difference():
    story = [
        step("collect", P1, 1, mass_g=1000),
        step("depart", P1, 2, destination=S1),
        step("arrive", S1, 3, mass_g=990),
        step("depart", S1, 4, destination=R1),
    ]
    before = fold(LABEL, story)
    after = fold(LABEL, [replace(story[0], mass_g=800), *story[1:]])
    moved = outstanding(after.transfers, before.transfers)
    assert {t.about for t in moved} == {"e001", "e002", "e003"}
    assert before.state == after.state
