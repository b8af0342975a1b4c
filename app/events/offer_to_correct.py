"""What the form of a correction offers besides what was recorded."""

from typing import Any, get_args
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import DomainError
from app.events.as_typed import Filled
from app.events.correctable import Later, Standing
from app.events.facts import packaging_now
from app.events.happening import happening_of
from app.events.held import containers_to_fill
from app.events.packaging_lines import OTHERS, Line
from app.events.rules import METHOD_SITES
from app.ledger.leaf import read_leaf
from app.ledger.models import Event
from app.packaging.read import Vocabulary, list_terms
from app.trips.choices import destinations, usual_vehicles


async def offer_to_correct(
    session: AsyncSession, found: Standing, filled: Filled
) -> dict[str, Any]:
    """Return the choices of the kind that is corrected; see templates/forms/correct.html."""
    kind, site = filled.kind, found.site.code
    if kind in ("hand_in", "collect"):
        terms = {
            vocabulary: await list_terms(session, vocabulary, limit=100)
            for vocabulary in get_args(Vocabulary)
        }
        lines = await _lines(session, found.body.get("contents", []), filled, terms)
        return {"lines": lines, **{f"{name}s": words for name, words in terms.items()}}
    if kind == "depart":
        return {
            "destinations": await destinations(session, site[:6], site),
            "vehicles": await usual_vehicles(session, site[:6]),
        }
    if kind == "dispose":
        return {"methods": [m for m, plant in METHOD_SITES.items() if plant == found.site.kind]}
    if kind in ("pack", "unpack"):
        return {"containers": await containers_to_fill(session, site)}
    if kind == "repack":
        return {"materials": await list_terms(session, "material", limit=100)}
    return {}


async def _lines(
    session: AsyncSession,
    contents: list[dict[str, Any]],
    filled: Filled,
    terms: dict[Any, Any],
) -> list[Line]:
    """Return what was recorded as rows that stand fixed, then some rows to choose."""
    weights = (await packaging_now(session)).weights
    names = {(name, term.slug): term.name for name, words in terms.items() for term in words}
    lines = []
    for n in range(len(contents) + OTHERS):
        fixed = contents[n] if n < len(contents) else None
        sort = {
            part: fixed[part] if fixed else filled.values[f"line-{n}-{part}"]
            for part in ("material", "form", "size")
        }
        label = " ".join(names.get(pair, pair[1]) for pair in sort.items()) if fixed else ""
        name = f"line-{n}-pieces"
        weight_mg = weights.get((sort["material"], sort["form"], sort["size"]))
        lines.append(
            Line(
                **sort,
                label=label,
                weight_mg=weight_mg,
                pieces=filled.values[name],
                error=filled.errors[name],
            )
        )
    return lines


async def in_the_way_of(session: AsyncSession, error: DomainError | None) -> Later | None:
    """Return the event that a refusal names as being in the way."""
    named = error.extras.get("in_the_way") or error.extras.get("by") if error else None
    if not named:
        return None
    query = select(Event.id, Event.effective_at, Event.leaf).where(Event.id == UUID(str(named)))
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    happening = happening_of(read_leaf(row.leaf))
    return Later(row.id, happening.kind if happening else "correct", row.effective_at)
