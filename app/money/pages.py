"""Pages of settlements: what is due, the settlements, one of them with its lines and next step."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select

from app.areas.names import counties_to_choose
from app.areas.read import today
from app.areas.scope import reach_of
from app.auth.access import SignedIn, Visitor, require_same_origin
from app.auth.caller import Caller
from app.auth.kept_form import ask_to_sign_in, fields_of
from app.auth.permissions import allows, require
from app.db import Databases, Reading, ReadSession
from app.error_handlers import status_of
from app.errors import DomainError, NotFound
from app.events.as_typed import typed
from app.ids import SYSTEM
from app.money import read, settle
from app.money.models import Payable
from app.money.owed import Owed, owed_by
from app.money.schemas import DiscardBody, DraftBody, PayBody
from app.money.words import LINES, PAYEES, yuan
from app.pagination import Cursor, after_row, encode_cursor, micros_of
from app.templating import render
from app.web import validate

router = APIRouter(include_in_schema=False)

PAGE = "/money"
A_PAGE = 50
MOST_COUNTIES = 20
"""Counties that one plant or hauler works for, and whose dues it is shown."""
Act = Literal["draft", "approve", "pay", "discard"]


@dataclass(frozen=True)
class Tried:
    """One of the page's forms as it was sent, and what did not fit."""

    act: Act | None = None
    values: defaultdict[str, str] = field(default_factory=lambda: defaultdict(str))
    error: DomainError | None = None

    @property
    def errors(self) -> defaultdict[str, str]:
        """Return what to say at which field."""
        found: defaultdict[str, str] = defaultdict(str)
        for one in self.error.extras.get("errors", ()) if self.error else ():
            found[one["pointer"].strip("/")] = one["detail"]
        return found

    @property
    def problem(self) -> dict[str, str] | None:
        """Return what stands over the form; None where its fields say it all."""
        if self.error is None or "errors" in self.error.extras:
            return None
        title, detail = self.error.words()
        return {"title": title, "detail": detail}


@router.get(PAGE)
async def show_list(
    request: Request, caller: SignedIn, session: Reading, *, county: str = "", cursor: Cursor = None
) -> Response:
    require(caller, "money.read")
    return await _list(request, session, caller, Tried(), county, cursor)


@router.post(f"{PAGE}/settlements", dependencies=[Depends(require_same_origin)])
async def post_draft(request: Request, caller: Visitor, database: Databases) -> Response:
    fields = fields_of(await request.form())
    if caller is None:
        return ask_to_sign_in(request, fields)
    require(caller, settle.RIGHT)
    values = _values(fields)
    tried = Tried("draft", values)
    if not values["resumed"]:
        try:
            meant = {name: values[name] or None for name in ("payee_kind", "payee")}
            body = validate(DraftBody, meant | {n: values[n] for n in ("county", "until")})
            wanted = settle.Wanted(body.county, body.until, body.payee_kind, body.payee)
            made = await settle.draft(database, caller, wanted, now=datetime.now(UTC), rng=SYSTEM)
        except NotFound:
            raise
        except DomainError as error:
            tried = Tried("draft", values, error)
        else:
            where = f"{PAGE}/settlements/{made[0]}" if len(made) == 1 else f"{PAGE}#settlements"
            return RedirectResponse(where, 303)
    async with database.read() as session:
        return await _list(request, session, caller, tried, values["county"], None)


def _values(fields: list[tuple[str, str]]) -> defaultdict[str, str]:
    return defaultdict(str, {n: v for n, v in typed(fields).items() if isinstance(v, str)})


async def _list(
    request: Request,
    session: ReadSession,
    caller: Caller,
    tried: Tried,
    county: str,
    cursor: str | None,
) -> Response:
    reach = await reach_of(session, caller)
    whole = bool(reach.counties) or reach.everything
    choices = await counties_to_choose(session, reach) if whole else []
    known = {code for code, _ in choices}
    wanted = county if county in known else caller.area if caller.area in known else ""
    due = await _due(session, caller, wanted)
    rows = await read.settlements(
        session, reach, county=wanted or None, before=after_row(cursor), limit=A_PAGE + 1
    )
    more = len(rows) > A_PAGE
    rows = rows[:A_PAGE]
    names = await read.payee_names(
        session, [*(one.payee for _, one in due), *(row.payee for row in rows)]
    )
    next_url = None
    if more:
        place = encode_cursor([micros_of(rows[-1].drafted_at), str(rows[-1].id)])
        next_url = f"{PAGE}?county={wanted}&cursor={place}"
    values: dict[str, Any] = {
        "whole": whole,
        "counties": choices,
        "county": wanted,
        "county_names": await read.names_of_counties(session, rows, [code for code, _ in due]),
        "due": due,
        "settlements": rows,
        "names": names,
        "may_settle": bool(wanted) and allows(caller, settle.RIGHT),
        "tried": tried,
        "until": tried.values["until"] or today().isoformat(),
        "next_url": next_url,
        **_said(),
    }
    status = status_of(tried.error) if tried.error else 200
    return render(request, "money/list.html", values, status)


