"""What tests of money share: a county's tariffs declared in the past, units sold and brought back."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from app.events.declare import declare
from app.ids import uuid7
from app.ledger.follow import catch_up
from app.main import FOLLOWERS
from tests.recording import caller_of
from tests.world import LUQUAN, World

BOTTLE = {"scheme": "buyback", "per": "piece", "form": "bottle", "fen": 10}
DEPOSIT = {"scheme": "deposit", "per": "piece", "fen": 100}
SHOP = {"scheme": "subsidy", "payee": "shop", "per": "tonne", "fen": 20_000}
HAULER = {"scheme": "subsidy", "payee": "hauler", "per": "tonne", "fen": 30_000}
PLANT_PAID = {"scheme": "subsidy", "payee": "plant", "per": "tonne", "fen": 50_000}
USUAL = (BOTTLE, DEPOSIT, SHOP, HAULER, PLANT_PAID)
BEGAN = date(2025, 1, 1)
"""When the tariffs of these tests came into force."""


async def with_tariffs(
    world: World,
    *rows: dict[str, Any],
    county: str = LUQUAN,
    since: date = BEGAN,
    by: str = "county",
) -> None:
    """Declare tariffs the day before they begin, as the platform then would have been told."""
    now = datetime.combine(since - timedelta(days=1), time(9), UTC)
    body = {
        "id": str(uuid7(world.rng, now)), "kind": "declare", "occurred_at": now.isoformat(),
        "subject": "tariffs",
        "rows": [
            {"county": county, "valid_from": since.isoformat(), "document": "鹿农〔2024〕1号", **row}
            for row in rows or USUAL
        ],
    }  # fmt: skip
    outcome = await declare(world.database, caller_of(world, by), body, now=now)
    assert outcome.error is None, outcome.error.problem()


def unit(world: World) -> str:
    """Return the code of one bottle."""
    return f"1220884110{world.rng.randrange(10**22):022}"


async def sale(world: World, code: str, fen: int = 100, **fields: Any) -> dict[str, Any]:
    """Let a till take a deposit with a unit."""
    body = world.body("deposit_sale", unit_code=code, fen=fen, **fields)
    del body["batches"]
    answer = await world.post(body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def caught_up(world: World) -> None:
    """Let every follower come to the end of the log."""
    await catch_up(world.database, FOLLOWERS)
