"""Who may do what, route by route. tests/test_authorisation.py walks every row as everyone.

A row says how to ask (`path`, `query`, `json`, `form`: things from tests/ground.py stand for one's
own, another's and an absent one), who may (`may`, and the `action` of app/auth/permissions.py that
must say the same), and what is answered. Everyone else is told 403, strangers 401 or the way to
the sign-in page. A route that treats several actions has a row for each.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.areas.read import today
from app.auth.caller import ROLE_NAMES
from tests import world as w
from tests.ground import (
    ALERT,
    AREA,
    BAG,
    BALANCED_TRIP,
    CASE,
    CHANGED,
    CHANGED_ON_PAGE,
    CONTAINER,
    COUNTED,
    COUNTED_LINE,
    COUNTY,
    ENDED_WEBHOOK,
    EVENT,
    LABEL,
    LINK,
    LOT,
    NEW_ID,
    NOW,
    PHOTO,
    QUIET_SITE,
    REFUSED,
    RIDE,
    SETTLEMENT,
    SHEET,
    SITE,
    STANDING,
    SUPPLY_EVENT,
    TARE_LABEL,
    TOKEN,
    TRIP,
    VEHICLE,
    VOID_SHEET,
    WEBHOOK,
    WITHDRAWN,
    WITHDRAWN_ON_PAGE,
    Place,
    alert_to,
    case_to,
    label_to,
    settlement_to,
    straw_project,
    to_correct,
)

ANYONE = frozenset({"stranger", *ROLE_NAMES})
EVERYONE = frozenset(ROLE_NAMES)
OFFICIALS = frozenset({"township", "county", "city", "province"})
SUPERVISORS = OFFICIALS | {"auditor", "admin"}
AT_A_SITE = frozenset({"collector", "keeper", "plant"})
WITHOUT_A_COUNTY = AT_A_SITE | {"carrier", "township"}
"""Roles whose scope never holds a whole county."""
AGRICULTURE = frozenset({"agriculture"})
BOTH_SUPERVISORS: frozenset[str | None] = frozenset({"agriculture", "ecology"})
"""Of the duty to recover, and of pollution: either works on what is wrong."""
WORKERS = frozenset({"county", "city", "province"})
REGULATORS = frozenset({"agriculture", "ecology"})
COMMISSION = frozenset({"development_reform"})
ECOLOGY = frozenset({"ecology"})


@dataclass(frozen=True)
class Row:
    """One route, or one action of it."""

    may: frozenset[str]
    action: str | None = None
    departments: frozenset[str | None] | None = None
    path: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, Any] | None = None
    own: int = 200
    elsewhere: int = 404
    """For what is out of scope or absent; 200 is a list, which then is as empty for both."""
    odd: Mapping[tuple[str, Place], int] = field(default_factory=dict)
    """Statuses of a role at a place that differ, each with its reason beside it."""
    nothing: frozenset[str] = frozenset()
    """Roles that have the right, but whose scope never holds such a thing."""
    page: bool = False
    """A person's browser asks; strangers are led to the sign-in page."""
    public: bool = False
    """What exists is shown to anyone, so another's does not look absent."""
    in_person: bool = False
    """A token is told 403."""
    personal: bool = False
    """One's own things alone: whoever sees the whole province does not see these."""
    ends_session: bool = False
    """Asked from a session opened for it."""


def event(kind: str, **fields: Any) -> dict[str, Any]:
    """Return the body of an event on a fresh label at one's own, another's or no site."""
    weighed = {"mass_g": 5_000} if kind in {"collect", "store"} else {}
    return {
        "id": NEW_ID, "kind": kind, "occurred_at": NOW, "site": SITE,
        "batches": [{"code": LABEL, **weighed}], **fields,
    }  # fmt: skip


def declare(subject: str, **row: Any) -> dict[str, Any]:
    """Return the body of a declaration of one row."""
    return {
        "id": NEW_ID, "kind": "declare", "occurred_at": NOW, "subject": subject, "rows": [row],
    }  # fmt: skip


def form(**fields: Any) -> dict[str, Any]:
    """Return a filled-in form of an event on fresh labels."""
    return {"id": NEW_ID, "site": SITE, **fields}


POLICY = {
    "area": AREA, "valid_from": "2099-01-01", "unlisted_recycler": "hazardous",
    "expired_permit": "hazardous", "cement_kiln": "hazardous", "document": "冀环固体〔2026〕1号",
}  # fmt: skip
SOLD = {
    "id": NEW_ID, "county": COUNTY, "on": "2025-06-01", "units": 10, "unit_weight_g": 15,
    "method": "A",
}  # fmt: skip
PIECES = {
    "line-0-material": "pet", "line-0-form": "bottle", "line-0-size": "lt200ml",
    "line-0-pieces": "30",
}  # fmt: skip
AMENDMENT = {
    "number": "冀发改环资〔2026〕1号", "title": "通知", "issued_on": "2026-01-05",
    "effective_on": "2026-02-01",
}  # fmt: skip
STRAW = {"slug": "straw-projects"}
STRAW_FORM = {
    "kind": "整县推进", "county": w.LUQUAN, "operator": "某公司", "year": "2024",
    "valid_from": "2024-01-01", "version": "1",
}  # fmt: skip
DAYS = {"from": "2025-01-01", "to": "2025-12-31"}

RATE = "pesticide-packaging-recovery"

RIGHTS_OF = {
    "hand_in": frozenset({"collector"}),
    "collect": frozenset({"collector", "keeper"}),
    "store": AT_A_SITE,
    "depart": AT_A_SITE | {"carrier"},
    "arrive": AT_A_SITE,
    "dispose": frozenset({"plant"}),
    "pack": AT_A_SITE,
    "unpack": AT_A_SITE,
    "repack": AT_A_SITE,
    "stock_count": AT_A_SITE | OFFICIALS,
    "write_off": frozenset({"county"}),
}
MAY_MOVE = AT_A_SITE | {"carrier"}
NOT_THEIRS = {
    # The sending site recorded it, so the driver confirms: nobody else on it has a word to say.
    ("collector", "own"): 409, ("keeper", "own"): 403, ("plant", "own"): 403,
}  # fmt: skip
DEPARTMENTS_OF = {"write_off": REGULATORS, "stock_count": REGULATORS | {None}}
CORRECTORS = AT_A_SITE | OFFICIALS | {"carrier"}
NEVER_THEIRS = frozenset({"keeper", "plant", "carrier"})
"""They may correct, but not what the point recorded."""
NOT_HERS = {("township", "own"): 403}
"""She sees it, but corrects what she recorded alone."""
OF_OFFICIALS = REGULATORS | {None}
"""Departments that count and correct; the people of a site have none."""
PUBLIC_PAGE = Row(
    ANYONE, path={"code": BAG}, own=303, page=True, public=True,
    odd={
        ("stranger", "own"): 200,
        ("stranger", "other"): 200,
        # Whoever may receive a bag is led to the form, whose ever it is.
        **{(role, "other"): 303 for role in AT_A_SITE | {"carrier"}},
        **{(role, "other"): 200 for role in ("township", "county", "city")},
    },
)  # fmt: skip


