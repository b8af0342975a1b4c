"""The simulated season holds: large enough, plausible, lawful, and the same every time."""

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from app.demo.actions import Action, Declaration, Delivery, LabelIssue
from app.demo.geo import distance_km
from app.demo.handins import unit_weights
from app.demo.money import deposit_sales
from app.demo.season import play
from app.demo.settle import build_world
from app.demo.world import SHANGHAI
from app.events.fold import Folded
from app.events.happening import codes_in
from app.events.schemas import KINDS
from app.events.state import LabelFacts
from app.events.together import fold

ROOT = Path(__file__).parent.parent
LAST_DAY = date(2025, 11, 21)


@cache
def played() -> Any:
    """Return the season, played and folded: not by whoever only collects the tests."""
    return import_module("tests.season_played")


@pytest.mark.parametrize("last_day", [LAST_DAY, date(2026, 3, 1)])
def test_the_season_is_as_large_as_promised_whenever_it_is_played(last_day: date) -> None:
    world = build_world("season", last_day)
    kinds: Counter[str] = Counter()
    bags, days = set(), set()
    actions = play(world, plain=True)
    for action in (*actions, *deposit_sales(world, actions)):
        if isinstance(action, Delivery):
            for event in action.events:
                kinds[event["kind"]] += 1
                bags |= set(codes_in(event))
                days.add(event["occurred_at"][:10])
    assert kinds["hand_in"] >= 20_000
    assert len(bags) >= 3_000
    assert len(days) >= 90
    assert max(days) == last_day.isoformat()
    assert set(kinds) == set(KINDS)


def test_actions_come_in_the_order_of_reception_and_none_after_the_last_day() -> None:
    times = [action.at for action in played().ACTIONS]
    assert times == sorted(times)
    assert times[-1] < played().END


def test_true_stories_fold_without_a_gap_and_bags_end_in_every_state() -> None:
    assert isinstance(played().FOLDED, dict), played().FOLDED
    states = Counter()
    for told in played().FOLDED.values():
        flags = {flag for _, flag in told.state.flags}
        assert flags <= {"damaged-at-arrival"}
        states[told.state.status] += 1
    assert set(states) == {
        "open", "collected", "in_transit", "received", "stored", "disposed", "repacked",
        "written_off",
    }  # fmt: skip
    assert min(states.values()) >= 2


def test_no_bag_meets_a_conflict_in_the_order_of_reception_but_some_meet_gaps() -> None:
    gaps = set()
    for bag in played().BAGS:
        story = []
        for happening in played().NAMED[bag]:
            step = happening.step(bag)
            if happening.kind not in played().SINGLE or step.group:
                break
            story.append(step)
        if story == sorted(story, key=lambda step: step.order):
            continue
        for heard in range(1, len(story) + 1):
            told = fold(LabelFacts(bag[:6]), story[:heard])
            assert isinstance(told, Folded), told
            if told.state.flags:
                gaps.add(bag)
    assert len(gaps) >= 20


def test_hand_ins_come_before_their_bag_is_sealed_and_open_bags_stay_where_they_are() -> None:
    for story in played().STORIES.values():
        ordered = sorted(story, key=lambda step: step.order)
        kinds = [step.kind for step in ordered]
        hand_ins = kinds.count("hand_in")
        assert kinds[:hand_ins] == ["hand_in"] * hand_ins
        if hand_ins and len(kinds) > hand_ins:
            assert kinds[hand_ins] == "collect"
        if not hand_ins:
            assert kinds[0] in ("collect", "repack", "stock_count")
        assert len({step.site for step in ordered[: hand_ins + 1]}) == 1


def test_pallets_are_packed_weighed_once_and_sent_as_a_whole() -> None:
    packs = [h for told in played().NAMED.values() for h in told if h.kind == "pack"]
    assert len({h.event for h in packs}) >= 30
    for pack in packs:
        container = pack.body["container"]
        assert pack.body["weighed"]["container"] == container
        assert 10 <= len(pack.body["batches"]) <= 24
        kinds = [h.kind for h in sorted(played().NAMED[container], key=lambda h: h.order)]
        assert [kind for kind in kinds if kind not in ("stock_count", "store")][:3] in (
            ["pack"], ["pack", "depart"], ["pack", "depart", "arrive"],
        )  # fmt: skip


