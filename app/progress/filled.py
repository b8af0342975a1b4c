"""The form of a year's value as a body: what was typed is kept, so that it comes back. Pure."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.events.as_typed import Blank
from app.plan.linked import Row
from app.progress.wording import plain

FIELDS = ("year", "value", "unit", "source", "url", "note", "withdraw", "number", "seen_year")


@dataclass
class Filled:
    """What was typed, and a sentence for each field that does not fit."""

    values: dict[str, str]
    errors: Blank = field(default_factory=Blank)

    @property
    def year(self) -> int | None:
        """The year that was typed, in full width too; None for anything else."""
        return _digits(self.values["year"].removesuffix("年"))

    def saw(self, standing: Row | None) -> None:
        """Note which entry of the form's year is on the screen with it."""
        self.values["seen_year"] = str(self.year or "")
        self.values["number"] = str(standing["number"]) if standing else ""

    def body(self) -> dict[str, Any] | None:
        """Return the body to be entered, or None where there is no year.

        The number of the entry that was seen counts for the year it was seen in alone.
        """
        typed = self.values
        if self.year is None:
            self.errors["year"] = "请填四位年份，如 2025"
            return None
        given: dict[str, Any] = {
            name: typed[name] for name in ("unit", "source", "url", "note") if typed[name]
        }
        if typed["unit"]:
            given["value"] = None if typed["withdraw"] else typed["value"]
        seen = typed["seen_year"] == str(self.year)
        return {"year": self.year, "number": _digits(typed["number"]) if seen else None, **given}


def fill(typed: Mapping[str, str]) -> Filled:
    """Return a form as it was sent; what is missing is empty."""
    return Filled({name: typed.get(name, "").strip() for name in FIELDS})


def fresh(unit: str | None, year: int | None, standing: Row | None) -> Filled:
    """Return the form of a year with what stands, to be corrected, or with nothing."""
    filled = fill({"unit": unit or "", "year": str(year or "")})
    if standing:
        filled.values |= {name: standing[name] or "" for name in ("source", "url", "note")}
        filled.values["value"] = "" if standing["value"] is None else plain(standing["value"])
    return filled


def _digits(text: str) -> int | None:
    plain_text = unicodedata.normalize("NFKC", text).strip()
    found = plain_text.isascii() and plain_text.isdigit() and len(plain_text) <= len("9999")
    return int(plain_text) if found else None