def of_balance(*, page: bool = False, **figure: str) -> tuple[Row, ...]:
    """Return the rows of a balance, or of one of its figures: of a site, an area and a trip."""
    asked = {**DAYS, **figure}
    return (
        Row(EVERYONE, "balance.read", query={"site": SITE, **asked}, page=page),
        Row(EVERYONE, "balance.read", query={"area": AREA, **asked}, nothing=WITHOUT_A_COUNTY, page=page),
        Row(EVERYONE, "balance.read", query={"trip": BALANCED_TRIP, **asked}, page=page),
    )  # fmt: skip


def of_sites(*, page: bool = False) -> tuple[Row, ...]:
    """Return the rows of the balances of many sites."""
    return (
        Row(EVERYONE, "balance.read", query=DAYS, page=page),
        Row(EVERYONE, "balance.read", query={"area": AREA, **DAYS}, nothing=WITHOUT_A_COUNTY, page=page),
    )  # fmt: skip


OF_SETTLEMENT = Row(
    EVERYONE,
    "money.read",
    path={"settlement": SETTLEMENT},
    nothing=frozenset({"keeper", "township"}),
)
"""A county's, and whose money it is: no keeper is paid."""
TO_SETTLE = {
    "approve": None,
    "pay": {"paid_on": str(today()), "voucher": "记-1"},
    "discard": {"reason": "重编"},
}
OF_BALANCE, OF_SITES = of_balance(), of_sites()
OF_FIGURE = (*of_balance(side="in", account="field"), *of_balance(side="closing"))

