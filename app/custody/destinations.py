"""Where the mass of a batch went: treated, written off, removed, or still held somewhere."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.custody.nodes import Node
from app.custody.shares import grams_of, trace_forward
from app.custody.sources import NOWHERE, Where, places_of
from app.custody.walk import Walk
from app.events.happening import Happening, happening_of
from app.ledger.leaf import read_leaf
from app.ledger.models import Event
from app.orm import among

KINDS = {"disposed": "treated", "written_off": "written_off", "in_transit": "in_transit"}


@dataclass(frozen=True)
class Destination:
    """Part of a batch's mass: what became of it, in which batch, at which site.

    `kind` is `treated`, `written_off`, `removed`, `held`, `in_transit` or `not_followed`. `share`
    is exact, of the batch; `mass_g` that in grams of its mass, so that all sum to it. `reason`
    says why it was removed, `whole_g` what the whole batch there weighs.
    """

    kind: str
    key: str
    batch: str | None
    event: str | None
    share: Fraction
    mass_g: int
    whole_g: int | None = None
    method: str | None = None
    certificate: str | None = None
    reason: str | None = None
    at: datetime | None = None
    where: Where = NOWHERE


async def destinations_of(session: AsyncSession, found: Walk, code: str) -> list[Destination]:
    """Return where a walk's batch went, by key. Two statements: the ends, and their places."""
    onward = trace_forward({code: Fraction(1)}, found.took)
    start = found.nodes.get(code)
    amounts: dict[tuple[str, str], Fraction] = {
        **{("", batch): share for batch, share in onward.batches.items()},
        **onward.removed,
    }
    grams = grams_of(start.mass_g if start else 0, amounts)
    ends = await ends_of(session, (found.nodes[c] for c in onward.batches if c in found.nodes))
    happened = {**ends, **found.bodies}
    sites = {h.body["site"] for h in happened.values()}
    sites |= {n.site for n in found.nodes.values() if n.site}
    places = await places_of(session, sites)
    items = []
    for (event, name), share in amounts.items():
        mass_g = grams[event, name]
        if event:
            body = found.bodies[event]
            items.append(
                Destination(
                    "removed", f"{event}/{name}", None, event, share, mass_g, reason=name,
                    at=_at(body), where=places.get(body.body["site"], NOWHERE),
                )
            )  # fmt: skip
        else:
            node = found.nodes.get(name)
            items.append(_end(name, node, ends, places, share, mass_g))
    return sorted(items, key=lambda one: one.key)


def _end(
    code: str,
    node: Node | None,
    ends: dict[str, Happening],
    places: dict[str, Where],
    share: Fraction,
    mass_g: int,
) -> Destination:
    if node is None or node.went:
        return Destination("not_followed", code, code, None, share, mass_g)
    kind = KINDS.get(node.status, "held")
    end = ends.get(node.last_event or "")
    body = end.body if end else {}
    return Destination(
        kind, code, code, node.last_event if end else None, share, mass_g, node.mass_g,
        method=body.get("method"), certificate=body.get("certificate"),
        at=_at(end) if end else None, where=places.get(node.site or "", NOWHERE),
    )  # fmt: skip


def _at(happening: Happening) -> datetime:
    return datetime.fromisoformat(happening.stamps["effective_at"])


async def ends_of(session: AsyncSession, nodes: Iterable[Node]) -> dict[str, Happening]:
    """Return the treatments and write-offs that ended batches."""
    wanted = {
        UUID(node.last_event)
        for node in nodes
        if node.status in ("disposed", "written_off") and node.last_event
    }
    if not wanted:
        return {}
    leaves = await session.scalars(select(Event.leaf).where(among(Event.id, wanted)))
    told = (happening_of(read_leaf(leaf)) for leaf in leaves)
    return {happening.event: happening for happening in told if happening}
