"""The form of a new address as a person fills it in."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import FormData

from app.ids import SYSTEM, uuid7

TEXTS = ("id", "url", "area")


@dataclass(frozen=True)
class Typed:
    """What was typed, and what is wrong with it by field; `id` makes one form one address."""

    values: dict[str, str]
    rules: frozenset[str] = frozenset()
    errors: dict[str, str] = field(default_factory=dict)

    def error(self, name: str) -> str:
        """Return what is wrong with a field, if anything."""
        return self.errors.get(name, "")

    @property
    def body(self) -> dict[str, Any]:
        """Return the body of an entry."""
        return {
            "url": self.values["url"],
            "area": self.values["area"],
            "rules": sorted(self.rules),
        }


def fresh(area: str) -> Typed:
    """Return an empty form."""
    return Typed({"id": str(uuid7(SYSTEM, datetime.now(UTC))), "url": "", "area": area})


def typed_in(form: FormData) -> Typed:
    """Return a form as it was sent; what is missing is empty."""
    given = {name: form.get(name) for name in TEXTS}
    values = {name: one.strip() if isinstance(one, str) else "" for name, one in given.items()}
    return Typed(values, frozenset(r for r in form.getlist("rules") if isinstance(r, str)))
