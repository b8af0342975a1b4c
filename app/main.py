"""Composition root: mounts every router and page, installs the handlers, starts the followers."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware

from app import error_handlers
from app.alerts import pages as alerts_pages
from app.alerts import routes as alerts_routes
from app.alerts import rules_pages as alerts_rules_pages
from app.alerts import work_routes as alerts_work_routes
from app.alerts.follow import ALERTS
from app.alerts.tick import keep_ticking
from app.amendments import pages as amendments_pages
from app.amendments import routes as amendments_routes
from app.areas import routes as areas_routes
from app.assets import Assets
from app.auth import pages as auth_pages
from app.auth import people_pages as auth_people_pages
from app.auth import routes as auth_routes
from app.balance import pages as site_pages
from app.balance.flows import FLOWS
from app.batches import pages as batches_pages
from app.batches import routes as batches_routes
from app.batches import scan_routes as batches_scan_routes
from app.batches import sheet_pages as batches_sheet_pages
from app.batches import tare_pages as batches_tare_pages
from app.capture import pages as capture_pages
from app.capture import routes as capture_routes
from app.cases import pages as cases_pages
from app.cases import routes as cases_routes
from app.config import Settings, settings
from app.custody import lineage_routes as custody_lineage_routes
from app.custody import lot_pages as custody_lot_pages
from app.custody import lot_routes as custody_lot_routes
from app.custody import pages as custody_pages
from app.custody import paper_pages as custody_paper_pages
from app.custody import routes as custody_routes
from app.db import Database
from app.events import (  # noqa: F401  register their subjects
    declare_keys,
    declare_reference,
    declare_tariffs,
    declare_transport,
    declare_zero_report,
)
from app.events import event_pages as one_event_pages
from app.events import pages as events_pages
from app.events import routes as events_routes
from app.events import transport_pages as events_transport_pages
from app.evidence import routes as evidence_routes
from app.headers import SecurityHeaders
from app.home import pages as home_pages
from app.ledger.follow import keep_up
from app.logging import RequestLog
from app.money import pages as money_pages
from app.money import routes as money_routes
from app.money import tariff_pages as money_tariff_pages
from app.money.follow import MONEY
from app.ops import pages as ops_pages
from app.ops import routes as ops_routes
from app.ops.daily import keep_daily
from app.ops.log_keys import places_of, receipts_of
from app.packaging import routes as packaging_routes
from app.parties import pages as parties_pages
from app.parties import routes as parties_routes
from app.plan import pages as plan_pages
from app.plan import routes as plan_routes
from app.progress import pages as progress_pages
from app.progress import routes as progress_routes
from app.registers import edit_pages as registers_edit_pages
from app.registers import import_pages as registers_import_pages
from app.registers import pages as registers_pages
from app.registers import routes as registers_routes
from app.registers import withdraw_pages as registers_withdraw_pages
from app.reports import balance_pages, balance_routes
from app.reports import pages as reports_pages
from app.reports import routes as reports_routes
from app.supply import routes as supply_routes
from app.supply.follow import SUPPLY
from app.templating import STATIC
from app.transparency import pages as transparency_pages
from app.transparency import routes as transparency_routes
from app.transparency.integrate import keep_growing
from app.transparency.signer import keep_signing, open_signer
from app.transparency.witnesses import Witnesses, parse_witnesses
from app.trips import announce_pages as trips_announce_pages
from app.trips import list_pages as trips_list_pages
from app.trips import pages as trips_pages
from app.trips import policy_routes as trips_policy_routes
from app.trips import routes as trips_routes
from app.trips.follow import TRIP_LEGS
from app.web import LimitBody
from app.webhooks import pages as webhooks_pages
from app.webhooks import routes as webhooks_routes
from app.webhooks.deliver import keep_delivering
from app.workdays import routes as workdays_routes

GOING_ON_TOGETHER = ((FLOWS, SUPPLY), (TRIP_LEGS,), (ALERTS,), (MONEY,))
"""What follows the log. Reports read the first two at one log size; none waits for who is slower."""
FOLLOWERS = tuple(follower for group in GOING_ON_TOGETHER for follower in group)
"""Everything that follows the log, in the order in which it is brought up to date."""

ROUTERS = (
    auth_routes.router,
    auth_pages.router,
    auth_people_pages.router,
    areas_routes.router,
    parties_routes.router,
    parties_pages.router,
    packaging_routes.router,
    batches_scan_routes.router,
    events_routes.router,
    capture_routes.router,
    capture_pages.router,
    events_pages.router,
    trips_routes.router,
    trips_policy_routes.router,
    events_transport_pages.router,
    trips_list_pages.router,
    # Before the page of a trip, which would take `new` for one.
    trips_announce_pages.router,
    trips_pages.router,
    one_event_pages.router,
    batches_routes.router,
    batches_pages.router,
    batches_sheet_pages.router,
    batches_tare_pages.router,
    custody_routes.router,
    custody_lineage_routes.router,
    custody_lot_routes.router,
    # Before the page of a lot, which would take `….pdf` for an event.
    custody_paper_pages.router,
    custody_lot_pages.router,
    custody_pages.router,
    site_pages.router,
    supply_routes.router,
    money_routes.router,
    money_tariff_pages.router,
    money_pages.router,
    balance_routes.router,
    balance_pages.router,
    reports_routes.router,
    reports_pages.router,
    alerts_work_routes.router,
    alerts_routes.router,
    alerts_rules_pages.router,
    alerts_pages.router,
    cases_routes.router,
    cases_pages.router,
    workdays_routes.router,
    webhooks_routes.router,
    webhooks_pages.router,
    amendments_routes.router,
    amendments_pages.router,
    progress_routes.router,
    progress_pages.router,
    registers_routes.router,
    # Before the page of an entry, which would take `new` and `import` for entries.
    registers_edit_pages.router,
    registers_import_pages.router,
    registers_withdraw_pages.router,
    registers_pages.router,
    plan_routes.router,
    transparency_routes.router,
    transparency_pages.router,
    evidence_routes.router,
    plan_pages.router,
    ops_routes.router,
    ops_pages.router,
    home_pages.router,
)
"""Every door, in the order in which paths are tried."""


WORTH_PACKING = 1_000
"""Bytes of an answer from which on it is sent packed: a village has 50 kB a second."""
PACKED_ALREADY = (
    *DEFAULT_EXCLUDED_CONTENT_TYPES,
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/octet-stream",
)
"""Types that packing would not make smaller: tiles of the log are hashes."""
ASK_AGAIN_S = 1.0


async def end_tasks(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks until they have ended.

    Once is not enough: a driver that is connecting may answer the first cancellation with an error
    of its own, which a loop that lives through errors takes for one of the database.
    """
    waiting = set(tasks)
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=ASK_AGAIN_S)


