"""The home page, by role: today's bag, what is on its way, or an area's figures."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from app.alerts.worked import Load, load_of
from app.areas.names import name_of_area
from app.areas.read import today
from app.areas.scope import reach_of
from app.auth.access import Visitor
from app.auth.caller import SITE_ROLES, Caller
from app.auth.permissions import allows
from app.batches.stock import SEALED, stock_of
from app.cases.terms import terms_of
from app.db import Reading, ReadSession
from app.events.coming import carried_by, coming_to
from app.events.offered import open_bag_at, pieces_in
from app.home.latest import hand_ins_on, latest_at, latest_changes
from app.parties.names import site_names
from app.reports.periods import parse_period
from app.reports.recovery import By, recovery
from app.templating import render
from app.trips.listing import count_pending
from app.trips.planned import planned_at, planned_of
from app.workdays.read import calendar_of

router = APIRouter(include_in_schema=False)

LATEST = 6
ACTIVE = ("generated_g", "collected_g", "held_g", "in_transit_g")
"""A division without any of these has nothing to show on a home page."""
CHANGES = 12
BELOW: dict[str, By] = {"city": "county", "county": "county"}
"""The level whose rows stand under an area's own figures; reporting areas for the province."""


@router.get("/")
async def show_home(request: Request, caller: Visitor, session: Reading) -> Response:
    if caller is None:
        return RedirectResponse("/sign-in", 303)
    if caller.role in SITE_ROLES or caller.role == "carrier":
        return render(request, "home_site.html", await _of_site(session, caller))
    return render(request, "home_official.html", await _of_area(session, caller))


async def _of_site(session: ReadSession, caller: Caller) -> dict[str, Any]:
    now = datetime.now(UTC)
    site = caller.site or ""
    names = await site_names(session, [site] if site else [])
    carrier = caller.organisation or "" if caller.role == "carrier" else None
    if carrier is None:
        trips, planned = await coming_to(session, site), await planned_at(session, site, now)
    else:
        trips = await carried_by(session, carrier)
        planned = await planned_of(session, carrier, now)
    return {
        "site": {"code": site, "name": names[site], "kind": site[7]} if names else None,
        "open_bag": await _open_bag(session, site) if caller.role == "collector" else None,
        "sealed": await stock_of(session, site, now, SEALED),
        "held": await stock_of(session, site, now),
        "trips": [
            {**vars(trip), "days": (now - trip.departed_at).days} for trip in trips if trip.bags
        ],
        "left": [trip for trip in trips if trip.refused or trip.missing],
        "planned": planned,
        "may_announce": allows(caller, "trips.announce"),
        "latest": await latest_at(session, site, LATEST),
        "load": await _load(session, caller),
    }


async def _load(session: ReadSession, caller: Caller) -> Load:
    return await load_of(
        session,
        await reach_of(session, caller),
        today=today(),
        calendar=await calendar_of(session),
        terms=await terms_of(session),
    )


async def _open_bag(session: ReadSession, site: str) -> dict[str, Any] | None:
    bag = await open_bag_at(session, site)
    if bag is None:
        return None
    so_far = await hand_ins_on(session, site, bag.code, today())
    return {**pieces_in(bag), "hand_ins_today": so_far}


async def _of_area(session: ReadSession, caller: Caller) -> dict[str, Any]:
    period = str(today().year)
    reach = await reach_of(session, caller)
    values: dict[str, Any] = {
        "area": {
            "code": caller.area,
            "name": await name_of_area(session, caller.area),
            "township": caller.township,
        },
        "period": period,
        "row": None,
        "areas": [],
        "movements": await latest_changes(session, reach, CHANGES),
        "trips": await count_pending(session, reach, datetime.now(UTC)),
        "load": await _load(session, caller),
    }
    if caller.role == "township":
        # Figures are made for whole counties; a township has its movements.
        return values
    report = await recovery(
        session,
        caller,
        parse_period(period),
        now=datetime.now(UTC),
        by=BELOW.get(caller.role, "area"),
    )
    values["row"] = report.total
    if len(report.rows) > 1:
        values["areas"] = [row for row in report.rows if any(row[name] for name in ACTIVE)]
    values["as_of"] = report.as_of
    values["log"] = {"size": report.log_size}
    return values
