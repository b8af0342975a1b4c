"""The lists as pages: all of them, one with its entries, one entry with its history."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.read import today
from app.areas.scope import Reach, reach_of
from app.auth.access import Visitor
from app.auth.caller import Caller
from app.auth.permissions import DEPARTMENT_NAMES
from app.db import Reading
from app.errors import NotFound
from app.pagination import Cursor
from app.plan.addresses import with_pages
from app.plan.linked import section_name
from app.plan.models import PlanDepartment, PlanSection
from app.plan.tables import PlanTarget
from app.registers.changes import changes_of, standing
from app.registers.choices import area_choices, county_choices, industry_choices
from app.registers.fields import parse_day, shown
from app.registers.kinds import registers_on
from app.registers.look import see_entry, see_register, see_registers
from app.registers.models import RegisterImport
from app.registers.quota import Quota, quota_of
from app.registers.read import Asked
from app.registers.register import NAME, Register, find_register
from app.registers.rights import LIVE_SOURCES, is_official
from app.registers.shown import Shown
from app.registers.source import in_force
from app.templating import SHANGHAI, render
from app.web import Unfit

router = APIRouter(include_in_schema=False)

UNFIT = 422
ENTRIES_A_PAGE = 50
MOST_COLUMNS = 4
TOLD_APART = frozenset({"url", "phone"})
"""Kinds of fields that a list leaves to the entry's own page."""
Done = Literal["added", "changed", "withdrawn", "erased", ""]
Text = Annotated[str, Query(max_length=100)]


@router.get("/plan/registers")
async def show_registers(
    request: Request, caller: Visitor, session: Reading, *, department: Text = ""
) -> Response:
    rows = with_pages(await see_registers(session, today()))
    quotas = await _quotas(session, rows, today())
    own_department = caller.department if caller else None
    kept = [row for row in rows if not department or department in _departments_of(row)]
    own = [row for row in kept if own_department in _departments_of(row)]
    departments = await session.scalars(select(PlanDepartment).order_by(PlanDepartment.position))
    values = {
        "count": len(rows),
        "own": own,
        "own_title": _own_title(caller),
        "groups": await _by_part(session, [row for row in kept if row not in own]),
        "quotas": quotas,
        "departments": [(one.slug, one.short_name) for one in departments],
        "department": department,
        "reader": is_official(caller),
    }
    return render(request, "plan/registers.html", values)


def _departments_of(row: Shown) -> set[str]:
    return {one["slug"] for one in row["departments"]}


def _own_title(caller: Caller | None) -> str:
    """Return what the lists of the reader's department are called: its own at the province."""
    if caller is None or caller.department is None:
        return ""
    if caller.role == "province":
        return "我部门负责的名单"
    return f"{DEPARTMENT_NAMES[caller.department]}系统负责的名单"


async def _by_part(session: AsyncSession, rows: Sequence[Shown]) -> list[Shown]:
    """Return lists under the parts of the plan that they stand in, in printed order."""
    sections = {one.code: one for one in await session.scalars(select(PlanSection))}
    groups: dict[str, list[Shown]] = {}
    for row in rows:
        section = sections[row["section"]["code"]]
        groups.setdefault(section.parent or section.code, []).append(row)
    return [
        {"code": code, "name": section_name(sections[code]), "registers": found}
        for code, found in groups.items()
    ]


async def _quotas(session: AsyncSession, rows: Sequence[Shown], on: date) -> dict[str, Quota]:
    """Return what the plan in force on a day asks of lists in numbers, by slug."""
    query = (
        select(PlanTarget)
        .where(PlanTarget.register.in_([row["slug"] for row in rows]), in_force(PlanTarget, on))
        .order_by(PlanTarget.position)
    )
    targets = (await session.scalars(query)).all()
    found = {row["slug"]: quota_of(row, targets) for row in rows}
    return {slug: quota for slug, quota in found.items() if quota}


@router.get("/plan/registers/{slug}")
async def show_register(
    request: Request,
    caller: Visitor,
    session: Reading,
    slug: str,
    *,
    on: Text = "",
    every: Annotated[bool, Query(alias="all")] = False,
    industry: Text = "",
    county: Text = "",
    area: Text = "",
    refers: Text = "",
    q: Text = "",
    imported: UUID | None = None,
    cursor: Cursor = None,
) -> Response:
    day, wrong = _day(on)
    asked = Asked(day, every, industry or None, county or None, area or None, refers or None, q)
    seen = await see_register(session, caller, slug, asked, cursor=cursor, limit=ENTRIES_A_PAGE)
    row = with_pages(seen["register"])
    filters = {"q": q, "industry": industry, "area": area, "county": county, "refers": refers}
    narrowed = {name: value for name, value in filters.items() if value}
    onward = {**narrowed, **({"on": day} if on else {}), **({"all": "true"} if every else {})}
    reach = await reach_of(session, caller) if caller and row["live"] else None
    values = {
        "register": row,
        "quota": (await _quotas(session, [row], day)).get(slug),
        "may_edit": seen["may_edit"],
        "reader": is_official(caller),
        "columns": _columns(row),
        "items": [
            {**one, "standing": standing(one, day), "sites": _sites_page(row, one, reach)}
            for one in seen["items"]
        ],
        "filters": {**filters, "on": on, "all": every},
        "narrowed": bool(narrowed) or bool(cursor),
        "choices": await _filter_choices(session, row, day, area),
        "on": day,
        "past": day != today(),
        "wrong": wrong,
        "live": LIVE_SOURCES[row["live"]][0] if row["live"] else "",
        "imported": await _imported(session, slug, imported),
        "csv": f"{row['csv']}?{urlencode(onward)}" if onward else row["csv"],
        "next_url": (
            f"?{urlencode({**onward, 'cursor': seen['next_cursor']})}"
            if seen["next_cursor"]
            else None
        ),
    }
    return render(request, "plan/register.html", values, UNFIT if wrong else 200)


