"""The rows of packaging in a filled-in form: 交回, and 封袋 of a bag without hand-ins. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from app.batches.scanned import recognise
from app.events.as_typed import Filled
from app.events.fields import PHONE
from app.events.named_bags import one_bag

_PIECES = re.compile(r"line-(\d{1,3})-pieces")
_UNCOUNTED = re.compile(r"line-(\d{1,3})-uncounted")
WRONG_PIECES = "件数应为整数，例如 12"
WRONG_YUAN = "请填金额，最多两位小数，例如 3.50"
NO_CONTENTS = "请至少填写一种包装的件数；只称了重的，打开“只称重，没有点件数”"
NO_WEIGHT = "只称重的，请填这次交回的净重"
BOTH_WAYS = "点了件数的和只称重的，请分两次登记"
NO_CONSENT = "请先问交回人是否同意登记姓名和电话。同意就勾上，不同意就清空姓名和电话"
NO_MASS = "请填写封袋后的净重"
MOST_PIECES = 999_999
MOST_UNIT_CODES = 200


def hand_in(filled: Filled) -> None:
    """交回: one bag, what came in, perhaps who brought it and what was paid."""
    bag = one_bag(filled)
    filled.body["batches"] = [bag]
    counted, weighed = contents(filled), uncounted(filled)
    filled.body["contents"] = counted + weighed or None
    if counted and weighed:
        filled.errors["contents"] = BOTH_WAYS
    elif weighed and "mass_g" not in bag and not filled.errors["mass_kg"]:
        filled.errors["mass_kg"] = NO_WEIGHT
    elif not filled.body["contents"] and not wrong_lines(filled):
        filled.errors["contents"] = NO_CONTENTS
    giver = {key: filled.text(f"giver_{key}") for key in ("kind", "name", "village")}
    giver["phone"] = filled.plain("giver_phone")
    if giver["phone"] and not re.fullmatch(PHONE, giver["phone"]):
        filled.errors["giver_phone"] = "请填电话号码，例如 13800138000"
    if (giver["name"] or giver["phone"]) and not filled.values["giver_consent"]:
        filled.errors["giver_consent"] = NO_CONSENT
    if any(giver.values()):
        known = {key: value for key, value in giver.items() if value}
        filled.body["giver"] = {"kind": "unknown", **known}
    filled.body["unit_codes"] = unit_codes(filled) or None
    fen = filled.number("payment_yuan", 2, WRONG_YUAN)
    if fen:
        by_weight = filled.values["payment_basis"] == "weight"
        filled.body["payment"] = {"fen": fen, "basis": "weight" if by_weight else "pieces"}


def unit_codes(filled: Filled) -> list[str]:
    """Return the codes of bottles and bags that were scanned or typed, one a line, each once."""
    codes: dict[str, None] = {}
    for number, line in enumerate(filled.values["unit_codes"].splitlines(), 1):
        found = recognise(line)
        if found.kind == "unit" and found.code:
            codes[found.code] = None
        elif line.strip():
            filled.errors["unit_codes"] = f"第 {number} 行不是农药包装上的码：{found.says}"
    if len(codes) > MOST_UNIT_CODES:
        filled.errors["unit_codes"] = f"一次至多 {MOST_UNIT_CODES} 个追溯码"
    return list(codes)


def collect(filled: Filled) -> None:
    """封袋: one bag at its sealed weight."""
    bag = one_bag(filled)
    if "mass_g" not in bag and not filled.errors["mass_kg"]:
        filled.errors["mass_kg"] = NO_MASS
    filled.body["batches"] = [bag]
    filled.body["contents"] = contents(filled) or None


def contents(filled: Filled, recorded: Sequence[dict[str, Any]] = ()) -> list[dict[str, Any]]:
    """Return the rows with pieces; the first rows may be those that were `recorded` before.

    What was recorded by weight alone stays without pieces.
    """
    values = filled.values
    lines = []
    for n in sorted(int(found[1]) for name in values if (found := _PIECES.fullmatch(name))):
        pieces = unicodedata.normalize("NFKC", values[f"line-{n}-pieces"]).replace(" ", "")
        if pieces in ("", "0"):
            lines += [line for line in recorded[n : n + 1] if not line["pieces"]]
            continue
        sort = {part: values[f"line-{n}-{part}"] for part in ("material", "form", "size")}
        if not (pieces.isascii() and pieces.isdigit()):
            filled.errors[f"line-{n}-pieces"] = WRONG_PIECES
        elif len(pieces) > len(str(MOST_PIECES)):
            filled.errors[f"line-{n}-pieces"] = f"一次至多 {MOST_PIECES} 件"
        elif not all(sort.values()):
            filled.errors[f"line-{n}-pieces"] = "请选材质、形状和大小"
        else:
            before = recorded[n] if n < len(recorded) else {}
            lines.append({**before, **sort, "pieces": int(pieces)})
    return lines


def uncounted(filled: Filled) -> list[dict[str, Any]]:
    """Return the rows that are in what was weighed and that nobody has counted."""
    values = filled.values
    ticked = [at for name in values if (at := _UNCOUNTED.fullmatch(name)) and values[name]]
    return [
        {part: values[f"line-{n}-{part}"] for part in ("material", "form", "size")} | {"pieces": 0}
        for n in sorted(int(at[1]) for at in ticked)
    ]


def wrong_lines(filled: Filled) -> bool:
    """Tell whether a row does not fit."""
    return any(map(_PIECES.fullmatch, filled.errors))
