"""A recorded event as a form to correct it, and back: what was left alone stays to the letter. Pure.

The replacement begins as the event stands, and only what somebody changed in the form is put into
it: position, device, rinse grades and whatever the form does not show come along.
"""

from copy import deepcopy
from typing import Any

from app.events.as_typed import Blank, Filled
from app.events.fields import MAX_GROUP_G
from app.events.filled import time_of
from app.events.filled_custody import REMOVED, check_balance, removed
from app.events.filled_packaging import WRONG_YUAN, contents, wrong_lines
from app.events.named_bags import NOT_OVER_TARE, suffixes
from app.events.story import refs_in
from app.typed_numbers import in_kilograms, scaled

TEXTS = {
    "depart": ("destination", "vehicle", "manifest"),
    "arrive": ("difference_reason",),
    "dispose": ("method", "certificate", "product", "manifest"),
    "pack": ("container",),
    "unpack": ("container",),
    "stock_count": ("reason",),
    "write_off": ("reason",),
}
"""Fields that are corrected as they are typed, by kind."""
REASONS = ("incorrect_data", "did_not_occur")


def as_recorded(body: dict[str, Any]) -> Blank:
    """Return the fields of a form that says what an event says."""
    values = Blank(picked=set())
    for name in TEXTS.get(body["kind"], ()):
        values[name] = body.get(name, "")
    for ref in refs_in(body):
        values |= _weights(ref)
        values[f"material-{ref['code']}"] = ref.get("material", "")
    values["group_kg"] = in_kilograms(body.get("group_mass_g"))
    weighed = body.get("weighed", {})
    values["gross_kg"] = in_kilograms(weighed.get("gross_g"))
    values["tare_kg"] = in_kilograms(weighed.get("tare_g"))
    for reason in REMOVED:
        values[f"removed_kg-{reason}"] = in_kilograms(_removed_g(body, reason) or None)
    for n, line in enumerate(body.get("contents", ())):
        for part in ("material", "form", "size"):
            values[f"line-{n}-{part}"] = line[part]
        values[f"line-{n}-pieces"] = str(line["pieces"])
    if "payment" in body:
        values["payment_yuan"] = f"{body['payment']['fen'] / 100:.2f}"
    if body["kind"] == "arrive":
        values |= {f"outcome-{ref['code']}": "arrived" for ref in body["batches"]}
        for exception in body.get("exceptions", ()):
            values[f"outcome-{exception['code']}"] = exception["outcome"]
            values[f"reason-{exception['code']}"] = exception["reason"]
    return values


def _weights(ref: dict[str, Any]) -> dict[str, str]:
    """Return what a bag weighed as it was entered: gross and tare, or net."""
    code = ref["code"]
    if "gross_g" not in ref:
        return {f"mass_kg-{code}": in_kilograms(ref.get("mass_g"))}
    return {
        f"gross_kg-{code}": in_kilograms(ref["gross_g"]),
        f"tare_kg-{code}": in_kilograms(ref.get("tare_g")),
    }


def _removed_g(body: dict[str, Any], reason: str) -> int:
    return sum(one["mass_g"] for one in body.get("removed", ()) if one["reason"] == reason)


def replaced(body: dict[str, Any], values: Blank) -> Filled:
    """Return an event with what the form changed in it; its id is left to the correction."""
    filled = Filled(body["kind"], values, listed=True)
    before = as_recorded(body)
    new = filled.body = deepcopy(body)
    new.pop("id", None)
    at = time_of(filled)
    if at:
        new["occurred_at"] = at
    for name in TEXTS.get(body["kind"], ()):
        if values[name] != before[name]:
            _put(new, name, filled.plain(name) if name != "reason" else filled.text(name))
    for ref in refs_in(new):
        _reweigh(filled, ref, before)
    _weigh_together(filled, new, before)
    if body["kind"] == "arrive":
        _take_in(filled, new, before)
    if "contents" in body or body["kind"] in ("hand_in", "collect"):
        _recount(filled, new)
    if body["kind"] == "hand_in":
        _repay(filled, new, before)
    if body["kind"] == "repack":
        _resort(filled, new, before)
    return filled


def _put(body: dict[str, Any], name: str, value: Any) -> None:
    """Set a field, or leave it out where it is empty."""
    if value is None or value == []:
        body.pop(name, None)
    else:
        body[name] = value


def _same(values: Blank, before: Blank, name: str) -> bool:
    """Tell whether a weight says what it said: 5.0 is 5."""
    try:
        return scaled(values[name], 3) == scaled(before[name], 3)
    except ValueError:
        return False


