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
from app.events.as_typed import ONE_BAG, Filled, typed
from app.events.correctable import may_correct, standing
from app.events.errors import EventIdReused
from app.events.filled import fill
from app.events.inspected import inspected_by, place_of
from app.events.offered import offer, open_bag_at
from app.events.receipt import Receipt, receipt_of
from app.events.record import Outcome, record
from app.events.rules import INSPECTED
from app.events.told import not_recorded, put_at_fields
from app.ids import SYSTEM, uuid7
from app.ledger.models import Event
from app.parties.names import site_names
from app.templating import render
from app.trips.look import load_of

router = APIRouter(include_in_schema=False)

Kind = Literal[
    "hand_in",
    "collect",
    "store",
    "pack",
    "unpack",
    "repack",
    "stock_count",
    "write_off",
    "depart",
    "arrive",
    "dispose",
]
Typed = Annotated[str, Query(max_length=200)]
UNFIT = 422
MOST_FIELDS = 2_500
"""A truck of 500 bags, or as many inputs of a repack, have three or four fields a bag."""
NEXT = {
    "hand_in": (("hand_in", "再登记一次交回"), ("collect", "装满了，封袋")),
    "collect": (("hand_in", "用新袋登记交回"), ("depart", "发运")),
    "store": (
        ("dispose", "登记处理"),
        ("repack", "分拣、合并"),
        ("pack", "装箱"),
        ("depart", "发运"),
    ),
    "pack": (("depart", "发运"), ("pack", "再装一个容器")),
    "unpack": (("repack", "分拣、合并"), ("unpack", "再拆一个容器")),
    "repack": (("repack", "再分拣、合并一次"), ("pack", "装箱")),
    "stock_count": (("stock_count", "再盘点一次"),),
    "write_off": (("write_off", "再核销一次"),),
    "depart": (("depart", "再登记一次发运"),),
    "arrive": (("dispose", "登记处理"), ("store", "入库"), ("repack", "分拣、合并")),
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
    actions = [
        {"href": f"/record/{after}{_goes_on(receipt, after)}", "name": name}
        for after, name in NEXT.get(kind, ())
        if allows(caller, f"event.{after}")
    ]
    found = await standing(session, event_id)
    values = {
        "receipt": receipt,
        "actions": actions,
        "duplicate": again,
        "may_correct": await may_correct(session, caller, found, datetime.now(UTC)),
    }
    return render(request, "forms/done.html", values)


def _goes_on(receipt: Receipt, after: str) -> str:
    """Return the query that names what a step goes on with: the open bag, the packed container."""
    first = receipt.bags[0] if receipt.bags else None
    code = first.code if first and first.status == "open" else ""
    if receipt.event["kind"] == "pack" and after == "depart":
        code = receipt.body["container"]
    return f"?code={code}" if code else ""


@router.get("/record/{kind}")
async def show_form(
    request: Request,
    kind: Kind,
    caller: SignedIn,
    session: Reading,
    *,
    code: Typed = "",
    trip: Typed = "",
    site: Typed = "",
    to: Typed = "",
    begin: Annotated[str, Query(alias="as", max_length=20)] = "",
) -> Response:
    require(caller, f"event.{kind}")
    values = typed([("code", code), ("trip", trip), ("site", caller.site or site), ("as", begin)])
    values["fresh"] = "1"
    if kind == "depart" and trip:
        values |= await load_of(session, caller, trip, values["site"])
        values["destination"] = to or values["destination"]
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
        put_at_fields(filled, error)
    if isinstance(error, EventIdReused) or not filled.values["id"]:
        filled.values["id"] = str(uuid7(SYSTEM, datetime.now(UTC)))
    site = await place_of(session, caller, filled)
    names = await site_names(session, [site] if site else [])
    inspects = filled.kind in INSPECTED and not caller.site
    values: dict[str, Any] = {
        "kind": filled.kind,
        "id": filled.values["id"],
        "values": filled.values,
        "errors": filled.errors,
        "sites": [{"code": code, "name": name} for code, name in names.items()],
        "problem": not_recorded(error, wrong=bool(filled.errors)),
        "suggestions": error.extras.get("nearest", []) if error else [],
        "one_bag": filled.kind in ONE_BAG,
        "choose_site": inspects and not site,
        "inspected": await inspected_by(session, caller) if inspects else None,
        **await offer(session, caller, filled.kind, filled.values, filled.errors, site),
    }
    status = status_of(error) if error else UNFIT if filled.errors else 200
    return render(request, f"forms/{filled.kind}.html", values, status)
