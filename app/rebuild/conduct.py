"""Let all parts recompute at once, hold them against what stands, and put right what differs."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.rebuild.declared import APPLIED
from app.rebuild.difference import Found
from app.rebuild.hands import Hand
from app.rebuild.records import TRIPS

IN_ORDER = ("declared", "records", "flows", "money", "alerts", "log")
"""What others look at is put right first."""
LOOKED_AT = frozenset({TRIPS.name, *(shadow.name for shadow in APPLIED)})
"""Tables that others are recomputed from."""


@dataclass(frozen=True)
class Outcome:
    """What differed, and after a repair what still does; `damaged`: the log itself differs."""

    found: tuple[Found, ...] = ()
    remains: tuple[Found, ...] = ()
    damaged: bool = False


Make = Callable[[], Sequence[Hand]]
"""Gets hands together, which have seen nothing yet."""


async def check(make: Make) -> Outcome:
    """Return what differs and change nothing; PartFailed, Interrupted."""
    async with _hands(make) as hands:
        found = await _check(hands)
    return Outcome(_all(found), _all(found), damaged=bool(found.get("log")))


async def rebuild(make: Make) -> Outcome:
    """Put right what differs, unless the log does: on a damaged log nothing is built.

    Where others were recomputed from something that was wrong itself, all is done once more.
    """
    first = await _rebuild(make)
    if first.damaged or not any(one.table in LOOKED_AT for one in first.found):
        return first
    second = await _rebuild(make)
    return Outcome((*first.found, *second.found), second.remains, second.damaged)


async def _rebuild(make: Make) -> Outcome:
    async with _hands(make) as hands:
        found = await _check(hands)
        if found.get("log"):
            return Outcome(_all(found), _all(found), damaged=True)
        for hand in sorted(hands, key=lambda hand: IN_ORDER.index(hand.projection.name)):
            if found[hand.projection.name]:
                await hand.do("repair")
        again = await asyncio.gather(*(hand.do("compare") for hand in hands))
    return Outcome(_all(found), tuple(one for some in again for one in some))


@asynccontextmanager
async def _hands(make: Make) -> AsyncIterator[Sequence[Hand]]:
    hands = make()
    try:
        yield hands
    finally:
        await asyncio.gather(*(hand.close() for hand in hands))


async def _check(hands: Sequence[Hand]) -> dict[str, list[Found]]:
    """Return what differs, by projection, in their order.

    A part that fails over a damaged log is no news beside the damage; by itself it is PartFailed.
    """
    ran = await asyncio.gather(*(_checked(hand) for hand in hands), return_exceptions=True)
    by_name = {hand.projection.name: one for hand, one in zip(hands, ran, strict=True)}
    failed = [one for one in ran if isinstance(one, BaseException)]
    if failed and not (by_name.get("log") and isinstance(by_name["log"], list)):
        raise failed[0]
    return {name: one for name, one in by_name.items() if isinstance(one, list)}


async def _checked(hand: Hand) -> list[Found]:
    await hand.do("recompute")
    return await hand.do("compare")


def _all(found: Mapping[str, Sequence[Found]]) -> tuple[Found, ...]:
    return tuple(one for some in found.values() for one in some)
