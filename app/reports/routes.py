"""`/api/v1/reports/recovery` and its .csv."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response
from pydantic import BeforeValidator

from app.auth.access import SignedIn
from app.db import Reading
from app.reports.masses import Basis
from app.reports.periods import parse_period
from app.reports.recovery import By, Report, recovery
from app.reports.recovery_csv import recovery_csv

router = APIRouter(prefix="/api/v1/reports", tags=["reports"])

Pilots = Annotated[bool | None, BeforeValidator(lambda text: None if text == "" else text)]
"""`pilot=` without a value is all counties, as a form sends it."""


async def _asked(
    session: Reading,
    caller: SignedIn,
    period: Annotated[str, Query(max_length=20, description="2025、2025-H2、2025-Q3 或 2025-09")],
    *,
    by: Annotated[By | None, Query(description="不写时为本级")] = None,
    pilot: Annotated[Pilots, Query(description="只看试点县，或只看其他县")] = None,
    basis: Annotated[Basis, Query(description="按回收地或按所在地")] = "origin",
) -> Report:
    return await recovery(
        session,
        caller,
        parse_period(period),
        now=datetime.now(UTC),
        by=by,
        basis=basis,
        pilot=pilot,
    )


Asked = Annotated[Report, Depends(_asked)]


@router.get("/recovery", summary="回收率报表")
async def get_recovery(report: Asked) -> dict[str, Any]:
    return report.as_json()


@router.get("/recovery.csv", summary="回收率报表（.csv）")
async def get_recovery_csv(report: Asked) -> Response:
    name = f"recovery-{report.period.text}-{report.by}-{report.basis}.csv"
    return Response(
        recovery_csv(report),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
