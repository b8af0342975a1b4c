"""Pages of alerts: what is to be done, and one alert with its figures, its bags and its case."""

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from app.alerts.detail import detail_of
from app.alerts.listed import lines_of
from app.alerts.read import find_finding, judged_size
from app.alerts.rules.catalogue import RULES
from app.alerts.rules.rule import SEVERITY_NAMES
from app.alerts.work import case_key, work_on_alert
from app.alerts.worked import WORK_NAMES, Wanted, Work, count_by_rule, list_worked
from app.areas.names import counties_to_choose
from app.areas.scope import counties_in_reach, reach_of
from app.auth.access import SignedIn, Visitor, require_same_origin
from app.auth.caller import Caller
from app.auth.kept_form import ask_to_sign_in, fields_of
from app.auth.permissions import allows, require
from app.cases.offered import acts_for
from app.cases.read import case_about
from app.cases.shown import with_history
from app.cases.typed import Typed, fresh, said_in, typed_in
from app.cases.work import ACTS, RIGHTS
from app.db import Databases, Reading, ReadSession
from app.error_handlers import status_of
from app.errors import DomainError, Kind, NotFound
from app.pagination import Cursor, after_row, encode_cursor, micros_of
from app.templating import render

router = APIRouter(include_in_schema=False)

A_PAGE = 40
TOLD_AT_THE_FORM = frozenset({Kind.INVALID, Kind.CONFLICT})


@router.get("/alerts")
async def show_alerts(
    request: Request,
    caller: SignedIn,
    session: Reading,
    *,
    state: Work = "todo",
    rule: Annotated[str, Query(max_length=40)] = "",
    area: Annotated[str, Query(pattern="^([0-9]{6})?$")] = "",
    cursor: Cursor = None,
) -> Response:
    require(caller, "alerts.read")
    if rule and rule not in RULES:
        raise NotFound(what=rule)
    reach = await reach_of(session, caller)
    counties = await counties_in_reach(session, reach, area) if area else frozenset()
    wanted = Wanted(state, rule or None, counties)
    rows = await list_worked(session, reach, wanted, before=after_row(cursor), limit=A_PAGE + 1)
    counts = await count_by_rule(session, reach, wanted)
    filters = {"state": state, "rule": rule, "area": area}
    onward = {key: value for key, value in filters.items() if value}
    more = len(rows) > A_PAGE
    if more:
        last = rows[A_PAGE - 1][0]
        onward["cursor"] = encode_cursor((micros_of(last.opened_at), str(last.id)))
    values: dict[str, Any] = {
        "lines": await lines_of(session, rows[:A_PAGE]),
        "states": WORK_NAMES,
        "rules": [
            {"name": name, "title": RULES[name].title, "severity": RULES[name].severity, "count": n}
            for name, n in counts.items()
        ],
        "total": sum(counts.values()),
        "severities": SEVERITY_NAMES,
        "filters": filters,
        "counties": await counties_to_choose(session, reach),
        "next_url": f"/alerts?{urlencode(onward)}" if more else None,
        "log": {"size": await judged_size(session)},
        "may_push": allows(caller, "webhooks.manage"),
    }
    return render(request, "alerts/list.html", values)


@router.get("/alerts/{alert}")
async def show_alert(request: Request, alert: UUID, caller: SignedIn, session: Reading) -> Response:
    return await _page(request, session, caller, alert, fresh())


@router.post("/alerts/{alert}", dependencies=[Depends(require_same_origin)])
async def post_alert(
    request: Request, alert: UUID, caller: Visitor, database: Databases
) -> Response:
    form = await request.form()
    if caller is None:
        return ask_to_sign_in(request, fields_of(form))
    typed = typed_in(form)
    if typed.act not in ACTS:
        raise NotFound(what=typed.act)
    if typed.resumed:
        async with database.read() as session:
            return await _page(request, session, caller, alert, typed)
    require(caller, RIGHTS[typed.act])
    try:
        async with database.read() as session:
            reach = await reach_of(session, caller)
            if await find_finding(session, reach, alert) is None:
                raise NotFound(what=str(alert))
        said = await said_in(typed, form)
        async with database.write() as writing:
            now = datetime.now(UTC)
            await work_on_alert(writing, caller, reach, alert, typed.act, said, now=now)
    except DomainError as error:
        if error.kind not in TOLD_AT_THE_FORM:
            raise
        async with database.read() as session:
            return await _page(request, session, caller, alert, typed, error)
    return RedirectResponse(f"/alerts/{alert}#history", 303)


async def _page(
    request: Request,
    session: ReadSession,
    caller: Caller,
    alert: UUID,
    typed: Typed,
    error: DomainError | None = None,
) -> Response:
    require(caller, "alerts.read")
    reach = await reach_of(session, caller)
    finding = await find_finding(session, reach, alert)
    if finding is None:
        raise NotFound(what=str(alert))
    case = await case_about(session, "alert", case_key(finding))
    values: dict[str, Any] = {
        **await detail_of(session, reach, finding, case),
        "case": await with_history(session, case) if case else None,
        "acts": acts_for(caller, case.state if case else None),
        "typed": typed,
        "problem": error.words()[1] if error else None,
    }
    return render(request, "alerts/alert.html", values, status_of(error) if error else 200)