def _said() -> dict[str, Any]:
    return {"yuan": yuan, "PAYEES": PAYEES, "STATUSES": settle.STATUSES, "LINES": LINES}


async def _due(session: ReadSession, caller: Caller, county: str) -> list[tuple[str, Owed]]:
    """Return (county, what is due): all of a county that was chosen, or what is the caller's own."""
    if county:
        return [(county, one) for one in await owed_by(session, county)]
    own = caller.site or caller.organisation
    if not own:
        return []
    counties = (
        select(Payable.county)
        .where(Payable.payee == own)
        .distinct()
        .order_by(Payable.county)
        .limit(MOST_COUNTIES)
    )
    return [
        (code, one)
        for code in await session.scalars(counties)
        for one in await owed_by(session, code, payee=own)
    ]


@router.get(f"{PAGE}/settlements/{{settlement}}")
async def show_settlement(
    request: Request,
    caller: SignedIn,
    session: Reading,
    settlement: UUID,
    *,
    cursor: Cursor = None,
) -> Response:
    require(caller, "money.read")
    return await _one(request, session, caller, settlement, Tried(), cursor)


async def _one(
    request: Request,
    session: ReadSession,
    caller: Caller,
    settlement: UUID,
    tried: Tried,
    cursor: str | None = None,
) -> Response:
    found = await read.settlement(session, await reach_of(session, caller), settlement)
    rows = await read.lines(session, settlement, after=read.after_line(cursor), limit=A_PAGE + 1)
    more, rows = len(rows) > A_PAGE, rows[:A_PAGE]
    names = await read.payee_names(session, [found.payee, *(row["site"] for row in rows)])
    place = encode_cursor(read.key_of_line(rows[-1])) if more else ""
    values: dict[str, Any] = {
        "one": found,
        "county_name": (await read.names_of_counties(session, [found]))[found.county],
        "lines": rows,
        "names": names,
        "changed": await settle.changed_lines(session, settlement),
        "may_settle": allows(caller, settle.RIGHT),
        "tried": tried,
        "today": today().isoformat(),
        "next_url": f"{PAGE}/settlements/{settlement}?cursor={place}" if more else None,
        **_said(),
    }
    status = status_of(tried.error) if tried.error else 200
    return render(request, "money/settlement.html", values, status)


@router.post(
    f"{PAGE}/settlements/{{settlement}}/approve", dependencies=[Depends(require_same_origin)]
)
async def post_approve(
    request: Request, caller: Visitor, database: Databases, settlement: UUID
) -> Response:
    return await _act(request, database, caller, settlement, "approve")


@router.post(f"{PAGE}/settlements/{{settlement}}/pay", dependencies=[Depends(require_same_origin)])
async def post_pay(
    request: Request, caller: Visitor, database: Databases, settlement: UUID
) -> Response:
    return await _act(request, database, caller, settlement, "pay")


@router.post(
    f"{PAGE}/settlements/{{settlement}}/discard", dependencies=[Depends(require_same_origin)]
)
async def post_discard(
    request: Request, caller: Visitor, database: Databases, settlement: UUID
) -> Response:
    return await _act(request, database, caller, settlement, "discard")


async def _act(
    request: Request, database: Databases, caller: Caller | None, settlement: UUID, act: Act
) -> Response:
    fields = fields_of(await request.form())
    if caller is None:
        return ask_to_sign_in(request, fields)
    require(caller, settle.RIGHT)
    values = _values(fields)
    tried = Tried(act, values)
    if not values["resumed"]:
        try:
            await _do(database, caller, settlement, act, values)
        except NotFound:
            raise
        except DomainError as error:
            tried = Tried(act, values, error)
        else:
            return RedirectResponse(f"{PAGE}/settlements/{settlement}", 303)
    async with database.read() as session:
        return await _one(request, session, caller, settlement, tried)


async def _do(
    database: Databases, caller: Caller, settlement: UUID, act: Act, values: dict[str, str]
) -> None:
    now = datetime.now(UTC)
    async with database.write() as session:
        if act == "pay":
            paid = validate(PayBody, {name: values[name] for name in ("paid_on", "voucher")})
            await settle.pay(
                session, caller, settlement, paid_on=paid.paid_on, voucher=paid.voucher, now=now
            )
        elif act == "discard":
            why = validate(DiscardBody, {"reason": values["reason"]})
            await settle.discard(session, caller, settlement, reason=why.reason, now=now)
        else:
            await settle.approve(session, caller, settlement, now=now)
