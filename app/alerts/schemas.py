"""Wire shapes of alerts and of thresholds."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from app.alerts.models import Finding, Threshold
from app.alerts.rules.catalogue import RULES
from app.alerts.rules.rule import Rule
from app.events.declare_reference import AreaCode, Dated
from app.events.fields import Words
from app.web import Unfit

MOST = 1_000_000_000
MOST_OF_A_UNIT = {"%": 100_000, "d": 3_650, "m": 1_000_000, "km/h": 10_000, "h": 24}
"""A bound beyond these is a slip of the hand; days, added to a date, must still make a date."""
MONTHS = 12


class LogSize(BaseModel):
    """The size of the log that an answer is of."""

    size: int


class AlertShown(BaseModel):
    """A finding: what a rule found wrong, with its figures, events and batches."""

    id: UUID
    rule: str
    title: str
    severity: str
    state: str
    subject: str
    window: str
    opening: int
    county: str
    site: str | None
    figures: dict[str, Any]
    events: list[UUID]
    batches: list[str]
    opened_at: datetime
    opened_leaf: int | None
    closed_at: datetime | None
    closed_leaf: int | None
    log: LogSize

    @classmethod
    def of(cls, row: Finding) -> Self:
        """Return a stored finding."""
        rule = RULES[row.rule]
        return cls(
            id=row.id,
            rule=row.rule,
            title=rule.title,
            severity=rule.severity,
            state="open" if row.closed_at is None else "closed",
            subject=row.subject,
            window=row.window,
            opening=row.opening,
            county=row.county,
            site=row.site,
            figures=row.figures,
            events=row.events,
            batches=row.batches,
            opened_at=row.opened_at,
            opened_leaf=row.opened_leaf,
            closed_at=row.closed_at,
            closed_leaf=row.closed_leaf,
            log=LogSize(size=row.log_size),
        )


class AlertPage(BaseModel):
    """A page of findings, the newest first, and the size of the log that is judged."""

    items: list[AlertShown]
    next_cursor: str | None
    log: LogSize


class ThresholdShown(BaseModel):
    """A dated bound, and where it comes from."""

    id: UUID
    rule: str
    key: str
    value: int
    unit: str
    area: str | None
    season: list[int] | None
    valid_from: date
    valid_to: date | None
    source: str
    assumed: bool
    entered_at: datetime

    @classmethod
    def of(cls, row: Threshold) -> Self:
        """Return a stored row; `assumed` where its source is marked [assume]."""
        return cls(
            id=row.id,
            rule=row.rule,
            key=row.key,
            value=row.value,
            unit=row.unit,
            area=row.area,
            season=row.season,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            source=row.source,
            assumed=row.source.startswith("[assume]"),
            entered_at=row.entered_at,
        )


class RuleShown(BaseModel):
    """A rule, what it rests on, what closes its findings, and its thresholds in force today."""

    rule: str
    title: str
    severity: str
    law: str
    subject: str
    closes: str
    thresholds: list[ThresholdShown]

    @classmethod
    def of(cls, rule: Rule, rows: list[Threshold]) -> Self:
        """Return a rule with its rows."""
        return cls(
            rule=rule.name,
            title=rule.title,
            severity=rule.severity,
            law=rule.law,
            subject=rule.subject,
            closes=rule.closes,
            thresholds=[ThresholdShown.of(row) for row in rows],
        )


class RuleList(BaseModel):
    """All rules, in the order in which people are told of them."""

    items: list[RuleShown]
    log: LogSize


class ThresholdEntry(Dated):
    """A bound as the province enters it; its unit is the rule's."""

    rule: str
    key: str
    value: Annotated[int, Field(ge=0, le=MOST)]
    area: AreaCode | None = None
    season: Annotated[list[int], Field(min_length=1, max_length=MONTHS)] | None = None
    source: Words

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        rule = RULES.get(self.rule)
        if rule is None:
            raise Unfit("没有这条规则", "is not a rule", "/rule")
        if self.key not in rule.units:
            keys = "、".join(rule.units) or "（无）"
            raise Unfit(f"这条规则的界限有：{keys}", f"must be one of {list(rule.units)}", "/key")
        unit = rule.units[self.key]
        most = MOST_OF_A_UNIT.get(unit, MOST)
        if self.value > most:
            raise Unfit(f"不得大于 {most} {unit}", f"must be at most {most} {unit}", "/value")
        months = self.season or []
        if len(set(months)) < len(months) or not all(1 <= m <= MONTHS for m in months):
            raise Unfit(
                "月份为 1 至 12，不重复", "must be months from 1 to 12, each once", "/season"
            )
        return self
