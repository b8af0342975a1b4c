"""A form as it was typed, and how its texts are read: kilograms as grams, yuan as fen.

What people type is kept as text, so that a form comes back as it was; what cannot be read gets a
sentence at its field. Pure.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from app.events.fields import MAX_MASS_G
from app.typed_numbers import scaled

ONE_BAG = frozenset({"hand_in", "collect"})
WRONG_KILOGRAMS = "请填千克数，小数点写成“.”，最多三位小数，例如 7.25"
_LONGEST = 20_000
PARTS = {"mass_g": "mass_kg", "gross_g": "gross_kg", "tare_g": "tare_kg"}
"""The fields of a bag's weights, by what the wire calls them."""
FIELDS = {
    "outputs": "sum",
    "group_mass_g": "group_kg",
    "weighed": "gross_kg",
    "weighed/container": "container",
    "weighed/tare_g": "tare_kg",
    "payment": "payment_yuan",
}
"""Fields that are called otherwise than what they hold on the wire."""


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
    rows: list[int] = field(default_factory=list)
    """Of a repack: the row of the form in which each output was typed."""
    listed: bool = False
    """Every bag has its own row, as in a correction: none is typed."""

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

    def grams(self, name: str, *, least: int = 1, most: int = MAX_MASS_G) -> int | None:
        """Return the grams of a field in kilograms, where they lie from `least` to `most`."""
        grams = self.number(name, 3, WRONG_KILOGRAMS)
        if grams is not None and not least <= grams <= most:
            low = "0" if least == 0 else "0.001"
            self.errors[name] = f"重量应在 {low} 至 {most // 1000} 千克之间"
            return None
        return grams

    def field_at(self, pointer: str) -> str:
        """Return the field of the form that a JSON pointer into the body means."""
        steps = pointer.removeprefix("/replacement").strip("/").split("/")
        name, *rest = steps
        if rest and rest[0].isdigit():
            return self._row_field(name, int(rest[0]), rest[-1])
        if name in ("batches", "inputs"):
            return self._codes_field
        if name == "giver" and rest:
            return f"giver_{rest[0]}"
        return FIELDS.get("/".join(steps)) or FIELDS.get(name, name)

    def _row_field(self, name: str, n: int, part: str) -> str:
        """Return the field of one item of a list; `part` is what of it is meant, or its number."""
        if name in ("batches", "inputs", "outputs"):
            if name == "outputs" and not self._single and not self.listed:
                row = {"mass_g": "kg", "material": "material"}.get(part, "code")
                return f"out-{self.rows[n]}-{row}" if n < len(self.rows) else "sum"
            if self._single and not self.listed:
                new = "new_code" if name == "outputs" else self._codes_field
                return "mass_kg" if part == "mass_g" else new
            return self._weight_field(self.body[name][n]["code"], part)
        if name == "removed":
            return f"removed_kg-{self.body['removed'][n]['reason']}"
        if name == "exceptions":
            code = self.body["exceptions"][n]["code"]
            return f"reason-{code}" if f"outcome-{code}" in self.values else "missing"
        return name

    def _weight_field(self, code: str, part: str) -> str:
        """Return the field of a bag in a list: its weight, its row, or the typed codes."""
        weight = f"{PARTS.get(part, 'mass_kg')}-{code}"
        if part in PARTS and weight in self.values:
            return weight
        return f"bag-{code}" if self.listed or code in self.values["picked"] else "codes"

    @property
    def _single(self) -> bool:
        """Tell whether the form is about one bag, with fields of its own."""
        return self.kind in ONE_BAG or self.values["as"] == "relabel"

    @property
    def _codes_field(self) -> str:
        if not self._single:
            return "codes"
        return "code" if self.kind in ONE_BAG else "old_code"


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
