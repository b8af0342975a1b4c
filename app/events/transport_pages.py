"""Pages of transport policies: what each area asks, and since when; the form for who declares it."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from app.areas.models import PROVINCE
from app.areas.names import areas_to_choose
from app.areas.read import today
from app.areas.scope import counties_of, reach_of
from app.auth.access import SignedIn, Visitor, require_same_origin
from app.auth.caller import Caller
from app.auth.kept_form import ask_to_sign_in, fields_of
from app.auth.permissions import allows, require
from app.db import Databases, Reading, ReadSession
from app.error_handlers import status_of
from app.errors import DomainError
from app.events.as_typed import Blank, Filled, typed
from app.events.declare_once import declare_once
from app.events.errors import EventIdReused
from app.events.filled_transport import fetched, field_at, fill
from app.events.told import not_recorded
from app.ids import SYSTEM, uuid7
from app.templating import render
from app.trips.policy import policy_for
from app.trips.policy_rows import list_policies
from app.trips.policy_shown import all_policies, policy_of

router = APIRouter(include_in_schema=False)

SUBJECT = "transport_policies"
RIGHT = f"declare.{SUBJECT}"
PAGE = "/transport-policies"
UNFIT = 422


@router.get(PAGE)
async def show_policies(
    request: Request, caller: SignedIn, session: Reading, *, done: bool = False
) -> Response:
    require(caller, "trips.read")
    policies = await all_policies(session, today())
    # Who belongs to one county is told first what holds there.
    of_county = caller.area if await counties_of(session, caller.area) == {caller.area} else None
    values = {
        "here": await policy_of(session, of_county, today()) if of_county else None,
        "in_force": [one for one in policies if one.standing == "in_force"],
        "to_come": [one for one in policies if one.standing == "to_come"],
        "past": [one for one in policies if one.standing in ("over", "replaced")],
        "may_declare": allows(caller, RIGHT),
        "done": done,
    }
    return render(request, "trips/policies.html", values)


@router.get(f"{PAGE}/new")
async def show_form(request: Request, caller: SignedIn, session: Reading) -> Response:
    require(caller, RIGHT)
    values = await _fetch(session, Blank(area=caller.area))
    return await _form(request, session, caller, Filled(SUBJECT, values))


@router.post(f"{PAGE}/new", dependencies=[Depends(require_same_origin)])
async def post_form(request: Request, caller: Visitor, database: Databases) -> Response:
    fields = fields_of(await request.form())
    if caller is None:
        return ask_to_sign_in(request, fields)
    require(caller, RIGHT)
    values = typed(fields)
    fetch = values.pop("fetch", "")
    if fetch or values.pop("resumed", ""):
        async with database.read() as session:
            again = await _fetch(session, values) if fetch else values
            return await _form(request, session, caller, Filled(SUBJECT, again))
    filled, error = fill(values), None
    if not filled.errors:
        outcome = await declare_once(
            database, caller, SUBJECT, [filled.body], event_id=values["id"], now=datetime.now(UTC)
        )
        if outcome.event:
            return RedirectResponse(f"{PAGE}?done=true", 303)
        error = outcome.error
    async with database.read() as session:
        return await _form(request, session, caller, filled, error)


async def _fetch(session: ReadSession, values: Blank) -> Blank:
    """Return the form with what holds today in the area that was chosen."""
    policies = await list_policies(session)
    return fetched(values, policy_for(policies, [values["area"], PROVINCE], today()))


async def _form(
    request: Request,
    session: ReadSession,
    caller: Caller,
    filled: Filled,
    error: DomainError | None = None,
) -> Response:
    told = error.extras if error else {}
    for place in told.get("errors", [told] if "pointer" in told else []):
        sentence = place.get("detail") or (error.words()[1] if error else "")
        filled.errors.setdefault(field_at(place["pointer"]), sentence)
    if isinstance(error, EventIdReused) or not filled.values["id"]:
        filled.values["id"] = str(uuid7(SYSTEM, datetime.now(UTC)))
    reach = await reach_of(session, caller)
    values: dict[str, Any] = {
        "values": filled.values,
        "errors": filled.errors,
        "problem": not_recorded(error, wrong=bool(filled.errors)),
        "areas": await areas_to_choose(session, reach, caller.area, today()),
    }
    status = status_of(error) if error else UNFIT if filled.errors else 200
    return render(request, "trips/policy_form.html", values, status)
