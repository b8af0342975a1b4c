"""The form of a transport policy as the row it declares. Pure: its rules are asked by declaring it."""

from typing import Any

from app.events.as_typed import Blank, Filled
from app.events.declare_transport import MOST_G, MOST_HOURS, MOST_PERMILLE, MOST_WORKDAYS
from app.trips.policy import Policy
from app.typed_numbers import in_kilograms

DECISIONS = ("unlisted_recycler", "expired_permit", "cement_kiln")
FIELD_OF = {"difference_permille": "difference_percent", "difference_g": "difference_kg"}
"""Fields that are called otherwise than what they hold on the wire."""


def fill(values: Blank) -> Filled:
    """Return the form as one row of a declaration; `errors` says at which field it does not fit."""
    filled = Filled("transport_policies", values)
    row: dict[str, Any] = {
        "area": filled.text("area", "请选择哪个地区"),
        "valid_from": filled.text("valid_from", "请填从哪一天起施行"),
        "valid_to": filled.text("valid_to"),
        **{name: filled.text(name, "请选择") for name in DECISIONS},
        "deliver_within_h": _whole(filled, "deliver_within_h", MOST_HOURS, "小时"),
        "confirm_workdays": _whole(filled, "confirm_workdays", MOST_WORKDAYS, "个工作日"),
        "difference_permille": _permille(filled),
        "difference_g": _grams(filled),
        "document": filled.text("document", "请填文号；没有文号的，写明依据"),
    }
    filled.body = {name: value for name, value in row.items() if value is not None}
    return filled


def fetched(values: Blank, policy: Policy) -> Blank:
    """Return the form with the figures of a policy; the area, the days and the document stay."""
    return Blank(
        {name: values[name] for name in ("id", "area", "valid_from", "valid_to", "document")}
        | {name: getattr(policy, name) for name in DECISIONS}
        | {
            "deliver_within_h": str(policy.deliver_within_h),
            "confirm_workdays": str(policy.confirm_workdays),
            "difference_percent": f"{policy.difference_permille / 10:g}",
            "difference_kg": in_kilograms(policy.difference_g),
        }
    )


def _whole(filled: Filled, name: str, most: int, unit: str) -> int | None:
    wrong = f"请填 1 至 {most} 的整数（{unit}）"
    found = filled.number(name, 0, wrong)
    if name not in filled.errors and (found is None or not 1 <= found <= most):
        filled.errors[name] = wrong
    return found


def _permille(filled: Filled) -> int | None:
    wrong = "请填百分数，最多一位小数，例如 5 或 2.5"
    found = filled.number("difference_percent", 1, wrong)
    if not filled.errors["difference_percent"] and (
        found is None or not 1 <= found <= MOST_PERMILLE
    ):
        filled.errors["difference_percent"] = wrong
    return found


def _grams(filled: Filled) -> int | None:
    found = filled.grams("difference_kg", most=MOST_G)
    if found is None and not filled.errors["difference_kg"]:
        filled.errors["difference_kg"] = "请填千克数，例如 20"
    return found
