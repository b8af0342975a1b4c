"""The pure rules of alerts: which threshold is in force, what breaks one, how findings open."""

import uuid
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.alerts.kept import state_in, state_out, trail_in, trail_out
from app.alerts.rules.bag import (
    OF_A_STEP,
    Known,
    concerned,
    marks_of,
    standing_marks,
    step_marks,
)
from app.alerts.rules.bounds import At, Bound, Bounds
from app.alerts.rules.catalogue import RULES
from app.alerts.rules.mark import Mark, Place
from app.alerts.rules.masses import burst, full_store, over, quarter_name, quarter_of
from app.alerts.rules.movement import Fix, apart_m, at_most_m, night_of, off_site, too_fast
from app.alerts.rules.openings import Change, Ledger, Turn, finding_id, play
from app.alerts.rules.trail import Trail
from app.alerts.rules.weights import chi_square, difference, digit_of, round_weights
from app.alerts.thresholds import defaults
from app.events.fold import advance
from app.events.state import LabelFacts, State, Step
from app.events.taking import Conflict
from app.events.together import fold
from app.packaging.unit_code import unit_code

COUNTY, AREA = "130110", "130100"
ENTERED = datetime(2020, 10, 1, tzinfo=UTC)
DAY = date(2026, 7, 15)
NOW = datetime(2026, 7, 16, tzinfo=UTC)


def bound(rule="weight-difference", key="percent", value=5, **given):
    row = {
        "id": uuid.uuid4(), "unit": "%", "area": None, "season": None,
        "valid_from": date(2020, 10, 1), "valid_to": None, "source": "x", "entered_at": ENTERED,
    }  # fmt: skip
    return Bound(rule=rule, key=key, value=value, **(row | given))


def in_force(*rows, county=COUNTY, on=DAY, known_at=NOW):
    bounds = Bounds(rows, {COUNTY: AREA, "130181": "130181"})
    found = bounds.of("weight-difference", "percent", county=county, on=on, known_at=known_at)
    return found and found.value


def with_defaults(county=COUNTY, on=DAY):
    rows = [
        Bound(**{k: tuple(v) if k == "season" and v else v for k, v in row.items() if k != "entered_by"})
        for row in defaults()
    ]  # fmt: skip
    return At(Bounds(rows, {}), county, on, NOW)


AT = with_defaults()
DIGIT, LAST_DAYS = AT.bound("round-weights", "digit"), AT.bound("quarter-end-burst", "days")


def test_the_most_specific_row_wins():
    everywhere, area, county = (
        bound(value=5),
        bound(value=6, area=AREA),
        bound(value=7, area=COUNTY),
    )
    season = bound(value=8, season=(7, 8))
    assert in_force(everywhere) == 5
    assert in_force(everywhere, season) == 8
    assert in_force(everywhere, season, area) == 6
    assert in_force(everywhere, season, area, county) == 7
    assert in_force(everywhere, area, county, county="130181") == 5
    assert in_force(season, on=date(2026, 9, 1)) is None


def test_a_row_holds_on_its_days_and_for_what_is_recorded_after_it_was_entered():
    old = bound(value=5, valid_to=date(2026, 7, 14))
    new = bound(value=9, valid_from=date(2026, 7, 15), entered_at=NOW)
    assert in_force(old, new, on=date(2026, 7, 14)) == 5
    assert in_force(old, new, on=date(2026, 7, 15)) == 9
    assert in_force(old, new, known_at=NOW - timedelta(seconds=1)) is None


def test_of_two_alike_the_one_that_was_entered_last_wins():
    first, second = bound(value=5), bound(value=4, entered_at=ENTERED + timedelta(days=1))
    assert in_force(first, second) == in_force(second, first) == 4


def test_every_default_belongs_to_a_rule_and_every_bound_has_a_default():
    given_ = {(row["rule"], row["key"]) for row in defaults()}
    assert given_ == {(rule.name, key) for rule in RULES.values() for key in rule.units}


