"""The auditor's tool on containers, repacks, stock counts, write-offs and corrections: made-up exports."""

import json
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from app.balance.postings import REPACK, Transfer, listed, outstanding
from app.events.happening import day_of
from scripts.benchmarks.big_log import BEGIN, MadeUp, Written, change_sums, keys_event, write_events
from tests.verifying import as_lines, parsed, run, verified

POINT, STATION, PLANT = "130110-P0001", "130110-S0001", "130181-R0001"
A, B, C, D, CRATE = (f"130110-0000-000{n}-0{n}" for n in range(1, 6))
TRIP = "00000000-0000-7000-8000-00000000aaaa"
DAYS = {"from": "2026-01-01", "to": "2026-12-31"}
HERE, THERE, ON_TRIP = f"site/{POINT}", f"site/{STATION}", f"transit/{TRIP}"


def id_of(n: int) -> str:
    return f"01a00000-0000-7000-8000-{n:012x}"


class Story:
    """Events of bags, one after the other, with what they book; each change books due − booked."""

    def __init__(self) -> None:
        self.rng, self.written = Random(6962), Written()
        self.events = [keys_event(self.rng)]
        self.booked: dict[str, list[Transfer]] = defaultdict(list)

    def add(self, kind, site, *, codes=(), moves=(), **own) -> MadeUp:
        """Add an event; `moves` are (batch, from, to, grams), `batches` those of `own`."""
        at = BEGIN + timedelta(hours=len(self.events))
        event = MadeUp(id_of(len(self.events)), kind, at, site, dict(own), list(codes))
        self.events.append(event)
        transfers = defaultdict(list)
        for batch, source, target, grams in moves:
            transfers[batch].append(self.moved(event, source, target, grams))
        self.book(event, transfers)
        return event

    def moved(self, event, source, target, grams, about=None) -> Transfer:
        day = day_of(event.at)
        return Transfer(about or event.id, "130110/pesticide", source, target, "130110", grams, day)

    def book(self, event, transfers) -> None:
        for batch, new in sorted(transfers.items()):
            event.postings += listed(batch, new)
            kept = [t for t in new if REPACK not in (t.source, t.target)]
            change_sums(self.written, self.booked[batch], kept)
            self.booked[batch] += new

    def correct(self, corrected, reason, *, codes, moves=(), **own) -> MadeUp:
        """Correct an event: what it booked goes back, what takes its place is booked."""
        event = self.add("correct", None, codes=codes, corrects=corrected.id, reason=reason, **own)
        due = defaultdict(list)
        for batch, source, target, grams in moves:
            due[batch].append(self.moved(event, source, target, grams))
        transfers = {}
        for batch in {*due, *self.booked}:
            stands = [t for t in self.booked[batch] if t.about == corrected.id]
            if new := outstanding(due[batch], stands):
                transfers[batch] = new
        self.book(event, transfers)
        return event


def batches(*codes) -> list[dict]:
    return [{"code": code} for code in codes]


def told(story: Story) -> dict[str, MadeUp]:
    """Tell a story of all the kinds; return its events by what they are called here."""
    add = story.add
    found = {}
    found["collect"] = add(
        "collect", POINT, codes=[A], batches=batches(A), moves=[(A, "field", HERE, 1_000)]
    )
    found["pack"] = add("pack", POINT, codes=[A, CRATE], batches=batches(A), container=CRATE)
    found["depart"] = add(
        "depart", POINT, codes=[CRATE], batches=batches(CRATE), destination=STATION, trip=TRIP,
        moves=[(A, HERE, ON_TRIP, 1_000)],
    )  # fmt: skip
    found["arrive"] = add(
        "arrive", STATION, codes=[CRATE, B], batches=batches(CRATE), trip=TRIP,
        exceptions=[{"code": B, "outcome": "missing", "reason": "没有"}],
        moves=[(A, ON_TRIP, THERE, 1_000)],
    )  # fmt: skip
    found["unpack"] = add("unpack", STATION, codes=[A, CRATE], batches=batches(A), container=CRATE)
    found["count"] = add(
        "stock_count", STATION, codes=[B], batches=batches(B), moves=[(B, "opening", THERE, 500)]
    )
    found["repack"] = add(
        "repack", STATION, codes=[A, B, C], inputs=batches(A, B), outputs=batches(C), mode="mix",
        moves=[
            (A, THERE, "removed/foreign", 60),
            (A, THERE, REPACK, 940),
            (B, THERE, REPACK, 500),
            (C, REPACK, THERE, 1_440),
        ],
    )  # fmt: skip
    found["write_off"] = add(
        "write_off", STATION, codes=[D], batches=batches(D),
        moves=[(D, "unexplained", THERE, 200), (D, THERE, "written_off", 200)],
    )  # fmt: skip
    found["mistyped"] = add(
        "stock_count", STATION, codes=[C, CRATE], batches=batches(C, CRATE),
        moves=[(C, "difference", THERE, 9_000)],
    )  # fmt: skip
    found["correct"] = story.correct(
        found["mistyped"], "incorrect_data", codes=[C, CRATE],
        replacement={"kind": "stock_count", "batches": batches(C, CRATE)},
        moves=[(C, "difference", THERE, 90)],
    )  # fmt: skip
    found["again"] = story.correct(
        found["correct"], "incorrect_data", codes=[C, CRATE],
        replacement={"kind": "stock_count", "batches": batches(C, CRATE)},
        moves=[(C, THERE, "difference", 10)],
    )  # fmt: skip
    found["undone"] = story.correct(found["write_off"], "did_not_occur", codes=[D])
    return found


