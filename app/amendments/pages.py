"""Pages of amendments: what each changed, open to anyone; the form for who declares them."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from app.amendments.changed import changed
from app.amendments.check import PRINTED_HEAD
from app.amendments.enter import enter
from app.amendments.filled import FIELDS, TARGET, Filled, field_at, fill, typed
from app.amendments.read import amendments
from app.areas.read import today
from app.auth.access import SignedIn, Visitor, require_same_origin
from app.auth.kept_form import ask_to_sign_in, fields_of
from app.auth.permissions import allows, require
from app.db import Databases, Reading, ReadSession
from app.error_handlers import status_of
from app.errors import DomainError
from app.events.errors import EventIdReused
from app.events.told import not_recorded
from app.ids import SYSTEM, uuid7
from app.plan.linked import places_of
from app.plan.linked_duties import number
from app.plan.read import Plan, plan_on
from app.templating import render

router = APIRouter(include_in_schema=False)

RIGHT = "declare.plan"
UNFIT = 422
BEGINNING = 24
"""Characters of a paragraph by which it is told apart when choosing."""


@router.get("/plan/amendments")
async def show_amendments(request: Request, caller: Visitor, session: Reading) -> Response:
    found = await amendments(session)
    names = places_of(await plan_on(session, today())) if found else {}
    values = {
        "may_amend": caller is not None and allows(caller, RIGHT),
        "names": names,
        "amendments": [
            {
                "document": one.document,
                "wordings": [
                    {"old": old, "new": new, "parts": changed(old.text, new.text)}
                    for old, new in one.wordings
                ],
                "targets": one.targets,
            }
            for one in found
        ],
        "number": number,
    }
    return render(request, "plan/amendments.html", values)


@router.get("/plan/amend")
async def show_form(request: Request, caller: SignedIn, session: Reading) -> Response:
    require(caller, RIGHT)
    return await _form(request, session, Filled(dict.fromkeys(FIELDS, "")))


@router.post("/plan/amend", dependencies=[Depends(require_same_origin)])
async def post_form(request: Request, caller: Visitor, database: Databases) -> Response:
    form = await request.form()
    if caller is None:
        return ask_to_sign_in(request, fields_of(form))
    require(caller, RIGHT)
    values = typed(form)
    if form.get("resumed") or form.get("fetch"):
        async with database.read() as session:
            if form.get("fetch"):
                _fetch(values, await plan_on(session, today()))
            return await _form(request, session, Filled(values))
    filled = fill(values)
    error: DomainError | None = None
    if not filled.errors:
        outcome = await enter(database, caller, filled.body, now=datetime.now(UTC))
        if outcome.event:
            return RedirectResponse("/plan/amendments", 303)
        error = outcome.error
    async with database.read() as session:
        return await _form(request, session, filled, error)


def _fetch(values: dict[str, str], plan: Plan) -> None:
    """Put the words and the figures in force into the fields that are to be changed.

    What was typed stays.
    """
    for paragraph in plan.paragraphs:
        if paragraph.address == values["address"]:
            values["text"] = values["text"] or paragraph.text
    for target in plan.targets:
        if target.code == values["code"] and not any(values[name] for name in TARGET):
            for name in ("value", "low", "high"):
                figure = number(getattr(target, name))
                values[name] = "" if figure is None else str(figure)
            for name in ("comparator", "unit", "target_year", "quote"):
                values[name] = str(getattr(target, name) or "")


async def _form(
    request: Request, session: ReadSession, filled: Filled, error: DomainError | None = None
) -> Response:
    plan = await plan_on(session, today())
    for place in error.extras.get("errors", []) if error else []:
        filled.errors.setdefault(field_at(place["pointer"]), place["detail"])
    spent = isinstance(error, EventIdReused) or "id" in filled.errors
    if spent or not filled.values["id"]:
        filled.values["id"] = str(uuid7(SYSTEM, datetime.now(UTC)))
    names = places_of(plan)
    values: dict[str, Any] = {
        "values": filled.values,
        "errors": dict.fromkeys(FIELDS, "") | filled.errors,
        "problem": not_recorded(error, wrong=bool(filled.errors)),
        "paragraphs": [
            (one.address, f"{names[one.address]}：{one.text[:BEGINNING]}")
            for one in plan.paragraphs
            if one.kind not in PRINTED_HEAD
        ],
        "targets": [(one.code, one.indicator) for one in plan.targets],
    }
    status = status_of(error) if error else UNFIT if filled.errors else 200
    return render(request, "plan/amend.html", values, status)