@pytest.mark.parametrize(
    ("before", "after", "broke"),
    [
        (5_000, 4_751, None), (5_000, 4_749, ["percent"]), (5_000, 5_251, ["percent"]),
        (1_000_000, 979_999, ["mass"]), (1_000_000, 980_000, None),
        (100_000, 70_000, ["percent", "mass"]),
    ],
)  # fmt: skip
def test_a_difference_breaks_five_per_cent_or_twenty_kilograms_and_says_which(before, after, broke):
    found = difference(before, after, AT)
    assert (found and found["broke"]) == broke


@given(st.integers(1, 2_000_000), st.integers(1, 2_000_000))
def test_a_difference_is_judged_alike_both_ways_from_what_was_there(before, after):
    found = difference(before, after, AT)
    off = abs(after - before)
    assert (found is not None) == (off * 100 > 5 * before or off > 20_000)


def test_even_digits_are_a_scale_and_all_zeros_are_not():
    assert chi_square([20] * 10) == 0
    assert round_weights([20] * 10, DIGIT, AT) is None
    found = round_weights([200, *[0] * 9], DIGIT, AT)
    assert found
    assert found["weights"] == 200
    assert round_weights([199, *[0] * 9], DIGIT, AT) is None, "too few to judge"
    assert digit_of(5_430, 100) == 4


@given(st.lists(st.integers(0, 9), min_size=200, max_size=400))
def test_the_statistic_does_not_depend_on_which_digit_it_is(digits):
    counts = [digits.count(n) for n in range(10)]
    assert chi_square(counts) == pytest.approx(chi_square(sorted(counts)))


def test_a_store_is_full_by_its_own_capacity():
    assert full_store(95_000, 100_000, AT) is None
    assert full_store(95_001, 100_000, AT)
    assert full_store(1_000_000, None, AT) is None


@given(st.dates(date(2020, 1, 1), date(2099, 12, 31)))
def test_a_day_lies_in_its_quarter_and_quarters_join(day):
    first, last = quarter_of(day)
    assert first <= day <= last
    assert quarter_of(last + timedelta(days=1))[0] == last + timedelta(days=1)
    assert quarter_name(first) == quarter_name(last)


def test_a_quarter_that_ends_in_a_burst_is_found_by_grams_a_day():
    first, last = date(2026, 7, 1), date(2026, 9, 30)
    # 87 days before, 5 at the end: at 1 kg a day before, more than 4 kg a day is a burst.
    assert burst(870_000, 200_000, first, last, LAST_DAYS, AT) is None
    assert burst(870_000, 200_001, first, last, LAST_DAYS, AT)
    assert burst(0, 50_000, first, last, LAST_DAYS, AT) is None, "too little to judge"


def test_a_ratio_needs_a_denominator():
    assert over("rate-over-100", 10, 0, ("a", "b"), AT) is None
    assert over("rate-over-100", 100, 100, ("a", "b"), AT) is None
    assert over("rate-over-100", 101, 100, ("a", "b"), AT)


PLACE = Place("130110-P0001", "铜冶镇", 38.0, 114.5)


def fix(lat=38.0, lon=114.5, accuracy_m=20.0, at=NOW):
    return Fix(at, lat, lon, accuracy_m, "e", "130110-P0001")


def test_a_scan_is_off_site_beyond_the_bound_and_the_phones_own_error():
    # A hundredth of a degree of latitude is 1 110 m.
    assert off_site(fix(), PLACE, AT) is None
    assert off_site(fix(lat=38.01), PLACE, AT)
    assert off_site(fix(lat=38.01, accuracy_m=200), PLACE, AT) is None
    assert off_site(fix(lat=39.0, accuracy_m=5_000), PLACE, AT) is None, "too vague to judge"


@given(st.floats(0, 3_000), st.floats(0, 3_000), st.floats(-1, 1), st.floats(-1, 1))
def test_a_vaguer_position_never_accuses_more(low, more, lat, lon):
    vague = off_site(fix(38 + lat, 114.5 + lon, low + more), PLACE, AT)
    sharp = off_site(fix(38 + lat, 114.5 + lon, low), PLACE, AT)
    assert vague is None or sharp is not None


