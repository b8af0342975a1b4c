"""One life told in two orders: as it happened, and as phones bring it, refused ones again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from app.balance.postings import Transfer, total
from app.errors import DomainError
from app.events.state import State
from app.events.together import fold_together
from tests.machine.desk import Desk

Body = dict[str, Any]


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
