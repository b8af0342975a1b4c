"""The page that announces a run (发车登记): where it loads, where that goes, vehicle, driver, times."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from app.areas.read import today
from app.auth.access import SignedIn, Visitor, require_same_origin
from app.auth.caller import Caller
from app.auth.kept_form import ask_to_sign_in, fields_of
from app.auth.permissions import require
from app.db import Database, Databases, Reading, ReadSession
from app.error_handlers import status_of
from app.errors import DomainError
from app.ids import SYSTEM, uuid7
from app.parties.names import site_names
from app.templating import render
from app.trips.announce import announce
from app.trips.announce_form import Typed, fill, typed, with_more_rows
from app.trips.choices import (
    Groups,
    carriers_in,
    counties_with_places,
    destinations,
    loading_places,
    own_vehicles,
    usual_vehicles,
)
from app.trips.errors import TripIdReused
from app.trips.schemas import TripOrder
from app.web import validate

router = APIRouter(include_in_schema=False)

RIGHT = "trips.announce"
UNFIT = 422
MOST_FIELDS = 600
"""A hundred stops have four fields each."""
OWN_END = {"collector": "from-0", "keeper": "to-0", "plant": "to-0"}
"""Where a site most often stands on the runs that it announces."""


@router.get("/trips/new")
async def show_form(request: Request, caller: SignedIn, session: Reading) -> Response:
    require(caller, RIGHT)
    form = typed([("county", caller.area), ("day", today().isoformat())])
    if caller.site:
        form.values[OWN_END[caller.role]] = caller.site
    if caller.organisation:
        vehicles = await own_vehicles(session, caller.organisation)
        form.values["vehicle"] = vehicles[0] if len(vehicles) == 1 else ""
        form.values["driver"] = caller.display_name
    return await _form(request, session, caller, form)


@router.post("/trips/new", dependencies=[Depends(require_same_origin)])
async def post_form(request: Request, caller: Visitor, database: Databases) -> Response:
    fields = fields_of(await request.form(max_fields=MOST_FIELDS))
    if caller is None:
        return ask_to_sign_in(request, fields)
    require(caller, RIGHT)
    form = typed(fields)
    asks = form.values.get("do", "")
    if asks or form.values.get("resumed"):
        form = with_more_rows(form) if asks == "more" else form
        async with database.read() as session:
            return await _form(request, session, caller, form)
    error: DomainError | None = None
    form = fill(form, caller.site)
    if not form.errors:
        try:
            return await _announced(database, caller, form)
        except DomainError as refused:
            error = refused
    async with database.read() as session:
        return await _form(request, session, caller, form, error)


async def _announced(database: Database, caller: Caller, form: Typed) -> Response:
    order = validate(TripOrder, form.body)
    async with database.write() as session:
        now = datetime.now(UTC)
        trip, _ = await announce(session, caller, order, now=now, rng=SYSTEM)
    return RedirectResponse(f"/trips/{trip}?announced=true", 303)


async def _form(
    request: Request,
    session: ReadSession,
    caller: Caller,
    form: Typed,
    error: DomainError | None = None,
) -> Response:
    told = error.extras if error else {}
    for place in told.get("errors", [told] if "pointer" in told else []):
        sentence = place.get("detail") or (error.words()[1] if error else "")
        form.errors.setdefault(form.field_at(place["pointer"]), sentence)
    spent = form.errors.pop("id", None) is not None or isinstance(error, TripIdReused)
    if spent or not form.values["id"]:
        form.values["id"] = str(uuid7(SYSTEM, datetime.now(UTC)))
    county = form.values["county"] or caller.area
    origins, goals = await _choices(session, caller, county)
    values: dict[str, Any] = {
        "values": form.values,
        "errors": form.errors,
        "rows": form.rows,
        "problem": _problem(error, form.errors),
        "origins": await _with_chosen(session, origins, form, "from"),
        "goals": await _with_chosen(session, goals, form, "to"),
        "counties": await counties_with_places(session),
        "vehicles": await _vehicles(session, caller, county),
        "carriers": [] if caller.organisation else await carriers_in(session, county),
        "tomorrow": (today() + timedelta(days=1)).isoformat(),
    }
    status = status_of(error) if error else UNFIT if form.errors else 200
    return render(request, "trips/announce.html", values, status)


def _problem(error: DomainError | None, errors: Mapping[str, str]) -> dict[str, str] | None:
    """Return the title and the sentence over a form that was refused; None where nothing is wrong."""
    if isinstance(error, TripIdReused):
        return {
            "title": "这张表已经登记过",
            "detail": "先前登记的内容与现在不同。如果这是另一趟，请再点一次登记。",
        }
    if error is not None and not errors:
        title, detail = error.words()
        return {"title": f"还没有登记：{title}", "detail": detail}
    if errors:
        return {"title": "还没有登记", "detail": "请改正下面的内容，再点一次登记。"}
    return None


async def _choices(session: ReadSession, caller: Caller, county: str) -> tuple[Groups, Groups]:
    """Return where a run may load and where it may go, as seen from a county; first the own site."""
    own: Groups = []
    if caller.site:
        names = await site_names(session, [caller.site])
        own = [("本站", [(caller.site, names.get(caller.site, caller.site))])]
    origins = await loading_places(session, county)
    goals = await destinations(session, county, "")
    return [*own, *_without(origins, caller.site)], [*own, *_without(goals, caller.site)]


def _without(groups: Groups, code: str | None) -> Groups:
    kept = [(heading, [one for one in some if one[0] != code]) for heading, some in groups]
    return [(heading, some) for heading, some in kept if some]


async def _with_chosen(session: ReadSession, groups: Groups, form: Typed, part: str) -> Groups:
    """Return choices with those that were chosen among another county's."""
    listed = {code for _, some in groups for code, _ in some}
    chosen = {form.values[f"{part}-{n}"] for n in range(form.rows)} - listed - {""}
    names = await site_names(session, chosen)
    return [*([("已选的", sorted(names.items()))] if names else []), *groups]


async def _vehicles(session: ReadSession, caller: Caller, county: str) -> list[str]:
    if caller.organisation:
        return await own_vehicles(session, caller.organisation)
    return await usual_vehicles(session, county)
