"""What a receiver said of a container, said of each bag that was in it then. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from app.trips.leg import AtArrival, Told


def of_members(told: Iterable[Told], fillings: Iterable[Told]) -> list[Told]:
    """Return steps whose exceptions name bags: a container's stands for all that was in it.

    `fillings` are the packings and unpackings of the containers that exceptions name.
    """
    by_container: dict[str, list[Told]] = defaultdict(list)
    for one in sorted(fillings, key=lambda one: one.order):
        if one.container:
            by_container[one.container].append(one)
    return [
        replace(step, exceptions=_of_bags(step, by_container)) if step.exceptions else step
        for step in told
    ]


def _of_bags(step: Told, fillings: Mapping[str, Sequence[Told]]) -> dict[str, AtArrival]:
    found = dict(step.exceptions)
    for code, said in step.exceptions.items():
        found |= dict.fromkeys(_inside(fillings.get(code, ()), step), said)
    return found


def _inside(fillings: Iterable[Told], step: Told) -> set[str]:
    """Return what was in a container just before a step; `fillings` in their order."""
    inside: set[str] = set()
    for one in fillings:
        if one.order >= step.order:
            break
        inside = inside | one.codes if one.kind == "pack" else inside - one.codes
    return inside
