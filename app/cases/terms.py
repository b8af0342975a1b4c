"""Within how many working days a case is to be resolved: which dated row holds. Rows are data."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.cases.models import CaseTerm
from app.config import ROOT

DEFAULTS = ROOT / "app" / "cases" / "data" / "terms.csv"
ASSUMED = "[assume]"


@dataclass(frozen=True)
class Term:
    """A row: for a rule, for a severity, or, where both are None, for every case."""

    reason: str | None
    severity: str | None
    working_days: int
    valid_from: date
    valid_to: date | None
    source: str

    @property
    def assumed(self) -> bool:
        """Tell whether nobody has decreed it."""
        return self.source.startswith(ASSUMED)


@dataclass(frozen=True)
class Terms:
    """All rows, in the order in which they were entered; the defaults come first."""

    rows: Sequence[Term]

    def of(self, reason: str, severity: str, on: date) -> Term:
        """Return the term of a case whose time begins on a day.

        A rule's row comes before its severity's; among those alike the one that begins last,
        then the one entered last. The defaults cover every severity.
        """
        fitting = [
            (row.reason is not None, row.severity is not None, row.valid_from, place, row)
            for place, row in enumerate(self.rows)
            if row.reason in (None, reason)
            and row.severity in (None, severity)
            and row.valid_from <= on
            and (row.valid_to is None or on <= row.valid_to)
        ]
        if fitting:
            return max(fitting, key=lambda one: one[:-1])[-1]
        # Before the first row begins: what came with the platform.
        return next(row for row in self.rows if row.severity == severity)


@lru_cache(maxsize=1)
def defaults() -> tuple[Term, ...]:
    """Return the rows that come with the platform."""
    with DEFAULTS.open(encoding="utf-8", newline="") as file:
        return tuple(
            Term(
                row["reason"] or None,
                row["severity"] or None,
                int(row["working_days"]),
                date.fromisoformat(row["valid_from"]),
                None,
                row["source"],
            )
            for row in csv.DictReader(file)
        )


async def terms_of(session: AsyncSession) -> Terms:
    """Return every term; one query."""
    entered = select(CaseTerm).order_by(CaseTerm.entered_at, CaseTerm.id)
    rows = [
        Term(r.reason, r.severity, r.working_days, r.valid_from, r.valid_to, r.source)
        for r in await session.scalars(entered)
    ]
    return Terms([*defaults(), *rows])


async def enter_term(
    session: AsyncSession, term: Term, *, id_: UUID, by: UUID, now: datetime
) -> None:
    """Enter one row; it holds for cases whose time begins from its first day on."""
    session.add(CaseTerm(**vars(term), id=id_, entered_at=now, entered_by=by))
    await session.flush()