def _day(given: str) -> tuple[date, str]:
    """Return the day asked for, or today with what is wrong with it."""
    try:
        return parse_day(given) or today(), ""
    except Unfit as error:
        return today(), str(error)


def _columns(row: Shown) -> list[tuple[str, str]]:
    """Return the fields that stand in the list beside the name: the required ones first."""
    fields = [f for f in row["fields"] if not f["personal"] and f["kind"] not in TOLD_APART]
    chosen = sorted(fields, key=lambda f: not f["required"])[:MOST_COLUMNS]
    return [(field["name"], field["label"]) for field in chosen]


async def _filter_choices(session: AsyncSession, row: Shown, on: date, area: str) -> dict[str, Any]:
    """Return what the entries of a list can be narrowed by; empty where they have no such field."""
    kinds = {field["kind"] for field in row["fields"]}
    in_counties = "county" in kinds or row["live"] == "pilots"
    return {
        "industry": await industry_choices(session) if "industry" in kinds else [],
        "area": await area_choices(session, on) if in_counties or "area" in kinds else [],
        "county": await county_choices(session, on, area or None) if in_counties else [],
    }


def _sites_page(row: Shown, item: Shown, reach: Reach | None) -> str | None:
    """Return where the reader may see the site, or the sites of the county, of a live entry."""
    if reach is None or not reach.holds_county(item["county"] or ""):
        return None
    if row["live"] == "resource_units":
        return f"/sites/{item['values']['site']}"
    return f"/sites?county={item['county']}"


async def _imported(session: AsyncSession, slug: str, import_id: UUID | None) -> int | None:
    """Return how many entries an accepted file added to a list."""
    found = await session.get(RegisterImport, import_id) if import_id else None
    return found.rows if found and found.accepted and found.register == slug else None


@router.get("/plan/registers/{slug}/{entry}")
async def show_entry(
    request: Request,
    caller: Visitor,
    session: Reading,
    slug: str,
    entry: str,
    *,
    on: Text = "",
    done: Done = "",
) -> Response:
    day, wrong = _day(on)
    status = UNFIT if wrong else 200
    then = day if on and not wrong else None
    try:
        found = await see_entry(session, caller, slug, entry, on=day, as_of_day=then)
    except NotFound:
        if then is None:
            raise
        found = await see_entry(session, caller, slug, entry)
        first: datetime = found["history"][-1]["recorded_at"]
        began = first.astimezone(SHANGHAI).date()
        wrong = f"{then} 还没有登记这一条，最早的内容是 {began} 登记的。下面是今天的内容。"
        day, then = today(), None
    [(register, row)] = await registers_on(session, day, slug)
    reach = await reach_of(session, caller) if caller and register.live else None
    found = with_pages(found)
    values = {
        "register": with_pages(row),
        "entry": found,
        "title": _whole_name(found),
        "facts": _facts(register, found),
        "standing": standing(found, day),
        "history": changes_of(register, found["history"]),
        "referred_by": await _referred_by(session, found),
        "personal": register.personal,
        "sites": _sites_page(row, found, reach),
        "live": LIVE_SOURCES[register.live][0] if register.live else "",
        "on": on,
        "then": then,
        "wrong": wrong,
        "done": done,
    }
    return render(request, "plan/register_entry.html", values, status)


def _whole_name(entry: Shown) -> str:
    """Return the name, a person's whole for those who see personal data."""
    return str((entry.get("personal") or entry)[NAME])


def _facts(register: Register, entry: Shown) -> list[Shown]:
    """Return the fields in order with their values in words; None where one is not filled in.

    Of personal data only what `look.py` gives to this reader.
    """
    people = entry.get("personal") or {}
    words = {
        **entry["shown"],
        **{f.name: shown(f, people[f.name], {}) for f in register.fields if f.name in people},
    }
    return [
        {"label": field.label, "kind": field.kind, "words": words.get(field.name)}
        for field in register.fields
        if not field.personal or "personal" in entry
    ]


async def _referred_by(session: AsyncSession, entry: Shown) -> list[Shown]:
    """Return the lists whose entries refer to this one, with the page that shows those."""
    return [
        {
            "name": (await find_register(session, one["register"])).name,
            "count": one["count"],
            "page": f"/plan/registers/{one['register']}?refers={entry['id']}&all=true",
        }
        for one in entry["referred_by"]
    ]
