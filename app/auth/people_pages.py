"""The page on which a site's first account says who uses its phone."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from app.auth.access import SignedIn, Visitor, require_same_origin
from app.auth.errors import PersonNotValid
from app.auth.kept_form import ask_to_sign_in
from app.auth.people import add_person, people_of, remove_person, require_first
from app.db import Databases, Reading
from app.templating import render

router = APIRouter(include_in_schema=False)

PAGE = "/people"
UNFIT = 422


@router.get(PAGE)
async def show_people(request: Request, caller: SignedIn, session: Reading) -> Response:
    site = await require_first(session, caller)
    return render(request, "auth/people.html", _values(await people_of(session, site)))


@router.post(PAGE, dependencies=[Depends(require_same_origin)])
async def post_person(request: Request, caller: Visitor, database: Databases) -> Response:
    if caller is None:
        return ask_to_sign_in(request, [])  # a PIN is not carried through a sign-in
    form = await request.form()
    name, pin = (str(form.get(field, "")) for field in ("name", "pin"))
    try:
        async with database.write() as session:
            await add_person(session, caller, name, pin, datetime.now(UTC))
    except PersonNotValid as refusal:
        async with database.read() as session:
            people = await people_of(session, caller.site)
        field = str(refusal.extras["pointer"]).strip("/")
        values = _values(people, name=name, errors={field: refusal.extras["reason"]})
        return render(request, "auth/people.html", values, UNFIT)
    return RedirectResponse(PAGE, 303)


@router.post("/people/{person}/remove", dependencies=[Depends(require_same_origin)])
async def post_removal(
    request: Request, person: UUID, caller: Visitor, database: Databases
) -> Response:
    if caller is None:
        return ask_to_sign_in(request, [])
    async with database.write() as session:
        await remove_person(session, caller, person)
    return RedirectResponse(PAGE, 303)


def _values(people: Any, *, name: str = "", errors: dict[str, str] | None = None) -> dict[str, Any]:
    return {"people": people, "name": name, "errors": errors or {}}
