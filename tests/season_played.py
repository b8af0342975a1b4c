"""The season that test_demo_season looks at: played and folded when it is first asked for."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from app.demo.actions import Delivery, LabelIssue
from app.demo.handins import unit_weights
from app.demo.season import live, midnight, play
from app.demo.settle import build_world
from app.events.happening import Happening, codes_in
from app.events.parse import read_item
from app.events.sent import public_of
from app.events.state import LabelFacts, Step
from app.events.story import story_of
from app.events.together import fold_together

ROOT = Path(__file__).parent.parent
LAST_DAY = date(2025, 11, 21)
WORLD = build_world("test", LAST_DAY)
SEASON = live(WORLD)
ACTIONS = play(WORLD, plain=True)
"""Of a plain season: what is planted is not plausible, and meant not to be."""
DELIVERIES = [action for action in ACTIONS if isinstance(action, Delivery)]
ISSUES = [action for action in ACTIONS if isinstance(action, LabelIssue)]
TARES = {code: issue.tare_g for issue in ISSUES for code in issue.codes if issue.tare_g}
END = midnight(LAST_DAY + timedelta(days=1))
SINGLE = {"hand_in", "collect", "depart", "arrive", "store", "dispose"}
"""Kinds that can be folded one bag at a time, as long as nothing is weighed together."""


def skew(delivery: Delivery) -> timedelta:
    """What the server corrects a device's clock by (model.md, Time)."""
    if delivery.sent_at is None:
        return timedelta(0)
    off = delivery.received_at - delivery.sent_at
    return off if abs(off) > timedelta(seconds=60) else timedelta(0)


def net_of(event: dict[str, Any]) -> dict[str, int | None]:
    """Return the containers that an event acts on, with net grams where they were weighed."""
    found = {
        line["code"]: line["gross_g"] - TARES[line["code"]] if "gross_g" in line else None
        for line in event.get("batches", ())
        if line["code"] in TARES
    }
    if "weighed" in event:
        code = event["weighed"]["container"]
        found[code] = event["weighed"]["gross_g"] - TARES[code]
    return found


def public(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event, or what a correction puts in its place, as it stands in the log."""
    item = read_item(event)
    return public_of(item.draft, item.codes)


def happenings() -> Iterator[Happening]:
    """Yield what is told of bags in the order of reception; corrections as what they put right."""
    told: dict[str, Happening] = {}
    for delivery in DELIVERIES:
        for event in delivery.events:
            if event["kind"] == "correct":
                corrected = told.pop(event["corrects"])
                if "replacement" in event:
                    body = public(event)
                    stamps = corrected.stamps | {"containers": net_of(body)}
                    told[event["id"]] = Happening(event["id"], corrected.root, body, stamps)
                continue
            at = datetime.fromisoformat(event["occurred_at"]) + skew(delivery)
            stamps = {
                "effective_at": at.astimezone(UTC).isoformat(),
                "adjusted_at": at.astimezone(UTC).isoformat(),
                "containers": net_of(event),
            }
            if "trip" in event:
                stamps["trip"] = event["trip"]
            counted = sum(
                line["pieces"] * unit_weights()[line["material"], line["form"], line["size"]]
                for line in event.get("contents", ())
            )
            if counted:
                stamps["counted"] = {"scopes": {"pesticide": max(1, (counted + 500) // 1000)}}
            told[event["id"]] = Happening(event["id"], event["id"], public(event), stamps)
    yield from told.values()


NAMED: dict[str, list[Happening]] = defaultdict(list)
for happening in happenings():
    for named in codes_in(happening.body):
        NAMED[named].append(happening)
BAGS = sorted(NAMED.keys() - TARES.keys())
STORIES: dict[str, list[Step]] = {
    bag: story_of(bag, NAMED[bag], {code: NAMED[code] for code in TARES}) for bag in BAGS
}
FOLDED = fold_together({bag: LabelFacts(bag[:6]) for bag in BAGS}, STORIES)
