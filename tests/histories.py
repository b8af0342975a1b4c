"""Random lives of bags in which every step fits, and phones that send them in any order."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests import reference as ref
from tests.recording import FAR_STATION, capture
from tests.world import BOTTLES, World

BY = {
    ref.POINT: "collector", ref.OTHER_POINT: "other_collector", ref.STATION: "keeper",
    FAR_STATION: "far_keeper", ref.PLANT: "plant",
}  # fmt: skip


def history(world: World, rng: Random, bag: str, sent_back: float = 0) -> list[dict[str, Any]]:
    """A life in which every step fits: hand-ins, a seal, some moves, perhaps a treatment.

    `sent_back` is the part of the moves that end where they began.
    """
    at = datetime(2025, 7, 1, tzinfo=UTC) + timedelta(days=rng.randrange(60))

    def body(kind, site, **fields):
        nonlocal at
        at += timedelta(minutes=rng.choice([0, 1, 600]), microseconds=rng.randrange(1, 999))
        if kind != "hand_in" and rng.random() < 0.6:
            fields.setdefault("mass_g", rng.randrange(300, 900))
        return world.body(kind, bag, site=site, at=at, **fields)

    steps = [body("hand_in", ref.POINT) for _ in range(rng.randrange(4))]
    if steps and rng.random() < 0.5:
        steps[0]["contents"] = [BOTTLES, {**BOTTLES, "scope": "veterinary", "pieces": 7}]
    steps.append(body("collect", ref.POINT, mass_g=rng.randrange(300, 900)))
    site = ref.POINT
    for _ in range(rng.randrange(1, 4)):
        to = rng.choice([s for s in (ref.STATION, FAR_STATION, ref.OTHER_POINT) if s != site])
        steps.append(body("depart", site, destination=to))
        if sent_back and rng.random() < sent_back:
            to = site
        steps.append(
            body("arrive", to, **({"trip": steps[-1]["id"]} if rng.random() < 0.5 else {}))
        )
        site = to
        if rng.random() < 0.5:
            steps.append(body("store", site))
    if rng.random() < 0.6:
        steps.append(body("depart", site, destination=ref.PLANT))
        steps.append(body("arrive", ref.PLANT))
        if rng.random() < 0.7:
            steps.append(body("dispose", ref.PLANT))
    return steps


async def send_in(world: World, rng: Random, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Send each site's steps from its phone, in random chunks, refused ones again, some twice.

    Return what still waits for a step that nobody sends: nothing, where all steps are there.
    """
    waiting, in_vain = list(steps), 0
    while waiting and in_vain < 40:
        in_vain += 1
        site = rng.choice([s["site"] for s in waiting])
        mine = [s for s in waiting if s["site"] == site]
        chunk = rng.sample(mine, rng.randrange(1, len(mine) + 1))
        if rng.random() < 0.3:
            chunk += rng.sample(chunk, 1)
        for body, item in zip(chunk, await capture(world, BY[site], chunk), strict=True):
            if item["outcome"] == "refused":
                assert item["problem"].get("retry") is True, item["problem"]
            elif body in waiting:
                waiting.remove(body)
                in_vain = 0
    return waiting