def create_app(database_url: str, config: Settings | None = None) -> FastAPI:
    """Return the application on a migrated database; while it runs, it follows the log."""
    config = config or settings()
    database = Database(
        database_url,
        pool_size=config.pool_size,
        statement_timeout_ms=config.statement_timeout_ms,
    )

    addresses = parse_witnesses(config.witnesses)

    @asynccontextmanager
    async def lifespan(running: FastAPI) -> AsyncIterator[None]:
        work = [
            *(keep_up(database, group) for group in GOING_ON_TOGETHER),
            keep_ticking(database),
            keep_delivering(database, allow_private=config.webhook_allow_private),
            keep_growing(database),
            keep_daily(database),
        ]
        places = places_of(config)
        client = httpx.AsyncClient()
        signer = open_signer(places.signer, Witnesses(addresses, client) if addresses else None)
        running.state.signer = signer
        running.state.receipts = receipts_of(places.receipt)
        if signer:
            work.append(keep_signing(database, signer))
        tasks = [asyncio.create_task(one) for one in work]
        yield
        await end_tasks(tasks)
        if signer:
            signer.close()
        await client.aclose()
        await database.close()

    app = FastAPI(
        title="河北省农药包装废弃物回收处理监管平台",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.database = database
    app.state.signer = None
    app.state.receipts = None
    app.state.settings = config
    error_handlers.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", Assets(directory=STATIC), name="static")
    app.add_middleware(LimitBody, limit_bytes=config.max_body_bytes)
    app.add_middleware(
        GZipMiddleware,
        minimum_size=WORTH_PACKING,
        compresslevel=5,
        exclude_content_types=PACKED_ALREADY,
    )
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestLog)
    return app
