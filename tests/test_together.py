"""Lives of many bags and containers told in any order: the end is the same, nothing gets stuck.

The deciding part alone, in memory; tests/test_custody_machine.py has it with the database.
"""

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from app.batches.codes import make_code
from tests import reference as ref
from tests.machine.arrivals import End, end_of, folded_whole, told_anyhow, told_in_order
from tests.machine.cast import METHODS, START
from tests.machine.desk import Desk
from tests.machine.lives import Bag, Body, Box, Life

BAGS = [make_code(ref.LUQUAN if n % 2 else ref.ANXIN, n) for n in range(1, 9)]
BOXES = [make_code(ref.LUQUAN, n) for n in range(101, 104)]
A, B, C, *_ = BAGS
X, Y, _ = BOXES


def a_life(rng: Random, steps: int, *, corrected: float = 0) -> list[Body]:
    life = Life(rng, [Bag(code) for code in BAGS], [Box(code) for code in BOXES])
    return life.play(steps, corrected=corrected)


@given(st.randoms(use_true_random=False), st.integers(0, 2**32), st.booleans())
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_order_of_arrival_ends_in_the_same_states_and_postings(rng, seed, corrected):
    life = a_life(rng, 16, corrected=0.15 if corrected else 0)
    end = told_in_order(Desk(BAGS, BOXES), life)
    for shuffle in range(3):
        desk = Desk(BAGS, BOXES)
        assert told_anyhow(desk, life, Random(seed + shuffle)) == end
        whole = folded_whole(desk)
        assert {code: end.states[code] for code in whole.states} == whole.states
        assert {code: end.booked[code] for code in whole.states} == whole.booked