ROUTES: dict[str, Row | tuple[Row, ...]] = {
    # who is calling
    # (hashing is slow: what does not fit is answered before; tests/test_auth_*.py sign in)
    "POST /api/v1/session": Row(ANYONE, json={"username": "", "password": ""}, own=422),
    "DELETE /api/v1/session": Row(EVERYONE, own=204, in_person=True, ends_session=True),
    "GET /api/v1/me": Row(EVERYONE),
    "GET /api/v1/capture/pack": Row(MAY_MOVE, "capture.pack"),
    "GET /people": Row(AT_A_SITE, "people.manage", page=True),
    "POST /people": Row(
        AT_A_SITE, "people.manage", form={"name": "老李", "pin": "12"}, own=422, page=True
    ),
    "POST /people/{person}/remove": Row(
        AT_A_SITE, "people.manage", path={"person": NEW_ID}, own=404, page=True
    ),
    "GET /capture": Row(ANYONE),
    "GET /sw.js": Row(ANYONE),
    "POST /api/v1/tokens": Row(
        EVERYONE, "tokens.manage", json={"name": "接口", "expires_in_days": 1}, own=201, in_person=True
    ),
    "GET /api/v1/tokens": Row(EVERYONE, "tokens.manage"),
    "DELETE /api/v1/tokens/{token_id}": Row(
        EVERYONE, "tokens.manage", path={"token_id": TOKEN}, own=204, personal=True
    ),
    "GET /sign-in": Row(ANYONE, page=True, odd={(role, "own"): 303 for role in ROLE_NAMES}),
    "POST /sign-in": Row(ANYONE, form={"username": ""}, own=422, page=True),
    "POST /sign-out": Row(ANYONE, form={}, own=303, page=True, ends_session=True),
    "GET /setup/{token}": Row(ANYONE, path={"token": LINK}, page=True, personal=True),
    "POST /setup/{token}": Row(
        ANYONE, path={"token": LINK}, form={"password": "一", "again": "二"}, own=422, page=True, personal=True
    ),
    # the same for everyone who is signed in
    "GET /api/v1/areas": Row(EVERYONE),
    "GET /api/v1/counties": Row(EVERYONE),
    "GET /api/v1/packaging/materials": Row(EVERYONE),
    "GET /api/v1/packaging/forms": Row(EVERYONE),
    "GET /api/v1/packaging/sizes": Row(EVERYONE),
    "GET /api/v1/packaging/unit-weights": Row(EVERYONE),
    "POST /api/v1/packaging/parse": Row(EVERYONE, json={"payload": "130110-P0001"}),
    # who acts, and where
    "GET /api/v1/sites": (
        Row(EVERYONE, "sites.read"),
        Row(EVERYONE, "sites.read", query={"county": COUNTY}, elsewhere=200),
    ),
    "GET /api/v1/sites/{code}": Row(EVERYONE, "sites.read", path={"code": SITE}),
    "GET /api/v1/organisations": Row(EVERYONE, "organisations.read"),
    "GET /api/v1/vehicles": Row(EVERYONE, "vehicles.read"),
    # recording
    "POST /api/v1/events": (
        Row(RIGHTS_OF["hand_in"], "event.hand_in", json=event("hand_in", contents=[w.BOTTLES]), own=201),
        Row(RIGHTS_OF["collect"], "event.collect", json=event("collect"), own=201),
        Row(RIGHTS_OF["store"], "event.store", json=event("store"), own=201),
        Row(
            RIGHTS_OF["depart"], "event.depart", own=201,
            json=event("depart", destination=w.INCINERATOR, vehicle=VEHICLE),
            # A driver departs with the vehicles of the own company, from wherever.
            odd={("carrier", "other"): 403, ("carrier", "absent"): 403},
        ),
        Row(RIGHTS_OF["arrive"], "event.arrive", json=event("arrive"), own=201),
        Row(
            RIGHTS_OF["dispose"], "event.dispose", own=201,
            json=event("dispose", method="resource_use", certificate="1 号"),
        ),
        Row(
            frozenset({"collector"}), "event.deposit_sale", own=201,
            json={
                "id": NEW_ID, "kind": "deposit_sale", "occurred_at": NOW, "site": SITE,
                "unit_code": "12208841100000000000000000000001", "fen": 100,
            },
        ),
        Row(RIGHTS_OF["pack"], "event.pack", json=event("pack", container=CONTAINER), own=201),
        # Nobody has packed the bag: told only to whoever acts there.
        Row(RIGHTS_OF["unpack"], "event.unpack", json=event("unpack", container=CONTAINER), own=409),
        Row(
            RIGHTS_OF["repack"], "event.repack", own=201,
            json={
                "id": NEW_ID, "kind": "repack", "occurred_at": NOW, "site": SITE, "mode": "mix",
                "inputs": [{"code": LABEL, "mass_g": 5_000}],
                "outputs": [{"code": LABEL, "mass_g": 5_000}],
            },
        ),
        Row(
            RIGHTS_OF["stock_count"], "event.stock_count", OF_OFFICIALS, own=201,
            json=event("stock_count", batches=[{"code": COUNTED}], group_mass_g=5_000),
        ),
        Row(
            RIGHTS_OF["write_off"], "event.write_off", REGULATORS, own=201,
            json=event("write_off", reason="丢失"),
        ),
        Row(
            CORRECTORS, "event.correct", OF_OFFICIALS, own=201, nothing=NEVER_THEIRS, odd=NOT_HERS,
            json={"id": NEW_ID, "kind": "correct", "corrects": to_correct("api"), "reason": "did_not_occur"},
        ),
        Row(
            frozenset({"county", "city", "province"}), "declare.supply", AGRICULTURE,
            json=declare("supply", **SOLD), own=201,
        ),
        Row(
            frozenset({"province"}), "declare.areas", own=201,
            json=declare("areas", code=w.XINJI, name="辛集市", pinyin="xinji", kind="direct_city",
                         parent="130000", valid_from="2013-01-01"),
        ),
        Row(
            frozenset({"province"}), "declare.pilots", AGRICULTURE, own=201,
            json=declare("pilots", county=COUNTY, valid_from="2025-01-01"),
        ),
        Row(
            frozenset({"province"}), "declare.unit_weights", AGRICULTURE, own=201,
            json=declare("unit_weights", material="pet", form="bottle", size="lt200ml",
                         weight_mg=15_000, source="抽样"),
        ),
        Row(
            frozenset({"province"}), "declare.resource_units", AGRICULTURE, own=201,
            json=declare("resource_units", site=w.PLANT, valid_from="2025-01-01"),
        ),
        Row(
            frozenset({"city", "province"}), "declare.transport_policies", ECOLOGY, own=201,
            json=declare("transport_policies", **POLICY, deliver_within_h=24, confirm_workdays=5,
                         difference_permille=50, difference_g=20_000),
        ),
        Row(
            WORKERS, "declare.tariffs", AGRICULTURE, own=201,
            json=declare("tariffs", county=COUNTY, valid_from="2099-01-01", scheme="deposit", per="piece",
                         fen=100, document="鹿农〔2026〕1号"),
        ),
        Row(
            frozenset({"province"}), "declare.plan", COMMISSION, own=201,
            json=declare("plan", **AMENDMENT, paragraphs=[{"address": "item-7-p1", "text": "新。"}]),
        ),
        Row(
            frozenset({"collector"}), "declare.zero_report", own=201,
            json=declare("zero_report", month="2025-07") | {"site": SITE},
        ),
        # Keys are the command line's: by an account nobody introduces one.
        Row(
            frozenset(), "declare.keys",
            json=declare("keys", purpose="receipt", vkey="x", valid_from="2026-01-01T00:00:00Z",
                         reason="x"),
        ),
    ),
    "POST /api/v1/capture": Row(
        RIGHTS_OF["collect"], "event.collect", own=201,
        json={"device": {"id": "手机"}, "events": [event("collect")]},
    ),
    "GET /api/v1/events/{event_id}": (
        Row(EVERYONE, "events.read", path={"event_id": EVENT}),
        Row(EVERYONE, "events.read", path={"event_id": SUPPLY_EVENT}, nothing=WITHOUT_A_COUNTY),
    ),
    "GET /api/v1/refusals": Row(EVERYONE, "refusals.read"),
    # labels and what they name
    "POST /api/v1/labels": (
        Row(OFFICIALS, "labels.issue", json={"county": COUNTY, "kind": "bag", "count": 1}, own=201),
        Row(
            OFFICIALS, "labels.issue", own=201,
            json={"county": w.LUQUAN, "kind": "bag", "count": 1, "site": SITE},
            # The province sees the far point, which lies in another county than the labels.
            odd={("province", "other"): 422},
        ),
    ),
    "GET /api/v1/labels": (
        Row(EVERYONE, "labels.read"),
        Row(EVERYONE, "labels.read", query={"site": SITE}, elsewhere=200),
    ),
    "GET /api/v1/label-sheets": Row(EVERYONE, "labels.read"),
    "GET /api/v1/label-sheets/{sheet}.pdf": Row(
        EVERYONE, "labels.read", path={"sheet": SHEET}, query={"layout": "50x30"},
    ),
    "GET /api/v1/label-sheets/{sheet}.csv": Row(EVERYONE, "labels.read", path={"sheet": SHEET}),
    "POST /api/v1/labels/void": Row(
        OFFICIALS, "labels.void", json={"codes": [label_to("void")], "reason": "遗失"},
    ),
    "POST /api/v1/labels/assign": (
        Row(OFFICIALS, "labels.assign", json={"codes": [label_to("assign")], "site": None}),
        Row(
            OFFICIALS, "labels.assign", json={"codes": [LABEL], "site": SITE},
            # The province sees the far point, which lies in another county than the label.
            odd={("province", "other"): 422},
        ),
    ),
    "GET /api/v1/labels/{code}.svg": Row(EVERYONE, "labels.read", path={"code": BAG}),
    "GET /api/v1/labels/{code}.png": Row(EVERYONE, "labels.read", path={"code": BAG}),
    "PUT /api/v1/labels/{code}/tare": Row(
        AT_A_SITE | OFFICIALS, "labels.tare", path={"code": TARE_LABEL}, json={"tare_g": 15_000},
    ),
    "GET /api/v1/batches": (
        Row(EVERYONE, "batches.read"),
        Row(EVERYONE, "batches.read", query={"area": AREA}, nothing=WITHOUT_A_COUNTY),
        Row(EVERYONE, "batches.read", query={"site": QUIET_SITE}, elsewhere=200),
    ),
    "GET /api/v1/batches/{code}": Row(EVERYONE, "batches.read", path={"code": BAG}),
    "GET /api/v1/batches/{code}/custody": Row(EVERYONE, "batches.read", path={"code": BAG}),
    "GET /api/v1/batches/{code}/sources": Row(EVERYONE, "batches.read", path={"code": BAG}),
    "GET /api/v1/batches/{code}/destinations": Row(EVERYONE, "batches.read", path={"code": BAG}),
    # a treatment of one's own bag, of a bag elsewhere, and of nothing
    "GET /api/v1/lots/{event_id}": Row(EVERYONE, "batches.read", path={"event_id": LOT}),
    "GET /api/v1/lots/{event_id}/sources": Row(EVERYONE, "batches.read", path={"event_id": LOT}),
    # trips
    "POST /api/v1/trips": Row(
        MAY_MOVE, "trips.announce", own=201,
        json={"id": NEW_ID, "vehicle": VEHICLE, "stops": [{"origin": SITE, "destination": w.INCINERATOR}]},
        # A driver announces runs of the own company's vehicles, from wherever.
        odd={("carrier", "other"): 403, ("carrier", "absent"): 403},
    ),
    "GET /api/v1/trips": (
        Row(EVERYONE, "trips.read"),
        Row(EVERYONE, "trips.read", query={"area": AREA}, nothing=WITHOUT_A_COUNTY),
        Row(EVERYONE, "trips.read", query={"site": w.INCINERATOR}),
    ),
    "GET /api/v1/trips/{trip}": Row(EVERYONE, "trips.read", path={"trip": RIDE}),
    "GET /api/v1/trips/{trip}.pdf": Row(EVERYONE, "trips.read", path={"trip": RIDE}),
    "POST /api/v1/trips/{trip}/confirm": Row(
        MAY_MOVE, "trips.confirm", path={"trip": RIDE}, json={"site": w.POINT}, odd=NOT_THEIRS,
    ),
    "GET /api/v1/transport-policies": (
        Row(EVERYONE, "trips.read"),
        Row(EVERYONE, "trips.read", query={"county": w.LUQUAN, "on": "2026-01-01"}),
    ),
    "GET /transport-policies": Row(EVERYONE, "trips.read", page=True),
    "GET /transport-policies/new": Row(
        frozenset({"city", "province"}), "declare.transport_policies", ECOLOGY, page=True,
    ),
    "POST /transport-policies/new": Row(
        frozenset({"city", "province"}), "declare.transport_policies", ECOLOGY, own=303, page=True,
        form={"id": NEW_ID, **POLICY, "deliver_within_h": "24", "confirm_workdays": "5",
              "difference_percent": "5", "difference_kg": "20"},
    ),
    # money
    "GET /api/v1/tariffs": Row(EVERYONE, "money.read", query={"county": w.LUQUAN}),
    "GET /api/v1/deposits": Row(
        EVERYONE, "money.read", query={"unit_code": "12208841100000000000000000000001"}
    ),
    "GET /api/v1/settlements": Row(EVERYONE, "money.read"),
    # Nothing is due in this world.
    "POST /api/v1/settlements": Row(
        frozenset({"county"}), "money.settle", AGRICULTURE, own=409,
        json={"county": COUNTY, "until": "2025-01-01"},
    ),
    "GET /api/v1/settlements/owed": Row(
        EVERYONE, "money.read", query={"county": COUNTY}, nothing=WITHOUT_A_COUNTY
    ),
    "GET /api/v1/settlements/{settlement}": OF_SETTLEMENT,
    "GET /api/v1/settlements/{settlement}.csv": OF_SETTLEMENT,
    "GET /api/v1/settlements/{settlement}.xlsx": OF_SETTLEMENT,
    # Those of this world have no lines, for nobody.
    "GET /api/v1/settlements/{settlement}/lines": OF_SETTLEMENT,
    **{
        f"POST /api/v1/settlements/{{settlement}}/{act}": Row(
            frozenset({"county"}), "money.settle", AGRICULTURE, json=said,
            path={"settlement": settlement_to(f"{act} api")},
        )
        for act, said in TO_SETTLE.items()
    },
    "GET /money": Row(EVERYONE, "money.read", page=True),
    "GET /money/settlements/{settlement}": replace(OF_SETTLEMENT, page=True),
    "POST /money/settlements": Row(
        frozenset({"county"}), "money.settle", AGRICULTURE, own=409, page=True,
        form={"county": COUNTY, "until": "2025-01-01"},
    ),
    **{
        f"POST /money/settlements/{{settlement}}/{act}": Row(
            frozenset({"county"}), "money.settle", AGRICULTURE, form=said or {"x": ""}, own=303, page=True,
            path={"settlement": settlement_to(f"{act} page")},
        )
        for act, said in TO_SETTLE.items()
    },
    "GET /money/tariffs": Row(EVERYONE, "money.read", page=True),
    "GET /money/tariffs/new": Row(WORKERS, "declare.tariffs", AGRICULTURE, page=True),
    "POST /money/tariffs/new": Row(
        WORKERS, "declare.tariffs", AGRICULTURE, own=303, page=True,
        form={"id": NEW_ID, "county": w.LUQUAN, "what": "buyback/shop/piece", "form": "bottle", "yuan": "0.1",
              "valid_from": "2099-01-01", "document": "鹿农〔2026〕1号"},
    ),
    "GET /trips": Row(EVERYONE, "trips.read", page=True),
    "GET /trips/{trip}": Row(EVERYONE, "trips.read", path={"trip": RIDE}, page=True),
    "GET /trips/new": Row(MAY_MOVE, "trips.announce", page=True),
    "POST /trips/new": Row(
        # The form lists sites by name: a name on a sign is public.
        MAY_MOVE, "trips.announce", own=303, page=True, public=True,
        form={"id": NEW_ID, "vehicle": VEHICLE, "from-0": SITE, "to-0": w.INCINERATOR},
        # A site's people announce runs that begin or end at their own; a driver's vehicle is not his.
        odd={
            **{(role, "other"): 422 for role in AT_A_SITE},
            **{(role, "absent"): 422 for role in AT_A_SITE},
            ("carrier", "other"): 403, ("carrier", "absent"): 403,
        },
    ),
    "GET /TRIPS/{trip}": Row(EVERYONE, "trips.read", path={"trip": RIDE}, own=303, page=True),
    "POST /trips/{trip}/confirm": Row(
        MAY_MOVE, "trips.confirm", path={"trip": RIDE}, form={"site": w.POINT}, own=303, page=True,
        odd=NOT_THEIRS,
    ),
    # what is wrong
    "GET /api/v1/alerts": (
        Row(EVERYONE, "alerts.read"),
        Row(EVERYONE, "alerts.read", query={"area": AREA}, nothing=WITHOUT_A_COUNTY),
    ),
    "GET /api/v1/alerts/rules": Row(EVERYONE, "alerts.read"),
    "GET /api/v1/alerts/{alert}": Row(EVERYONE, "alerts.read", path={"alert": ALERT}),
    "POST /api/v1/alerts/{alert}/acknowledge": Row(
        WORKERS, "cases.work", BOTH_SUPERVISORS, path={"alert": alert_to("acknowledge")},
        json={"note": "在查"},
    ),
    "POST /api/v1/alerts/{alert}/resolve": Row(
        WORKERS, "cases.work", BOTH_SUPERVISORS, path={"alert": alert_to("resolve")},
        json={"note": "已处理"},
    ),
    # what is done about it
    "GET /api/v1/cases": (
        Row(EVERYONE, "cases.read"),
        Row(EVERYONE, "cases.read", query={"area": AREA}, nothing=WITHOUT_A_COUNTY),
    ),
    "GET /api/v1/cases/terms": Row(EVERYONE, "cases.read"),
    "POST /api/v1/cases/terms": Row(
        frozenset({"province"}), "cases.terms", BOTH_SUPERVISORS, own=201,
        json={"severity": "high", "working_days": 5, "valid_from": "2026-01-01", "source": "约定"},
    ),
    "GET /api/v1/cases/{case}": Row(EVERYONE, "cases.read", path={"case": CASE}),
    "POST /api/v1/cases/{case}/acknowledge": Row(
        WORKERS, "cases.work", BOTH_SUPERVISORS, path={"case": case_to("acknowledge")}, json={"note": "去看看"},
    ),
    "POST /api/v1/cases/{case}/resolve": Row(
        WORKERS, "cases.work", BOTH_SUPERVISORS, path={"case": case_to("resolve")}, json={"note": "好了"},
    ),
    "POST /api/v1/cases/{case}/reopen": Row(
        WORKERS, "cases.work", BOTH_SUPERVISORS, path={"case": case_to("reopen")}, json={"note": "又有"},
    ),
    "POST /api/v1/cases/{case}/notes": Row(
        WORKERS | AT_A_SITE, "cases.note", BOTH_SUPERVISORS | {None}, path={"case": CASE},
        json={"text": "看过"}, own=201,
    ),
    # Without a photo: tests/test_cases.py sends some.
    "POST /api/v1/cases/{case}/photos": Row(
        WORKERS | AT_A_SITE, "cases.note", BOTH_SUPERVISORS | {None}, path={"case": CASE},
        form={"text": "没有照片"}, own=415,
    ),
    "GET /api/v1/cases/{case}/photos/{photo}": Row(
        EVERYONE, "cases.read", path={"case": CASE, "photo": PHOTO}
    ),
    "GET /api/v1/workdays": Row(ANYONE),
    "POST /api/v1/workdays": Row(
        frozenset({"province"}), "workdays.enter", own=201,
        json={"source": "约定", "days": [{"day": "2027-01-01", "kind": "off", "name": "元旦"}]},
    ),
    "GET /api/v1/webhooks": Row(WORKERS | {"admin"}, "webhooks.manage"),
    "POST /api/v1/webhooks": Row(
        WORKERS | {"admin"}, "webhooks.manage", own=201,
        json={"url": "https://hooks.example.org/x", "area": AREA},
    ),
    "GET /api/v1/webhooks/{endpoint}/deliveries": Row(
        WORKERS | {"admin"}, "webhooks.manage", path={"endpoint": WEBHOOK}
    ),
    "POST /api/v1/webhooks/{endpoint}/pause": Row(
        WORKERS | {"admin"}, "webhooks.manage", path={"endpoint": WEBHOOK}
    ),
    "POST /api/v1/webhooks/{endpoint}/resume": Row(
        WORKERS | {"admin"}, "webhooks.manage", path={"endpoint": WEBHOOK}
    ),
    "POST /api/v1/webhooks/{endpoint}/send-again": Row(
        WORKERS | {"admin"}, "webhooks.manage", path={"endpoint": WEBHOOK}
    ),
    # One that is ended: a test goes out at once, and nobody is to be called from here.
    "POST /api/v1/webhooks/{endpoint}/test": Row(
        WORKERS | {"admin"}, "webhooks.manage", path={"endpoint": ENDED_WEBHOOK}, own=409
    ),
    "DELETE /api/v1/webhooks/{endpoint}": Row(
        WORKERS | {"admin"}, "webhooks.manage", path={"endpoint": WEBHOOK}, own=204
    ),
    "POST /api/v1/alerts/thresholds": Row(
        frozenset({"province"}), "alerts.thresholds", AGRICULTURE, own=201,
        json={"rule": "full-store", "key": "percent", "value": 90, "area": COUNTY,
              "valid_from": "2026-01-01", "source": "冀农发〔2026〕1号"},
    ),
    # figures
    "GET /api/v1/balance": OF_BALANCE,
    "GET /api/v1/balance.csv": OF_BALANCE,
    "GET /api/v1/balance/entries": OF_FIGURE,
    "GET /api/v1/balance/entries.csv": OF_FIGURE,
    "GET /api/v1/balance/sites": OF_SITES,
    "GET /api/v1/balance/sites.csv": OF_SITES,
    "POST /api/v1/supply": Row(
        frozenset({"county", "city", "province"}), "declare.supply", AGRICULTURE,
        json={"rows": [SOLD]}, own=201,
    ),
    "GET /api/v1/supply": Row(
        SUPERVISORS, "reports.read", query={"county": COUNTY}, elsewhere=200, nothing=frozenset({"township"})
    ),
    "GET /api/v1/reports/recovery": Row(SUPERVISORS, "reports.read", query={"period": "2025"}, nothing=frozenset({"township"})),
    "GET /api/v1/reports/recovery.csv": Row(SUPERVISORS, "reports.read", query={"period": "2025"}, nothing=frozenset({"township"})),
    # the plan: a published document, open to anyone
    "GET /api/v1/plan": Row(ANYONE),
    "GET /api/v1/plan/search": Row(ANYONE, query={"q": "回收率"}),
    "GET /api/v1/plan/amendments": Row(ANYONE),
    "POST /api/v1/plan/amendments": Row(
        frozenset({"province"}), "declare.plan", COMMISSION, own=201,
        json={**AMENDMENT, "paragraphs": [{"address": "item-8-p1", "text": "新。"}]},
    ),
    "GET /api/v1/plan/registers": Row(ANYONE),
    "GET /api/v1/plan/registers.csv": Row(ANYONE),
    "GET /api/v1/plan/registers/{slug}": (
        Row(ANYONE, path=STRAW),
        # Experts are people: officials alone read their list.
        Row(SUPERVISORS, "registers.read", path={"slug": "experts"}),
    ),
    "GET /api/v1/plan/registers/{slug}.csv": (
        Row(ANYONE, path=STRAW), Row(SUPERVISORS, "registers.read", path={"slug": "experts"}),
    ),
    "GET /api/v1/plan/registers/{slug}/template.xlsx": Row(ANYONE, path=STRAW),
    "GET /api/v1/plan/registers/{slug}/entries/{entry}": Row(
        ANYONE, path={**STRAW, "entry": STANDING}
    ),
    "POST /api/v1/plan/registers/{slug}/entries": (
        Row(
            frozenset({"province"}), "registers.edit", path=STRAW, own=201,
            json={"valid_from": "2024-01-01", **straw_project(NEW_ID)},
        ),
        # Of the province, and of a department that does not keep the list.
        Row(frozenset(), path={"slug": "green-factories"}, json={"name": "x"}),
    ),
    "PUT /api/v1/plan/registers/{slug}/entries/{entry}": Row(
        frozenset({"province"}), "registers.edit", path={**STRAW, "entry": CHANGED},
        json={"version": 1, "valid_from": "2024-01-01", **straw_project(NEW_ID)},
    ),
    "POST /api/v1/plan/registers/{slug}/entries/{entry}/withdraw": Row(
        frozenset({"province"}), "registers.edit", path={**STRAW, "entry": WITHDRAWN},
        json={"version": 1, "note": "登记有误"},
    ),
    "DELETE /api/v1/plan/registers/{slug}/entries/{entry}/personal": Row(
        frozenset({"province"}), "registers.edit", path={**STRAW, "entry": STANDING}, own=204
    ),
    # Without a file: tests/test_registers_import.py sends some.
    "POST /api/v1/plan/registers/{slug}/import": Row(
        frozenset({"province"}), "registers.edit", path=STRAW, form={"note": "没有文件"}, own=415
    ),
    "GET /api/v1/plan/imports/{import_id}/errors.xlsx": Row(
        frozenset({"province"}), "registers.edit", path={"import_id": REFUSED}
    ),
    "GET /api/v1/plan/progress": Row(ANYONE),
    "GET /api/v1/plan/targets": Row(ANYONE),
    "GET /api/v1/plan/targets.csv": Row(ANYONE),
    "GET /api/v1/plan/targets/{code}": Row(ANYONE, path={"code": RATE}),
    # (of the province's departments, the printed list decides: tests/test_progress_entries.py)
    "POST /api/v1/plan/targets/{code}/actuals": Row(
        frozenset({"province"}), "progress.enter", path={"code": "manure-resource-use"}, own=201,
        json={"year": 2023, "value": 80, "unit": "%", "source": "2023 年统计公报"},
    ),
    "GET /api/v1/plan/{table}": Row(ANYONE, path={"table": "sections"}),
    "GET /api/v1/plan/{table}.csv": Row(ANYONE, path={"table": "sections"}),
    "GET /api/v1/plan/{table}/{code}": Row(ANYONE, path={"table": "sections", "code": "item-9"}),
    "GET /plan": Row(ANYONE, page=True),
    "GET /plan/amendments": Row(ANYONE, page=True),
    "GET /plan/amend": Row(frozenset({"province"}), "declare.plan", COMMISSION, page=True),
    "POST /plan/amend": Row(
        frozenset({"province"}), "declare.plan", COMMISSION, own=303, page=True,
        form={**AMENDMENT, "id": NEW_ID, "address": "item-9-p1", "text": "新。"},
    ),
    "GET /plan/departments": Row(ANYONE, page=True),
    "GET /plan/departments/{slug}": Row(ANYONE, path={"slug": "agriculture"}, page=True),
    "GET /plan/responsibilities": Row(ANYONE, page=True),
    "GET /plan/measures": Row(ANYONE, page=True),
    "GET /plan/industries": Row(ANYONE, page=True),
    "GET /plan/technologies": Row(ANYONE, page=True),
    "GET /plan/instruments": Row(ANYONE, page=True),
    "GET /plan/areas": Row(ANYONE, page=True),
    "GET /plan/citations": Row(ANYONE, page=True),
    "GET /plan/progress": Row(ANYONE, page=True),
    "GET /plan/targets/{code}": Row(ANYONE, path={"code": RATE}, page=True),
    "POST /plan/targets/{code}": Row(
        frozenset({"province"}), "progress.enter", path={"code": "manure-resource-use"}, own=303, page=True,
        form={"year": "2022", "value": "80", "unit": "%", "source": "2022 年统计公报"},
    ),
    "GET /plan/search": Row(ANYONE, query={"q": "回收率"}, page=True),
    "GET /plan/registers": Row(ANYONE, page=True),
    "GET /plan/registers/{slug}": (
        Row(ANYONE, path=STRAW, page=True),
        Row(SUPERVISORS, path={"slug": "experts"}, page=True),
    ),
    "GET /plan/registers/{slug}/{entry}": Row(ANYONE, path={**STRAW, "entry": STANDING}, page=True),
    "GET /plan/registers/{slug}/new": (
        Row(frozenset({"province"}), "registers.edit", path=STRAW, page=True),
        Row(frozenset(), path={"slug": "green-factories"}, page=True),
    ),
    "POST /plan/registers/{slug}/new": (
        Row(
            frozenset({"province"}), "registers.edit", path=STRAW, own=303, page=True,
            form={**STRAW_FORM, "name": NEW_ID},
        ),
        Row(frozenset(), path={"slug": "green-factories"}, form={"name": "x"}, page=True),
    ),
    "GET /plan/registers/{slug}/{entry}/edit": Row(
        frozenset({"province"}), "registers.edit", path={**STRAW, "entry": STANDING}, page=True
    ),
    "POST /plan/registers/{slug}/{entry}/edit": Row(
        frozenset({"province"}), "registers.edit", path={**STRAW, "entry": CHANGED_ON_PAGE},
        form={**STRAW_FORM, "name": NEW_ID}, own=303, page=True,
    ),
    "GET /plan/registers/{slug}/{entry}/withdraw": Row(
        frozenset({"province"}), "registers.edit", path={**STRAW, "entry": STANDING}, page=True
    ),
    "POST /plan/registers/{slug}/{entry}/withdraw": Row(
        frozenset({"province"}), "registers.edit", path={**STRAW, "entry": WITHDRAWN_ON_PAGE},
        form={"version": "1", "note": "登记有误"}, own=303, page=True,
    ),
    # Straw projects are no people: tests/test_register_pages.py erases an expert's data.
    "GET /plan/registers/{slug}/{entry}/erase": Row(
        frozenset({"province"}), "registers.edit", path={**STRAW, "entry": STANDING}, own=404, page=True
    ),
    "POST /plan/registers/{slug}/{entry}/erase": Row(
        frozenset({"province"}), "registers.edit", path={**STRAW, "entry": STANDING}, form={"x": "1"},
        own=404, page=True,
    ),
    "GET /plan/registers/{slug}/import": Row(
        frozenset({"province"}), "registers.edit", path=STRAW, page=True
    ),
    # Without a file: tests/test_register_pages.py sends some.
    "POST /plan/registers/{slug}/import": Row(
        frozenset({"province"}), "registers.edit", path=STRAW, form={"note": "没有文件"}, own=422, page=True
    ),
    # the log: heads, tiles and proofs are open to anyone, what was recorded to auditors
    # (tests/test_log_routes.py publishes a head; here there is none yet)
    "GET /log/checkpoint": Row(ANYONE, own=409),
    "GET /log/keys": Row(ANYONE),
    "GET /api/v1/log/keys": Row(ANYONE),
    "GET /log/tile/{level}/{number}": Row(ANYONE, path={"level": "0", "number": "000"}, own=409),
    "GET /log/tile/entries/{number}": Row(
        frozenset({"auditor"}), "log.entries", path={"number": "000"}, own=409
    ),
    "GET /log/export": Row(frozenset({"auditor"}), "log.entries"),
    "GET /api/v1/events/{event_id}/proof": Row(
        ANYONE, path={"event_id": EVENT}, own=409, public=True,
        # A proof says nothing but that something was recorded: whose it is, is not asked.
        odd={(who, "other"): 409 for who in ANYONE},
    ),
    "GET /api/v1/log/batches/{code}": Row(
        ANYONE, path={"code": BAG}, public=True,
        # Which leaves name a bag is open to anyone, as the page behind its label is.
        odd={(who, "other"): 200 for who in ANYONE},
    ),
    "GET /api/v1/log/consistency": Row(ANYONE, query={"from": 1}, own=409),
    "GET /log": Row(ANYONE, page=True),
    # pages of people
    "GET /": Row(EVERYONE, page=True),
    "GET /alerts": (
        Row(EVERYONE, "alerts.read", page=True),
        Row(EVERYONE, "alerts.read", query={"area": AREA}, nothing=WITHOUT_A_COUNTY, page=True),
    ),
    "GET /alerts/rules": Row(EVERYONE, "alerts.read", page=True),
    "GET /alerts/rules/{name}": Row(EVERYONE, "alerts.read", path={"name": "full-store"}, page=True),
    "POST /alerts/rules/{name}": Row(
        frozenset({"province"}), "alerts.thresholds", AGRICULTURE, path={"name": "full-store"},
        form={"key": "percent", "value": "90", "area": COUNTY, "valid_from": "2026-01-01", "source": "冀农发〔2026〕1号"},
        own=303, page=True,
    ),
    "GET /alerts/{alert}": Row(EVERYONE, "alerts.read", path={"alert": ALERT}, page=True),
    "POST /alerts/{alert}": Row(
        WORKERS | AT_A_SITE, "cases.note", BOTH_SUPERVISORS | {None}, path={"alert": ALERT},
        form={"act": "note", "text": "看过", "id": NEW_ID}, own=303, page=True,
    ),
    "GET /webhooks": Row(WORKERS | {"admin"}, "webhooks.manage", page=True),
    "GET /webhooks/new": Row(WORKERS | {"admin"}, "webhooks.manage", page=True),
    "POST /webhooks": Row(
        WORKERS | {"admin"}, "webhooks.manage", page=True,
        form={"id": NEW_ID, "url": "https://hooks.example.org/x", "area": AREA},
    ),
    "GET /webhooks/{endpoint}": Row(
        WORKERS | {"admin"}, "webhooks.manage", path={"endpoint": WEBHOOK}, page=True
    ),
    "POST /webhooks/{endpoint}": Row(
        WORKERS | {"admin"}, "webhooks.manage", path={"endpoint": WEBHOOK}, form={"act": "end"},
        own=303, page=True,
    ),
    "GET /cases": (
        Row(EVERYONE, "cases.read", page=True),
        Row(EVERYONE, "cases.read", query={"county": AREA}, nothing=WITHOUT_A_COUNTY, page=True),
    ),
    "GET /cases/{case}": Row(EVERYONE, "cases.read", path={"case": CASE}, page=True),
    "POST /cases/{case}": Row(
        WORKERS | AT_A_SITE, "cases.note", BOTH_SUPERVISORS | {None}, path={"case": CASE},
        form={"act": "note", "text": "看过", "id": NEW_ID}, own=303, page=True,
    ),
    "GET /sites": (
        Row(EVERYONE, "sites.read", page=True),
        Row(EVERYONE, "sites.read", query={"county": COUNTY}, elsewhere=200, page=True),
    ),
    "GET /sites/{code}": Row(EVERYONE, "sites.read", path={"code": SITE}, page=True),
    "GET /batches": (
        Row(EVERYONE, "batches.read", page=True),
        Row(EVERYONE, "batches.read", query={"area": AREA}, nothing=WITHOUT_A_COUNTY, page=True),
        Row(EVERYONE, "batches.read", query={"site": QUIET_SITE}, elsewhere=200, page=True),
    ),
    "GET /batches/find": Row(EVERYONE, "batches.read", query={"code": LABEL}, own=303, page=True),
    "GET /batches/{code}": Row(EVERYONE, "batches.read", path={"code": BAG}, page=True),
    "GET /balance": of_balance(page=True),
    "GET /balance/entries": of_balance(page=True, side="closing"),
    "GET /balance/sites": of_sites(page=True),
    "GET /batches/{code}/sources": Row(EVERYONE, "batches.read", path={"code": BAG}, page=True),
    "GET /batches/{code}/custody.pdf": Row(EVERYONE, "batches.read", path={"code": BAG}, page=True),
    "GET /lots/{event_id}": Row(EVERYONE, "batches.read", path={"event_id": LOT}, page=True),
    "GET /lots/{event_id}.pdf": Row(EVERYONE, "batches.read", path={"event_id": LOT}, page=True),
    # A QR spells it in capitals; it leads to the page, which looks at scope.
    "GET /LOTS/{event_id}": Row(
        ANYONE, path={"event_id": "01890A5D-AC96-774B-BCCE-B302099A8057"}, own=303, page=True
    ),
    "GET /reports/recovery": Row(SUPERVISORS, "reports.read", nothing=frozenset({"township"}), page=True),
    "GET /record/{kind}": (
        *(
            Row(RIGHTS_OF[kind], f"event.{kind}", DEPARTMENTS_OF.get(kind), path={"kind": kind}, page=True)
            for kind in RIGHTS_OF
        ),
        Row(
            RIGHTS_OF["write_off"], "event.write_off", REGULATORS, path={"kind": "write_off"},
            query={"site": SITE}, elsewhere=422, page=True,
        ),
        Row(
            RIGHTS_OF["arrive"], "event.arrive", path={"kind": "arrive"}, query={"trip": TRIP},
            elsewhere=200, page=True,
        ),
    ),
    "POST /record/{kind}": (
        Row(RIGHTS_OF["hand_in"], "event.hand_in", path={"kind": "hand_in"}, form=form(code=LABEL, **PIECES), own=303, page=True),
        Row(RIGHTS_OF["collect"], "event.collect", path={"kind": "collect"}, form=form(code=LABEL, mass_kg="5"), own=303, page=True),
        Row(RIGHTS_OF["store"], "event.store", path={"kind": "store"}, form=form(codes=LABEL), own=303, page=True),
        Row(
            RIGHTS_OF["depart"], "event.depart", path={"kind": "depart"}, own=303, page=True,
            form=form(codes=LABEL, destination=w.INCINERATOR, vehicle=VEHICLE),
            odd={("carrier", "other"): 403, ("carrier", "absent"): 403},
        ),
        Row(RIGHTS_OF["arrive"], "event.arrive", path={"kind": "arrive"}, form=form(codes=LABEL), own=303, page=True),
        Row(
            RIGHTS_OF["dispose"], "event.dispose", path={"kind": "dispose"}, own=303, page=True,
            form=form(codes=LABEL, method="resource_use", certificate="1 号"),
        ),
        Row(RIGHTS_OF["pack"], "event.pack", path={"kind": "pack"}, form=form(container=CONTAINER, codes=LABEL), own=303, page=True),
        Row(RIGHTS_OF["unpack"], "event.unpack", path={"kind": "unpack"}, form=form(container=CONTAINER, codes=LABEL), own=409, page=True),
        Row(
            RIGHTS_OF["repack"], "event.repack", path={"kind": "repack"}, own=303, page=True,
            form=form(**{"as": "relabel"}, old_code=LABEL, new_code=LABEL, mass_kg="5"),
        ),
        Row(RIGHTS_OF["stock_count"], "event.stock_count", OF_OFFICIALS, path={"kind": "stock_count"}, form=form(opening=COUNTED_LINE), own=303, page=True),
        Row(RIGHTS_OF["write_off"], "event.write_off", REGULATORS, path={"kind": "write_off"}, form=form(codes=LABEL, reason="丢失"), own=303, page=True),
    ),
    "GET /events/{event_id}": (
        Row(EVERYONE, "events.read", path={"event_id": EVENT}, page=True),
        Row(EVERYONE, "events.read", path={"event_id": SUPPLY_EVENT}, nothing=EVERYONE, page=True),
    ),
    "GET /record/correct/{event_id}": Row(
        CORRECTORS, "event.correct", OF_OFFICIALS, path={"event_id": to_correct("page")},
        nothing=NEVER_THEIRS, odd=NOT_HERS, page=True,
    ),
    "POST /record/correct/{event_id}": Row(
        CORRECTORS, "event.correct", OF_OFFICIALS, path={"event_id": to_correct("page")}, own=303, page=True,
        form={"id": NEW_ID, "reason_of_correction": "did_not_occur"},
        nothing=NEVER_THEIRS, odd=NOT_HERS,
    ),
    "GET /labels/{code}/tare": Row(
        AT_A_SITE | OFFICIALS, "labels.tare", path={"code": TARE_LABEL}, page=True,
    ),
    "POST /labels/{code}/tare": Row(
        AT_A_SITE | OFFICIALS, "labels.tare", path={"code": TARE_LABEL}, form={"tare_kg": "15"},
        own=303, page=True,
    ),
    "GET /record/done/{event_id}": (
        Row(EVERYONE, "events.read", path={"event_id": EVENT}, page=True),
        # A declaration is no step on a bag: there is nothing to photograph.
        Row(EVERYONE, "events.read", path={"event_id": SUPPLY_EVENT}, nothing=EVERYONE, page=True),
    ),
    "GET /labels": Row(EVERYONE, "labels.read", page=True),
    "POST /labels": Row(
        OFFICIALS, "labels.issue", own=303, page=True,
        form={"id": NEW_ID, "county": COUNTY, "kind": "bag", "count": "1"},
    ),
    "GET /labels/{sheet}": Row(EVERYONE, "labels.read", path={"sheet": SHEET}, page=True),
    "GET /labels/{sheet}/print": Row(
        EVERYONE, "labels.read", path={"sheet": SHEET}, query={"layout": "csv"}, page=True,
    ),
    "POST /labels/{sheet}/assign": Row(
        OFFICIALS, "labels.assign", path={"sheet": SHEET}, own=303, page=True,
        form={"site": SITE, "leave_used": "1"},
    ),
    "POST /labels/{sheet}/void": Row(
        OFFICIALS, "labels.void", path={"sheet": VOID_SHEET}, own=303, page=True,
        form={"first": "1", "last": "1", "reason": "遗失"},
    ),
    # the page behind a label's code: open to anyone; people are led on to what they may do
    "GET /b": Row(ANYONE, query={"code": LABEL}, own=303, page=True),
    "GET /b/{code}": PUBLIC_PAGE,
    "GET /B/{code}": PUBLIC_PAGE,
    # the platform itself
    "GET /healthz": Row(ANYONE),
    "GET /readyz": Row(ANYONE),
    "GET /openapi.json": Row(ANYONE),
    "GET /problems": Row(ANYONE, page=True),
    "GET /problems/{name}": Row(ANYONE, path={"name": "not-found"}, page=True),
    "MOUNT /static": Row(ANYONE),
}  # fmt: skip
