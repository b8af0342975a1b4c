"""Pages of webhooks: addresses with what became of their messages; add, try out, pause, end."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from app.alerts.rules.catalogue import RULES
from app.areas.names import areas_within
from app.areas.read import today
from app.areas.scope import Reach, reach_of
from app.auth.access import SignedIn, Visitor, require_same_origin
from app.auth.caller import Caller
from app.auth.kept_form import ask_to_sign_in, fields_of
from app.auth.permissions import require
from app.cases.read import people
from app.db import Database, Databases, Reading, ReadSession
from app.error_handlers import status_of
from app.errors import DomainError, InvalidBody, Kind, NotFound
from app.pagination import Cursor, after_id, encode_cursor
from app.templating import render
from app.web import validate
from app.webhooks.endpoints import (
    Entry,
    deliveries_of,
    end_endpoint,
    find_registered,
    list_endpoints,
    pause_endpoint,
    register_endpoint,
    resume_endpoint,
    send_again,
)
from app.webhooks.schemas import EndpointBody
from app.webhooks.told import RETRIES, SAID, told_of
from app.webhooks.try_out import try_out
from app.webhooks.typed import Typed, fresh, typed_in

router = APIRouter(include_in_schema=False)

A_PAGE = 40
State = Literal["", "waiting", "sent", "dead"]
STATE_NAMES: dict[str, str] = {
    "": "全部",
    "waiting": "等待发送",
    "sent": "已送到",
    "dead": "没有送到",
}
RIGHT = "webhooks.manage"
TOLD_AT_THE_FORM = frozenset({Kind.INVALID, Kind.CONFLICT, Kind.ABSENT})


@router.get("/webhooks")
async def show_endpoints(request: Request, caller: SignedIn, session: Reading) -> Response:
    require(caller, RIGHT)
    reach = await reach_of(session, caller)
    values = {
        "items": [told_of(one) for one in await list_endpoints(session, reach)],
        "areas": dict(await areas_within(session, reach, today())),
        "rules": RULES,
    }
    return render(request, "webhooks/list.html", values)


@router.get("/webhooks/new")
async def show_form(request: Request, caller: SignedIn, session: Reading) -> Response:
    require(caller, RIGHT)
    return await _form(request, session, caller, None)


@router.post("/webhooks", dependencies=[Depends(require_same_origin)])
async def post_form(request: Request, caller: Visitor, database: Databases) -> Response:
    form = await request.form()
    if caller is None:
        return ask_to_sign_in(request, fields_of(form))
    typed = typed_in(form)
    require(caller, RIGHT)
    if not form.get("resumed"):
        try:
            return await _register(request, database, caller, typed)
        except DomainError as error:
            if error.kind not in TOLD_AT_THE_FORM:
                raise
            async with database.read() as session:
                return await _form(request, session, caller, typed, error)
    async with database.read() as session:
        return await _form(request, session, caller, typed)


async def _register(request: Request, database: Database, caller: Caller, typed: Typed) -> Response:
    """Register what was typed, and show its secret this once; sent twice, lead to what there is."""
    id_ = _id_of(typed)
    async with database.read() as session:
        reach = await reach_of(session, caller)
        if await find_registered(session, id_):
            return RedirectResponse(f"/webhooks/{id_}", 303)
    body = validate(EndpointBody, typed.body)
    allow_private = request.app.state.settings.webhook_allow_private
    entry = Entry(body.url, body.area, body.rules, id_)
    async with database.write() as writing:
        made, secret = await register_endpoint(
            writing, caller, reach, entry, allow_private=allow_private, now=datetime.now(UTC)
        )
    page = render(request, "webhooks/made.html", {"id": made.id, "url": made.url, "secret": secret})
    page.headers["Cache-Control"] = "no-store"
    return page


def _id_of(typed: Typed) -> UUID:
    try:
        return UUID(typed.values["id"])
    except ValueError:
        raise InvalidBody.at("/id", "请刷新页面再试", "must be a UUID") from None


async def _form(
    request: Request,
    session: ReadSession,
    caller: Caller,
    typed: Typed | None,
    error: DomainError | None = None,
) -> Response:
    areas = await areas_within(session, await reach_of(session, caller), today())
    typed = typed or fresh(areas[0][0] if areas else "")
    problem = None
    if error:
        detail = error.words()[1]
        if error.kind is Kind.ABSENT:
            detail = "这个地区不在您的管辖范围内"
        places = error.extras.get("errors") or [
            {"pointer": error.extras.get("pointer", ""), "detail": detail}
        ]
        for place in places:
            typed.errors.setdefault(place["pointer"].strip("/").split("/")[0], place["detail"])
        problem = (
            "还没有登记，请改正下面标出的内容。"
            if typed.errors.keys() & {"url", "area"}
            else detail
        )
    values = {
        "form": typed,
        "areas": areas,
        "rules": [(name, rule.title) for name, rule in RULES.items()],
        "problem": problem,
    }
    return render(request, "webhooks/new.html", values, status_of(error) if error else 200)


@router.get("/webhooks/{endpoint}")
async def show_endpoint(
    request: Request,
    endpoint: UUID,
    caller: SignedIn,
    session: Reading,
    *,
    state: State = "",
    cursor: Cursor = None,
    done: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    require(caller, RIGHT)
    reach = await reach_of(session, caller)
    return await _page(request, session, reach, endpoint, state=state, cursor=cursor, done=done)


@router.post("/webhooks/{endpoint}", dependencies=[Depends(require_same_origin)])
async def post_endpoint(
    request: Request, endpoint: UUID, caller: Visitor, database: Databases
) -> Response:
    form = await request.form()
    if caller is None:
        return ask_to_sign_in(request, fields_of(form))
    require(caller, RIGHT)
    act = form.get("act")
    if not isinstance(act, str) or act not in SAID:
        raise NotFound(what=str(act))
    async with database.read() as session:
        reach = await reach_of(session, caller)
        if form.get("resumed"):
            return await _page(request, session, reach, endpoint)
    try:
        await _do(request, database, reach, endpoint, act)
    except DomainError as error:
        if error.kind is not Kind.CONFLICT:
            raise
        async with database.read() as session:
            return await _page(request, session, reach, endpoint, error=error)
    return RedirectResponse(f"/webhooks/{endpoint}?done={act}", 303)


async def _do(request: Request, database: Database, reach: Reach, endpoint: UUID, act: str) -> None:
    if act == "test":
        allow_private = request.app.state.settings.webhook_allow_private
        await try_out(database, reach, endpoint, allow_private=allow_private)
        return
    now = datetime.now(UTC)
    async with database.write() as session:
        if act == "pause":
            await pause_endpoint(session, reach, endpoint, now=now)
        elif act == "resume":
            await resume_endpoint(session, reach, endpoint)
        elif act == "send-again":
            await send_again(session, reach, endpoint, now=now)
        else:
            await end_endpoint(session, reach, endpoint, now=now)


async def _page(
    request: Request,
    session: ReadSession,
    reach: Reach,
    endpoint: UUID,
    *,
    state: str = "",
    cursor: str | None = None,
    done: str = "",
    error: DomainError | None = None,
) -> Response:
    listed = await list_endpoints(session, reach, only=endpoint)
    if not listed:
        raise NotFound(what=str(endpoint))
    [one] = listed
    rows = await deliveries_of(
        session, endpoint, state=state or None, after=after_id(cursor), limit=A_PAGE + 1
    )
    who = await people(session, [one.endpoint.created_by])
    onward = {"state": state} if state else {}
    if len(rows) > A_PAGE:
        onward["cursor"] = encode_cursor((str(rows[A_PAGE - 1].id),))
    values: dict[str, Any] = {
        "one": told_of(one),
        "areas": dict(await areas_within(session, reach, today())),
        "made_by": next((person.name for person in who.values()), ""),
        "rules": RULES,
        "deliveries": rows[:A_PAGE],
        "states": STATE_NAMES,
        "state": state,
        "retries": RETRIES,
        "next_url": f"/webhooks/{endpoint}?{urlencode(onward)}" if "cursor" in onward else None,
        "done": SAID.get(done, "") if not error else "",
        "problem": error.words()[1] if error else None,
    }
    return render(request, "webhooks/endpoint.html", values, status_of(error) if error else 200)
