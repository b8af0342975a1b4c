"""A filled-in form as an event's body: kilograms to grams, yuan to fen, rows to contents.

What people type is kept as text, so that a form comes back as it was; what cannot be read gets a
sentence at its field. Pure: the rules of recording are asked afterwards, through `record`.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.events.fields import MAX_MASS_G, PHONE

_NUMBER = re.compile(r"\d{1,7}(\.\d{1,3})?")
_WEIGHED = re.compile(r"(.+?)\s+(\d+[.．]\d+)\s*(?:kg|千克|公斤)?", re.IGNORECASE)
_PIECES = re.compile(r"line-(\d{1,3})-pieces")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?")
_LONGEST = 20_000
ONE_BAG = frozenset({"hand_in", "collect"})
OTHER_NAMES = {"payment": "payment_yuan", "group_mass_g": "group_kg"}
"""Fields of the form that are called otherwise than what they become."""
NO_BAGS = "请勾选或输入至少一袋"
WRONG_KILOGRAMS = "请填千克数，小数点写成“.”，最多三位小数，例如 7.25"
WRONG_PIECES = "件数应为整数，例如 12"
MOST_PIECES = 999_999
WRONG_MASS = "重量应在 0.001 至 {most_kg} 千克之间"
MAX_LOAD_G = 40_000_000
"""What a lorry of 49 t may carry, roughly: a whole load on one scale."""


class Blank(dict[str, Any]):
    """A mapping that answers an empty text for what it does not hold."""

    def __missing__(self, key: str) -> str:
        return ""


@dataclass
class Filled:
    """What was typed, the body it makes, and a sentence for each field that does not fit."""

    kind: str
    values: Blank
    body: dict[str, Any] = field(default_factory=dict)
    errors: Blank = field(default_factory=Blank)

    def text(self, name: str, missing: str = "") -> str | None:
        """Return a field's text or None; `missing` is said where it must be there."""
        typed: str = self.values[name]
        if not typed and missing:
            self.errors[name] = missing
        return typed or None

    def plain(self, name: str, missing: str = "") -> str | None:
        """Return a field's text with full-width letters and digits as plain ones."""
        text = self.text(name, missing)
        return unicodedata.normalize("NFKC", text) if text else None

    def number(self, name: str, places: int, wrong: str) -> int | None:
        """Return a decimal of up to `places` places as an integer of its smallest part."""
        try:
            return scaled(self.values[name], places)
        except ValueError:
            self.errors[name] = wrong
            return None

    def grams(self, name: str, most_g: int = MAX_MASS_G) -> int | None:
        """Return the grams of a field in kilograms, at most `most_g`."""
        grams = self.number(name, 3, WRONG_KILOGRAMS)
        if grams is not None and not 1 <= grams <= most_g:
            self.errors[name] = WRONG_MASS.format(most_kg=most_g // 1000)
            return None
        return grams

    def field_at(self, pointer: str) -> str:
        """Return the field of the form that a JSON pointer into the body means."""
        steps = pointer.strip("/").split("/")
        match steps:
            case ["batches", n, *rest] if n.isdigit() and self.kind not in ONE_BAG:
                weight = f"mass_kg-{self.body['batches'][int(n)]['code']}"
                return weight if rest[-1:] == ["mass_g"] and weight in self.values else "codes"
            case ["batches", *rest]:
                single = "mass_kg" if rest[-1:] == ["mass_g"] else "code"
                return single if self.kind in ONE_BAG else "codes"
            case ["exceptions", n, *_] if n.isdigit():
                return f"reason-{self.body['exceptions'][int(n)]['code']}"
            case ["giver", part]:
                return f"giver_{part}"
            case _:
                return OTHER_NAMES.get(steps[0], steps[0])


def scaled(text: str, places: int) -> int | None:
    """Return a typed decimal times 10 to the `places`, None where nothing was typed.

    Full-width digits and a Chinese full stop for the point are read too, as phones write them.
    Raises ValueError for anything else, or for more places.
    """
    plain = unicodedata.normalize("NFKC", text).replace(" ", "").replace("。", ".")
    if not plain:
        return None
    if not _NUMBER.fullmatch(plain):
        raise ValueError(text)
    whole = Decimal(plain).scaleb(places)
    if whole != int(whole):
        raise ValueError(text)
    return int(whole)


def typed(items: Iterable[tuple[str, Any]]) -> Blank:
    """Return what a form sent: texts by name, and under `picked` the set of codes ticked."""
    values = Blank(picked=set())
    for name, value in items:
        if not isinstance(value, str):
            continue
        text = "".join(c for c in value[:_LONGEST] if c.isprintable() or c in "\r\n").strip()
        if name == "pick":
            values["picked"].add(text)
        elif name != "picked":
            values[name] = text
    return values


def fill(kind: str, values: Blank, now: datetime) -> Filled:
    """Return a form as the body of an event; an empty time means `now`."""
    filled = Filled(kind, values)
    filled.body = {
        "id": values["id"],
        "kind": kind,
        "site": filled.text("site", "请填写站点"),
        "occurred_at": _time(filled, now),
        "note": filled.text("note"),
    }
    _KINDS[kind](filled)
    filled.body = {key: value for key, value in filled.body.items() if value is not None}
    return filled


def _time(filled: Filled, now: datetime) -> str:
    text: str = filled.values["occurred_at"]
    if not text:
        return now.isoformat()
    if not _TIME.fullmatch(text):
        filled.errors["occurred_at"] = "请填年月日和时间"
    return f"{text if len(text) > len('2026-01-01T00:00') else text + ':00'}+08:00"


def _hand_in(filled: Filled) -> None:
    filled.body["batches"] = [_one_bag(filled)]
    filled.body["contents"] = _contents(filled) or None
    if not filled.body["contents"] and not any(map(_PIECES.fullmatch, filled.errors)):
        filled.errors["contents"] = "请至少填写一种包装的件数"
    giver = {key: filled.text(f"giver_{key}") for key in ("kind", "name", "village")}
    giver["phone"] = filled.plain("giver_phone")
    if giver["phone"] and not re.fullmatch(PHONE, giver["phone"]):
        filled.errors["giver_phone"] = "请填电话号码，例如 13800138000"
    if any(giver.values()):
        known = {key: value for key, value in giver.items() if value}
        filled.body["giver"] = {"kind": "unknown", **known}
    fen = filled.number("payment_yuan", 2, "请填金额，最多两位小数，例如 3.50")
    if fen:
        filled.body["payment"] = {"fen": fen, "basis": "pieces"}


def _collect(filled: Filled) -> None:
    bag = _one_bag(filled)
    if "mass_g" not in bag and not filled.errors["mass_kg"]:
        filled.errors["mass_kg"] = "请填写封袋后的净重"
    filled.body["batches"] = [bag]
    filled.body["contents"] = _contents(filled) or None


def _store(filled: Filled) -> None:
    filled.body["batches"] = _bags(filled)


def _depart(filled: Filled) -> None:
    filled.body |= {
        "batches": _bags(filled),
        "destination": filled.text("destination", "请选择运到哪里"),
        "vehicle": filled.plain("vehicle", "请填写车牌号"),
        "trip": filled.plain("trip"),
        "driver": filled.text("driver"),
        "manifest": filled.plain("manifest"),
    }


def _arrive(filled: Filled) -> None:
    values = filled.values
    bags, exceptions = _typed_bags(filled), []
    for code in _suffixes(values, "outcome-"):
        outcome = values[f"outcome-{code}"]
        if outcome in ("arrived", "damaged"):
            bags.append(_weighed(filled, code, f"mass_kg-{code}"))
        if outcome not in ("arrived", "later"):
            reason = filled.text(f"reason-{code}", "请写明原因")
            exceptions.append({"code": code, "outcome": outcome, "reason": reason})
    if not bags and not exceptions:
        filled.errors["codes"] = NO_BAGS
    group_g = filled.grams("group_kg", MAX_LOAD_G)
    if group_g is not None and any("mass_g" in bag for bag in bags):
        filled.errors["group_kg"] = "已经填了单袋重量，整车重量就不要再填"
    filled.body |= {
        "batches": bags,
        "group_mass_g": group_g,
        "exceptions": exceptions or None,
        "trip": filled.text("trip"),
        "difference_reason": filled.text("difference_reason"),
    }


def _dispose(filled: Filled) -> None:
    method = filled.text("method", "请选择处理方式")
    hazardous, reused = method == "hazardous", method == "resource_use"
    filled.body |= {
        "batches": _bags(filled),
        "method": method,
        "certificate": filled.text("certificate", "请填写处理证明编号"),
        "product": filled.text("product") if reused else None,
        "manifest": filled.plain("manifest", "请填写 14 位联单号") if hazardous else None,
    }


_KINDS = {
    "hand_in": _hand_in,
    "collect": _collect,
    "store": _store,
    "depart": _depart,
    "arrive": _arrive,
    "dispose": _dispose,
}


def _one_bag(filled: Filled) -> dict[str, Any]:
    code = filled.text("code", "请输入标签码")
    return _weighed(filled, code or "", "mass_kg")


def _weighed(filled: Filled, code: str, name: str) -> dict[str, Any]:
    grams = filled.grams(name)
    return {"code": code} if grams is None else {"code": code, "mass_g": grams}


def _bags(filled: Filled) -> list[dict[str, Any]]:
    bags = _typed_bags(filled)
    bags += [_weighed(filled, c, f"mass_kg-{c}") for c in sorted(filled.values["picked"])]
    if not bags and not filled.errors["codes"]:
        filled.errors["codes"] = NO_BAGS
    return bags


def _typed_bags(filled: Filled) -> list[dict[str, Any]]:
    """Return the bags typed one a line, each code perhaps with its kilograms.

    A code may be typed with spaces, so a weight is told by its decimal point.
    """
    bags = []
    for line in filter(None, map(str.strip, filled.values["codes"].splitlines())):
        weighed = _WEIGHED.fullmatch(line)
        bag: dict[str, Any] = {"code": weighed[1] if weighed else line}
        if weighed:
            one = Filled(filled.kind, Blank(mass=weighed[2]))
            bag["mass_g"] = one.grams("mass")
            if one.errors:
                filled.errors["codes"] = f"{line}：{one.errors['mass']}"
        bags.append(bag)
    return bags


def _contents(filled: Filled) -> list[dict[str, Any]]:
    values = filled.values
    lines = []
    for n in sorted(int(found[1]) for name in values if (found := _PIECES.fullmatch(name))):
        pieces = unicodedata.normalize("NFKC", values[f"line-{n}-pieces"]).replace(" ", "")
        if pieces in ("", "0"):
            continue
        sort = {part: values[f"line-{n}-{part}"] for part in ("material", "form", "size")}
        if not (pieces.isascii() and pieces.isdigit()):
            filled.errors[f"line-{n}-pieces"] = WRONG_PIECES
        elif len(pieces) > len(str(MOST_PIECES)):
            filled.errors[f"line-{n}-pieces"] = f"一次至多 {MOST_PIECES} 件"
        elif not all(sort.values()):
            filled.errors[f"line-{n}-pieces"] = "请选材质、形状和大小"
        else:
            lines.append({**sort, "pieces": int(pieces)})
    return lines


def _suffixes(values: Blank, prefix: str) -> list[str]:
    return sorted(name.removeprefix(prefix) for name in values if name.startswith(prefix))
