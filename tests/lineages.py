"""Worlds with a lineage: bags collected, packed, sorted, mixed and treated through the API."""

from typing import Any

from tests import reference as ref
from tests.world import BOTTLES, World

PET, PE = "pet", "pe"


async def posted(world: World, body: dict[str, Any], by: str | None = None) -> dict[str, Any]:
    """Post an event and return it as answered."""
    answer = await world.post(body, by=by)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def got(world: World, path: str, by: str = "province", **params: Any) -> dict[str, Any]:
    """Return what a path answers."""
    answer = await world.client(by).get(path, params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def every(world: World, path: str, by: str = "province", **params: Any) -> list[Any]:
    """Return all items of a paged list, two at a time."""
    items, cursor = [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        found = await got(world, path, by, limit=2, **params, **more)
        items += found["items"]
        cursor = found["next_cursor"]
        if cursor is None:
            return items


async def collected(world: World, *masses: int, site: str = ref.STATION, **own: Any) -> list[str]:
    """Collect bags of some masses at a site."""
    county = site[:6]
    bags = await world.issue_labels(len(masses), county=county, site=None)
    for bag, grams in zip(bags, masses, strict=True):
        await world.event("collect", bag, site=site, mass_g=grams, **own)
    return bags


def repack(
    world: World,
    inputs: dict[str, int],
    outputs: dict[str, int],
    site: str = ref.STATION,
    *,
    materials: dict[str, str] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """Return a repack's body: grams by code, and the materials of outputs that have one."""
    body = world.body("repack", site=site, **{"mode": "mix", **fields})
    del body["batches"]
    body["inputs"] = [{"code": code, "mass_g": grams} for code, grams in inputs.items()]
    known = materials or {}
    body["outputs"] = [
        {"code": code, "mass_g": grams, **({"material": known[code]} if code in known else {})}
        for code, grams in outputs.items()
    ]
    return body


async def labels(world: World, count: int, **more: Any) -> list[str]:
    """Issue labels that any site of the county may use."""
    return await world.issue_labels(count, **{"site": None, **more})


def pieces(material: str, count: int) -> dict[str, Any]:
    """Return a line of contents."""
    return {**BOTTLES, "material": material, "pieces": count}
