"""Pages of tariffs (收费与补贴标准): what a county pays and since when; the form for who declares it."""

from typing import Any, get_args

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from app.areas.names import counties_to_choose, county_names
from app.areas.read import today
from app.areas.scope import reach_of
from app.auth.access import SignedIn, Visitor, require_same_origin
from app.auth.caller import Caller
from app.auth.permissions import allows, require
from app.db import Databases, Reading, ReadSession
from app.events.as_typed import Blank, Filled
from app.events.declared_form import DeclaredForm
from app.money.words import PAYEES, PER, SCHEMES, yuan
from app.packaging.read import Vocabulary, list_terms
from app.tariffs.read import shown
from app.templating import render

router = APIRouter(include_in_schema=False)

SUBJECT = "tariffs"
PAGE = "/money/tariffs"
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
        "may_declare": allows(caller, FORM.right),
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
    known = {code for code, _ in await _counties(session, caller)}
    own = caller.area if caller.area in known else ""
    return await FORM.show(request, session, caller, Blank(county=own))


@router.post(f"{PAGE}/new", dependencies=[Depends(require_same_origin)])
async def post_form(request: Request, caller: Visitor, database: Databases) -> Response:
    return await FORM.post(request, caller, database)


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


async def _choices(session: ReadSession, caller: Caller) -> dict[str, Any]:
    counties = await _counties(session, caller)
    return {"counties": counties, "SORTS": SORTS, **await _words(session)}


FORM = DeclaredForm(
    subject=SUBJECT,
    template="money/tariff_form.html",
    fill=fill,
    fields={"fen": "yuan", "scheme": "what", "payee": "what", "per": "what"},
    choices=_choices,
    done=lambda values: f"{PAGE}?county={values['county']}&done=true",
)
