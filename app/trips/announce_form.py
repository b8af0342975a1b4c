"""The form that announces a run, as it was typed and as the order it makes. Pure.

A run has one day; each stop says where it loads, where that goes, and perhaps at what time. Rows
that were left empty are no stops.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.trips.schemas import MAX_STOPS

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST_ROWS, MORE_ROWS = 1, 3
PARTS = {
    "origin": "from",
    "destination": "to",
    "pick_up_at": "at",
    "deliver_at": "by",
}
"""The fields of a row, `<part>-<n>`, by what the wire calls them."""
_DAY, _TIME = re.compile(r"\d{4}-\d{2}-\d{2}"), re.compile(r"(\d{1,2}):(\d{2})")
_LONGEST = 200


@dataclass
class Typed:
    """What was typed, the order it makes, and a sentence for each field that does not fit."""

    values: dict[str, str]
    body: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    stops: list[int] = field(default_factory=list)
    """The row of each stop of the order."""

    @property
    def rows(self) -> int:
        """How many rows the form shows."""
        return int(self.values["rows"])

    def field_at(self, pointer: str) -> str:
        """Return the field that a JSON pointer into the order means."""
        head, *rest = pointer.strip("/").split("/")
        if head != "stops":
            return head
        row = self.stops[int(rest[0])] if rest and int(rest[0]) < len(self.stops) else 0
        return f"{PARTS.get(rest[-1] if rest else '', 'from')}-{row}"


def typed(items: Iterable[tuple[str, Any]]) -> Typed:
    """Return a form as it was sent, with room for at least one stop."""
    values = dict.fromkeys(("id", "vehicle", "carrier", "driver", "day", "county"), "")
    for name, value in items:
        if isinstance(value, str):
            values[name] = "".join(c for c in value[:_LONGEST] if c.isprintable()).strip()
    wanted = values.get("rows", "")
    rows = int(wanted) if wanted.isdecimal() else FIRST_ROWS
    values["rows"] = str(min(max(rows, FIRST_ROWS), MAX_STOPS))
    for n in range(int(values["rows"])):
        for part in PARTS.values():
            values.setdefault(f"{part}-{n}", "")
    return Typed(values)


def with_more_rows(form: Typed) -> Typed:
    """Return the form with more rows; they go where the last one goes."""
    values = form.values
    rows = form.rows
    values["rows"] = str(min(rows + MORE_ROWS, MAX_STOPS))
    for n in range(rows, form.rows):
        values |= {f"{part}-{n}": "" for part in PARTS.values()}
        values[f"to-{n}"] = values[f"to-{rows - 1}"]
    return form


def fill(form: Typed, own: str | None) -> Typed:
    """Make the order; `own` is the site of who announces: the run begins or ends there."""
    values = form.values
    filled_rows = [n for n in range(form.rows) if values[f"from-{n}"]]
    form.stops = filled_rows or [0]
    stops = [_stop(form, n) for n in form.stops]
    if own and not form.errors and all(own not in stop.values() for stop in stops):
        form.errors["from-0"] = "这一趟里要有本站：从本站装货，或者运到本站"
    plate = unicodedata.normalize("NFKC", values["vehicle"])
    if not plate:
        form.errors["vehicle"] = "请填写车牌号"
    body = {
        "id": values["id"],
        "vehicle": plate,
        "carrier": values["carrier"] or None,
        "driver": values["driver"] or None,
        "stops": stops,
    }
    form.body = {name: value for name, value in body.items() if value is not None}
    return form


def _stop(form: Typed, n: int) -> dict[str, Any]:
    values, errors = form.values, form.errors
    stop: dict[str, Any] = {"origin": values[f"from-{n}"], "destination": values[f"to-{n}"]}
    if not stop["origin"]:
        errors[f"from-{n}"] = "请选择装货的站点"
    if not stop["destination"]:
        errors[f"to-{n}"] = "请选择运到哪里"
    day = _day(form) if values["day"] or values[f"at-{n}"] or values[f"by-{n}"] else None
    pick_up = _at(form, f"at-{n}", day)
    deliver = _at(form, f"by-{n}", day)
    if pick_up and deliver and deliver <= pick_up:
        # It drives through the night.
        deliver += timedelta(days=1)
    times = {"pick_up_at": pick_up, "deliver_at": deliver}
    return stop | {name: at.isoformat() for name, at in times.items() if at}


def _day(form: Typed) -> datetime | None:
    text = form.values["day"]
    try:
        if _DAY.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
    except ValueError:
        pass
    form.errors["day"] = "请填是哪一天" if not text else "没有这一天"
    return None


def _at(form: Typed, name: str, day: datetime | None) -> datetime | None:
    text = unicodedata.normalize("NFKC", form.values[name])
    if not text:
        return None
    found = _TIME.fullmatch(text)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:  # noqa: PLR2004
        form.errors[name] = "请填几点几分，例如 9:30"
        return None
    return day.replace(hour=int(found[1]), minute=int(found[2])) if day else None
