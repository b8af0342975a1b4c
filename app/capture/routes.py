"""`/api/v1/capture/pack`: what a phone keeps for a village without signal.

The queue itself is sent to `/api/v1/capture`, see app/events/routes.py.
"""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from app.auth.access import SignedIn
from app.auth.permissions import require
from app.capture.pack import pack_of, tag_of
from app.db import Reading

router = APIRouter(prefix="/api/v1", tags=["events"])

UNCHANGED = 304


@router.get("/capture/pack", summary="手机离线登记所需的资料")
async def get_pack(request: Request, caller: SignedIn, session: Reading) -> Response:
    require(caller, "capture.pack")
    pack = await pack_of(session, caller)
    headers = {"ETag": tag_of(pack), "Vary": "Cookie, Authorization"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=UNCHANGED, headers=headers)
    return JSONResponse(pack, headers=headers)
