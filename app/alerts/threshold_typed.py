"""The form of a new threshold as a person fills it in, and what it means. Pure."""

from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData

from app.alerts.rules.rule import Rule

MOST_DIGITS = 12
TEXTS = ("key", "value", "area", "valid_from", "valid_to", "source")


@dataclass(frozen=True)
class Typed:
    """What was typed, and what is wrong with it by field."""

    values: dict[str, str]
    season: frozenset[str] = frozenset()
    errors: dict[str, str] = field(default_factory=dict)

    def error(self, name: str) -> str:
        """Return what is wrong with a field, if anything."""
        return self.errors.get(name, "")

    def body(self, rule: Rule) -> dict[str, Any]:
        """Return the body of an entry; what is no number is left as it was typed."""
        value = self.values["value"].replace(",", "").replace("，", "")
        is_number = value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS
        return {
            "rule": rule.name,
            "key": self.values["key"],
            "value": int(value) if is_number else value,
            "area": self.values["area"] or None,
            "season": sorted(int(m) for m in self.season if m.isascii() and m.isdigit()) or None,
            "valid_from": self.values["valid_from"],
            "valid_to": self.values["valid_to"] or None,
            "source": self.values["source"],
        }


def fresh(rule: Rule, today: str) -> Typed:
    """Return an empty form."""
    values = dict.fromkeys(TEXTS, "") | {"key": next(iter(rule.units), ""), "valid_from": today}
    return Typed(values)


def typed_in(form: FormData) -> Typed:
    """Return a form as it was sent; what is missing is empty."""
    given = {name: form.get(name) for name in TEXTS}
    values = {name: one.strip() if isinstance(one, str) else "" for name, one in given.items()}
    return Typed(values, frozenset(m for m in form.getlist("season") if isinstance(m, str)))
