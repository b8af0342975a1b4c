"""What tests of custody ask: how a batch stands, its chain, what is booked, why it was refused."""

from collections import Counter
from typing import Any

from sqlalchemy import select

from app.balance.models import Posting
from tests.world import World


async def standing(world: World, code: str, by: str = "province") -> dict[str, Any]:
    """Return a batch as it is shown."""
    answer = await world.client(by).get(f"/api/v1/batches/{code}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def custody(world: World, code: str, by: str = "province", **params: Any) -> dict[str, Any]:
    """Return a batch's chain of custody."""
    answer = await world.client(by).get(f"/api/v1/batches/{code}/custody", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def booked(world: World, code: str) -> dict[tuple[str, str], int]:
    """Return what stands booked for a batch, by accounts; all trips as `transit`."""
    sums: Counter[tuple[str, str]] = Counter()
    async with world.database.read() as session:
        rows = (await session.scalars(select(Posting).where(Posting.batch_code == code))).all()
    for row in rows:
        source, target = _plain(row.from_account), _plain(row.to_account)
        sums[source, target] += row.mass_g
        sums[target, source] -= row.mass_g
    return {pair: grams for pair, grams in sums.items() if grams > 0}


def _plain(account: str) -> str:
    return "transit" if account.startswith("transit/") else account


async def problem(world: World, body: dict[str, Any], by: str | None = None) -> dict[str, Any]:
    """Return the problem that refuses an event."""
    answer = await world.post(body, by=by)
    assert answer.status_code in (403, 404, 409, 422), answer.text
    found: dict[str, Any] = answer.json()
    return found


async def refused(world: World, body: dict[str, Any], status: int, by: str | None = None) -> str:
    """Return the name of the problem that refuses an event with a status."""
    found = await problem(world, body, by)
    assert found["status"] == status, found
    return str(found["type"]).removeprefix("/problems/")
