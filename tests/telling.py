"""Events on a clock of their own, which only goes forward, and what alerts then say of them."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.alerts.follow import ALERTS, tick
from app.alerts.models import Finding
from app.alerts.thresholds import enter_threshold
from app.auth.sessions import caller_from
from app.events.record import record
from app.ids import uuid7
from app.ledger.follow import catch_up
from tests.world import AT_SITE, World


async def tell(
    world: World,
    kind: str,
    *codes: str,
    late: timedelta | None = None,
    at: datetime | None = None,
    by: str | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """Record an event now by the world's clock, or one of some time ago that is told late."""
    body = world.body(kind, *codes, at=at or world.clock - (late or timedelta()), **fields)
    return await tell_body(world, body, by=by)


async def tell_body(world: World, body: dict[str, Any], *, by: str | None = None) -> dict[str, Any]:
    """Record a body now by the world's clock; five minutes later the next may come."""
    caller = caller_from(world.accounts[by or AT_SITE[body["site"]]])
    [outcome] = await record(world.database, caller, [body], now=world.clock)
    assert outcome.event, outcome.error
    world.tick(minutes=5)
    return outcome.event


async def correct(
    world: World, event: dict[str, Any], *, by: str, replacement: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Take an event back, or put another in its place."""
    body: dict[str, Any] = {
        "id": str(uuid7(world.rng, world.clock)), "kind": "correct", "corrects": event["id"],
        "occurred_at": world.clock.isoformat(), "site": event["site"], "note": "记错了",
        "reason": "incorrect_data" if replacement else "did_not_occur",
    }  # fmt: skip
    if replacement:
        body["replacement"] = replacement
    del body["occurred_at"], body["site"]
    return await tell_body(world, body, by=by)


async def standing(world: World, rule: str | None = None) -> list[Finding]:
    """What stands after the follower has come to the end of the log, open or closed."""
    await catch_up(world.database, (ALERTS,))
    async with world.database.read() as session:
        rows = await session.scalars(
            select(Finding).order_by(Finding.opened_at, Finding.rule, Finding.id)
        )
        return [row for row in rows if rule is None or row.rule == rule]


async def naming(world: World, rule: str, code: str) -> list[Finding]:
    """Findings of a rule that name a bag or a container."""
    return [found for found in await standing(world, rule) if code in found.batches]


async def pass_(world: World, **step: float) -> None:
    """Let time pass with no leaf, and tick at its end."""
    await catch_up(world.database, (ALERTS,))
    world.tick(**step)
    assert await tick(world.database, world.clock)


async def bound(
    world: World,
    rule: str,
    key: str,
    value: int,
    *,
    since: date,
    area: str | None = None,
    season: list[int] | None = None,
    until: date | None = None,
) -> UUID:
    """Enter a threshold by the world's clock."""
    row = {
        "rule": rule, "key": key, "value": value, "area": area, "season": season,
        "valid_from": since, "valid_to": until, "source": "冀农发〔2026〕1号",
    }  # fmt: skip
    now = world.clock
    async with world.database.write() as session:
        entered = await enter_threshold(
            session, row, id_=uuid7(world.rng, now), by=world.accounts["province"].id,
            clock=lambda: now,
        )  # fmt: skip
    world.tick(minutes=1)
    return entered.id
