"""Pages of transport policies: what each area asks, and since when; the form for who declares it."""

from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from app.areas.models import PROVINCE
from app.areas.names import areas_to_choose
from app.areas.read import today
from app.areas.scope import counties_of, reach_of
from app.auth.access import SignedIn, Visitor, require_same_origin
from app.auth.caller import Caller
from app.auth.permissions import allows, require
from app.db import Databases, Reading, ReadSession
from app.events.as_typed import Blank
from app.events.declared_form import DeclaredForm
from app.events.filled_transport import FIELD_OF, fetched, fill
from app.templating import render
from app.trips.policy import policy_for
from app.trips.policy_rows import list_policies
from app.trips.policy_shown import all_policies, policy_of

router = APIRouter(include_in_schema=False)

SUBJECT = "transport_policies"
PAGE = "/transport-policies"


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
        "may_declare": allows(caller, FORM.right),
        "done": done,
    }
    return render(request, "trips/policies.html", values)


@router.get(f"{PAGE}/new")
async def show_form(request: Request, caller: SignedIn, session: Reading) -> Response:
    values = await _fetch(session, Blank(area=caller.area))
    return await FORM.show(request, session, caller, values)


@router.post(f"{PAGE}/new", dependencies=[Depends(require_same_origin)])
async def post_form(request: Request, caller: Visitor, database: Databases) -> Response:
    return await FORM.post(request, caller, database)


async def _fetch(session: ReadSession, values: Blank) -> Blank:
    """Return the form with what holds today in the area that was chosen."""
    policies = await list_policies(session)
    return fetched(values, policy_for(policies, [values["area"], PROVINCE], today()))


async def _choices(session: ReadSession, caller: Caller) -> dict[str, Any]:
    reach = await reach_of(session, caller)
    return {"areas": await areas_to_choose(session, reach, caller.area, today())}


FORM = DeclaredForm(
    subject=SUBJECT,
    template="trips/policy_form.html",
    fill=fill,
    fields=FIELD_OF,
    choices=_choices,
    done=lambda _: f"{PAGE}?done=true",
    fetch=_fetch,
)
