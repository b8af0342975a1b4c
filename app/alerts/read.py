"""Findings that a caller's scope reaches, and how many are open."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.models import Finding
from app.alerts.rules.catalogue import RULES
from app.alerts.rules.rule import Severity
from app.alerts.thresholds import FOLLOWER
from app.areas.scope import Reach, within
from app.ledger.follow import cursor_of
from app.orm import overlaps

State = Literal["open", "closed"]


@dataclass(frozen=True)
class Counts:
    """How many findings are open in a reach, by rule, in the order of the catalogue."""

    by_rule: dict[str, int]
    log_size: int

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_rule.values())

    @property
    def by_severity(self) -> dict[Severity, int]:
        """The same by severity, the worst first; those that have none are 0."""
        found: dict[Severity, int] = {"high": 0, "medium": 0, "low": 0}
        for rule, count in self.by_rule.items():
            found[RULES[rule].severity] += count
        return found


def findings_within(reach: Reach) -> ColumnElement[bool]:
    """Return the WHERE clause that keeps findings inside `reach`: by the sites concerned."""
    return within(reach, seen_by=Finding.seen_by)


async def list_findings(
    session: AsyncSession,
    reach: Reach,
    *,
    state: State | None = None,
    rule: str | None = None,
    counties: Collection[str] = (),
    before: tuple[datetime, UUID] | None = None,
    limit: int,
) -> Sequence[Finding]:
    """Return findings in reach, the newest first by (opened_at, id).

    `counties` keeps those that concern one of them, as where they happened or as sender.
    """
    query = (
        select(Finding)
        .where(findings_within(reach))
        .order_by(Finding.opened_at.desc(), Finding.id.desc())
        .limit(limit)
    )
    if state is not None:
        is_open = Finding.closed_at.is_(None)
        query = query.where(is_open if state == "open" else ~is_open)
    if rule is not None:
        query = query.where(Finding.rule == rule)
    if counties:
        query = query.where(overlaps(Finding.seen_by, sorted(counties)))
    if before is not None:
        query = query.where(tuple_(Finding.opened_at, Finding.id) < before)
    return (await session.scalars(query)).all()


async def find_finding(session: AsyncSession, reach: Reach, finding: UUID) -> Finding | None:
    """Return a finding in reach, None where there is none."""
    return await session.scalar(
        select(Finding).where(Finding.id == finding, findings_within(reach))
    )


async def counts_of(session: AsyncSession, reach: Reach) -> Counts:
    """Return how many findings are open in reach; one scan of those that are open."""
    rows = await session.execute(
        select(Finding.rule, func.count())
        .where(findings_within(reach), Finding.closed_at.is_(None))
        .group_by(Finding.rule)
    )
    found: dict[str, int] = {rule: count for rule, count in rows}  # noqa: C416  rows are not pairs to mypy
    ordered = {rule: found[rule] for rule in RULES if rule in found}
    return Counts(ordered, await judged_size(session))


async def judged_size(session: AsyncSession) -> int:
    """Return the size of the log that findings are of."""
    return await cursor_of(session, FOLLOWER)