def test_a_phone_is_too_fast_whichever_record_came_first():
    there = fix(lat=39.0, at=NOW + timedelta(minutes=20))  # 111 km in twenty minutes
    assert too_fast(fix(), there, AT)
    assert too_fast(there, fix(), AT)
    assert too_fast(fix(), fix(lat=39.0, at=NOW + timedelta(minutes=60)), AT) is None
    assert too_fast(fix(), fix(lat=39.0), AT)["km_h"] is None, "at once: no speed to speak of"


@pytest.mark.parametrize(
    ("hour", "night"),
    [(21, None), (22, DAY), (23, DAY), (0, DAY - timedelta(days=1)), (4, DAY - timedelta(days=1)), (5, None)],
)  # fmt: skip
def test_a_night_bears_the_date_on_which_it_began(hour, night):
    at = datetime(2026, 7, 15, hour, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
    found = night_of(at, AT)
    assert (found and found[0]) == night


@pytest.mark.parametrize(
    ("hour", "night"),
    [(23, None), (0, DAY), (4, DAY), (5, None), (12, None), (22, None)],
)
def test_a_night_may_begin_after_midnight(hour, night):
    rows = [
        bound("night-entries", key, value)
        for key, value in (("from", 0), ("to", 5), ("count", 3))
    ]  # fmt: skip
    at = datetime(2026, 7, 15, hour, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
    found = night_of(at, At(Bounds(rows, {}), COUNTY, DAY, NOW))
    assert (found and found[0]) == night


CODE = "11722252247250743408010974953971"


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (f"http://nyzs315.com/c/z.aspx?m=c74&c={CODE}", CODE),
        (f"http://ddspp.cn/u/?q={CODE}", CODE),
        (f"http://host/nyzs/{CODE}", CODE),
        (f"  {CODE}\n", CODE),
        (f"吡虫啉\n某公司\n{CODE}\nhttp://x.cn", CODE),
        (f"http://x.cn/?id={CODE}&c=74", CODE),
        ("http://x.cn/?c=123", None),
        ("6901234567892", None),
        ("１" * 32, "1" * 32),
        (f"{CODE} {CODE[:-1]}0", None),
        ("http://[", None),
    ],
)  # fmt: skip
def test_the_code_of_a_bottle_is_found_in_what_labels_hold(payload, code):
    assert unit_code(payload) == code


@given(st.text(max_size=300))
def test_any_payload_gives_a_code_or_none(payload):
    found = unit_code(payload)
    assert found is None or 32 <= len(found) < 64


# openings


def mark(subject="a", item="", due=None, need=1):
    due_at = None if due is None else NOW + timedelta(minutes=due)
    return Mark(
        "weight-difference", subject, "", COUNTY, None, frozenset(), {"n": item},
        batch=item, due_at=due_at, need=need,
    )  # fmt: skip


def ledger():
    return Ledger({}, {}, {}, {}, NOW, 0)


def turn(n, *changes):
    return Turn(NOW + timedelta(minutes=n), n, [Change(m, stands=s) for m, s in changes])


def shown(state):
    return sorted(
        (f.id, f.opening, f.opened_at, f.opened_leaf, f.closed_at, f.closed_leaf, tuple(f.batches),
         str(f.figures), f.log_size)
        for f in state.changed.values()
    )  # fmt: skip


def test_what_holds_again_after_it_closed_is_another_opening_with_another_id():
    state = ledger()
    play(state, [turn(0, (mark(), True)), turn(1, (mark(), False)), turn(2, (mark(), True))])
    first, second = sorted(state.changed.values(), key=lambda f: f.opening)
    assert (first.opened_leaf, first.closed_leaf) == (0, 1)
    assert (second.opened_leaf, second.closed_leaf) == (2, None)
    assert first.id == finding_id(mark().key, 1) != second.id


def test_a_finding_closes_with_the_last_of_its_marks():
    state = ledger()
    play(
        state,
        [turn(0, (mark(item="x"), True), (mark(item="y"), True)), turn(1, (mark(item="x"), False))],
    )
    [found] = state.changed.values()
    assert found.closed_at is None
    assert found.batches == ["x", "y"]
    play(state, [turn(2, (mark(item="y"), False))])
    assert found.closed_leaf == 2


