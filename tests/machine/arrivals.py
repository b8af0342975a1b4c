"""One life told in two orders: as it happened, and as phones bring it, refused ones again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from app.balance.postings import Transfer, total
from app.errors import DomainError
from app.events.state import State, state_from_json
from app.events.together import fold_together
from tests.machine.cast import START, actor_of
from tests.machine.desk import Desk
from tests.machine.standing import check, standing_of
from tests.machine.yard import Yard

Body = dict[str, Any]
PATIENCE = 60
"""So many queues in which nothing new is taken in."""


@dataclass(frozen=True)
class End:
    """What stands of each batch when all is told: its state and its postings, netted."""

    states: Mapping[str, State]
    booked: Mapping[str, Mapping[Any, int]]


def end_of(desk: Desk) -> End:
    """Return what stands at a desk."""
    known = {code: one for code, one in desk.facts.known.items() if one.touched}
    return End(
        {code: one.state for code, one in known.items()},
        {code: netted(one.booked) for code, one in known.items()},
    )


def netted(booked: Iterable[Transfer]) -> dict[Any, int]:
    """Return what is booked, summed, zeros left out."""
    return {key: grams for key, grams in total(booked).items() if grams}


def folded_whole(desk: Desk) -> End:
    """Fold every story from its leaves, nothing taken from what is stored."""
    shelf = desk.facts.shelf
    known = {c: k for c, k in desk.facts.known.items() if k.touched and k.kind == "bag"}
    found = fold_together(
        {code: one.label for code, one in known.items()},
        {code: shelf.story(code) for code in known},
    )
    assert isinstance(found, dict), found
    return End(
        {code: one.state for code, one in found.items()},
        {code: netted(one.transfers) for code, one in found.items()},
    )


def told_in_order(desk: Desk, life: Iterable[Body]) -> End:
    """Tell a life as it happened: everything is recorded and nothing is missing."""
    for body in life:
        answer = desk.tell(body)
        assert isinstance(answer, dict), (body, answer)
        gaps = {"missing-collect", "missing-depart", "missing-arrive", "missing-pack"}
        assert not gaps.intersection(answer["flags"]), (body, answer["flags"])
    return end_of(desk)


def told_anyhow(desk: Desk, life: Iterable[Body], rng: Random) -> End:
    """Tell a life in any order, what is refused again and again; fails where it gets stuck."""
    waiting = list(life)
    rng.shuffle(waiting)
    while waiting:
        refused = []
        for body in waiting:
            answer = desk.tell(body)
            if isinstance(answer, DomainError):
                assert answer.extras.get("retry"), (body, answer.name, answer.extras)
                refused.append(body)
        assert len(refused) < len(waiting), f"stuck: {refused}"
        waiting = rng.sample(refused, len(refused))
    return end_of(desk)


def same_end(yard: Yard, life: list[Body], bags: list[str], boxes: list[str], rng: Random) -> None:
    """Tell a life at a desk in order, and to the server by several phones as they find a signal.

    Each phone sends parts of its queue in any order, some twice, what is refused again.
    """
    end = told_in_order(Desk(bags, boxes), life)
    yard.now = START + timedelta(days=200)
    waiting = list(life)
    in_vain = 0
    while waiting:
        by = actor_of(rng.choice(waiting))
        mine = [body for body in waiting if actor_of(body) == by]
        chunk = rng.sample(mine, rng.randint(1, len(mine)))
        chunk += rng.sample(chunk, rng.randint(0, 1))
        in_vain += 1
        for body, answer in zip(chunk, yard.tell_all([(by, chunk)]), strict=True):
            if isinstance(answer, DomainError):
                assert answer.extras.get("retry"), (body, answer.name, answer.extras)
            elif body in waiting:
                waiting.remove(body)
                in_vain = 0
        assert in_vain < PATIENCE, f"stuck: {waiting}"
    standing = yard.run(standing_of(yard.database, bags + boxes))
    check(standing)
    states = {code: state_from_json(row.state) for code, row in standing.rows.items()}
    assert states == end.states
    assert {code: netted(standing.booked[code]) for code in states} == end.booked