def test_what_is_sorted_keeps_every_gram_and_comes_out_by_material() -> None:
    repacks = {
        h.event: h.body for told in played().NAMED.values() for h in told if h.kind == "repack"
    }
    sorts = [body for body in repacks.values() if body["mode"] == "sort"]
    reasons = Counter(body["reason"] for body in repacks.values())
    assert min(reasons["按材质分拣"], reasons["小袋合并"], reasons["relabel"]) >= 5
    for body in repacks.values():
        removed = sum(one["mass_g"] for one in body.get("removed", ()))
        into = sum(one["mass_g"] for one in body["inputs"])
        assert into == sum(one["mass_g"] for one in body["outputs"]) + removed
    for body in sorts:
        assert {one["reason"] for one in body["removed"]} == {"foreign", "moisture"}
        assert {"pet", "pe"} <= {one.get("material") for one in body["outputs"]}


def test_slips_are_corrected_by_their_author_within_a_day_or_else_by_the_county() -> None:
    noted: dict[str, tuple[Delivery, dict[str, Any]]] = {}
    reasons: Counter[str] = Counter()
    for delivery in played().DELIVERIES:
        for event in delivery.events:
            noted[event["id"]] = delivery, event
            if event["kind"] != "correct":
                continue
            first, corrected = noted[event["corrects"]]
            reasons[event["reason"], corrected["kind"]] += 1
            if delivery.account == first.account:
                assert delivery.received_at - first.received_at < timedelta(hours=24)
            else:
                assert delivery.account == f"county-{corrected['site'][:6]}"
            if event["reason"] == "incorrect_data":
                pairs = zip(corrected["batches"], event["replacement"]["batches"], strict=True)
                (off,) = [
                    one["mass_g"] / other["mass_g"] - 1
                    for one, other in pairs
                    if one["mass_g"] != other["mass_g"]
                ]
                assert abs(off) < 0.05
    assert set(reasons) == {
        ("incorrect_data", "collect"), ("incorrect_data", "arrive"), ("did_not_occur", "store"),
    }  # fmt: skip


def test_stations_count_at_every_month_s_end_and_some_sites_enter_opening_stock() -> None:
    counts = [
        (delivery, event)
        for delivery in played().DELIVERIES
        for event in delivery.events
        if event["kind"] == "stock_count"
    ]
    opening = [e for _, e in counts if e["reason"] == "平台启用前的存货"]
    assert {e["site"][7] for e in opening} == {"P", "S"}
    assert all(line["mass_g"] for e in opening for line in e["batches"])
    monthly = {e["occurred_at"][:7] for _, e in counts if e not in opening}
    assert monthly == {"2025-08", "2025-09", "2025-10"}
    assert any(delivery.account.startswith("county-") for delivery, _ in counts)
    assert any("group_mass_g" in event for _, event in counts)


def test_labels_are_issued_to_the_site_before_they_are_used_and_never_twice() -> None:
    issued: dict[str, LabelIssue] = {}
    for action in played().SEASON.actions:
        if isinstance(action, LabelIssue):
            for code in action.codes:
                assert code not in issued
                issued[code] = action
        elif isinstance(action, Delivery):
            for event in action.events:
                named = codes_in(event)
                assert issued.keys() >= set(named)
                if event["kind"] in ("hand_in", "collect"):
                    assert issued[named[0]].site == event["site"]


def test_sealed_bags_weigh_4_to_12_kg_and_later_weighings_agree_within_5_percent() -> None:
    differences = []
    for told in played().FOLDED.values():
        before = 0
        for step, moved in told.taken:
            if step.kind in ("hand_in", "repack") or step.mass_g is None:
                continue
            if step.kind == "collect":
                assert 3_500 <= step.mass_g <= 12_500
            elif before:
                differences.append(abs(step.mass_g / before - 1))
            before = moved.state.mass_g
    assert max(differences) < 0.05
    assert 0.01 < sum(off > 0.015 for off in differences) / len(differences) < 0.15


def test_the_sealed_weight_is_near_the_sum_of_what_was_counted() -> None:
    counted: Counter[str] = Counter()
    sealed: dict[str, int] = {}
    for delivery in played().DELIVERIES:
        for event in delivery.events:
            line = event.get("batches", [{}])[0]
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
    assert all(abs(mass / sum_g - 1) < 0.12 for mass, sum_g in both)


def test_lorries_arrive_after_they_depart_and_no_faster_than_80_km_an_hour() -> None:
    for story in played().STORIES.values():
        ordered = sorted(story, key=lambda step: step.order)
        for one, two in pairwise(ordered):
            if one.kind == "depart":
                assert two.kind == "arrive"
                assert two.site == one.destination
                hours = (two.effective_us - one.effective_us) / 3.6e9
                far = distance_km(
                    played().WORLD.site[one.site].place, played().WORLD.site[two.site].place
                )
                assert far / hours < 80


