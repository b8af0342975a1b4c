"""The simulated season holds: large enough, plausible, lawful, and the same every time."""

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from app.demo.actions import Action, Declaration, Delivery, LabelIssue
from app.demo.geo import distance_km
from app.demo.handins import unit_weights
from app.demo.season import midnight, play
from app.demo.settle import build_world
from app.demo.world import SHANGHAI
from app.events.fold import Folded, fold
from app.events.state import LabelFacts, Step

ROOT = Path(__file__).parent.parent
LAST_DAY = date(2025, 11, 21)
WORLD = build_world("test", LAST_DAY)
ACTIONS = list(play(WORLD))
DELIVERIES = [action for action in ACTIONS if isinstance(action, Delivery)]
END = midnight(LAST_DAY + timedelta(days=1))


def skew(delivery: Delivery) -> timedelta:
    """What the server corrects a device's clock by (model.md, Time)."""
    if delivery.sent_at is None:
        return timedelta(0)
    off = delivery.received_at - delivery.sent_at
    return off if abs(off) > timedelta(seconds=60) else timedelta(0)


def steps() -> list[tuple[str, Step]]:
    """Each bag's steps, in the order in which the server receives them."""
    found = []
    for delivery in DELIVERIES:
        for event in delivery.events:
            at = datetime.fromisoformat(event["occurred_at"]) + skew(delivery)
            us = round(at.timestamp() * 1e6)
            for line in event["batches"]:
                step = Step(
                    event=event["id"],
                    kind=event["kind"],
                    site=event["site"],
                    effective_us=us,
                    adjusted_us=us,
                    seq=event["device"]["seq"],
                    occurred_on=at.date(),
                    mass_g=line.get("mass_g"),
                    mass_source=line.get("mass_source"),
                    trip=event.get("trip"),
                    destination=event.get("destination"),
                    method=event.get("method"),
                )
                found.append((line["code"], step))
    return found


STEPS = steps()
STORIES: dict[str, list[Step]] = defaultdict(list)
for bag, told in STEPS:
    STORIES[bag].append(told)


@pytest.mark.parametrize("last_day", [LAST_DAY, date(2026, 3, 1), date(2026, 7, 3)])
def test_the_season_is_as_large_as_promised_whenever_it_is_played(last_day: date) -> None:
    world = build_world("season", last_day)
    kinds: Counter[str] = Counter()
    bags, days = set(), set()
    for action in play(world):
        if isinstance(action, Delivery):
            for event in action.events:
                kinds[event["kind"]] += 1
                bags |= {line["code"] for line in event["batches"]}
                days.add(event["occurred_at"][:10])
    assert kinds["hand_in"] >= 20_000
    assert len(bags) >= 3_000
    assert len(days) >= 90
    assert max(days) == last_day.isoformat()
    assert set(kinds) == {"hand_in", "collect", "store", "depart", "arrive", "dispose"}


def test_actions_come_in_the_order_of_reception_and_none_after_the_last_day() -> None:
    times = [action.at for action in ACTIONS]
    assert times == sorted(times)
    assert times[-1] < END


def test_true_stories_fold_without_a_gap_and_bags_end_in_every_state() -> None:
    states = Counter()
    for code, story in STORIES.items():
        told = fold(LabelFacts(code[:6]), story)
        assert isinstance(told, Folded), told
        assert told.state.flags == ()
        states[told.state.status] += 1
    assert set(states) == {"open", "collected", "in_transit", "received", "stored", "disposed"}
    assert min(states.values()) >= 5


def test_no_bag_meets_a_conflict_in_the_order_of_reception_but_some_meet_gaps() -> None:
    heard: dict[str, list[Step]] = defaultdict(list)
    gaps = set()
    shuffled = {
        code for code, story in STORIES.items() if story != sorted(story, key=lambda one: one.order)
    }
    for code, step in STEPS:
        if code not in shuffled:
            continue
        heard[code].append(step)
        told = fold(LabelFacts(code[:6]), heard[code])
        assert isinstance(told, Folded), told
        if told.state.flags:
            gaps.add(code)
    assert len(gaps) >= 20


def test_hand_ins_come_before_their_bag_is_sealed_and_open_bags_stay_where_they_are() -> None:
    for story in STORIES.values():
        ordered = sorted(story, key=lambda step: step.order)
        kinds = [step.kind for step in ordered]
        hand_ins = kinds.count("hand_in")
        assert kinds[:hand_ins] == ["hand_in"] * hand_ins
        if len(kinds) > hand_ins:
            assert kinds[hand_ins] == "collect"
        assert len({step.site for step in ordered[: hand_ins + 1]}) == 1


def test_labels_are_issued_to_the_point_before_they_are_used_and_never_twice() -> None:
    issued: dict[str, LabelIssue] = {}
    for action in ACTIONS:
        if isinstance(action, LabelIssue):
            for code in action.codes:
                assert code not in issued
                issued[code] = action
        elif isinstance(action, Delivery):
            for event in action.events:
                for line in event["batches"]:
                    assert line["code"] in issued
                    if event["kind"] in ("hand_in", "collect"):
                        assert issued[line["code"]].site == event["site"]


def test_sealed_bags_weigh_4_to_12_kg_and_later_weighings_agree_within_7_percent() -> None:
    differences = []
    for story in STORIES.values():
        ordered = sorted(story, key=lambda step: step.order)
        masses = [step.mass_g for step in ordered if step.kind != "hand_in" and step.mass_g]
        assert all(3_500 <= mass <= 12_500 for mass in masses)
        differences += [abs(two / one - 1) for one, two in pairwise(masses)]
    assert max(differences) < 0.09
    assert 0.02 < sum(off > 0.03 for off in differences) / len(differences) < 0.15


