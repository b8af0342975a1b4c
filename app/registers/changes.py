"""What each change of an entry changed, in words: from what to what. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from app.registers.register import DOCUMENT, NAME, VALID_FROM, VALID_TO, Register
from app.registers.shown import Shown

NOTHING = "未填"


def changes_of(register: Register, history: Sequence[Shown]) -> list[Shown]:
    """Return versions of `look.py`, the newest first, each with `act` and `changes`.

    `act` is `added`, `changed` or `withdrawn`; None for the oldest where older ones are not
    shown. A change has `label`, `before` and `after`. Personal data is in neither.
    """
    if not history:
        return []
    told = [
        {
            **after,
            "act": "withdrawn" if after["withdrawn"] and not before["withdrawn"] else "changed",
            "changes": _between(register, _parts(before), _parts(after)),
        }
        for after, before in pairwise(history)
    ]
    first = history[-1]
    return [*told, {**first, "act": "added" if first["version"] == 1 else None, "changes": []}]


def _parts(version: Mapping[str, Any]) -> dict[str, str]:
    parts = {
        NAME: version["name"],
        **version["shown"],
        **{part: version[part] for part in (DOCUMENT, VALID_FROM, VALID_TO)},
    }
    return {part: str(value) for part, value in parts.items() if value is not None}


def _between(
    register: Register, before: Mapping[str, str], after: Mapping[str, str]
) -> list[dict[str, str]]:
    return [
        {"label": label, "before": before.get(part, NOTHING), "after": after.get(part, NOTHING)}
        for part, label in register.columns.items()
        if before.get(part) != after.get(part)
    ]


def standing(entry: Shown, on: date) -> Shown:
    """Return whether an entry holds on a day, as `state` and in words."""
    if entry["withdrawn"]:
        return {"state": "withdrawn", "words": "已移出"}
    if on < entry["valid_from"]:
        return {"state": "to_come", "words": f"尚未生效，自 {entry['valid_from']} 起有效"}
    if entry["valid_to"] and entry["valid_to"] < on:
        return {"state": "over", "words": f"已于 {entry['valid_to']} 届满"}
    return {"state": "in_force", "words": "有效"}
