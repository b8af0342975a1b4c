"""Money in the season: what counties pay, deposits at tills, settlements in each of their states."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from app.auth.caller import Caller
from app.db import Database
from app.demo.actions import Action, Delivery, Event
from app.demo.handins import tariffs
from app.demo.world import SHANGHAI, World, stream
from app.ids import uuid7
from app.money import settle
from app.money.errors import NothingToSettle

DOCUMENT = "演示文号（标准）"
DEPOSIT_FEN = 100
SUBSIDIES = {"shop": 20_000, "hauler": 30_000, "plant": 50_000}
SOLD_WITH_DEPOSIT = 0.7
SECONDS = 40


def tariff_rows(county: str, since: date) -> list[dict[str, Any]]:
    """Return what a county pays from a day on: as its points pay, and subsidies a tonne."""
    common = {"county": county, "valid_from": since.isoformat(), "document": DOCUMENT}
    return [
        *(
            {**common, "scheme": "buyback", "per": "piece", "material": m, "form": f, "size": s, "fen": fen}
            for (m, f, s), fen in tariffs().items()
        ),
        {**common, "scheme": "deposit", "per": "piece", "form": "bottle", "fen": DEPOSIT_FEN},
        *(
            {**common, "scheme": "subsidy", "payee": payee, "per": "tonne", "fen": fen}
            for payee, fen in SUBSIDIES.items()
        ),
    ]  # fmt: skip


def deposit_sales(world: World, actions: Sequence[Action]) -> Iterator[Delivery]:
    """Yield a till's deposits for most of the units that are handed in later, each by itself.

    What comes back twice was always sold with one: the second time nothing is paid. A bottle is sold where somebody was at the counter just then: no till wakes a silent point.
    """
    rng = stream(world.seed, "money/sales")
    open_at: dict[str, list[tuple[datetime, str]]] = {}
    hand_ins = sorted(
        (event for one in actions if isinstance(one, Delivery) for event in one.events
         if event["kind"] == "hand_in"),
        key=lambda event: (datetime.fromisoformat(event["occurred_at"]), event["id"]),
    )  # fmt: skip
    times = Counter(code for event in hand_ins for code in event.get("unit_codes", ()))
    sold: set[str] = set()
    for event in hand_ins:
        at, site = datetime.fromisoformat(event["occurred_at"]), event["site"]
        before = open_at.setdefault(site[:6], [])
        for code in event.get("unit_codes", ()):
            wanted = times[code] > 1 or rng.random() < SOLD_WITH_DEPOSIT
            if before and wanted and code not in sold:
                sold.add(code)
                yield _sale(world, rng, code, *rng.choice(before))
        before.append((at, site))


def _sale(world: World, rng: Random, code: str, at: datetime, site: str) -> Delivery:
    sold = at + timedelta(seconds=rng.randint(5, SECONDS))
    event: Event = {
        "id": str(uuid7(rng, sold)), "kind": "deposit_sale", "occurred_at": sold.isoformat(),
        "site": site, "unit_code": code, "fen": DEPOSIT_FEN, "channel": "api",
    }  # fmt: skip
    account = world.account_at[site].username
    return Delivery(sold + timedelta(seconds=2), None, f"till-{site}", account, (event,))


async def settle_season(database: Database, world: World) -> int:
    """Settle the season as offices would: paid up to a month ago, approved and drafted since.

    What the events make due must have been followed. Returns how many settlements there are.
    """
    rng = stream(world.seed, "money/settlements")
    count = 0
    for n, county in enumerate(world.pilots):
        caller = Caller(**asdict(world.account[f"county-{county}"]))
        first, last = (world.last_day - timedelta(days=days) for days in (30, 2))
        older = await _draft(database, caller, county, first, rng)
        for id_ in older:
            await _carry_on(database, caller, id_, first, "paid", n)
        newer = await _draft(database, caller, county, last, rng)
        for m, id_ in enumerate(newer):
            await _carry_on(database, caller, id_, last, ("approved", "draft", "draft")[m % 3], n)
        if newer and n == 0:
            await _discard(database, caller, newer[1 % len(newer)], last)
        count += len(older) + len(newer)
    return count


def _office(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), SHANGHAI)


async def _draft(
    database: Database, caller: Caller, county: str, until: date, rng: Random
) -> Sequence[Any]:
    wanted = settle.Wanted(county, until)
    now = _office(until + timedelta(days=1), 9)
    try:
        return await settle.draft(database, caller, wanted, now=now, rng=rng)
    except NothingToSettle:
        return ()


async def _carry_on(
    database: Database, caller: Caller, id_: Any, until: date, state: str, n: int
) -> None:
    if state == "draft":
        return
    async with database.write() as session:
        await settle.approve(session, caller, id_, now=_office(until + timedelta(days=1), 15))
    if state == "paid":
        paid_on = until + timedelta(days=2)
        async with database.write() as session:
            await settle.pay(
                session, caller, id_, paid_on=paid_on, voucher=f"演示凭证 {n + 1}",
                now=_office(paid_on, 16),
            )  # fmt: skip


async def _discard(database: Database, caller: Caller, id_: Any, until: date) -> None:
    async with database.write() as session:
        now = _office(until + timedelta(days=1), 16)
        await settle.discard(session, caller, id_, reason="演示：重新编制", now=now)


def in_order(actions: Iterable[Action]) -> list[Action]:
    """Return actions in the order in which the server receives them."""
    return sorted(actions, key=lambda one: one.at)
