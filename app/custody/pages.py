"""Pages of batches: the list, one bag's whole way, and what anybody sees who scans its label."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from app.areas.names import county_names
from app.areas.read import list_areas
from app.areas.scope import Reach, counties_in_reach, reach_of
from app.auth.access import SignedIn, Visitor
from app.auth.caller import Caller
from app.auth.permissions import allows, require
from app.batches.codes import CodeError, parse_code
from app.batches.errors import MistypedCode
from app.batches.holds import holds_of
from app.batches.read import latest_batches
from app.batches.typed import typed_code
from app.custody.chosen import chosen
from app.custody.current import current, describe_all
from app.custody.described import described, grouped_steps, material_names
from app.custody.next_step import may_relabel, next_step
from app.custody.steps import CustodyStep
from app.custody.told import told_of
from app.custody.trace import trace
from app.db import Reading, ReadSession
from app.errors import NotFound
from app.events.correct import COUNTY_AND_ABOVE
from app.events.correctable import own_of_today
from app.pagination import Cursor, after_change, micros_of, page
from app.parties.names import site_names
from app.templating import render

router = APIRouter(include_in_schema=False)

BATCHES_A_PAGE = 50
STATUS = "^(open|collected|stored|in_transit|received|disposed|repacked|written_off)?$"
Typed = Annotated[str, Query(max_length=200)]
AsOf = Annotated[str | None, Query(max_length=40)]
ANYBODY = Reach(everything=True)
"""For the public page alone, which says nothing but the county, the stage and its days."""


@router.get("/batches")
async def show_batches(
    request: Request,
    caller: SignedIn,
    session: Reading,
    *,
    status: Annotated[str, Query(pattern=STATUS)] = "",
    area: Annotated[str, Query(pattern="^([0-9]{6})?$")] = "",
    site: Annotated[str, Query(max_length=20)] = "",
    container: Typed = "",
    wrong: Annotated[str | None, Query(max_length=200)] = None,
    cursor: Cursor = None,
) -> Response:
    require(caller, "batches.read")
    reach = await reach_of(session, caller)
    box = typed_code(container, pointer="/query/container") if container else None
    rows = await latest_batches(
        session,
        reach,
        counties=await counties_in_reach(session, reach, area) if area else (),
        site=site.strip().upper(),
        statuses=[status] if status else (),
        container=box,
        before=after_change(cursor),
        limit=BATCHES_A_PAGE + 1,
    )
    sites = await site_names(session, [row.site for row in rows if row.site])
    counties = await county_names(session, {row.site[:6] for row in rows if row.site})
    now = {one.code: one for one in await describe_all(session, rows[:BATCHES_A_PAGE])}
    shown = page(
        rows,
        BATCHES_A_PAGE,
        lambda row: (micros_of(row.updated_at), row.code),
        lambda row: {
            **vars(now[row.code]),
            "site_name": sites.get(row.site or ""),
            "county_name": counties.get((row.site or "")[:6]),
            "relabel": may_relabel(caller, now[row.code]),
        },
    )
    filters = {"status": status, "area": area, "site": site, "container": box or ""}
    onward = urlencode({**filters, "cursor": shown["next_cursor"]})
    values = {
        "items": shown["items"],
        "filters": filters,
        "areas": await _areas(session, caller),
        "wrong": {"code": wrong or "", "error": _why_wrong(wrong)},
        "next_url": f"/batches?{onward}" if shown["next_cursor"] else None,
    }
    return render(request, "batches.html", values)


async def _areas(session: ReadSession, caller: Caller) -> list[dict[str, str]]:
    """Return the reporting areas to choose from, for those who reach them all."""
    if not (await reach_of(session, caller)).everything:
        return []
    areas = await list_areas(session, limit=100)
    return [{"code": a.code, "name": a.name} for a in areas if a.kind != "province"]


@router.get("/batches/find")
async def find_batch(caller: SignedIn, code: Typed = "") -> Response:
    require(caller, "batches.read")
    try:
        return RedirectResponse(f"/batches/{typed_code(code, pointer='/query/code')}", 303)
    except MistypedCode:
        return RedirectResponse(f"/batches?{urlencode({'wrong': code})}", 303)


def _why_wrong(code: str | None) -> str:
    """Say why a code that was looked for cannot be one; empty where none was looked for."""
    if code is None:
        return ""
    if not code.strip():
        return "请输入标签码"
    try:
        typed_code(code, pointer="/query/wrong")
    except MistypedCode as error:
        return error.words()[1]
    return ""


@router.get("/batches/{code}")
async def show_batch(
    request: Request,
    code: str,
    caller: SignedIn,
    session: Reading,
    *,
    as_of: AsOf = None,
    at: Annotated[str, Query(max_length=40)] = "",
    leaves: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    require(caller, "batches.read")
    parsed = typed_code(code, pointer="/path/code")
    moment = await chosen(session, as_of, at, leaves)
    reach = await reach_of(session, caller)
    found = await trace(session, reach, parsed, as_of=moment.as_of)
    if found is None:
        raise NotFound(what=parsed)
    told = await told_of(session, reach, found)
    holds = await holds_of(session, reach, parsed) if found.batch.kind == "container" else None
    step = next_step(caller, found.batch, holds=holds.bags if holds else 0)
    values = {
        "batch": await described(session, found),
        "steps": grouped_steps(found.steps),
        "balance": found.balance,
        "told": told,
        "materials": await material_names(session),
        "chosen": moment,
        "log": {"size": found.log_size},
        "next_step": step if found.cut is None else None,
        "relabel": found.cut is None and may_relabel(caller, found.batch),
        "holds": holds,
        "may_set_tare": allows(caller, "labels.tare"),
        "correctable": await _correctable(session, caller, found.steps),
    }
    return render(request, "batch.html", values)


async def _correctable(
    session: ReadSession, caller: Caller, steps: Sequence[CustodyStep]
) -> set[str]:
    """Return the steps that the caller may correct: officials those at sites in their reach."""
    own = [step.event for step in steps if not step.foreign]
    if not allows(caller, "event.correct"):
        return set()
    if caller.role in COUNTY_AND_ABOVE:
        return set(own)
    return await own_of_today(session, caller, own, datetime.now(UTC))


@router.get("/b")
async def find_public(code: Typed = "") -> Response:
    return RedirectResponse(f"/b/{_address(code)}", 303)


def _address(code: str) -> str:
    """Return a typed code as a step of a path; what cannot be one stays to be told about."""
    try:
        return parse_code(code)
    except CodeError:
        return "".join(c for c in code if c.isalnum() or c == "-")[:40] or "-"


@router.get("/B/{code}")
@router.get("/b/{code}")
async def show_public(request: Request, code: str, caller: Visitor, session: Reading) -> Response:
    try:
        parsed = parse_code(code)
    except CodeError as error:
        return _unknown(request, code, error.kind)
    if caller:
        onward = await _onward(session, caller, parsed)
        if onward:
            return RedirectResponse(onward, 303)
    found = await trace(session, ANYBODY, parsed)
    if found is None:
        return _unknown(request, parsed, "not_issued")
    counties = await county_names(session, [parsed[:6]])
    days: dict[str, Any] = {}
    for one in found.steps:
        days.setdefault(one.stage, one.effective_at)
    values = {
        "code": parsed,
        "stage": found.batch.stage or "unused",
        "county_name": counties.get(parsed[:6], ""),
        "dates": [{"stage": stage, "at": at} for stage, at in days.items()],
        "next_url": None if caller else f"/sign-in?{urlencode({'next': f'/b/{parsed}'})}",
    }
    return render(request, "public_batch.html", values)


async def _onward(session: ReadSession, caller: Caller, code: str) -> str | None:
    """Return the form of the next step, else the bag's page where it is in reach.

    A bag that its station has never heard of is received like any other.
    """
    batch = await current(session, ANYBODY, code)
    holds = 0
    if batch and batch.kind == "container":
        holds = (await holds_of(session, ANYBODY, code)).bags
    step = next_step(caller, batch, holds=holds) if batch else None
    if step:
        return f"/record/{step}?code={code}"
    seen = await current(session, await reach_of(session, caller), code)
    return f"/batches/{code}" if seen else None


def _unknown(request: Request, code: str, reason: str) -> Response:
    values = {"code": code, "reason": reason}
    return render(request, "public_unknown.html", values, 404)