def _reweigh(filled: Filled, ref: dict[str, Any], before: Blank) -> None:
    """Put a changed weight into a bag."""
    code, values = ref["code"], filled.values
    net, gross, tare = f"mass_kg-{code}", f"gross_kg-{code}", f"tare_kg-{code}"
    if "gross_g" not in ref:
        if not _same(values, before, net):
            _put(ref, "mass_g", filled.grams(net))
            ref.pop("mass_source", None)
        return
    if _same(values, before, gross) and _same(values, before, tare):
        return
    for key in ("mass_g", "mass_source"):
        ref.pop(key, None)
    _put_on_scale(filled, ref, gross, tare)


def _put_on_scale(filled: Filled, weighed: dict[str, Any], gross: str, tare: str) -> None:
    gross_g = filled.grams(gross, most=MAX_GROUP_G)
    tare_g = filled.grams(tare, least=0, most=MAX_GROUP_G)
    if gross_g is not None and tare_g is not None and tare_g >= gross_g:
        filled.errors[gross] = NOT_OVER_TARE
    _put(weighed, "gross_g", gross_g)
    _put(weighed, "tare_g", tare_g if gross_g is not None else None)


def _weigh_together(filled: Filled, new: dict[str, Any], before: Blank) -> None:
    """Put changed readings of a shared scale into the event."""
    values = filled.values
    if not _same(values, before, "group_kg"):
        _put(new, "group_mass_g", filled.grams("group_kg", most=MAX_GROUP_G))
    if not (_same(values, before, "gross_kg") and _same(values, before, "tare_kg")):
        weighed = {"container": new.get("weighed", {}).get("container", before["container"])}
        _put_on_scale(filled, weighed, "gross_kg", "tare_kg")
        _put(new, "weighed", weighed if "gross_g" in weighed else None)
    weighed = new.get("weighed", {})
    if weighed.get("container") and weighed["container"] == before["container"]:
        new["weighed"] = {**weighed, "container": new["container"]}


def _take_in(filled: Filled, new: dict[str, Any], before: Blank) -> None:
    """Let bags arrive, or not, as the form says now."""
    values = filled.values
    here, exceptions = [], []
    refs = {ref["code"]: ref for ref in new["batches"]}
    told = {one["code"]: one for one in new.get("exceptions", ())}
    for code in dict.fromkeys([*refs, *told]):
        outcome, name = values[f"outcome-{code}"] or "arrived", f"reason-{code}"
        if outcome in ("arrived", "damaged"):
            ref = refs.get(code) or {"code": code}
            if code not in refs:
                _reweigh(filled, ref, before)
            here.append(ref)
        if outcome != "arrived":
            reason = filled.text(name, "请写明原因")
            exceptions.append(
                {**told.get(code, {"code": code}), "outcome": outcome, "reason": reason}
            )
    new["batches"] = here
    _put(new, "exceptions", exceptions)


def _recount(filled: Filled, new: dict[str, Any]) -> None:
    lines = contents(filled, new.get("contents", ()))
    if lines or new["kind"] == "collect" or wrong_lines(filled):
        _put(new, "contents", lines)
    else:
        filled.errors["contents"] = "请至少填写一种包装的件数；整条没有发生，请选“没有发生”"


def _repay(filled: Filled, new: dict[str, Any], before: Blank) -> None:
    if filled.values["payment_yuan"] == before["payment_yuan"]:
        return
    fen = filled.number("payment_yuan", 2, WRONG_YUAN)
    paid = new.get("payment", {"basis": "pieces"})
    _put(new, "payment", {**paid, "fen": fen} if fen is not None else None)


def _resort(filled: Filled, new: dict[str, Any], before: Blank) -> None:
    """Put changed materials and removals into a repack, which must add up again."""
    filled.rows = []
    for output in new["outputs"]:
        name = f"material-{output['code']}"
        if filled.values[name] != before[name]:
            _put(output, "material", filled.text(name))
    names = suffixes(before, "removed_kg-")
    if not all(_same(filled.values, before, f"removed_kg-{reason}") for reason in names):
        _put(new, "removed", removed(filled))
    weightless = [
        ref["code"] for ref in refs_in(new) if "mass_g" not in ref and "gross_g" not in ref
    ]
    for code in weightless:
        filled.errors.setdefault(f"mass_kg-{code}", "请填这一袋的重量")
    check_balance(filled)
