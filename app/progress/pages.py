"""方案进展 as pages: all targets on one screen, and one target with the form to enter a year."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from app.areas.read import today
from app.auth.access import Visitor, require_same_origin
from app.auth.caller import Caller
from app.auth.kept_form import ask_to_sign_in, fields_of
from app.auth.permissions import require
from app.db import Database, Databases, Reading, ReadSession
from app.error_handlers import status_of
from app.errors import DomainError, InvalidBody, NotFound
from app.plan.addresses import with_pages
from app.plan.linked import Row
from app.plan.linked_duties import target
from app.plan.read import versions_of
from app.progress.actuals import FIRST_YEAR, RIGHT, enter_actual, may_enter
from app.progress.entries import entries_of, year_entry
from app.progress.errors import ActualChanged
from app.progress.filled import Filled, fill, fresh
from app.progress.overview import card, groups
from app.progress.read import progress_on
from app.progress.schemas import ActualBody
from app.progress.wording import aim, due, plain
from app.templating import render
from app.web import validate

router = APIRouter(include_in_schema=False)

Typed = Annotated[str, Query(max_length=50)]
UNFIT = 422


@router.get("/plan/progress")
async def show_progress(
    request: Request,
    caller: Visitor,
    session: Reading,
    *,
    department: Typed = "",
    on: date | None = None,
) -> Response:
    progress = await progress_on(session, caller, on=on or today(), now=datetime.now(UTC))
    rows = [
        row
        for row in with_pages(list(progress.rows))
        if not department or department in _departments_of(row)
    ]
    values = {
        "on": progress.plan.on,
        "log": {"size": progress.log_size},
        "groups": groups(progress.plan, [row for row in rows if row["quantified"]]),
        "words_only": [card(row) for row in rows if not row["quantified"]],
        "summary": _summary(rows),
        "departments": [(one.slug, one.short_name) for one in progress.plan.departments],
        "filters": {"department": department, "on": on},
    }
    return render(request, "plan/progress.html", values)


def _departments_of(row: Row) -> set[str]:
    listed = row["responsibility"]
    return {one["code"] for one in listed["departments"]} if listed else set()


def _summary(rows: Sequence[Row]) -> list[Row]:
    """Return how many numeric targets are in each state that occurs, in order of urgency."""
    states = [(row["actual"]["state"], row["actual"]["state_name"]) for row in rows]
    order = ("reached", "underway", "behind", "no_data")
    return [
        {
            "state": state,
            "name": next(name for s, name in states if s == state),
            "count": sum(s == state for s, _ in states),
        }
        for state in order
        if any(s == state for s, _ in states)
    ]


@router.get("/plan/targets/{code}")
async def show_target(
    request: Request,
    caller: Visitor,
    session: Reading,
    code: str,
    *,
    year: Annotated[int | None, Query(ge=2000, le=2100)] = None,
    saved: Annotated[int | None, Query(ge=2000, le=2100)] = None,
) -> Response:
    return await _page(request, session, caller, code, year=year, saved=saved)


@router.post("/plan/targets/{code}", dependencies=[Depends(require_same_origin)])
async def post_target(
    request: Request, caller: Visitor, database: Databases, code: str
) -> Response:
    fields = fields_of(await request.form())
    if caller is None:
        return ask_to_sign_in(request, fields)
    typed = dict(fields)
    filled = fill(typed)
    status = 200
    if "resumed" not in typed:
        year, refused = await _enter(database, caller, code, filled)
        if year is not None:
            return RedirectResponse(f"/plan/targets/{code}?saved={year}#entries", 303)
        status = status_of(refused) if refused else UNFIT
    async with database.read() as session:
        return await _page(request, session, caller, code, filled=filled, status=status)


async def _enter(
    database: Database, caller: Caller, code: str, filled: Filled
) -> tuple[int | None, DomainError | None]:
    """Enter a form; return the year, or the refusal, whose words are put at its fields."""
    require(caller, RIGHT)
    body = filled.body()
    if body is None:
        return None, None
    try:
        shape = validate(ActualBody, body)
        await enter_actual(database, caller, code, shape, now=datetime.now(UTC))
    except InvalidBody as refused:
        for one in refused.extras["errors"]:
            filled.errors[one["pointer"].strip("/")] = one["detail"]
        return None, refused
    except ActualChanged as refused:
        filled.errors["year"] = (
            f"{body['year']} 年已经有数据，列在下面。要更正它，请核对后再点一次登记。"
            if refused.extras["standing"]
            else f"{body['year']} 年还没有数据。请核对后再点一次登记。"
        )
        return None, refused
    return body["year"], None


async def _page(
    request: Request,
    session: ReadSession,
    caller: Caller | None,
    code: str,
    *,
    filled: Filled | None = None,
    year: int | None = None,
    saved: int | None = None,
    status: int = 200,
) -> Response:
    progress = await progress_on(session, caller, on=today(), now=datetime.now(UTC))
    plan = progress.plan
    found = next((row for row in progress.rows if row["code"] == code), None)
    if found is None:
        raise NotFound(what=code)
    own = next(one for one in plan.targets if one.code == code)
    entries = await entries_of(session, plan, code, caller)
    form = None
    if may_enter(caller, plan, own):
        form = filled or fresh(own.unit, year, year_entry(entries, year))
        form.saw(year_entry(entries, form.year))
    values = {
        "target": card(with_pages(found)),
        "text": next((p.text for p in plan.paragraphs if p.address == own.paragraph), ""),
        "versions": [
            {**row, "aim": aim(row), "due": due(row)}
            for row in (target(plan, one) for one in await versions_of(session, code))
        ],
        "entries": [{**one, "said": _said(one)} for one in with_pages(entries)],
        "form": form,
        "saved": saved,
        "years": [(str(y), f"{y} 年") for y in range(today().year, FIRST_YEAR - 1, -1)],
    }
    return render(request, "plan/target.html", values, status)


def _said(entry: Row) -> str:
    """Return an entry's value as it was entered, to the last digit."""
    return "" if entry["value"] is None else f"{plain(entry['value'])} {entry['unit']}"
