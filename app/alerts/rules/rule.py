"""What a rule is, for people: its name, its law, what closes it, which bounds it has. Pure."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["high", "medium", "low"]
SEVERITY_NAMES: dict[Severity, str] = {"high": "严重", "medium": "一般", "low": "提示"}


@dataclass(frozen=True)
class Rule:
    """A rule of alerts; its thresholds are data, by the keys named here with their units."""

    name: str
    title: str
    severity: Severity
    law: str
    """The article, document or practice it rests on."""
    subject: str
    """What a finding's subject is, in Chinese."""
    closes: str
    """What makes a finding close by itself, in Chinese."""
    units: dict[str, str]
    """The unit of each threshold, by key."""
