"""A filled-in form as an event's body: kilograms to grams, yuan to fen, rows to contents.

Pure: the rules of recording are asked afterwards, through `record`. How texts are read is in
as_typed.py, which bags are meant in named_bags.py.
"""

import re
from datetime import datetime
from typing import Any

from app.events import filled_custody, filled_packaging
from app.events.as_typed import Blank, Filled
from app.events.named_bags import (
    NO_BAGS,
    bags,
    codes_typed,
    on_one_scale,
    suffixes,
    ticked,
    typed_bags,
)

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?")


def fill(kind: str, values: Blank, now: datetime) -> Filled:
    """Return a form as the body of an event; an empty time means `now`."""
    filled = Filled(kind, values)
    filled.body = {
        "id": values["id"],
        "kind": kind,
        "site": filled.text("site", "请填写站点"),
        "occurred_at": time_of(filled) or now.isoformat(),
        "note": filled.text("note"),
    }
    _KINDS[kind](filled)
    filled.body = {key: value for key, value in filled.body.items() if value is not None}
    return filled


def time_of(filled: Filled) -> str | None:
    """Return the time that was typed, on the province's clock; None where none was."""
    text: str = filled.values["occurred_at"]
    if not text:
        return None
    if not _TIME.fullmatch(text):
        filled.errors["occurred_at"] = "请填年月日和时间"
    return f"{text if len(text) > len('2026-01-01T00:00') else text + ':00'}+08:00"


def _store(filled: Filled) -> None:
    filled.body |= {"batches": bags(filled), **on_one_scale(filled)}


def _depart(filled: Filled) -> None:
    filled.body |= {
        "batches": bags(filled),
        **on_one_scale(filled),
        "destination": filled.text("destination", "请选择运到哪里"),
        "vehicle": filled.plain("vehicle", "请填写车牌号"),
        "trip": filled.plain("trip"),
        "driver": filled.text("driver"),
        "manifest": filled.plain("manifest"),
    }


def _arrive(filled: Filled) -> None:
    values = filled.values
    here, exceptions = typed_bags(filled), []
    for code in suffixes(values, "outcome-"):
        outcome = values[f"outcome-{code}"]
        if outcome in ("arrived", "damaged"):
            here.append(ticked(filled, code))
        if outcome not in ("arrived", "later"):
            reason = filled.text(f"reason-{code}", "请写明原因")
            exceptions.append({"code": code, "outcome": outcome, "reason": reason})
    exceptions += _missing_inside(filled)
    if not here and not exceptions:
        filled.errors["codes"] = NO_BAGS
    group_g = on_one_scale(filled).get("group_mass_g")
    if group_g is not None and any({"mass_g", "gross_g"} & bag.keys() for bag in here):
        filled.errors["group_kg"] = "已经填了单袋重量，整车重量就不要再填"
    filled.body |= {
        "batches": here,
        "group_mass_g": group_g,
        "exceptions": exceptions or None,
        "trip": filled.text("trip"),
        "difference_reason": filled.text("difference_reason"),
    }


def _missing_inside(filled: Filled) -> list[dict[str, Any]]:
    """Return the bags that were not in the container that was to bring them."""
    codes = codes_typed(filled.values["missing"])
    reason = filled.text("missing_reason") or "到货时不在容器里"
    return [{"code": code, "outcome": "missing", "reason": reason} for code in codes]


def _dispose(filled: Filled) -> None:
    method = filled.text("method", "请选择处理方式")
    hazardous, reused = method == "hazardous", method == "resource_use"
    filled.body |= {
        "batches": bags(filled),
        **on_one_scale(filled),
        "method": method,
        "certificate": filled.text("certificate", "请填写处理证明编号"),
        "product": filled.text("product") if reused else None,
        "manifest": filled.plain("manifest", "请填写 14 位联单号") if hazardous else None,
    }


_KINDS = {
    "hand_in": filled_packaging.hand_in,
    "collect": filled_packaging.collect,
    "store": _store,
    "pack": filled_custody.pack,
    "unpack": filled_custody.unpack,
    "repack": filled_custody.repack,
    "stock_count": filled_custody.stock_count,
    "write_off": filled_custody.write_off,
    "depart": _depart,
    "arrive": _arrive,
    "dispose": _dispose,
}
