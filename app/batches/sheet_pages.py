"""The page of one sheet of labels: print it, give labels to a site, void them, see what was done."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Literal
from unicodedata import normalize
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from app.areas.names import county_names
from app.areas.scope import Reach, reach_of
from app.auth.access import SignedIn, Visitor, require_same_origin
from app.auth.caller import Caller
from app.auth.kept_form import ask_to_sign_in, fields_of
from app.auth.permissions import allows, require
from app.batches.changes import assign_labels, changes_of, void_labels
from app.batches.issue import SITES_OF_KIND
from app.batches.models import LabelSheet
from app.batches.numbered import Numbers, sheet_labels, tallies
from app.batches.print_labels import csv_answer, draw, take_to_print
from app.batches.schemas import AssignOrder, VoidOrder
from app.batches.sheet_pdf import LayoutName
from app.db import Databases, Reading, ReadSession
from app.error_handlers import status_of
from app.errors import DomainError, InvalidBody, NotFound
from app.pagination import Cursor, after_index, encode_cursor
from app.paper.answer import pdf_answer
from app.parties.names import site_names
from app.parties.read import list_sites
from app.templating import render
from app.web import validate

router = APIRouter(include_in_schema=False)

LABELS_A_PAGE = 24
"""One sheet of A4."""
CHANGES_SHOWN = 50
SITES_OFFERED = 500
"""A county has some hundreds; a code that is not among those offered can be typed."""
Act = Literal["print", "assign", "void"]
Typed = Annotated[str, Query(max_length=20)]


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
        if self.error is None:
            return found
        said = self.error.words()[1]
        pointer = self.error.extras.get("pointer", "")
        places = self.error.extras.get("errors") or [{"pointer": pointer, "detail": said}]
        return found | {one["pointer"].strip("/"): one["detail"] for one in places}


@router.get("/labels/{sheet}")
async def show_sheet(
    request: Request, sheet: UUID, caller: SignedIn, session: Reading, *, cursor: Cursor = None
) -> Response:
    require(caller, "labels.read")
    return await _page(request, session, caller, sheet, Tried(), after_index(cursor))


@router.get("/labels/{sheet}/print")
async def print_sheet(
    request: Request,
    sheet: UUID,
    caller: SignedIn,
    database: Databases,
    *,
    layout: LayoutName | Literal["csv"],
    first: Typed = "",
    last: Typed = "",
) -> Response:
    config = request.app.state.settings
    try:
        async with database.write() as session:
            printed = await take_to_print(
                session,
                caller,
                sheet,
                Numbers(_number(first, "/first"), _number(last, "/last")),
                layout=layout,
                now=datetime.now(UTC),
            )
    except DomainError as error:
        tried = Tried("print", defaultdict(str, first=first, last=last), error)
        return await _again(request, database, caller, sheet, tried)
    if layout == "csv":
        return csv_answer(printed, config.qr_host, demo=config.demo)
    file = await draw(printed, layout, host=config.qr_host, demo=config.demo)
    return pdf_answer(file, printed.title)


@router.post("/labels/{sheet}/assign", dependencies=[Depends(require_same_origin)])
async def post_assign(
    request: Request, sheet: UUID, caller: Visitor, database: Databases
) -> Response:
    return await _change(request, database, caller, sheet, "assign")


@router.post("/labels/{sheet}/void", dependencies=[Depends(require_same_origin)])
async def post_void(
    request: Request, sheet: UUID, caller: Visitor, database: Databases
) -> Response:
    return await _change(request, database, caller, sheet, "void")


async def _change(
    request: Request,
    database: Databases,
    caller: Caller | None,
    sheet: UUID,
    act: Literal["assign", "void"],
) -> Response:
    form = fields_of(await request.form())
    if caller is None:
        return ask_to_sign_in(request, form)
    require(caller, f"labels.{act}")
    values = defaultdict(str, {name: value.strip() for name, value in form})
    if values["resumed"]:
        return await _again(request, database, caller, sheet, Tried(act, values))
    now = datetime.now(UTC)
    try:
        meant = {
            "sheet": str(sheet),
            "first": _number(values["first"], "/first", needed=act == "void"),
            "last": _number(values["last"], "/last", needed=act == "void"),
            "leave_used": bool(values["leave_used"]),
        }
        if act == "void":
            void = validate(VoidOrder, meant | {"reason": values["reason"]})
            async with database.write() as session:
                await void_labels(session, caller, void.chosen(), reason=void.reason, now=now)
        else:
            given = validate(AssignOrder, meant | {"site": values["site"] or None})
            async with database.write() as session:
                await assign_labels(session, caller, given.chosen(), site=given.site, now=now)
    except DomainError as error:
        return await _again(request, database, caller, sheet, Tried(act, values, error))
    return RedirectResponse(f"/labels/{sheet}#changes", 303)


def _number(text: str, pointer: str, *, needed: bool = False) -> int | None:
    """Return a number as typed, None for nothing where it is not needed; InvalidBody."""
    digits = normalize("NFKC", text).strip()
    if not digits and not needed:
        return None
    if not (digits.isascii() and digits.isdigit()):
        raise InvalidBody.at(pointer, "请填整数，例如 1", "must be a whole number")
    return int(digits)


async def _again(
    request: Request, database: Databases, caller: Caller, sheet: UUID, tried: Tried
) -> Response:
    """Show the page again with a form as it was sent; what is out of sight stays not found."""
    async with database.read() as session:
        return await _page(request, session, caller, sheet, tried)


async def _page(
    request: Request,
    session: ReadSession,
    caller: Caller,
    sheet: UUID,
    tried: Tried,
    skipped: int = 0,
) -> Response:
    reach = await reach_of(session, caller)
    found, labels = await sheet_labels(session, reach, sheet)
    shown = labels[skipped : skipped + LABELS_A_PAGE]
    if not shown:
        raise NotFound(what=f"/labels/{sheet}")
    more = len(labels) > skipped + LABELS_A_PAGE
    at = tallies(labels)
    changes = await changes_of(session, sheet, CHANGES_SHOWN)
    may_change = allows(caller, "labels.assign")
    problem = None
    if tried.error:
        title, detail = tried.error.words()
        problem = {"title": title, "detail": detail, "name": tried.error.name}
    county = (await county_names(session, [found.county])).get(found.county, found.county)
    values = {
        "sheet": found,
        "county_name": county,
        "tare_g": labels[0].label.tare_g,
        "labels": shown,
        "tallies": at,
        "names": await site_names(session, {one.site for one in at if one.site}),
        "changes": changes,
        "prints": sum(one.act == "print" for one in changes),
        "may_change": may_change,
        "sites": await _sites_for(session, reach, found) if may_change else [],
        "tried": tried,
        "problem": problem,
        "next_url": f"?cursor={encode_cursor([skipped + LABELS_A_PAGE])}#labels" if more else None,
    }
    return render(
        request, "label_sheet.html", values, status_of(tried.error) if tried.error else 200
    )


async def _sites_for(
    session: ReadSession, reach: Reach, sheet: LabelSheet
) -> list[tuple[str, str]]:
    """Return the sites, code and name, that a sheet's labels may be given to."""
    fitting = SITES_OF_KIND[sheet.kind]
    sites = await list_sites(session, reach, county=sheet.county, limit=SITES_OFFERED)
    return [(site.code, site.name) for site, _ in sites if site.kind in fitting]
