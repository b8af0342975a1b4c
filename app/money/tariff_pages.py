"""Pages of tariffs (收费与补贴标准): what a county pays and since when; the form for who declares it."""

from datetime import UTC, datetime
from typing import Any, get_args

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from app.areas.names import counties_to_choose, county_names
from app.areas.read import today
from app.areas.scope import reach_of
from app.auth.access import SignedIn, Visitor, require_same_origin
from app.auth.caller import Caller
from app.auth.kept_form import ask_to_sign_in, fields_of
from app.auth.permissions import allows, require
from app.db import Databases, Reading, ReadSession
from app.error_handlers import status_of
from app.errors import DomainError
from app.events.as_typed import Blank, Filled, typed
from app.events.declare_once import declare_once
from app.events.errors import EventIdReused
from app.events.told import not_recorded
from app.ids import SYSTEM, uuid7
from app.money.words import PAYEES, PER, SCHEMES, yuan
from app.packaging.read import Vocabulary, list_terms
from app.tariffs.read import shown
from app.templating import render

router = APIRouter(include_in_schema=False)

SUBJECT = "tariffs"
RIGHT = f"declare.{SUBJECT}"
PAGE = "/money/tariffs"
UNFIT = 422
SORTS = {
    "deposit/shop/piece": "押金，一件",
    "buyback/shop/piece": "有偿回收，一件",
    "buyback/shop/kg": "有偿回收，一千克",
    "subsidy/shop/tonne": "给回收点的补贴，交回一吨",
    "subsidy/hauler/tonne": "给运输单位的补贴，运到一吨",
    "subsidy/plant/tonne": "给处理单位的补贴，处理一吨",
}
"""What can be declared: scheme, who settles, and by what it is reckoned."""
STANDINGS = {
    "in_force": "施行中",
    "to_come": "将施行",
    "over": "已到期",
    "replaced": "已由新标准代替",
}
WRONG_YUAN = "请填金额，最多两位小数，例如 0.50"
FIELD_OF = {"fen": "yuan", "scheme": "what", "payee": "what", "per": "what"}


@router.get(PAGE)
async def show_tariffs(
    request: Request, caller: SignedIn, session: Reading, *, county: str = "", done: bool = False
) -> Response:
    require(caller, "money.read")
    choices = await _counties(session, caller)
    known = {code for code, _ in choices}
    own = caller.site[:6] if caller.site else caller.area
    wanted = county if county in known else own
    found = await shown(session, wanted, today())
    values = {
        "county": wanted,
        "county_name": (await county_names(session, [wanted])).get(wanted, ""),
        "counties": choices,
        "now": [one for one in found if one.standing == "in_force"],
        "to_come": [one for one in found if one.standing == "to_come"],
        "past": [one for one in found if one.standing in ("over", "replaced")],
        "may_declare": allows(caller, RIGHT),
        "done": done,
        **await _words(session),
    }
    return render(request, "money/tariffs.html", values)


async def _counties(session: ReadSession, caller: Caller) -> list[tuple[str, str]]:
    reach = await reach_of(session, caller)
    return await counties_to_choose(session, reach)


async def _words(session: ReadSession) -> dict[str, Any]:
    terms = {one: await list_terms(session, one, limit=100) for one in get_args(Vocabulary)}
    return {
        "yuan": yuan,
        "SCHEMES": SCHEMES,
        "PAYEES": PAYEES,
        "PER": PER,
        "STANDINGS": STANDINGS,
        "terms": {name: [(t.slug, t.name) for t in some] for name, some in terms.items()},
        "names": {t.slug: t.name for some in terms.values() for t in some},
    }


@router.get(f"{PAGE}/new")
async def show_form(request: Request, caller: SignedIn, session: Reading) -> Response:
    require(caller, RIGHT)
    known = {code for code, _ in await _counties(session, caller)}
    own = caller.area if caller.area in known else ""
    return await _form(request, session, caller, Filled(SUBJECT, Blank(county=own)))


@router.post(f"{PAGE}/new", dependencies=[Depends(require_same_origin)])
async def post_form(request: Request, caller: Visitor, database: Databases) -> Response:
    fields = fields_of(await request.form())
    if caller is None:
        return ask_to_sign_in(request, fields)
    require(caller, RIGHT)
    values = typed(fields)
    if values.pop("resumed", ""):
        async with database.read() as session:
            return await _form(request, session, caller, Filled(SUBJECT, values))
    filled, error = fill(values), None
    if not filled.errors:
        outcome = await declare_once(
            database, caller, SUBJECT, [filled.body], event_id=values["id"], now=datetime.now(UTC)
        )
        if outcome.event:
            return RedirectResponse(f"{PAGE}?county={values['county']}&done=true", 303)
        error = outcome.error
    async with database.read() as session:
        return await _form(request, session, caller, filled, error)


def fill(values: Blank) -> Filled:
    """Return the form as one row of a declaration; `errors` says at which field it does not fit."""
    filled = Filled(SUBJECT, values)
    what = filled.text("what", "请选择哪一种")
    scheme, payee, per = what.split("/") if what in SORTS else ("", "", "")
    fen = filled.number("yuan", 2, WRONG_YUAN)
    if fen is None and "yuan" not in filled.errors:
        filled.errors["yuan"] = WRONG_YUAN
    row = {
        "county": filled.text("county", "请选择县（市、区）"),
        "scheme": scheme,
        "payee": payee,
        "per": per,
        **({part: values[part] for part in get_args(Vocabulary)} if per == "piece" else {}),
        "fen": fen,
        "valid_from": filled.text("valid_from", "请填从哪一天起施行"),
        "valid_to": filled.text("valid_to"),
        "document": filled.text("document", "请填文号；没有文号的，写明依据"),
    }
    filled.body = {name: value for name, value in row.items() if value is not None}
    return filled


async def _form(
    request: Request,
    session: ReadSession,
    caller: Caller,
    filled: Filled,
    error: DomainError | None = None,
) -> Response:
    told = error.extras if error else {}
    for place in told.get("errors", [told] if "pointer" in told else []):
        sentence = place.get("detail") or (error.words()[1] if error else "")
        name = place["pointer"].rpartition("/")[2]
        at = "valid_from" if name.isdigit() else FIELD_OF.get(name, name)
        filled.errors.setdefault(at, sentence)
    if isinstance(error, EventIdReused) or not filled.values["id"]:
        filled.values["id"] = str(uuid7(SYSTEM, datetime.now(UTC)))
    values: dict[str, Any] = {
        "values": filled.values,
        "errors": filled.errors,
        "problem": not_recorded(error, wrong=bool(filled.errors)),
        "counties": await _counties(session, caller),
        "SORTS": SORTS,
        **await _words(session),
    }
    status = status_of(error) if error else UNFIT if filled.errors else 200
    return render(request, "money/tariff_form.html", values, status)
