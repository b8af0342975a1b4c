"""One event's page, and the form that corrects it. Who may not correct is not offered to."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from app.auth.access import SignedIn, Visitor, require_same_origin
from app.auth.caller import Caller
from app.auth.kept_form import ask_to_sign_in, fields_of
from app.auth.permissions import require
from app.db import Databases, Reading, ReadSession
from app.error_handlers import status_of
from app.errors import DomainError, NotFound
from app.events import read
from app.events.as_typed import Blank, Filled, typed
from app.events.correctable import TILLS, Standing, later_than, may_correct, standing
from app.events.correcting import REASONS, as_recorded, replaced
from app.events.correction_errors import (
    CorrectionNeedsTheCounty,
    CorrectionOfACorrection,
    EventAlreadyCorrected,
)
from app.events.errors import EventIdReused
from app.events.offer_to_correct import in_the_way_of, offer_to_correct
from app.events.receipt import receipt_of
from app.events.record import record
from app.events.told import not_corrected, put_at_fields
from app.ids import SYSTEM, uuid7
from app.templating import render

router = APIRouter(include_in_schema=False)

UNFIT = 422
MOST_FIELDS = 2_500
"""An event on 500 bags that were weighed gross has five fields a bag."""


@router.get("/events/{event_id}")
async def show_event(
    request: Request,
    event_id: UUID,
    caller: SignedIn,
    session: Reading,
    *,
    done: bool = False,
) -> Response:
    require(caller, "events.read")
    receipt = await receipt_of(session, caller, event_id)
    found = await standing(session, event_id)
    values = {
        "receipt": receipt,
        "corrects": found.corrects,
        "corrected_by": found.corrected_by,
        "may_correct": await may_correct(session, caller, found, datetime.now(UTC)),
        "done": done,
    }
    return render(request, "forms/event.html", values)


@router.get("/record/correct/{event_id}")
async def show_correction(
    request: Request, event_id: UUID, caller: SignedIn, session: Reading
) -> Response:
    require(caller, "event.correct")
    found = await _to_correct(session, caller, event_id)
    values = as_recorded(found.body)
    values["reason_of_correction"] = REASONS[0]
    return await _form(request, session, caller, found, Filled(found.body["kind"], values))


@router.post("/record/correct/{event_id}", dependencies=[Depends(require_same_origin)])
async def post_correction(
    request: Request, event_id: UUID, caller: Visitor, database: Databases
) -> Response:
    fields = fields_of(await request.form(max_fields=MOST_FIELDS))
    if caller is None:
        return ask_to_sign_in(request, fields)
    require(caller, "event.correct")
    values = typed(fields)
    again = values.pop("resumed", "")
    async with database.read() as session:
        found = await _to_correct(session, caller, event_id, sent=values["id"])
        if again:
            filled = Filled(found.body["kind"], values, listed=True)
            return await _form(request, session, caller, found, filled)
        filled = _filled(found, values)
        if filled.errors:
            return await _form(request, session, caller, found, filled)
    outcome = (await record(database, caller, [_body(found, filled)], now=datetime.now(UTC)))[0]
    if outcome.event:
        return RedirectResponse(f"/events/{outcome.event['id']}?done=1", 303)
    async with database.read() as session:
        return await _form(request, session, caller, found, filled, outcome.error)


async def _to_correct(
    session: ReadSession, caller: Caller, event_id: UUID, sent: str = ""
) -> Standing:
    """Return an event that the caller may correct, or raise why not.

    `sent` is the id of a correction that may stand already: sent again, it is a duplicate.
    """
    await read.event(session, caller, event_id)
    found = await standing(session, event_id)
    if found.happening and found.happening.kind == TILLS:
        raise NotFound(what=str(event_id))
    if found.happening is None:
        raise CorrectionOfACorrection(event=str(event_id))
    if found.corrected_by and str(found.corrected_by) != sent:
        raise EventAlreadyCorrected(event=str(event_id), by=str(found.corrected_by))
    if not found.corrected_by and not await may_correct(session, caller, found, datetime.now(UTC)):
        raise CorrectionNeedsTheCounty(event=str(event_id))
    return found


def _filled(found: Standing, values: Blank) -> Filled:
    """Return the form as a replacement, or with nothing wrong where the event did not occur."""
    if values["reason_of_correction"] == "did_not_occur":
        return Filled(found.body["kind"], values, listed=True)
    filled = replaced(found.body, values)
    before = {key: value for key, value in found.body.items() if key != "id"}
    if values["reason_of_correction"] not in REASONS:
        filled.errors["reason_of_correction"] = "请选更正的原因"
    elif not filled.errors and filled.body == before:
        filled.errors["same"] = "内容和原来一样，没有可更正的"
    return filled


def _body(found: Standing, filled: Filled) -> dict[str, Any]:
    """Return the correction as it is recorded."""
    reason = filled.values["reason_of_correction"]
    body = {
        "id": filled.values["id"],
        "kind": "correct",
        "corrects": str(found.event),
        "reason": reason,
        "note": filled.values["note"] or None,
        "replacement": filled.body if reason == "incorrect_data" else None,
    }
    return {key: value for key, value in body.items() if value is not None}


async def _form(
    request: Request,
    session: ReadSession,
    caller: Caller,
    found: Standing,
    filled: Filled,
    error: DomainError | None = None,
) -> Response:
    if error and not isinstance(error, EventIdReused):
        put_at_fields(filled, error)
    if isinstance(error, EventIdReused) or not filled.values["id"]:
        filled.values["id"] = str(uuid7(SYSTEM, datetime.now(UTC)))
    assert found.happening is not None, "what took back only is not corrected"
    values: dict[str, Any] = {
        "receipt": await receipt_of(session, caller, found.event),
        "kind": filled.kind,
        "body": found.body,
        "id": filled.values["id"],
        "values": filled.values,
        "errors": filled.errors,
        "problem": not_corrected(error, wrong=bool(filled.errors)),
        "in_the_way": await in_the_way_of(session, error),
        "later": await later_than(session, found.happening),
        **await offer_to_correct(session, found, filled),
    }
    status = status_of(error) if error else UNFIT if filled.errors else 200
    return render(request, "forms/correct.html", values, status)
