"""The form of a new threshold as a person fills it in, and what it means. Pure."""

from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData

from app.alerts.rules.rule import Rule

TEXTS = ("key", "value", "area", "valid_from", "valid_to", "source")


@dataclass(frozen=True)
class Typed:
    """What was typed, and what is wrong with it by field."""

    values: dict[str, str]
    season: frozenset[str] = frozenset()
    errors: dict[str, str] = field(default_factory=dict)

    def body(self, rule: Rule) -> dict[str, Any]:
        """Return the body of an entry; `errors` has what cannot be read at all."""
        value, number = self.values["value"].replace(",", "").replace("，", ""), -1
        if value.isascii() and value.isdigit():
            number = int(value[:12])
        else:
            self.errors["value"] = "请填整数"
        months = sorted(int(one) for one in self.season if one.isascii() and one.isdigit())
        return {
            "rule": rule.name,
            "key": self.values["key"],
            "value": max(number, 0),
            "area": self.values["area"] or None,
            "season": months or None,
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
