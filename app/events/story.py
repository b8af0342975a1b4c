"""An event between its forms: as sent, as it stands in the leaf, as steps of bags, as answered.

Everything a step needs stands in the leaf; nothing is looked up again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from app.events.happening import Happening, _micros
from app.events.rules import Times
from app.events.schemas import Draft
from app.events.state import Order, Step

ENDS = frozenset({"dispose", "write_off"})
"""What leaves nothing in a container."""


def story_of(
    code: str, own: Iterable[Happening], around: Mapping[str, Iterable[Happening]]
) -> list[Step]:
    """Return the story of a bag: what names it, and what names its container while it was inside.

    `own` are the events that name the bag, `around` those that name each container it was in.
    """
    steps: list[Step] = []
    inside: str | None = None
    since: Order | None = None
    own = sorted(own, key=lambda h: h.order)
    for happening in own:
        if inside and since:
            steps += _inside(code, around.get(inside, ()), inside, since, happening.order)
        steps.append(happening.step(code, happening.reaches(code, inside)))
        if happening.kind == "pack" and inside is None:
            inside, since = happening.body["container"], happening.order
        elif inside and (happening.kind == "unpack" or code in happening.left_behind):
            inside = since = None
        else:
            since = happening.order
    if inside and since:
        steps += _inside(code, around.get(inside, ()), inside, since, None)
    return steps


def _inside(
    code: str, around: Iterable[Happening], container: str, since: Order, until: Order | None
) -> list[Step]:
    """Return the steps that happened to a bag through its container between two of its own."""
    found = []
    for happening in sorted(around, key=lambda h: h.order):
        if happening.order <= since or (until and happening.order >= until):
            continue
        if container in happening.containers and code not in happening.bags:
            found.append(happening.step(code, container))
            if happening.kind in ENDS:
                break
    return found


def fillings(
    container: str, around: Iterable[Happening]
) -> Iterator[tuple[Happening, frozenset[str], frozenset[str]]]:
    """Yield what happened to a container, in order, with the bags in it before and after."""
    inside: frozenset[str] = frozenset()
    for happening in sorted(around, key=lambda h: h.order):
        before = inside
        if happening.body.get("container") == container:
            named = happening.bags
            inside = before | named if happening.kind == "pack" else before - named
        elif container in happening.containers:
            gone = happening.kind in ENDS
            inside = frozenset() if gone else before - happening.left_behind
        yield happening, before, inside


def members_at(container: str, around: Iterable[Happening], order: Order) -> set[str]:
    """Return the bags that are in a container just before a place in the order."""
    inside: frozenset[str] = frozenset()
    for happening, _, after in fillings(container, around):
        if happening.order >= order:
            break
        inside = after
    return set(inside)


def order_of(draft: Draft, times: Times) -> Order:
    """Return where a draft stands in the order of a story; the same as its step's."""
    seq = draft.device.seq if draft.device and draft.device.seq is not None else -1
    return (_micros(times.effective), _micros(times.adjusted), seq, str(draft.id))


def steps_of(happening: Happening, members: Mapping[str, Sequence[str]]) -> dict[str, Step]:
    """Return the step of every bag that an event happens to; `members` are those by container."""
    found: dict[str, Step] = {}
    for container, codes in members.items():
        found |= {code: happening.step(code, container) for code in codes}
    for code in happening.bags:
        inside = found[code].via if code in found else None
        found[code] = happening.step(code, happening.reaches(code, inside))
    return found
