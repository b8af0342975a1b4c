"""Pages of rules: what each looks for, by which bounds, and the form to enter a new one."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from app.alerts.rules.catalogue import RULES
from app.alerts.rules.rule import SEVERITY_NAMES, Rule
from app.alerts.said import UNIT_NAMES, label_of
from app.alerts.schemas import ThresholdEntry
from app.alerts.threshold_typed import Typed, fresh, typed_in
from app.alerts.thresholds import enter_checked, thresholds_of
from app.alerts.thresholds_shown import STANDING_NAMES, rows_of
from app.areas.names import areas_within
from app.areas.read import today
from app.areas.scope import Reach
from app.auth.access import SignedIn, Visitor, require_same_origin
from app.auth.caller import Caller
from app.auth.kept_form import ask_to_sign_in, fields_of
from app.auth.permissions import allows, require
from app.cases.read import people
from app.cases.terms import terms_of
from app.db import Databases, Reading, ReadSession
from app.error_handlers import status_of
from app.errors import DomainError, InvalidBody, NotFound
from app.templating import render
from app.web import validate

router = APIRouter(include_in_schema=False)

UNFIT = "还没有登记，请改正下面标出的内容。"


@router.get("/alerts/rules")
async def show_rules(request: Request, caller: SignedIn, session: Reading) -> Response:
    require(caller, "alerts.read")
    on, areas = today(), await _areas(session)
    rows, terms = await thresholds_of(session), await terms_of(session)
    rules = [
        {
            "rule": rule,
            "rows": [
                row
                for row in rows_of(name, rows, on=on, areas=areas, people={})
                if row.standing == "holds"
            ],
            "term": terms.of(name, rule.severity, on),
        }
        for name, rule in RULES.items()
    ]
    values = {
        "rules": rules,
        "severities": SEVERITY_NAMES,
        "may_enter": allows(caller, "alerts.thresholds"),
    }
    return render(request, "alerts/rules.html", values)


@router.get("/alerts/rules/{name}")
async def show_rule(
    request: Request,
    caller: SignedIn,
    session: Reading,
    name: str,
    *,
    saved: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    return await _page(request, session, caller, name, saved=saved)


@router.post("/alerts/rules/{name}", dependencies=[Depends(require_same_origin)])
async def post_rule(request: Request, caller: Visitor, database: Databases, name: str) -> Response:
    form = await request.form()
    if caller is None:
        return ask_to_sign_in(request, fields_of(form))
    typed, rule = typed_in(form), _rule(name)
    refused: DomainError | None = None
    if not form.get("resumed"):
        require(caller, "alerts.thresholds")
        refused = await _enter(database, caller, typed, rule)
        if refused is None:
            return RedirectResponse(f"/alerts/rules/{name}?saved={typed.values['key']}#bounds", 303)
    async with database.read() as session:
        return await _page(request, session, caller, name, typed=typed, refused=refused)


async def _enter(
    database: Databases, caller: Caller, typed: Typed, rule: Rule
) -> DomainError | None:
    """Enter a form; return the refusal, whose words are put at its fields."""
    try:
        entry = validate(ThresholdEntry, typed.body(rule))
        async with database.write() as session:
            await enter_checked(session, entry.model_dump(), by=caller.id, now=datetime.now(UTC))
    except InvalidBody as refused:
        for one in refused.extras["errors"]:
            typed.errors.setdefault(one["pointer"].strip("/").split("/")[0], one["detail"])
        return refused
    except NotFound as refused:
        typed.errors["area"] = "没有这个地区"
        return refused
    return None


def _rule(name: str) -> Rule:
    if name not in RULES:
        raise NotFound(what=name)
    return RULES[name]


async def _areas(session: ReadSession) -> dict[str, str]:
    """Return names of all areas and counties: thresholds are no secret between counties."""
    return dict(await areas_within(session, Reach(everything=True), today()))


async def _page(
    request: Request,
    session: ReadSession,
    caller: Caller,
    name: str,
    *,
    typed: Typed | None = None,
    refused: DomainError | None = None,
    saved: str = "",
) -> Response:
    require(caller, "alerts.read")
    rule, on = _rule(name), today()
    rows = [row for row in await thresholds_of(session) if row.rule == name]
    areas = await _areas(session)
    who = await people(session, [row.entered_by for row in rows])
    may_enter = bool(rule.units) and allows(caller, "alerts.thresholds")
    values: dict[str, Any] = {
        "rule": rule,
        "severity": SEVERITY_NAMES[rule.severity],
        "rows": rows_of(
            name, rows, on=on, areas=areas, people={id_: one.name for id_, one in who.items()}
        ),
        "standings": STANDING_NAMES,
        "term": (await terms_of(session)).of(name, rule.severity, on),
        "form": (typed or fresh(rule, on.isoformat())) if may_enter else None,
        "keys": [
            (key, f"{label_of(name, key)}（{UNIT_NAMES[unit]}）")
            for key, unit in rule.units.items()
        ],
        "areas": list(areas.items()),
        "saved": label_of(name, saved) if saved in rule.units else "",
        "problem": (typed and typed.error("")) or UNFIT if refused else None,
    }
    return render(request, "alerts/rule.html", values, status_of(refused) if refused else 200)
