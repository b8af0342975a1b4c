"""Races: many people act on the same bags and containers in the same moment.

Each race sets something up, lets all clients go at once, each in a session of its own, and judges
what they were told: one winner where there can be only one, the others told why by name, nobody
an error of the database. Afterwards everything holds that must (tests/machine/standing.py).
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from app.db import Database
from app.errors import DomainError
from app.events.record import Submission, record_together
from tests import reference as ref
from tests.machine.cast import START, actor_of, event_id
from tests.machine.standing import Standing, check, standing_of
from tests.machine.yard import Told, Yard, told_of
from tests.world import VEHICLE

Body = dict[str, Any]
SITE = ref.STATION
RECORDED, AGAIN = "recorded", "duplicate"


@dataclass
class Round:
    """Fresh labels, a clock, and what is said."""

    yard: Yard
    rng: Random
    clients: int
    bags: list[str] = field(default_factory=list)
    boxes: list[str] = field(default_factory=list)
    number: int = 0

    def __post_init__(self) -> None:
        self.bags, self.boxes = self.yard.issue(self.clients * 2 + 8, 3)
        self.yard.now = START + timedelta(days=100)
        self.at = START

    def body(
        self, kind: str, *codes: str, mass_g: int = 0, within_s: int = 0, **fields: Any
    ) -> Body:
        """Return an event a minute later, or somewhere within the last seconds."""
        self.number += 1
        at = self.at
        if within_s:
            at += timedelta(seconds=self.rng.randint(1, within_s))
        else:
            self.at += timedelta(minutes=1)
            at = self.at
        weight = {"mass_g": mass_g} if mass_g else {}
        return {
            "id": event_id(at, self.number, self.yard.examples),
            "kind": kind,
            "occurred_at": at.isoformat(),
            "site": SITE,
            **({"batches": [{"code": code, **weight} for code in codes]} if codes else {}),
            **fields,
        }

    def correction(self, of: Body, **fields: Any) -> Body:
        """Return a correction of an event; without `replacement` it did not occur."""
        self.number += 1
        reason = "incorrect_data" if fields else "did_not_occur"
        return {
            "id": event_id(self.at, self.number, self.yard.examples),
            "kind": "correct", "corrects": of["id"], "reason": reason, **fields,
        }  # fmt: skip

    def recorded(self, body: Body) -> Body:
        """Tell an event that nobody contests."""
        answer = self.yard.tell(body)
        assert isinstance(answer, dict), (body, answer)
        return body

    def sealed(self, *codes: str) -> None:
        """Close bags at the station."""
        for code in codes:
            self.recorded(self.body("collect", code, mass_g=self.rng.randint(300, 900)))

    def packed(self, box: str, *codes: str) -> None:
        """Close bags and pack them."""
        self.sealed(*codes)
        self.recorded(self.body("pack", *codes, container=box))


def departure(round_: Round, *codes: str, **fields: Any) -> Body:
    """Return a departure to the plant."""
    return round_.body("depart", *codes, destination=ref.PLANT, vehicle=VEHICLE, **fields)


Judge = Callable[[list[tuple[Body, str]], Standing], None]
"""Gets every event with what its sender was told (recorded, duplicate, or a problem's name)."""
Race = Callable[[Round], tuple[list[Body], Judge]]


def one_of(*names: str) -> Judge:
    """One is recorded, everybody else is told one of these names."""

    def judge(told: list[tuple[Body, str]], standing: Standing) -> None:
        said = Counter(what for _, what in told)
        assert said[RECORDED] == 1, said
        assert said.keys() - {RECORDED} <= set(names), said

    return judge


def only(*names: str) -> Judge:
    """Everybody is told of a record, or one of these names."""

    def judge(told: list[tuple[Body, str]], standing: Standing) -> None:
        said = Counter(what for _, what in told)
        assert said[RECORDED] >= 1, said
        assert said.keys() - {RECORDED} <= set(names), said

    return judge


def two_trucks_load_one_bag(round_: Round) -> tuple[list[Body], Judge]:
    bag = round_.bags[0]
    round_.sealed(bag)
    return [departure(round_, bag) for _ in range(round_.clients)], one_of("batch-already-departed")


def two_trucks_load_one_container(round_: Round) -> tuple[list[Body], Judge]:
    box = round_.boxes[0]
    round_.packed(box, *round_.bags[:4])
    return [departure(round_, box) for _ in range(round_.clients)], one_of("batch-already-departed")


def unpack_against_the_departure(round_: Round) -> tuple[list[Body], Judge]:
    """Of each bag one unpack fits; one truck drives off, or more while nothing is inside.

    Whoever took a bag out that was out already is refused, or flagged where an earlier one of
    several came last.
    """
    box, bags = round_.boxes[0], round_.bags[:4]
    round_.packed(box, *bags)
    bodies = [
        departure(round_, box, within_s=60)
        if n % 2
        else round_.body("unpack", bags[n // 2 % 4], container=box, within_s=60)
        for n in range(round_.clients)
    ]

    def judge(told: list[tuple[Body, str]], standing: Standing) -> None:
        only("batch-already-departed", "bag-not-in-container")(told, standing)
        flags = {flag for state in standing.bags.values() for flag in state.flags}
        won = Counter(
            body["batches"][0]["code"]
            for body, what in told
            if (body["kind"], what) == ("unpack", RECORDED)
            and (body["id"], "missing-pack") not in flags
        )
        assert won == dict.fromkeys(bags[: min(4, round_.clients // 2)], 1), won

    return bodies, judge


def two_repacks_draw_on_one_input(round_: Round) -> tuple[list[Body], Judge]:
    shared, rest = round_.bags[0], round_.bags[1:]
    round_.sealed(shared)
    bodies = [
        round_.body(
            "repack",
            inputs=[{"code": shared, "mass_g": 500}, {"code": own, "mass_g": 100}],
            outputs=[{"code": made, "mass_g": 600}],
        )
        for own, made in zip(rest[: round_.clients], rest[round_.clients :], strict=False)
    ]
    return bodies, one_of("batch-already-repacked")


def two_repacks_make_one_output(round_: Round) -> tuple[list[Body], Judge]:
    made, rest = round_.bags[0], round_.bags[1:]
    bodies = [
        round_.body(
            "repack",
            inputs=[{"code": own, "mass_g": 100}],
            outputs=[{"code": made, "mass_g": 100}],
        )
        for own in rest[: round_.clients]
    ]
    return bodies, one_of("output-already-used")


def two_corrections_of_one_event(round_: Round) -> tuple[list[Body], Judge]:
    wrong = round_.recorded(round_.body("collect", round_.bags[0], mass_g=400))
    bodies = [
        round_.correction(
            wrong,
            replacement={key: v for key, v in wrong.items() if key != "id"}
            | {"batches": [{"code": round_.bags[0], "mass_g": 500 + n}]},
        )
        for n in range(round_.clients)
    ]
    return bodies, one_of("event-already-corrected")


def a_correction_against_new_events(round_: Round) -> tuple[list[Body], Judge]:
    """Either the bag was never closed and what follows lacks that, or what follows rests on it."""
    bag = round_.bags[0]
    wrong = round_.recorded(round_.body("collect", bag, mass_g=400))
    bodies = [
        round_.correction(wrong) if n % 2 else round_.body("store", bag, mass_g=400 + n)
        for n in range(round_.clients)
    ]

    def judge(told: list[tuple[Body, str]], standing: Standing) -> None:
        only("event-already-corrected", "later-events-rest-on-this")(told, standing)
        taken_back = [what for body, what in told if body["kind"] == "correct"]
        assert taken_back.count(RECORDED) <= 1
        assert all(what == RECORDED for body, what in told if body["kind"] == "store")

    return bodies, judge


def container_and_bag_from_both_ends(round_: Round) -> tuple[list[Body], Judge]:
    """Events name a container, a bag in it, both, or put a bag into it while it leaves."""
    (one, other, new), bags = round_.boxes, round_.bags
    round_.packed(one, *bags[:3])
    round_.packed(other, *bags[3:6])
    round_.sealed(*bags[6:8])
    inside, loose, rng = bags[:6], bags[6:8], round_.rng
    kinds: list[Callable[[], Body]] = [
        lambda: departure(round_, rng.choice([one, other]), within_s=60),
        lambda: departure(round_, *rng.sample([one, other], 2), within_s=60),
        lambda: round_.body(
            "pack", rng.choice(bags[:9]), container=rng.choice([one, other, new]), within_s=60
        ),
        lambda: round_.body(
            "unpack", rng.choice(inside), container=rng.choice([one, other]), within_s=60
        ),
        lambda: round_.body("store", rng.choice([one, other]), rng.choice(inside), within_s=60),
        lambda: round_.body(
            "store",
            *rng.sample([one, other, *loose], 3),
            group_mass_g=rng.randint(1_000, 5_000),
            within_s=60,
        ),
        lambda: round_.body("stock_count", rng.choice(inside), mass_g=500, within_s=60),
    ]
    return [rng.choice(kinds)() for _ in range(round_.clients)], only(
        "batch-already-departed", "bag-not-in-container", "bag-is-packed"
    )


def weighings_that_tie_bags_crosswise(round_: Round) -> tuple[list[Body], Judge]:
    """Overlapping groups, out of their order, and weights that come late: all are true."""
    bags, rng = round_.bags[:8], round_.rng
    round_.sealed(*bags[:4])
    bodies = [
        round_.body("collect", code, mass_g=rng.randint(300, 900), within_s=1)
        for code in bags[4 : 4 + round_.clients // 4]
    ]
    round_.at += timedelta(seconds=1)
    bodies += [
        round_.body(
            "store",
            *rng.sample(bags, rng.randint(2, 5)),
            group_mass_g=rng.randint(1_000, 5_000),
            within_s=60,
        )
        for _ in range(round_.clients - len(bodies))
    ]
    return rng.sample(bodies, len(bodies)), only()


def unused_labels_from_both_ends(round_: Round) -> tuple[list[Body], Judge]:
    """Nobody has told of these bags and containers: all rows are new."""
    bags, boxes, rng = round_.bags[:6], round_.boxes, round_.rng
    return [
        round_.body("pack", *rng.sample(bags, 2), container=rng.choice(boxes), within_s=60)
        if rng.random() < 0.6
        else departure(round_, *rng.sample([*bags, *boxes], 2), within_s=60)
        for _ in range(round_.clients)
    ], only("batch-already-departed", "bag-is-packed")


def one_event_and_its_echoes(round_: Round) -> tuple[list[Body], Judge]:
    """A pack with a weighing, sent by many: recorded once, to the others a duplicate."""
    box, bags = round_.boxes[0], round_.bags[:4]
    round_.sealed(*bags)
    return [round_.body("pack", *bags, container=box, group_mass_g=3_000)] * round_.clients, one_of(
        AGAIN
    )


RACES: tuple[Race, ...] = (
    two_trucks_load_one_bag,
    two_trucks_load_one_container,
    unpack_against_the_departure,
    two_repacks_draw_on_one_input,
    two_repacks_make_one_output,
    a_correction_against_new_events,
    two_corrections_of_one_event,
    container_and_bag_from_both_ends,
    weighings_that_tie_bags_crosswise,
    unused_labels_from_both_ends,
    one_event_and_its_echoes,
)


def name_of(race: Race) -> str:
    """Return a race's name as a sentence."""
    return race.__name__.replace("_", " ")


def run(yard: Yard, doors: list[Database], race: Race, *, clients: int, seed: int) -> Counter[str]:
    """Run one round of a race and judge it; return how often what was said."""
    round_ = Round(yard, Random(seed), clients)
    bodies, judge = race(round_)
    answers = yard.run(_all_at_once(yard, doors, bodies))
    told = [(body, _said(answer)) for body, answer in zip(bodies, answers, strict=True)]
    standing = yard.run(standing_of(yard.database, round_.bags + round_.boxes))
    check(standing)
    judge(told, standing)
    return Counter(what for _, what in told)


async def _all_at_once(yard: Yard, doors: list[Database], bodies: list[Body]) -> list[Told]:
    async def one(door: Database, body: Body) -> Told:
        submission = Submission(actor_of(body), [body], yard.now)
        [[outcome]] = await record_together(door, [submission])
        return told_of(outcome)

    return await asyncio.gather(
        *(one(doors[n % len(doors)], body) for n, body in enumerate(bodies))
    )


def _said(answer: Told) -> str:
    if isinstance(answer, DomainError):
        return answer.name
    return AGAIN if answer is None else RECORDED


def rounds(
    yard: Yard, doors: list[Database], *, count: int, clients: int, seed: int = 0
) -> Iterator[tuple[Race, int, Counter[str]]]:
    """Run every race so many times; yield what was said in each round."""
    for n in range(count):
        for race in RACES:
            yield race, n, run(yard, doors, race, clients=clients, seed=seed + n)
