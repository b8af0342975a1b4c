"""`/api/v1/transport-policies`: what areas ask of transport, and when; declared as events."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query

from app.areas.read import today
from app.auth.access import SignedIn
from app.auth.permissions import require
from app.db import Reading
from app.trips.policy_shown import PolicyPage, all_policies, policy_of

router = APIRouter(prefix="/api/v1", tags=["trips"])


@router.get("/transport-policies", summary="各地运输管理规定；写 county，只答那天适用的一条")
async def get_policies(
    caller: SignedIn,
    session: Reading,
    *,
    county: Annotated[str | None, Query(pattern="^[0-9]{6}$")] = None,
    on: Annotated[date | None, Query(description="哪一天，默认今天")] = None,
) -> PolicyPage:
    require(caller, "trips.read")
    day = on or today()
    if county is not None:
        return PolicyPage(items=[await policy_of(session, county, day)])
    return PolicyPage(items=await all_policies(session, day))
