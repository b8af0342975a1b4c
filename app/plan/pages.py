"""`/plan/…` as pages: the document as printed, its tables, one search. Open to anyone."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.read import today
from app.auth.access import Visitor
from app.db import Reading
from app.errors import NotFound
from app.pagination import Cursor, encode_cursor
from app.plan.addresses import with_pages
from app.plan.linked import Row, responsibility, section_name
from app.plan.linked_duties import departments, measures
from app.plan.linked_industries import industries, industry_lists
from app.plan.listing import LISTINGS, lines
from app.plan.marked import marked
from app.plan.models import PlanWording
from app.plan.printed import blocks, changed_by, contents
from app.plan.read import Plan, plan_on, wordings_of
from app.plan.search import KINDS, LONGEST, Found, after_hit, reads_all, search, words_of
from app.templating import render

router = APIRouter(include_in_schema=False)

HITS_OF_A_KIND = 5
HITS_OF_A_PAGE = 50

Filter = Annotated[str, Query(max_length=50)]


@router.get("/plan")
async def show_plan(
    request: Request, _: Visitor, session: Reading, on: date | None = None
) -> Response:
    plan = await plan_on(session, on or today())
    set_blocks = blocks(plan)
    values = {
        "plan": plan,
        "blocks": set_blocks,
        "amendments": [(one, changed_by(one, set_blocks)) for one in plan.documents if one.amends],
        "contents": contents(plan),
        "earlier": await _earlier(session, plan),
        "today": today(),
    }
    return render(request, "plan/document.html", values)


async def _earlier(session: AsyncSession, plan: Plan) -> dict[str, Sequence[PlanWording]]:
    """Return the words that amended paragraphs had before, by address, the last ones first."""
    return {
        one.address: [
            wording
            for wording in reversed(await wordings_of(session, one.address))
            if wording.valid_from < one.valid_from
        ]
        for one in plan.paragraphs
        if one.document != plan.head.number
    }


@router.get("/plan/departments")
async def show_departments(request: Request, _: Visitor, session: Reading) -> Response:
    plan = await plan_on(session, today())
    values = {"departments": with_pages(departments(plan)), "issuers": len(plan.issuers)}
    return render(request, "plan/departments.html", values)


@router.get("/plan/departments/{slug}")
async def show_department(request: Request, _: Visitor, session: Reading, slug: str) -> Response:
    plan = await plan_on(session, today())
    for row in departments(plan):
        if row["code"] == slug:
            values = {"department": with_pages(row), "items": _items_of(plan, row)}
            return render(request, "plan/department.html", values)
    raise NotFound(what=slug)


def _items_of(plan: Plan, department: Row) -> list[Row]:
    """Return the items that a department is printed under, each with its list and its measures."""
    all_measures = measures(plan)
    return [
        with_pages(
            {
                **duty,
                "list": responsibility(plan, duty["section"]["code"]),
                "measures": [
                    one for one in all_measures if one["section"]["code"] == duty["section"]["code"]
                ],
            }
        )
        for duty in department["responsibilities"]
    ]


@router.get("/plan/responsibilities")
async def show_responsibilities(request: Request, _: Visitor, session: Reading) -> Response:
    plan = await plan_on(session, today())
    values = {
        "departments": plan.departments,
        "items": [
            {
                **with_pages(responsibility(plan, section.code)),
                "name": section_name(section),
                "places": {one.department: one.position for one in plan.responsible(section.code)},
            }
            for section in plan.sections
            if plan.responsible(section.code)
        ],
        "pairs": len(plan.responsibilities),
    }
    return render(request, "plan/responsibilities.html", values)


@router.get("/plan/industries")
async def show_industries(request: Request, _: Visitor, session: Reading) -> Response:
    plan = await plan_on(session, today())
    values = {
        "industries": with_pages(industries(plan)),
        "lists": with_pages(industry_lists(plan)),
    }
    return render(request, "plan/industries.html", values)


@router.get("/plan/measures")
async def show_measures(
    request: Request,
    _: Visitor,
    session: Reading,
    *,
    department: Filter = "",
    item: Filter = "",
) -> Response:
    plan = await plan_on(session, today())
    rows = [
        row
        for row in measures(plan)
        if (not department or department in _codes_of(row))
        and (not item or row["section"]["code"] == item)
    ]
    values = {
        "filters": {"department": department, "item": item},
        "departments": [(one.slug, one.short_name) for one in plan.departments],
        "items": [(s.code, section_name(s)) for s in plan.sections if s.kind == "item"],
        **_listed("measures", rows),
    }
    return render(request, "plan/measures.html", values)


def _codes_of(measure: Row) -> set[str]:
    return {one["code"] for one in measure["responsibility"]["departments"]}


@router.get("/plan/technologies")
@router.get("/plan/instruments")
@router.get("/plan/areas")
@router.get("/plan/citations")
async def show_table(request: Request, _: Visitor, session: Reading) -> Response:
    table = request.url.path.rpartition("/")[2]
    plan = await plan_on(session, today())
    return render(request, "plan/table.html", _listed(table, LISTINGS[table].rows(plan)))


def _listed(table: str, rows: list[Row]) -> dict[str, Any]:
    listing = LISTINGS[table]
    return {
        "table": table,
        "title": listing.title,
        "lead": listing.lead,
        "columns": list(listing.columns),
        "lines": lines(rows, listing.columns),
    }


@router.get("/plan/search")
async def show_search(
    request: Request,
    caller: Visitor,
    session: Reading,
    *,
    q: str = "",
    kind: Annotated[str | None, Query(pattern=f"^({'|'.join(KINDS)})$")] = None,
    cursor: Cursor = None,
) -> Response:
    cut, q = len(q.strip()) > LONGEST, q.strip()[:LONGEST]
    words = words_of(q)
    groups = []
    limit = HITS_OF_A_PAGE if kind else HITS_OF_A_KIND
    for each in [kind] if kind else KINDS:
        found = await search(
            session,
            q,
            public=not reads_all(caller),
            limit=limit + 1,
            kind=each,
            after=after_hit(cursor) if kind else None,
        )
        if found:
            groups.append(_group(q, words, each, found, limit))
    values = {
        "q": q,
        "kind": KINDS[kind] if kind else "",
        "groups": groups,
        "cut": cut,
    }
    return render(request, "plan/search.html", values)


def _group(q: str, words: list[str], kind: str, found: list[Found], limit: int) -> Row:
    """Return the hits of a kind on one page, and where there are more of them."""
    shown = found[:limit]
    on = {"q": q, "kind": kind}
    after = {"cursor": encode_cursor(shown[-1].place)}
    return {
        "kind": kind,
        "name": KINDS[kind],
        "hits": [
            {
                "page": hit.url,
                "title": marked(hit.title, words),
                "around": marked(hit.around, words) if hit.around != hit.title else [],
            }
            for hit in shown
        ],
        "all_url": f"/plan/search?{urlencode(on)}" if len(found) > limit else None,
        "next_url": f"/plan/search?{urlencode({**on, **after})}" if len(found) > limit else None,
    }
