"""The forms that enter an entry and change it.

A form that is sent twice enters once: the second is told that the entry stands.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.read import today
from app.auth.access import SignedIn, Visitor, require_same_origin
from app.auth.caller import Caller
from app.auth.kept_form import ask_to_sign_in, fields_of
from app.db import Databases, Reading
from app.error_handlers import status_of
from app.registers.choices import choices_of
from app.registers.edit import add_entry, change_entry
from app.registers.errors import RegisterEntryChanged
from app.registers.filled import (
    as_typed,
    blank,
    errors_at,
    given,
    inputs_of,
    typed,
    version_of,
)
from app.registers.look import see_entry
from app.registers.refusal import REFUSED, Refused, done_with, linked, problem_of
from app.registers.register import Register, find_register
from app.registers.rights import require_editor
from app.registers.shown import Shown
from app.templating import render

router = APIRouter(include_in_schema=False)

Values = Mapping[str, str]


@router.get("/plan/registers/{slug}/new")
async def show_new(request: Request, caller: SignedIn, session: Reading, slug: str) -> Response:
    register = await find_register(session, slug)
    require_editor(caller, register)
    return await _form(request, session, caller, register, blank(register))


@router.post("/plan/registers/{slug}/new", dependencies=[Depends(require_same_origin)])
async def post_new(request: Request, caller: Visitor, database: Databases, slug: str) -> Response:
    fields = fields_of(await request.form())
    if caller is None:
        return ask_to_sign_in(request, fields)
    async with database.read() as session:
        register = await find_register(session, slug)
        require_editor(caller, register)
        values = typed(register, fields)
        if dict(fields).get("resumed"):
            return await _form(request, session, caller, register, values)
    try:
        async with database.write() as session:
            entry_id = await add_entry(
                session,
                caller,
                slug,
                given(register, values),
                department=None,
                backfill=bool(values["backfill"]),
                now=datetime.now(UTC),
            )
    except REFUSED as error:
        async with database.read() as session:
            return await _form(request, session, caller, register, values, error=error)
    return done_with(slug, entry_id, "added")


@router.get("/plan/registers/{slug}/{entry}/edit")
async def show_edit(
    request: Request, caller: SignedIn, session: Reading, slug: str, entry: UUID
) -> Response:
    register = await find_register(session, slug)
    require_editor(caller, register)
    found = await see_entry(session, caller, slug, str(entry))
    if found["withdrawn"]:
        return RedirectResponse(found["page"], 303)
    return await _form(request, session, caller, register, as_typed(register, found), found)


@router.post("/plan/registers/{slug}/{entry}/edit", dependencies=[Depends(require_same_origin)])
async def post_edit(
    request: Request, caller: Visitor, database: Databases, slug: str, entry: UUID
) -> Response:
    fields = fields_of(await request.form())
    if caller is None:
        return ask_to_sign_in(request, fields)
    async with database.read() as session:
        register = await find_register(session, slug)
        require_editor(caller, register)
        values = typed(register, fields)
        if dict(fields).get("resumed"):
            found = await see_entry(session, caller, slug, str(entry))
            return await _form(request, session, caller, register, values, found)
    try:
        async with database.write() as session:
            await change_entry(
                session,
                caller,
                slug,
                entry,
                given(register, values),
                version=version_of(values),
                department=None,
                now=datetime.now(UTC),
            )
    except REFUSED as error:
        async with database.read() as session:
            found = await see_entry(session, caller, slug, str(entry))
            return await _form(request, session, caller, register, values, found, error=error)
    return done_with(slug, entry, "changed")


async def _form(
    request: Request,
    session: AsyncSession,
    caller: Caller,
    register: Register,
    values: Values,
    entry: Shown | None = None,
    *,
    error: Refused | None = None,
) -> Response:
    if isinstance(error, RegisterEntryChanged):
        # Whoever has read what stands now may save over it.
        values = {**values, "version": str(error.extras["standing"])}
    shown = {
        "register": linked(register),
        "entry": entry and {"page": entry["page"], "name": entry["name"]},
        "inputs": inputs_of(register, await choices_of(session, register, today())),
        "values": values,
        "errors": errors_at(register, error.extras.get("errors", []) if error else []),
        "labels": register.columns,
        "problem": problem_of(register, error, entry),
        "identity": "、".join(register.columns[part] for part in register.identity),
        "department": register.printed(caller.department or ""),
    }
    return render(request, "plan/register_form.html", shown, status_of(error) if error else 200)
