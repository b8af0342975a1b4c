"""Which bags and containers a form names, and what each weighed. Pure."""

import re
from collections.abc import Iterator
from typing import Any

from app.events.as_typed import Blank, Filled
from app.events.fields import MAX_GROUP_G

NO_BAGS = "请勾选或输入至少一袋"
NOT_OVER_TARE = "毛重应大于皮重"
ONE_WEIGHING = "毛重和净重只填一个"
_WEIGHED = re.compile(r"(.+?)\s+(\d+[.．]\d+)\s*(?:kg|千克|公斤)?", re.IGNORECASE)


def one_bag(filled: Filled) -> dict[str, Any]:
    """Return the one bag of a hand-in or a collect."""
    code = filled.text("code", "请输入标签码")
    return weighed(filled, code or "", "mass_kg")


def weighed(filled: Filled, code: str, name: str) -> dict[str, Any]:
    """Return a bag with the net mass that a field holds, if any."""
    grams = filled.grams(name)
    return {"code": code} if grams is None else {"code": code, "mass_g": grams}


def bags(filled: Filled) -> list[dict[str, Any]]:
    """Return what was typed and ticked; a container may carry its gross mass and its tare."""
    found = typed_bags(filled)
    found += [ticked(filled, code) for code in sorted(filled.values["picked"])]
    if not found and not filled.errors["codes"]:
        filled.errors["codes"] = NO_BAGS
    return found


def ticked(filled: Filled, code: str) -> dict[str, Any]:
    """Return one bag or container of a list, as it was weighed."""
    gross, tare = f"gross_kg-{code}", f"tare_kg-{code}"
    if not filled.values[gross]:
        return weighed(filled, code, f"mass_kg-{code}")
    return {"code": code, **gross_and_tare(filled, gross, tare)}


def gross_and_tare(filled: Filled, gross: str, tare: str) -> dict[str, int]:
    """Return `gross_g`, and `tare_g` where it was typed: else the label's own tare counts."""
    gross_g = filled.grams(gross, most=MAX_GROUP_G)
    tare_g = filled.grams(tare, least=0, most=MAX_GROUP_G)
    if gross_g is not None and tare_g is not None and tare_g >= gross_g:
        filled.errors[gross] = NOT_OVER_TARE
    found = {"gross_g": gross_g, "tare_g": tare_g}
    return {key: grams for key, grams in found.items() if grams is not None}


def on_one_scale(filled: Filled, container: str | None = None) -> dict[str, Any]:
    """Return how many were weighed at once: `container` gross, or all that is named net."""
    found: dict[str, Any] = {}
    if container and filled.values["gross_kg"]:
        found["weighed"] = {
            "container": container,
            **gross_and_tare(filled, "gross_kg", "tare_kg"),
        }
    net_g = filled.grams("group_kg", most=MAX_GROUP_G)
    if net_g is not None:
        if found:
            filled.errors["group_kg"] = ONE_WEIGHING
        found["group_mass_g"] = net_g
    return found


def typed_bags(filled: Filled, name: str = "codes") -> list[dict[str, Any]]:
    """Return the bags typed one a line, each code perhaps with its kilograms.

    A code may be typed with spaces, so a weight is told by its decimal point.
    """
    found = []
    for line, code, kilograms in _lines(filled.values[name]):
        bag: dict[str, Any] = {"code": code}
        if kilograms:
            one = Filled(filled.kind, Blank(mass=kilograms))
            bag["mass_g"] = one.grams("mass")
            if one.errors:
                filled.errors[name] = f"{line}：{one.errors['mass']}"
        found.append(bag)
    return found


def codes_typed(text: str) -> list[str]:
    """Return the codes of lines as they were typed, without their weights."""
    return [code for _, code, _ in _lines(text)]


def _lines(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield each line that says something, its code, and its kilograms as text."""
    for line in filter(None, map(str.strip, text.splitlines())):
        weight = _WEIGHED.fullmatch(line)
        yield (line, weight[1], weight[2]) if weight else (line, line, "")


def suffixes(values: Blank, prefix: str) -> list[str]:
    """Return what follows a prefix in the names of fields: mostly codes."""
    return sorted(name.removeprefix(prefix) for name in values if name.startswith(prefix))
