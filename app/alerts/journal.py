"""The journal of findings: that one opened, that one closed, each told once and never again.

A rebuild makes the same findings under the same ids, so what is in the journal stays as it is:
cases are not told twice, and outboxes, which read the journal in its order, replay nothing.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Identity, UniqueConstraint, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.alerts.models import Finding
from app.alerts.rules.catalogue import RULES
from app.cases.about import About
from app.cases.keep import causes_gone, come_back
from app.orm import Base

ABOUT = "alert"
OPENED, CLOSED = "opened", "closed"
FIELDS = ("rule", "subject", "window", "opening", "county", "site", "seen_by")
MOST_CHANGES = 2**31
"""More than one instant brings."""
Row = dict[str, Any]


class FindingChange(Base):
    """A finding that opened or closed; `seq` is their order, since one follower alone writes."""

    __tablename__ = "finding_change"
    __table_args__ = (
        UniqueConstraint("finding", "change"),
        CheckConstraint("change IN ('opened', 'closed')", name="change"),
    )

    seq: Mapped[int] = mapped_column(BigInteger(), Identity(always=True), primary_key=True)
    finding: Mapped[UUID]
    change: Mapped[str]
    at: Mapped[datetime]
    leaf_index: Mapped[int | None]
    """The causing leaf; null where time alone brought it."""
    rule: Mapped[str]
    subject: Mapped[str]
    window: Mapped[str]
    opening: Mapped[int]
    county: Mapped[str]
    site: Mapped[str | None]
    seen_by: Mapped[list[str]]
    """Who may see it, as it was then."""


def key_of(rule: str, subject: str, window: str) -> str:
    """Return the key that a case about an alert hangs on: the same for every opening."""
    return f"{rule}/{subject}/{window}"


async def note_changes(session: AsyncSession, findings: Sequence[Row]) -> None:
    """Journal what has become of findings, given as rows of their table, and tell their cases.

    In the follower's own transaction: a finding, its line and its case's line come together.
    """
    changes = [change for finding in findings for change in _changes_of(finding)]
    if not changes:
        return
    changes.sort(key=lambda row: (row["at"], row["opening"], row["change"] == CLOSED))
    made = await session.scalars(
        insert(FindingChange).on_conflict_do_nothing().returning(FindingChange),
        changes,
    )
    latest: dict[str, FindingChange] = {}
    for change in sorted(made, key=lambda row: (row.opening, row.change == CLOSED)):
        latest[key_of(change.rule, change.subject, change.window)] = change
    now = datetime.now(UTC)
    back = [
        about_of(change, change.finding, change.at)
        for change in latest.values()
        if change.change == OPENED and change.opening > 1
    ]
    gone = {key: change.at for key, change in latest.items() if change.change == CLOSED}
    await come_back(session, back, now=now)
    await causes_gone(session, ABOUT, gone, now=now)


def _changes_of(finding: Row) -> list[Row]:
    same = {name: finding[name] for name in FIELDS} | {"finding": finding["id"]}
    opened = same | {
        "change": OPENED,
        "at": finding["opened_at"],
        "leaf_index": finding["opened_leaf"],
    }
    if finding["closed_at"] is None:
        return [opened]
    closed = {"change": CLOSED, "at": finding["closed_at"], "leaf_index": finding["closed_leaf"]}
    return [opened, same | closed]


def about_of(row: Finding | FindingChange, finding: UUID, since: datetime) -> About:
    """Return what a case about a finding is about."""
    rule = RULES[row.rule]
    return About(
        kind=ABOUT,
        key=key_of(row.rule, row.subject, row.window),
        id=finding,
        title=rule.title,
        reason=rule.name,
        severity=rule.severity,
        county=row.county,
        site=row.site,
        seen_by=frozenset(row.seen_by),
        since=since,
    )


async def changes_after(session: AsyncSession, seq: int, limit: int) -> Sequence[FindingChange]:
    """Return journaled changes beyond a place, in their order."""
    query = select(FindingChange).where(FindingChange.seq > seq).order_by(FindingChange.seq)
    return (await session.scalars(query.limit(limit))).all()


async def changes_with(session: AsyncSession, last: FindingChange) -> Sequence[FindingChange]:
    """Return the changes after one that came at the same instant, up to the first that did not."""
    beyond = select(func.min(FindingChange.seq)).where(
        FindingChange.seq > last.seq, FindingChange.at != last.at
    )
    query = select(FindingChange).where(
        FindingChange.seq > last.seq,
        FindingChange.seq < func.coalesce(beyond.scalar_subquery(), last.seq + MOST_CHANGES),
    )
    return (await session.scalars(query.order_by(FindingChange.seq))).all()


async def last_change(session: AsyncSession) -> int:
    """Return the place of the latest change, 0 before the first."""
    return int(await session.scalar(select(func.max(FindingChange.seq))) or 0)
