"""Which of the planted irregularities the alerts have found, and what else they tell. Pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from app.demo.planted import Planted


@dataclass(frozen=True)
class Alert:
    """What an alert is about."""

    rule: str
    subject: str
    events: frozenset[str]
    bags: frozenset[str]

    def is_about(self, planted: Planted) -> bool:
        """Tell whether it is about something planted, whichever rule was to find it."""
        return planted.explains(self.subject, self.events, self.bags)


@dataclass(frozen=True)
class Row:
    """Of one rule: how many were planted and found, and how many alerts there are besides.

    `beside` are alerts about something planted for another rule: a bag that is missing at arrival
    is overdue three days later. `others` nobody planted.
    """

    rule: str
    planted: int
    found: int
    beside: int
    others: int


def compare(
    rules: Iterable[str], planted: Sequence[Planted], alerts: Collection[Alert]
) -> list[Row]:
    """Return a row for each rule, in their order."""
    return [_row(rule, planted, [one for one in alerts if one.rule == rule]) for rule in rules]


def missed(planted: Sequence[Planted], alerts: Collection[Alert]) -> list[Planted]:
    """Return what was planted and not found by its rule."""
    return [
        one
        for one in planted
        if not any(alert.rule == one.rule and alert.is_about(one) for alert in alerts)
    ]


def unexplained(planted: Sequence[Planted], alerts: Collection[Alert]) -> list[Alert]:
    """Return the alerts that are about nothing planted."""
    return [alert for alert in alerts if not any(alert.is_about(one) for one in planted)]


def _row(rule: str, planted: Sequence[Planted], alerts: Sequence[Alert]) -> Row:
    mine = [one for one in planted if one.rule == rule]
    meant = [alert for alert in alerts if any(alert.is_about(one) for one in mine)]
    others = unexplained(planted, alerts)
    return Row(
        rule,
        len(mine),
        len(mine) - len(missed(mine, alerts)),
        len(alerts) - len(meant) - len(others),
        len(others),
    )