@given(st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_put_right_at_last_ends_as_if_it_had_been_told_right_at_once(rng):
    """Repacks too, and whatever has moved on since: only the origin of a mixture cannot change."""
    life = a_life(rng, 20)
    desk, known_as = Desk(BAGS, BOXES), {}
    wrong = {body["id"]: mistyped(rng, body) for body in life if rng.random() < 0.3}
    for body in life:
        assert isinstance(desk.tell(wrong.get(body["id"], body)), dict)
    waiting = [body for body in life if wrong.get(body["id"], body) != body]
    waiting = rng.sample(waiting, len(waiting))
    while waiting:
        stay = []
        for body in waiting:
            right = {key: value for key, value in body.items() if key != "id"}
            fix = correction(body, "incorrect_data", replacement=right)
            answer = desk.tell(fix)
            if isinstance(answer, dict):
                known_as[fix["id"]] = body["id"]
            else:
                assert answer.name == "later-events-rest-on-this"
                stay.append(body)
        assume(len(stay) < len(waiting))
        waiting = stay
    assert as_text(end_of(desk), known_as) == as_text(told_in_order(Desk(BAGS, BOXES), life), {})


@given(st.randoms(use_true_random=False), st.integers(0, 19))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_taken_back_ends_as_if_it_had_never_been_told(rng, n):
    life = a_life(rng, 20)
    desk, without = Desk(BAGS, BOXES), Desk(BAGS, BOXES)
    taken_back = life[n % len(life)]
    for body in life:
        desk.tell(body)
    answer = desk.tell(correction(taken_back, "did_not_occur", site=taken_back["site"]))
    if not isinstance(answer, dict):
        assert answer.name == "later-events-rest-on-this"
        return
    for body in life:
        if body is not taken_back:
            assert isinstance(without.tell(body), dict)
    assert as_text(end_of(desk), {}) == as_text(end_of(without), {})


def mistyped(rng: Random, body: Body) -> Body:
    """Return an event with other weights and pieces than it had."""
    wrong = deepcopy(body)
    if "group_mass_g" in wrong:
        wrong["group_mass_g"] = rng.randint(1, 6_000)
    if "weighed" in wrong:
        wrong["weighed"]["gross_g"] += rng.randint(1, 6_000)
    for named in wrong.get("batches", ()):
        if "mass_g" in named:
            named["mass_g"] = rng.randint(1, 9_000)
    for line in wrong.get("contents", ()):
        line |= {"pieces": rng.randint(1, 90), "scope": rng.choice(["pesticide", "film"])}
    if wrong["kind"] == "repack":
        for named in (rng.choice(wrong["inputs"]), rng.choice(wrong["outputs"])):
            named["mass_g"] += 70
    return wrong


def correction(body: Body, reason: str, **fields) -> Body:
    """Return a correction of an event; its id sorts behind all others."""
    made = {"id": f"f{body['id'][1:]}", "kind": "correct", "corrects": body["id"]}
    return {**made, "reason": reason, **fields}


def as_text(end: End, known_as: dict[str, str]) -> list[str]:
    """Return what stands, a line a bag, flag or posting, events under the ids they are `known_as`."""
    told = {code: s for code, s in end.states.items() if s.last is not None and code in BAGS}
    lines = [f"{code} {replace(s, flags=())}" for code, s in told.items()]
    lines += [f"{code} {flag}" for code, s in told.items() for flag in s.flags]
    lines += [
        f"{code} {grams} {' '.join(map(str, key))}"
        for code, sums in end.booked.items()
        for key, grams in sums.items()
    ]
    for new, old in known_as.items():
        lines = [line.replace(new, old) for line in lines]
    return sorted(lines)


class Told:
    """A desk and a pen: events a minute apart, told in whatever order they are called."""

    def __init__(self) -> None:
        self.desk = Desk(BAGS, BOXES)
        self.minute = 0

    def body(self, kind: str, *codes: str, site: str = ref.POINT, mass_g: int = 0, **fields):
        self.minute += 1
        refs = [{"code": code} | ({"mass_g": mass_g} if mass_g else {}) for code in codes]
        return {
            "id": f"0197c34a-0000-7000-8000-{self.minute:012d}",
            "kind": kind,
            "occurred_at": (START + timedelta(minutes=self.minute)).isoformat(),
            "site": site,
            "batches": refs,
            **fields,
        }

    def grams(self, code: str) -> int:
        return self.desk.facts.known[code].state.mass_g


@pytest.fixture
def told() -> Told:
    return Told()


class TestUnpackedBeforePacked:
    """The phone that packed and unpacked comes last: neither half waits for the other."""

    def test_a_later_step_lets_the_unpack_in_and_that_the_pack(self, told: Told):
        sealed = told.body("collect", A, mass_g=600)
        packed = told.body("pack", A, container=X)
        out = told.body("unpack", A, container=X)
        stored = told.body("store", A)
        for body in (sealed, stored):
            assert isinstance(told.desk.tell(body), dict)
        assert told.desk.tell(packed).name == "bag-is-packed"
        assert told.desk.tell(out)["flags"] == ["missing-pack"]
        assert told.desk.tell(packed)["flags"] == []
        assert told.desk.facts.known[A].state.flags == ()

    def test_one_of_two_bags_is_enough(self, told: Told):
        sealed = [told.body("collect", code, mass_g=600) for code in (A, B)]
        packed = told.body("pack", A, B, container=X)
        out = told.body("unpack", A, B, container=X)
        stored = told.body("store", A)
        for body in (*sealed, stored, out, packed):
            assert isinstance(told.desk.tell(body), dict)

    def test_as_the_newest_step_it_waits_for_the_pack(self, told: Told):
        told.desk.tell(told.body("collect", A, mass_g=600))
        problem = told.desk.tell(told.body("unpack", A, container=X))
        assert (problem.name, problem.extras["retry"]) == ("bag-not-in-container", True)


class TestEndedInAContainer:
    def test_a_bag_that_was_taken_out_before_waits_to_be_told(self, told: Told):
        [plant] = [site for site, method in METHODS.items() if method == "resource_use"]
        packed = [
            told.body("collect", A, site=ref.STATION, mass_g=600),
            told.body("pack", A, site=ref.STATION, container=X),
        ]
        out = told.body("unpack", A, site=ref.STATION, container=X)
        treated = told.body(
            "dispose", X, site=plant, method="resource_use", certificate="处理证明 1 号"
        )
        stored = told.body("store", A, site=ref.STATION)
        for body in (*packed, treated):
            assert isinstance(told.desk.tell(body), dict)
        problem = told.desk.tell(stored)
        assert (problem.name, problem.extras["retry"]) == ("batch-already-disposed", True)
        for body in (out, stored):
            assert isinstance(told.desk.tell(body), dict)
        assert told.desk.facts.known[A].state.status == "stored"

    def test_a_bag_that_was_treated_by_itself_stays_treated(self, told: Told):
        [plant] = [site for site, method in METHODS.items() if method == "resource_use"]
        fields = {"site": plant, "method": "resource_use", "certificate": "处理证明 1 号"}
        told.desk.tell(told.body("dispose", A, **fields))
        problem = told.desk.tell(told.body("store", A, site=ref.STATION))
        assert (problem.name, problem.extras["retry"]) == ("batch-already-disposed", None)


class TestWhoLeavesAGroup:
    """What a bag had of a weighing goes back to those who were weighed."""

    def weighed_together(self, told: Told) -> None:
        for code in (A, B):
            told.desk.tell(told.body("collect", code, mass_g=500))
        told.desk.tell(told.body("pack", A, B, container=X))
        told.minute = 10
        weighed = {"container": X, "gross_g": 13_200, "tare_g": 12_000}
        told.desk.tell(told.body("store", X, weighed=weighed))
        assert (told.grams(A), told.grams(B)) == (600, 600)
        told.minute = 5

    def test_an_unpack_that_comes_late_gives_its_share_to_the_others(self, told: Told):
        self.weighed_together(told)
        assert told.desk.tell(told.body("unpack", A, container=X))["flags"] == []
        assert (told.grams(A), told.grams(B)) == (500, 1_200)

    def test_so_does_a_container_that_was_emptied_before(self, told: Told):
        told.desk.tell(told.body("collect", A, mass_g=500))
        told.desk.tell(told.body("pack", A, container=X))
        told.minute = 9
        told.desk.tell(told.body("collect", B, mass_g=500))
        weighed = {"container": X, "gross_g": 13_200, "tare_g": 12_000}
        told.desk.tell(told.body("pack", B, container=X, weighed=weighed))
        assert (told.grams(A), told.grams(B)) == (600, 600)
        told.minute = 5
        assert isinstance(told.desk.tell(told.body("write_off", X, reason="灭失")), dict)
        assert (told.grams(A), told.grams(B)) == (500, 1_200)

    def test_so_does_a_pack_that_did_not_occur(self, told: Told):
        told.desk.tell(told.body("collect", A, mass_g=500))
        told.desk.tell(told.body("collect", B, mass_g=500))
        wrong = told.body("pack", A, container=X)
        told.desk.tell(wrong)
        told.desk.tell(told.body("pack", B, container=X))
        weighed = {"container": X, "gross_g": 13_200, "tare_g": 12_000}
        told.desk.tell(told.body("store", X, weighed=weighed))
        told.desk.tell(
            {
                "id": "0197c34a-0000-7000-8000-00000000ffff", "kind": "correct",
                "corrects": wrong["id"], "reason": "did_not_occur",
            }
        )  # fmt: skip
        assert (told.grams(A), told.grams(B)) == (500, 1_200)