def test_a_finding_shows_what_still_stands_and_remembers_what_stood():
    state = ledger()
    both = [(mark(item="x"), True), (mark(item="y"), True)]
    play(state, [turn(0, *both)])
    [found] = state.changed.values()
    assert found.figures == {"n": "x", "count": 2}
    play(state, [turn(1, (mark(item="x"), False))])
    assert found.figures == {"n": "y", "count": 1}, (
        "the figures of a bag that is gone are not shown"
    )
    assert found.batches == ["x", "y"]


def test_it_takes_as_many_marks_as_the_rule_needs_and_lists_them_all():
    state = ledger()
    play(state, [turn(n, (mark(item=str(n), need=3), True)) for n in range(3)])
    [found] = state.changed.values()
    assert found.opened_leaf == 2
    assert found.batches == ["0", "1", "2"]


def test_silence_opens_at_the_instant_when_it_was_too_long_and_not_at_the_tick():
    state = ledger()
    play(state, [turn(0, (mark(due=5), True))])
    assert not state.changed
    play(state, [], until=NOW + timedelta(hours=1))
    [found] = state.changed.values()
    assert found.opened_at == NOW + timedelta(minutes=5)
    assert found.opened_leaf is None


def test_what_comes_in_time_leaves_no_trace():
    state = ledger()
    play(state, [turn(0, (mark(due=5), True)), turn(4, (mark(due=5), False))])
    play(state, [], until=NOW + timedelta(hours=1))
    assert not state.changed


changes = st.lists(
    st.tuples(
        st.builds(
            mark,
            subject=st.sampled_from("ab"),
            item=st.sampled_from("xyz"),
            due=st.one_of(st.none(), st.integers(0, 30)),
        ),
        st.booleans(),
    ),
    max_size=4,
)


@given(st.lists(changes, min_size=1, max_size=20), st.data())
def test_findings_do_not_depend_on_how_leaves_are_cut_or_when_the_tick_comes(leaves, data):
    turns = [turn(n, *given_) for n, given_ in enumerate(leaves)]
    end = NOW + timedelta(hours=2)
    whole = ledger()
    play(whole, turns, until=end)

    cut = ledger()
    for n, one in enumerate(turns):
        play(cut, [one])
        if data.draw(st.booleans()):
            # The tick judges what is settled: before the next leaf, which is a minute later.
            play(cut, [], until=NOW + timedelta(minutes=n, seconds=59))
    play(cut, [], until=end)
    assert shown(cut) == shown(whole)


degrees = st.tuples(st.floats(-85, 85), st.floats(-180, 180))


@given(degrees, degrees)
def test_the_quick_look_never_takes_two_places_for_closer_than_they_are(one, other):
    assert apart_m(*one, *other) <= at_most_m(*one, *other) + 1e-6


# bags


