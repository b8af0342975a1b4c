"""The forms that take an entry off its list and that erase a person's data."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from app.auth.access import SignedIn, Visitor, require_same_origin
from app.auth.caller import Caller
from app.auth.kept_form import ask_to_sign_in, fields_of
from app.db import Database, Databases, Reading, WriteSession
from app.error_handlers import status_of
from app.errors import InvalidBody, NotFound
from app.registers.edit import erase_personal, withdraw_entry
from app.registers.errors import RegisterEntryChanged
from app.registers.fields import parse_text
from app.registers.filled import errors_at, version_of
from app.registers.look import see_entry
from app.registers.refusal import REFUSED, Refused, done_with, linked, problem_of
from app.registers.register import NAME, NOTE, Register, find_register
from app.registers.rights import require_editor
from app.registers.shown import Shown
from app.templating import render
from app.web import Unfit

router = APIRouter(include_in_schema=False)

Values = Mapping[str, str]


@router.get("/plan/registers/{slug}/{entry}/withdraw")
@router.get("/plan/registers/{slug}/{entry}/erase")
async def show_withdraw(
    request: Request, caller: SignedIn, session: Reading, slug: str, entry: UUID
) -> Response:
    register = await find_register(session, slug)
    require_editor(caller, register)
    act = _act_of(request, register)
    found = await see_entry(session, caller, slug, str(entry))
    if found["withdrawn"] and act == "withdraw":
        return RedirectResponse(found["page"], 303)
    values = {NOTE: "", "version": str(found["version"])}
    return _withdraw_form(request, register, found, act, values)


def _act_of(request: Request, register: Register) -> Literal["withdraw", "erase"]:
    """Return which of the two is asked for; NotFound to erase where no people are listed."""
    if request.url.path.endswith("/withdraw"):
        return "withdraw"
    if not register.personal:
        raise NotFound(what=request.url.path)
    return "erase"


@router.post("/plan/registers/{slug}/{entry}/withdraw", dependencies=[Depends(require_same_origin)])
async def post_withdraw(
    request: Request, caller: Visitor, database: Databases, slug: str, entry: UUID
) -> Response:
    async def write(session: WriteSession, caller: Caller, values: Values) -> None:
        await withdraw_entry(
            session,
            caller,
            slug,
            entry,
            version=version_of(values),
            note=_note_of(values),
            now=datetime.now(UTC),
        )

    return await _post(request, caller, database, slug, entry, write)


@router.post("/plan/registers/{slug}/{entry}/erase", dependencies=[Depends(require_same_origin)])
async def post_erase(
    request: Request, caller: Visitor, database: Databases, slug: str, entry: UUID
) -> Response:
    async def write(session: WriteSession, caller: Caller, _: Values) -> None:
        await erase_personal(session, caller, slug, entry, now=datetime.now(UTC))

    return await _post(request, caller, database, slug, entry, write)


async def _post(
    request: Request,
    caller: Caller | None,
    database: Database,
    slug: str,
    entry: UUID,
    write: Callable[[WriteSession, Caller, Values], Awaitable[None]],
) -> Response:
    fields = fields_of(await request.form())
    if caller is None:
        return ask_to_sign_in(request, fields)
    values = {NOTE: "", "version": "", **dict(fields)}
    async with database.read() as session:
        register = await find_register(session, slug)
        require_editor(caller, register)
        act = _act_of(request, register)
        found = await see_entry(session, caller, slug, str(entry))
    if values.get("resumed"):
        return _withdraw_form(request, register, found, act, values)
    try:
        async with database.write() as session:
            await write(session, caller, values)
    except REFUSED as error:
        async with database.read() as session:
            found = await see_entry(session, caller, slug, str(entry))
        return _withdraw_form(request, register, found, act, values, error)
    return done_with(slug, entry, "withdrawn" if act == "withdraw" else "erased")


def _note_of(values: Values) -> str:
    """Return why an entry is taken off its list; InvalidBody where nothing is said."""
    try:
        note = parse_text(values[NOTE].replace("\r\n", "\n"))
    except Unfit as error:
        raise InvalidBody.at(f"/{NOTE}", str(error), error.english) from None
    if note is None:
        raise InvalidBody.at(f"/{NOTE}", "请写明原因", "is missing")
    return note


def _withdraw_form(
    request: Request,
    register: Register,
    entry: Shown,
    act: str,
    values: Values,
    error: Refused | None = None,
) -> Response:
    if isinstance(error, RegisterEntryChanged):
        values = {**values, "version": str(error.extras["standing"])}
    errors = errors_at(register, error.extras.get("errors", []) if error else [])
    shown = {
        "register": linked(register),
        "entry": entry,
        "act": act,
        "title": (entry.get("personal") or entry)[NAME],
        "values": values,
        "errors": errors,
        "labels": register.columns,
        "problem": problem_of(register, error, entry),
    }
    return render(request, "plan/register_withdraw.html", shown, status_of(error) if error else 200)
