"""The page of the recovery report: the table, a chart of it, and how the figures are made."""

from datetime import UTC, datetime
from typing import Annotated
from unicodedata import normalize
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.areas.read import today
from app.auth.access import SignedIn
from app.db import Reading
from app.errors import InvalidQuery
from app.reports.formulae import METHOD_WORDS
from app.reports.masses import Basis
from app.reports.periods import parse_period
from app.reports.recovery import By, recovery
from app.templating import render

router = APIRouter(include_in_schema=False)

UNFIT = 422
ON_OPENING: dict[str, By] = {"city": "county", "county": "county", "township": "county"}
"""What a role sees before it has chosen: the level below its own."""


@router.get("/reports/recovery")
async def show_recovery(
    request: Request,
    caller: SignedIn,
    session: Reading,
    *,
    period: Annotated[str, Query(max_length=20)] = "",
    by: By | None = None,
    basis: Basis = "origin",
    pilot: Annotated[str, Query(pattern="^(true|false)?$")] = "",
) -> Response:
    year = today().year
    period, error = normalize("NFKC", period).strip().upper() or str(year), ""
    try:
        asked = parse_period(period)
    except InvalidQuery:
        asked = parse_period(str(year))
        error = (
            f"“{period}”不是期间，请写成 {year}、{year}-Q3 或 {year}-09。现在显示的是 {year} 年。"
        )
    by = by or ON_OPENING.get(caller.role, "area")
    report = await recovery(
        session,
        caller,
        asked,
        now=datetime.now(UTC),
        by=by,
        basis=basis,
        pilot=pilot == "true" if pilot else None,
    )
    filters = {"period": period, "by": by, "basis": basis, "pilot": pilot}
    exported = urlencode({**filters, "period": asked.text})
    values = {
        "rows": report.rows,
        "total": report.total,
        "filters": filters,
        "period": asked.words,
        "error": error,
        "periods": _periods(year),
        "as_of": report.as_of,
        "log": {"size": report.log_size},
        "method": METHOD_WORDS,
        "exports": [{"href": f"/api/v1/reports/recovery.csv?{exported}", "name": "下载表格"}],
    }
    return render(request, "report_recovery.html", values, UNFIT if error else 200)


def _periods(year: int) -> list[str]:
    """Return the periods offered while typing: this year and its quarters, then the last."""
    return [f"{y}{part}" for y in (year, year - 1) for part in ("", "-Q1", "-Q2", "-Q3", "-Q4")]