def step(n, kind, site="130110-P0001", **given):
    at = int((NOW + timedelta(hours=n)).timestamp() * 1_000_000)
    return Step(
        f"{n:08}-0000-7000-8000-000000000000", kind, site, at, at, n, DAY + timedelta(days=n // 24),
        **given,
    )  # fmt: skip


LABEL = LabelFacts(COUNTY)
KNOWN = Known({}, {}, lambda county, on, _: with_defaults(county, on))


def judged(*steps):
    return marks_of("bag", fold(LABEL, steps), KNOWN, lambda _: NOW)


def bag_marks(*steps):
    return {m.rule: m for m in judged(*steps)[0]}


LIFE = (
    step(0, "collect", mass_g=5_000, mass_source="weighed"),
    step(1, "depart", destination="130110-S0001"),
)


def test_a_bag_weighed_with_others_is_never_judged_by_its_share():
    alone = step(2, "arrive", "130110-S0001", mass_g=4_000, mass_source="weighed")
    shared = step(2, "arrive", "130110-S0001", mass_g=4_000, mass_source="apportioned")
    assert "weight-difference" in bag_marks(*LIFE, alone)
    assert "weight-difference" not in bag_marks(*LIFE, shared)
    _, trail = judged(*LIFE, shared)
    [(before_g, after_g, _)] = trail.shares.values()
    assert (before_g, after_g) == (5_000, 4_000), "it is judged in its group's sum"


def test_a_carried_weight_is_nobodys_scale():
    carried = step(2, "arrive", "130110-S0001", mass_g=4_000, mass_source="carried")
    assert "weight-difference" not in bag_marks(*LIFE, carried)


def test_a_bag_refused_at_arrival_is_on_its_way_still_and_makes_no_leap():
    refused = step(2, "arrive", "130110-S0001", outcome="refused")
    marks = bag_marks(*LIFE, refused)
    assert set(marks) == {"trip-overdue", "short-arrival"}
    assert marks["short-arrival"].due_at is None
    back = bag_marks(*LIFE, refused, step(3, "arrive", mass_g=5_000, mass_source="weighed"))
    assert "short-arrival" not in back


def test_what_is_treated_waits_for_nothing():
    ends = (
        step(2, "arrive", "130181-R0001", mass_g=5_000, mass_source="weighed"),
        step(3, "dispose", "130181-R0001", method="resource_use"),
    )
    assert set(bag_marks(*LIFE, *ends)) == {"arrived-elsewhere"}


MOVES = st.sampled_from(
    [
        ("collect", "130110-P0001", {"mass_g": 5_000, "mass_source": "weighed"}),
        ("hand_in", "130110-P0001", {"scopes": (("pesticide", 450),)}),
        ("hand_in", "130110-P0001", {"mass_g": 900, "mass_source": "weighed"}),
        ("store", "130110-P0001", {"mass_g": 4_100, "mass_source": "weighed"}),
        ("depart", "130110-P0001", {"destination": "130110-S0001"}),
        ("arrive", "130110-S0001", {"mass_g": 4_000, "mass_source": "weighed"}),
        ("arrive", "130110-S0001", {"mass_g": 4_300, "mass_source": "apportioned", "group": ("", 9)}),
        ("arrive", "130110-S0001", {"outcome": "refused"}),
        ("arrive", "130110-S0001", {"outcome": "missing"}),
        ("arrive", "130110-P0001", {"mass_g": 4_000, "mass_source": "weighed"}),
        ("depart", "130110-S0001", {"destination": "130181-R0001"}),
        ("arrive", "130181-R0001", {}),
        ("stock_count", "130110-S0001", {"mass_g": 3_000, "mass_source": "weighed"}),
        ("pack", "130110-S0001", {"container": "box"}),
        ("unpack", "130110-S0001", {"container": "box"}),
        ("dispose", "130181-R0001", {"method": "resource_use"}),
        ("write_off", "130110-S0001", {}),
    ]
)  # fmt: skip
PLACES = {
    code: Place(code, "铜冶镇", lat, 114.5)
    for code, lat in (("130110-P0001", 38.0), ("130110-S0001", 38.1), ("130181-R0001", 41.0))
}


@given(st.lists(MOVES, max_size=12))
def test_going_on_from_what_is_kept_of_a_bag_comes_to_what_its_whole_story_says(moves):
    """Step by step through JSON, as the follower does, beside the fold of all that was told."""
    known = Known(PLACES, {}, KNOWN.thresholds)
    state, trail, marks, told = State(), Trail(), [], []
    for n, (kind, site, given_) in enumerate(moves):
        # A day between two steps, but for what leaves at once.
        one = step(n if kind == "depart" else 24 * n, kind, site, **given_)
        if told and one.order <= told[-1].order:
            continue
        moved = advance(LABEL, state, one)
        if isinstance(moved, Conflict):
            continue
        told.append(one)
        found = step_marks("bag", state, trail, one, moved, known, NOW)
        marks = [*(m for m in marks if m.rule in OF_A_STEP), *found]
        whom = concerned(state, one, known)
        trail = trail_in(trail_out(trail.after(state, one, moved, NOW, whom)))
        state = state_in(state_out(moved.state))
        marks += standing_marks("bag", state, trail, known)

        folded = fold(LABEL, told)
        whole, whole_trail = marks_of("bag", folded, known, lambda _: NOW)
        assert {m.item: m for m in marks} == {m.item: m for m in whole}
        assert trail == whole_trail
        assert state_out(state) == state_out(folded.state)
