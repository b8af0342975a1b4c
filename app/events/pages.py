"""The form of each event kind, and the receipt after it. A form sent twice records once."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select

from app.auth.access import SignedIn, Visitor, require_same_origin
from app.auth.caller import Caller
from app.auth.kept_form import ask_to_sign_in, fields_of
from app.auth.permissions import allows, require
from app.db import Database, Databases, Reading, ReadSession
from app.error_handlers import status_of
from app.errors import DomainError
from app.events.errors import EventIdReused
from app.events.filled import ONE_BAG, Filled, fill, typed
from app.events.offered import offer, open_bag_at
from app.events.receipt import receipt_of
from app.events.record import Outcome, record
from app.events.told import not_recorded
from app.ids import SYSTEM, uuid7
from app.ledger.models import Event
from app.parties.names import site_names
from app.templating import render

router = APIRouter(include_in_schema=False)

Kind = Literal["hand_in", "collect", "store", "depart", "arrive", "dispose"]
Typed = Annotated[str, Query(max_length=200)]
UNFIT = 422
MOST_FIELDS = 2_000
"""A truck of 500 bags has three fields a bag."""
NEXT = {
    "hand_in": (("hand_in", "再登记一次交回"), ("collect", "装满了，封袋")),
    "collect": (("hand_in", "用新袋登记交回"), ("depart", "发运")),
    "store": (("dispose", "登记处理"), ("depart", "发运")),
    "depart": (("depart", "再登记一次发运"),),
    "arrive": (("dispose", "登记处理"), ("store", "入库")),
    "dispose": (("dispose", "再登记一次处理"),),
}
"""What people most often record after a step, the likeliest first."""


@router.get("/record/done/{event_id}")
async def show_done(
    request: Request, event_id: UUID, caller: SignedIn, session: Reading, *, again: bool = False
) -> Response:
    require(caller, "events.read")
    receipt = await receipt_of(session, caller, event_id)
    kind = receipt.event["kind"]
    stays = receipt.bags[0].status == "open" and f"?code={receipt.bags[0].code}"
    actions = [
        {"href": f"/record/{after}{stays or ''}", "name": name}
        for after, name in NEXT.get(kind, ())
        if allows(caller, f"event.{after}")
    ]
    values = {**vars(receipt), "actions": actions, "duplicate": again}
    return render(request, "forms/done.html", values)


@router.get("/record/{kind}")
async def show_form(
    request: Request,
    kind: Kind,
    caller: SignedIn,
    session: Reading,
    *,
    code: Typed = "",
    trip: Typed = "",
) -> Response:
    require(caller, f"event.{kind}")
    values = typed([("code", code), ("trip", trip), ("site", caller.site or "")])
    if kind == "hand_in" and not code:
        bag = await open_bag_at(session, caller.site or "")
        values["code"] = bag.code if bag else ""
    return await _form(request, session, caller, Filled(kind, values))


@router.post("/record/{kind}", dependencies=[Depends(require_same_origin)])
async def post_form(request: Request, kind: Kind, caller: Visitor, database: Databases) -> Response:
    fields = fields_of(await request.form(max_fields=MOST_FIELDS))
    if caller is None:
        return ask_to_sign_in(request, fields)
    require(caller, f"event.{kind}")
    values = typed(fields)
    if values.pop("resumed", ""):
        async with database.read() as session:
            return await _form(request, session, caller, Filled(kind, values))
    if values["use_code"]:
        values["code"] = values.pop("use_code")
    filled = fill(kind, values, datetime.now(UTC))
    error: DomainError | None = None
    if not filled.errors:
        outcome = await _record(database, caller, filled)
        if outcome.event:
            again = "?again=1" if outcome.outcome == "duplicate" else ""
            return RedirectResponse(f"/record/done/{outcome.event['id']}{again}", 303)
        error = outcome.error
    async with database.read() as session:
        return await _form(request, session, caller, filled, error)


async def _record(database: Database, caller: Caller, filled: Filled) -> Outcome:
    """Record a form. One that was sent before without a time of its own keeps its first time."""
    now = datetime.now(UTC)
    for _ in range(2):
        if not filled.values["occurred_at"]:
            filled.body["occurred_at"] = await _first_sent(database, filled, now)
        outcome = (await record(database, caller, [filled.body], now=now))[0]
        if not isinstance(outcome.error, EventIdReused):
            break
    return outcome


async def _first_sent(database: Database, filled: Filled, now: datetime) -> str:
    try:
        event_id = UUID(filled.body["id"])
    except ValueError:
        return now.isoformat()
    async with database.read() as session:
        at = await session.scalar(select(Event.occurred_at).where(Event.id == event_id))
    return (at or now).isoformat()


async def _form(
    request: Request,
    session: ReadSession,
    caller: Caller,
    filled: Filled,
    error: DomainError | None = None,
) -> Response:
    if error and not isinstance(error, EventIdReused):
        _tell(filled, error)
    if isinstance(error, EventIdReused) or not filled.values["id"]:
        filled.values["id"] = str(uuid7(SYSTEM, datetime.now(UTC)))
    names = await site_names(session, [caller.site] if caller.site else [])
    values: dict[str, Any] = {
        "kind": filled.kind,
        "id": filled.values["id"],
        "values": filled.values,
        "errors": filled.errors,
        "sites": [{"code": code, "name": name} for code, name in names.items()],
        "problem": not_recorded(error, wrong=bool(filled.errors)),
        "suggestions": error.extras.get("nearest", []) if error else [],
        "one_bag": filled.kind in ONE_BAG,
        **await offer(session, caller, filled.kind, filled.values, filled.errors),
    }
    status = status_of(error) if error else UNFIT if filled.errors else 200
    return render(request, f"forms/{filled.kind}.html", values, status)


def _tell(filled: Filled, error: DomainError) -> None:
    """Put what a refusal says at the fields that it means."""
    for place in error.extras.get("errors", []):
        filled.errors[filled.field_at(place["pointer"])] = place["detail"]
    if "errors" not in error.extras and "pointer" in error.extras:
        filled.errors[filled.field_at(error.extras["pointer"])] = error.words()[1]