def written(folder, story: Story) -> list[str]:
    path = folder / "made-up.jsonl"
    write_events(path, story.events, story.written, story.rng)
    return path.read_text(encoding="utf-8").splitlines(keepends=True)


@pytest.fixture
def story():
    return Story()


def saved(folder, size: int, **answer):
    path = folder / f"{next(iter(answer.values()))}.json"
    path.write_text(json.dumps({**answer, **DAYS, "log": {"size": size}}))
    return path


def test_all_kinds_hold_and_balances_are_made_again(story, tmp_path):
    told(story)
    lines = written(tmp_path, story)
    size = len(story.events)
    station = {
        "opening_g": 0, "closing_g": 1_430,
        "in": {"opening": 500, "transit": 1_000}, "out": {"difference": 10, "removed/foreign": 60},
    }  # fmt: skip
    trip = {"opening_g": 0, "closing_g": 0, "in": {HERE: 1_000}, "out": {THERE: 1_000}}
    outcome = verified(
        tmp_path, lines,
        "--balance", saved(tmp_path, size, site=STATION, **station),
        "--balance", saved(tmp_path, size, trip=TRIP, **trip),
    )  # fmt: skip
    assert outcome.code == 0, outcome.said
    assert "平衡表 2 张，一克不差" in outcome.said
    assert "3 条更正：叶已核对" in outcome.said
    wrong = saved(tmp_path, size, trip=TRIP, **trip | {"out": {THERE: 999, "difference": 1}})
    outcome = run(tmp_path / "log.jsonl", "--balance", wrong)
    assert (outcome.code, "out is" in outcome.said) == (1, True), outcome.said


def test_a_balance_of_an_earlier_size_knows_no_later_correction(story, tmp_path):
    found = told(story)
    lines = written(tmp_path, story)
    size = story.events.index(found["correct"])
    before = {
        "opening_g": 0, "closing_g": 10_440,
        "in": {"difference": 9_000, "opening": 500, "transit": 1_000, "unexplained": 200},
        "out": {"removed/foreign": 60, "written_off": 200},
    }  # fmt: skip
    halfway = size - story.events.index(found["depart"])
    on_trip = {"opening_g": 0, "closing_g": 1_000, "in": {HERE: 1_000}, "out": {}}
    outcome = verified(
        tmp_path, lines,
        "--balance", saved(tmp_path, size, site=STATION, **before),
        "--balance", saved(tmp_path, size - halfway + 1, trip=TRIP, **on_trip),
    )  # fmt: skip
    assert outcome.code == 0, outcome.said


def changed(story: Story, name: str, **fields) -> None:
    """Let an event be told otherwise; sums stay: the leaf is judged before them."""
    event = told(story)[name]
    place = next(n for n, one in enumerate(story.events) if one.id == event.id)
    story.events[place] = replace(event, **fields)


@pytest.mark.parametrize(("name", "codes", "said"), [
    ("pack", [A], f'lacks ["{CRATE}"]'),
    ("unpack", [CRATE], f'lacks ["{A}"]'),
    ("repack", [A, C], f'lacks ["{B}"]'),
    ("repack", [A, B, C, D], f'has ["{D}"]'),
    ("correct", [C], f'lacks ["{CRATE}"]'),
    ("correct", [A, C, CRATE], f'has ["{A}"]'),
    ("undone", [], f'lacks ["{D}"]'),
    ("arrive", [CRATE], f'lacks ["{B}"]'),
])  # fmt: skip
def test_bags_that_a_leaf_does_not_name_and_those_it_lacks_are_found(
    story, tmp_path, name, codes, said
):
    changed(story, name, codes=codes)
    outcome = verified(tmp_path, written(tmp_path, story))
    assert outcome.code == 1, outcome.said
    assert f"does not hold: leaf {index_of(story, name)}: event_batch" in outcome.said
    assert said in outcome.said