def test_the_sealed_weight_is_near_the_sum_of_what_was_counted() -> None:
    counted: Counter[str] = Counter()
    sealed: dict[str, int] = {}
    for delivery in DELIVERIES:
        for event in delivery.events:
            line = event["batches"][0]
            if event["kind"] == "hand_in":
                counted[line["code"]] += sum(
                    piece["pieces"]
                    * unit_weights()[piece["material"], piece["form"], piece["size"]]
                    for piece in event["contents"]
                )
            elif event["kind"] == "collect":
                sealed[line["code"]] = line["mass_g"]
    both = [(mass, counted[code] / 1000) for code, mass in sealed.items() if code in counted]
    assert len(both) >= 2_500
    assert all(abs(mass / sum_g - 1) < 0.1 for mass, sum_g in both)


def test_lorries_arrive_after_they_depart_and_no_faster_than_80_km_an_hour() -> None:
    for story in STORIES.values():
        ordered = sorted(story, key=lambda step: step.order)
        for one, two in pairwise(ordered):
            if one.kind == "depart":
                assert two.kind == "arrive"
                assert two.site == one.destination
                hours = (two.effective_us - one.effective_us) / 3.6e9
                far = distance_km(WORLD.site[one.site].place, WORLD.site[two.site].place)
                assert far / hours < 80


def test_loads_go_to_lawful_plants_alone_and_methods_fit_the_plant() -> None:
    lawful = {site.code: site.kind for kind in "RIL" for site in WORLD.receivers(kind)}
    methods = {"R": "resource_use", "I": "incinerate", "L": "landfill"}
    disposals = [step for _, step in STEPS if step.kind == "dispose"]
    assert {step.method for step in disposals} == set(methods.values())
    for step in disposals:
        assert methods[lawful[step.site]] == step.method


def test_everyone_records_for_a_site_of_their_own() -> None:
    for delivery in DELIVERIES:
        account = WORLD.account[delivery.account]
        for event in delivery.events:
            if account.role == "carrier":
                assert event["kind"] == "depart"
                assert event["vehicle"] in WORLD.plates[account.area]
            else:
                assert event["site"] == account.site


def test_some_phones_sync_hours_late_and_some_clocks_are_minutes_off() -> None:
    late, skewed = set(), set()
    for delivery in DELIVERIES:
        happened = datetime.fromisoformat(delivery.events[0]["occurred_at"]) + skew(delivery)
        if delivery.received_at - happened > timedelta(hours=3):
            late.add(delivery.device)
        if skew(delivery):
            skewed.add(delivery.device)
    devices = {delivery.device for delivery in DELIVERIES}
    assert 0.03 < len(late) / len(devices) < 0.12
    assert 2 <= len(skewed) < 20
    assert any(len(delivery.events) > 5 for delivery in DELIVERIES)


def test_events_are_shaped_as_the_contract_says() -> None:
    ids = set()
    for delivery in DELIVERIES:
        assert delivery.sent_at or len(delivery.events) == 1
        for event in delivery.events:
            ids.add(event["id"])
            assert event["id"][14] == "7"
            assert event["occurred_at"].endswith("+08:00")
            assert event["device"]["id"] == delivery.device
            assert 1 <= len(event["batches"]) <= 500
            assert len({line["code"] for line in event["batches"]}) == len(event["batches"])
    assert len(ids) == sum(len(delivery.events) for delivery in DELIVERIES)


def test_each_device_counts_its_events_without_a_hole() -> None:
    last: Counter[str] = Counter()
    for delivery in DELIVERIES:
        for event in delivery.events:
            last[delivery.device] += 1
            assert event["device"]["seq"] == last[delivery.device]


def test_declared_supply_makes_plausible_rates_and_one_above_one() -> None:
    generated: Counter[str] = Counter()
    collected: Counter[str] = Counter()
    for action in ACTIONS:
        if isinstance(action, Declaration):
            for row in action.rows:
                generated[row["county"]] += round(row["units"] * row["unit_weight_g"])
        elif isinstance(action, Delivery):
            for event in action.events:
                if event["kind"] == "collect":
                    collected[event["site"][:6]] += event["batches"][0]["mass_g"]
    rates = sorted(collected[county] / generated[county] for county in WORLD.pilots)
    assert rates[0] > 0.58
    assert rates[-2] < 0.97
    assert 1 < rates[-1] < 1.1


def digest(actions: Iterable[Action]) -> str:
    """Hash every action as JSON."""
    whole = hashlib.sha256()
    for action in actions:
        whole.update(json.dumps(vars(action), default=str, ensure_ascii=False).encode())
    return whole.hexdigest()


def test_the_same_seed_and_day_give_the_same_season_whatever_the_hash_seed() -> None:
    script = "from test_demo_season import ACTIONS, digest; print(digest(ACTIONS))"
    environment = os.environ | {"PYTHONHASHSEED": "7", "PYTHONPATH": f"{ROOT}:{ROOT}/tests"}
    run = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, check=True
    )
    assert run.stdout.decode().strip() == digest(ACTIONS)
    assert digest(play(build_world("test", LAST_DAY))) == digest(ACTIONS)
    assert digest(play(build_world("other", LAST_DAY))) != digest(ACTIONS)


def test_the_season_is_told_in_chinese_time() -> None:
    assert all(action.at.utcoffset() == SHANGHAI.utcoffset(None) for action in ACTIONS)