def test_loads_go_to_lawful_plants_alone_and_methods_fit_the_plant() -> None:
    lawful = {site.code: site.kind for kind in "RIL" for site in played().WORLD.receivers(kind)}
    methods = {"R": "resource_use", "I": "incinerate", "L": "landfill"}
    disposals = [
        step for story in played().STORIES.values() for step in story if step.kind == "dispose"
    ]
    assert {step.method for step in disposals} == set(methods.values())
    for step in disposals:
        assert methods[lawful[step.site]] == step.method


def test_everyone_records_for_a_site_of_their_own() -> None:
    for delivery in played().DELIVERIES:
        account = played().WORLD.account[delivery.account]
        for event in delivery.events:
            if account.role == "carrier":
                assert event["kind"] == "depart"
                assert event["vehicle"] in played().WORLD.plates[account.area]
            elif account.role == "county":
                assert event["kind"] in ("stock_count", "write_off", "correct")
                assert event["site"][:6] == account.area
            else:
                assert event["site"] == account.site


def test_some_phones_sync_hours_late_and_some_clocks_are_minutes_off() -> None:
    late, skewed = set(), set()
    for delivery in played().DELIVERIES:
        happened = datetime.fromisoformat(delivery.events[0]["occurred_at"]) + played().skew(
            delivery
        )
        if delivery.received_at - happened > timedelta(hours=3):
            late.add(delivery.device)
        if played().skew(delivery):
            skewed.add(delivery.device)
    devices = {delivery.device for delivery in played().DELIVERIES}
    assert 0.03 < len(late) / len(devices) < 0.12
    assert 2 <= len(skewed) < 20
    assert any(len(delivery.events) > 5 for delivery in played().DELIVERIES)


def test_events_are_shaped_as_the_contract_says() -> None:
    ids = set()
    for delivery in played().DELIVERIES:
        assert delivery.sent_at or len(delivery.events) == 1
        for event in delivery.events:
            ids.add(event["id"])
            assert event["id"][14] == "7"
            assert event["occurred_at"].endswith("+08:00")
            assert event["device"]["id"] == delivery.device
            named = [line["code"] for line in event.get("batches", ())]
            assert len(named) <= 500
            assert len(set(named)) == len(named)
    assert len(ids) == sum(len(delivery.events) for delivery in played().DELIVERIES)


def test_each_device_counts_its_events_without_a_hole() -> None:
    last: Counter[str] = Counter()
    for delivery in played().DELIVERIES:
        for event in delivery.events:
            last[delivery.device] += 1
            assert event["device"]["seq"] == last[delivery.device]


@pytest.mark.parametrize("plain", [False, True], ids=["planted", "plain"])
def test_declared_supply_makes_plausible_rates_and_one_above_one_is_planted(plain: bool) -> None:
    generated: Counter[str] = Counter()
    collected: Counter[str] = Counter()
    for action in played().ACTIONS if plain else played().SEASON.actions:
        if isinstance(action, Declaration):
            for row in action.rows:
                generated[row["county"]] += round(row["units"] * row["unit_weight_g"])
        elif isinstance(action, Delivery):
            for event in action.events:
                if event["kind"] == "collect":
                    collected[event["site"][:6]] += event["batches"][0]["mass_g"]
    rates = sorted(collected[county] / generated[county] for county in played().WORLD.pilots)
    assert rates[0] > 0.58
    assert rates[-2] < 0.97
    assert (1 < rates[-1] < 1.1) != plain


def digest(actions: Iterable[Action]) -> str:
    """Hash every action as JSON."""
    whole = hashlib.sha256()
    for action in actions:
        whole.update(json.dumps(vars(action), default=str, ensure_ascii=False).encode())
    return whole.hexdigest()


def small(seed: str) -> str:
    """Play a season of a few counties, and return its digest."""
    return digest(play(build_world(seed, LAST_DAY, 3)))


def test_the_same_seed_and_day_give_the_same_season_whatever_the_hash_seed() -> None:
    script = "from tests.test_demo_season import small; print(small('test'))"
    environment = os.environ | {"PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, check=True
    )
    assert run.stdout.decode().strip() == small("test") == small("test")
    assert small("other") != small("test")


def test_the_season_is_told_in_chinese_time() -> None:
    assert all(action.at.utcoffset() == SHANGHAI.utcoffset(None) for action in played().ACTIONS)