NAMES = [
    "collect", "pack", "depart", "arrive", "unpack", "count", "repack", "write_off", "mistyped",
    "correct", "again", "undone",
]  # fmt: skip


def index_of(_: Story, name: str) -> int:
    return 1 + NAMES.index(name)


@pytest.mark.parametrize("out", [1_439, 1_441, 0])
def test_a_repack_that_does_not_net_to_zero_is_named(story, tmp_path, out):
    moves = [(A, THERE, REPACK, 940), (B, THERE, REPACK, 500)]
    moves += [(C, REPACK, THERE, out)] if out else []
    event = story.add(
        "repack", STATION, codes=[A, B, C], inputs=batches(A, B), outputs=batches(C), mode="mix",
        moves=moves,
    )  # fmt: skip
    outcome = verified(tmp_path, written(tmp_path, story))
    assert outcome.code == 1
    assert f"leaf 1: the repack of event {event.id} does not net to zero" in outcome.said
    assert f"{1_440 - out} g stay in it at 130110, 130110/pesticide" in outcome.said


def test_what_leaves_a_repack_under_another_origin_is_found(story, tmp_path):
    event = story.add(
        "repack", STATION, codes=[A, C], inputs=batches(A), outputs=batches(C), mode="sort",
        moves=[(A, THERE, REPACK, 940)],
    )  # fmt: skip
    other = replace(story.moved(event, REPACK, THERE, 940), origin="130181/pesticide")
    event.postings += listed(C, [other])
    outcome = verified(tmp_path, written(tmp_path, story))
    assert (outcome.code, event.id in outcome.said) == (1, True), outcome.said


def own(story: Story, name: str, **fields) -> dict:
    event = next(e for e in story.events if e.id == id_of(index_of(story, name)))
    return {**event.own, **fields}


@pytest.mark.parametrize(("name", "fields", "said"), [
    ("undone", {"corrects": id_of(77)}, "which is not in the log before it"),
    ("undone", {"corrects": id_of(12)}, "which is not in the log before it"),
    ("undone", {"corrects": id_of(9)}, "was corrected before"),
    ("correct", {"replacement": {"kind": "store", "batches": batches(C)}}, "is of another kind"),
    ("correct", {"replacement": {"kind": "stock_count", "batches": batches(A)}}, "other batches"),
    ("correct", {"reason": "because"}, "malformed"),
    ("correct", {"reason": "did_not_occur"}, "malformed"),
    ("correct", {"replacement": {"kind": "correct", "corrects": id_of(1)}}, "malformed"),
])  # fmt: skip
def test_a_correction_that_cannot_be_is_found(story, tmp_path, name, fields, said):
    event = told(story)[name]
    event.own |= fields
    outcome = verified(tmp_path, written(tmp_path, story))
    assert outcome.code == 1, outcome.said
    assert f"leaf {index_of(story, name)}: " in outcome.said
    assert said in outcome.said


def test_what_did_not_occur_is_not_corrected_again(story, tmp_path):
    found = told(story)
    story.correct(found["undone"], "did_not_occur", codes=[D])
    outcome = verified(tmp_path, written(tmp_path, story))
    assert (outcome.code, "which cannot be corrected" in outcome.said) == (1, True), outcome.said


def with_rows(lines: list[str], rows: list[list[str]]) -> list[str]:
    """Put rows of `correction` where an export has them."""
    values = parsed(lines)
    place = next(
        n for n, one in enumerate(values) if isinstance(one, list) and one[0] == "site_flow"
    )
    values[-1][1]["correction"] = len(rows)
    return as_lines(*values[:place], *(["correction", *row] for row in rows), *values[place:])


def test_rows_of_corrections_are_held_against_their_leaves(story, tmp_path):
    found = told(story)
    right = [
        [found[a].id, found[b].id]
        for a, b in (("mistyped", "correct"), ("correct", "again"), ("write_off", "undone"))
    ]
    lines = written(tmp_path, story)
    assert verified(tmp_path, with_rows(lines, right)).code == 0
    other = found["again"].id
    for rows, said in (
        (right[1:], f"correction({right[0][0]}) is missing"),
        ([], "is missing"),
        ([[right[0][0], other], *right[1:]], "event_id is"),
        ([*right, [found["collect"].id, other]], "comes from no leaf"),
        ([*right, right[0]], "stands twice"),
    ):
        outcome = verified(tmp_path, with_rows(lines, rows))
        assert (outcome.code, said in outcome.said) == (1, True), outcome.said
