"""What the forms of 装箱, 拆箱, 分拣 offer, and how a code that a form was opened for is found."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import Reach
from app.batches.codes import CodeError, parse_code
from app.batches.models import Batch
from app.batches.read import list_labels
from app.events.as_typed import Blank
from app.events.filled_custody import REPACKS
from app.events.held import (
    MOST_BAGS,
    Bag,
    bags_at,
    container_of,
    containers_of,
    containers_to_fill,
    full_containers,
    members_of,
)
from app.events.named_bags import codes_typed
from app.orm import among
from app.packaging.read import list_terms
from app.typed_numbers import in_kilograms

MOST_LABELS = 200
OUTPUT_ROWS = 12
"""New bags that one repack may make in the form: one a material, and some to spare."""
ROWS_SHOWN = 3


async def offer_to_store(
    session: AsyncSession, kind: str, values: Blank, site: str
) -> dict[str, Any]:
    """Return what the form of a step inside a store needs."""
    if kind == "unpack":
        return await _to_unpack(session, values, site)
    fitting = await bags_at(session, site, kind)
    held = {"cut": len(fitting) >= MOST_BAGS}
    if kind == "pack":
        containers = await containers_to_fill(session, site)
        _choose(values, containers)
        bags = await marked(session, fitting, values, site)
        return {**held, "bags": bags, "containers": containers, "hints": []}
    if values["as"] not in REPACKS:
        values["as"] = REPACKS[0]
    if values["as"] == "relabel":
        await _to_relabel(session, values, site)
    bags = await marked(session, fitting, values, site)
    for bag in bags:
        values.setdefault(f"mass_kg-{bag.code}", bag.mass_kg)
    labels = await list_labels(
        session,
        Reach(sites=frozenset({site})),
        site=site,
        kind="bag",
        unused=True,
        limit=MOST_LABELS,
    )
    return {
        **held,
        "bags": bags,
        "hints": [],
        "labels": [one.label.code for one in labels],
        "materials": await list_terms(session, "material", limit=100),
        "rows": range(OUTPUT_ROWS),
        "rows_shown": max([ROWS_SHOWN, *(_row(name) + 1 for name in values if values[name])]),
    }


def _row(name: str) -> int:
    """Return the row of an output that was typed in a field, below 0 for other fields."""
    parts = name.split("-")
    return int(parts[1]) if parts[0] == "out" and parts[1].isdigit() else -1


def _choose(values: Blank, containers: Sequence[Bag]) -> None:
    """Choose the container that the form was opened for, its tare beside it."""
    by_code = {one.code: one for one in containers}
    if values["code"] in by_code:
        values["container"] = values.pop("code")
    chosen = by_code.get(values["container"])
    if chosen and "tare_kg" not in values:
        values["tare_kg"] = chosen.tare_kg


async def _to_unpack(session: AsyncSession, values: Blank, site: str) -> dict[str, Any]:
    """Return the containers to unpack, or what is in the one that was chosen, all ticked."""
    containers = await full_containers(session, site, "pack")
    by_code = {one.code: one for one in containers}
    code = values.pop("code", "")
    inside = await container_of(session, code, site) if code and code not in by_code else None
    if not values["container"]:
        values["container"] = inside or code
        values["picked"] |= {code} if inside else set()
    chosen = by_code.get(values["container"])
    if chosen is None:
        return {"chosen": None, "containers": containers, "bags": [], "cut": False, "hints": []}
    bags = await members_of(session, chosen.code, site)
    if values["fresh"] and not inside:
        values["picked"] |= {bag.code for bag in bags}
    values.setdefault("tare_kg", chosen.tare_kg)
    return {"chosen": chosen, "containers": [], "bags": bags, "cut": False, "hints": []}


async def _to_relabel(session: AsyncSession, values: Blank, site: str) -> None:
    """Fill in the old code that the form was opened for, and what it weighs."""
    code = values.pop("code", "")
    values["old_code"] = values["old_code"] or code
    query = select(Batch.mass_g).where(Batch.code == values["old_code"], Batch.site == site)
    held = in_kilograms(await session.scalar(query))
    if held and "mass_kg" not in values:
        values["mass_kg"] = held
    values["held_kg"] = held


async def marked(
    session: AsyncSession, bags: Sequence[Bag], values: Blank, site: str
) -> Sequence[Bag]:
    """Tick the bag that the form was opened for, or write its code where it is not in the list.

    A bag in a container is not named by itself: its container is ticked.
    """
    code = values.pop("code", "")
    listed = {bag.code for bag in bags}
    if code and code not in listed and site:
        code = await container_of(session, code, site) or code
    if code in listed:
        values["picked"].add(code)
    elif code:
        values["codes"] = code
    return bags


async def told_of_containers(session: AsyncSession, values: Blank, site: str) -> list[Bag]:
    """Return the containers of a site among the codes that were typed: each stands for its bags."""
    codes = set()
    for text in codes_typed(values["codes"]):
        try:
            codes.add(parse_code(text))
        except CodeError:
            continue
    if not codes or not site:
        return []
    return await containers_of(session, among(Batch.container, codes), Batch.site == site)
