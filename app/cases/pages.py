"""Pages of cases: the list by state and deadline, and one with its whole history."""

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from app.areas.names import counties_to_choose, county_names
from app.areas.read import today
from app.areas.scope import counties_in_reach, reach_of
from app.auth.access import SignedIn, Visitor, require_same_origin
from app.auth.caller import Caller
from app.auth.kept_form import ask_to_sign_in, fields_of
from app.auth.permissions import require
from app.cases.offered import acts_for
from app.cases.read import STATE_NAMES, State, Wanted, list_cases
from app.cases.shown import see_case, shown
from app.cases.typed import Typed, fresh, said_in, typed_in
from app.cases.work import ACTS, RIGHTS, case_to_work
from app.db import Databases, Reading, ReadSession
from app.error_handlers import status_of
from app.errors import DomainError, Kind, NotFound
from app.pagination import Cursor, after_row, micros_of, page
from app.templating import render
from app.workdays.read import calendar_of

router = APIRouter(include_in_schema=False)

A_PAGE = 50
TOLD_AT_THE_FORM = frozenset({Kind.INVALID, Kind.CONFLICT})


@router.get("/cases")
async def show_cases(
    request: Request,
    caller: SignedIn,
    session: Reading,
    *,
    state: Annotated[str, Query(pattern="^(open|acknowledged|resolved)?$")] = "",
    overdue: bool = False,
    county: Annotated[str, Query(pattern="^([0-9]{6})?$")] = "",
    cursor: Cursor = None,
) -> Response:
    require(caller, "cases.read")
    reach = await reach_of(session, caller)
    counties = await counties_in_reach(session, reach, county) if county else frozenset()
    on, calendar = today(), await calendar_of(session)
    wanted: State | None = state or None  # type: ignore[assignment]  # by its pattern
    rows = await list_cases(
        session,
        reach,
        Wanted(wanted, overdue, counties),
        today=on,
        calendar=calendar,
        before=after_row(cursor),
        limit=A_PAGE + 1,
    )
    seen = await shown(session, rows, on, calendar)
    listed = page(seen, A_PAGE, lambda c: (micros_of(c.opened_at), str(c.id)), lambda c: c)
    filters = {"state": state, "overdue": "true" if overdue else "", "county": county}
    onward = {key: value for key, value in filters.items() if value}
    onward["cursor"] = listed["next_cursor"]
    values = {
        "items": listed["items"],
        "county_names": await county_names(session, {one.county for one in seen}),
        "states": STATE_NAMES,
        "filters": filters,
        "counties": await counties_to_choose(session, reach),
        "next_url": f"/cases?{urlencode(onward)}" if listed["next_cursor"] else None,
    }
    return render(request, "cases/list.html", values)


@router.get("/cases/{case}")
async def show_case(request: Request, case: UUID, caller: SignedIn, session: Reading) -> Response:
    return await _page(request, session, caller, case, fresh())


@router.post("/cases/{case}", dependencies=[Depends(require_same_origin)])
async def post_case(request: Request, case: UUID, caller: Visitor, database: Databases) -> Response:
    form = await request.form()
    if caller is None:
        return ask_to_sign_in(request, fields_of(form))
    typed = typed_in(form)
    if typed.act not in ACTS:
        raise NotFound(what=typed.act)
    if typed.resumed:
        async with database.read() as session:
            return await _page(request, session, caller, case, typed)
    require(caller, RIGHTS[typed.act])
    try:
        async with database.read() as session:
            reach = await reach_of(session, caller)
            await see_case(session, reach, case)
        said = await said_in(typed, form)
        async with database.write() as writing:
            found = await case_to_work(writing, reach, case)
            await ACTS[typed.act](writing, caller, found, said, now=datetime.now(UTC))
    except DomainError as error:
        if error.kind not in TOLD_AT_THE_FORM:
            raise
        async with database.read() as session:
            return await _page(request, session, caller, case, typed, error)
    return RedirectResponse(f"/cases/{case}#history", 303)


async def _page(
    request: Request,
    session: ReadSession,
    caller: Caller,
    case: UUID,
    typed: Typed,
    error: DomainError | None = None,
) -> Response:
    require(caller, "cases.read")
    found = await see_case(session, await reach_of(session, caller), case)
    names = await county_names(session, [found.county])
    values: dict[str, Any] = {
        "case": found,
        "county_name": names.get(found.county, found.county),
        "acts": acts_for(caller, found.state),
        "typed": typed,
        "problem": error.words()[1] if error else None,
    }
    return render(request, "cases/case.html", values, status_of(error) if error else 200)
