"""Filled-in forms of what a store does with its bags: 装箱 拆箱 分拣 盘点 核销. Pure."""

import re
from typing import Any

from app.events.as_typed import Filled
from app.events.named_bags import NO_BAGS, bags, on_one_scale, ticked, typed_bags, weighed
from app.typed_numbers import scaled

REMOVED = ("foreign", "moisture", "leak")
"""What a repack may take out, in the order of the form."""
REPACKS = ("sort", "mix", "relabel")
"""What a repack is called when it begins: the first is shown where nothing was chosen."""
_OUTPUT = re.compile(r"out-(\d{1,3})-(?:code|kg)")
NO_WEIGHT = "请填这一袋的重量"
NO_NEW_BAG = "请填写至少一个新袋和它的重量"


def pack(filled: Filled) -> None:
    """装箱: bags into a container, perhaps all of it on one scale."""
    container = filled.text("container", "请选择或输入容器的标签码")
    filled.body |= {
        "container": container,
        "batches": bags(filled),
        **on_one_scale(filled, container),
    }


def unpack(filled: Filled) -> None:
    """拆箱: bags out of a container; what stays in it may be weighed."""
    container = filled.text("container", "请选择或输入容器的标签码")
    filled.body |= {
        "container": container,
        "batches": bags(filled),
        **on_one_scale(filled, container),
    }


def stock_count(filled: Filled) -> None:
    """盘点: bags that were seen, and those found that nobody had recorded, each with its mass."""
    opening = typed_bags(filled, "opening")
    if opening and not all("mass_g" in bag for bag in opening) and not filled.errors["opening"]:
        filled.errors["opening"] = "期初库存每一袋都要写重量，例如 8.25"
    seen = bags(filled) if not opening or _names_bags(filled) else []
    filled.body |= {
        "batches": seen + opening,
        "reason": filled.text("reason"),
        "case": filled.plain("case"),
        **on_one_scale(filled),
    }


def _names_bags(filled: Filled) -> bool:
    return bool(filled.values["picked"] or filled.values["codes"])


def write_off(filled: Filled) -> None:
    """核销: bags taken off the books, and why."""
    filled.body |= {
        "batches": bags(filled),
        "reason": filled.text("reason", "请写明核销的原因"),
        "case": filled.plain("case"),
    }


def repack(filled: Filled) -> None:
    """分拣、合并、换签: what went in, what came out, what was taken out, to the gram."""
    if filled.values["as"] == "relabel":
        _relabel(filled)
        return
    inputs = typed_bags(filled) + [_input(filled, c) for c in sorted(filled.values["picked"])]
    if not inputs:
        filled.errors["codes"] = NO_BAGS
    elif any("mass_g" not in bag for bag in typed_bags(filled)) and not filled.errors["codes"]:
        filled.errors["codes"] = "投入的每一袋都要写重量，例如 8.25"
    outputs = _outputs(filled)
    if not outputs and not any(map(_OUTPUT.fullmatch, filled.errors)):
        filled.errors["sum"] = NO_NEW_BAG
    filled.body |= {
        "inputs": inputs,
        "outputs": outputs,
        "mode": filled.values["as"] if filled.values["as"] in REPACKS else REPACKS[0],
        "removed": removed(filled) or None,
        "reason": filled.text("reason"),
    }
    check_balance(filled)


def _relabel(filled: Filled) -> None:
    old = filled.text("old_code", "请输入旧标签码")
    new = filled.text("new_code", "请输入新标签码")
    bag = weighed(filled, old or "", "mass_kg")
    if "mass_g" not in bag and not filled.errors["mass_kg"]:
        filled.errors["mass_kg"] = NO_WEIGHT
    bag |= _as_held(filled, "mass_kg", "held_kg")
    filled.body |= {
        "inputs": [bag],
        "outputs": [{**bag, "code": new or ""}],
        "mode": "mix",
        "reason": "relabel",
    }


def _input(filled: Filled, code: str) -> dict[str, Any]:
    name = f"mass_kg-{code}"
    bag = ticked(filled, code)
    if "mass_g" not in bag and not filled.errors[name]:
        filled.errors[name] = NO_WEIGHT
    return bag | _as_held(filled, name, f"held_kg-{code}")


def _as_held(filled: Filled, name: str, held: str) -> dict[str, str]:
    """Say `carried` where the weight that the form came with was left: nobody weighed again."""
    values = filled.values
    if not values[held] or filled.errors[name]:
        return {}
    return {"mass_source": "carried"} if scaled(values[name], 3) == scaled(values[held], 3) else {}


def _outputs(filled: Filled) -> list[dict[str, Any]]:
    found = []
    rows = {int(row[1]) for name in filled.values if (row := _OUTPUT.fullmatch(name))}
    for n in sorted(rows):
        code, kg = f"out-{n}-code", f"out-{n}-kg"
        if not filled.values[code] and not filled.values[kg]:
            continue
        filled.text(code, "请输入新袋的标签码")
        bag = weighed(filled, filled.values[code], kg)
        if "mass_g" not in bag and not filled.errors[kg]:
            filled.errors[kg] = NO_WEIGHT
        if filled.values[f"out-{n}-material"]:
            bag["material"] = filled.values[f"out-{n}-material"]
        filled.rows.append(n)
        found.append(bag)
    return found


def removed(filled: Filled) -> list[dict[str, Any]]:
    """Return what was taken out, by reason."""
    weights = {reason: filled.grams(f"removed_kg-{reason}") for reason in REMOVED}
    return [{"reason": reason, "mass_g": grams} for reason, grams in weights.items() if grams]


def check_balance(filled: Filled) -> None:
    """Say in words how many grams are missing or too many; nothing while a weight is missing."""
    if filled.errors:
        return
    in_g, out_g, removed_g = (
        sum(part["mass_g"] for part in filled.body.get(name) or ())
        for name in ("inputs", "outputs", "removed")
    )
    wrong = off_balance(in_g, out_g, removed_g)
    if wrong:
        filled.errors["sum"] = wrong


def off_balance(in_g: int, out_g: int, removed_g: int) -> str:
    """Return a sentence about what does not add up, empty where it does; static/events/sum.js."""
    left = in_g - out_g - removed_g
    if left > 0:
        return f"还有 {left} 克没有着落：投入比产出加剔除多。请核对重量，或写进剔除。"
    return f"多出 {-left} 克：产出加剔除比投入多。请核对重量。" if left else ""
