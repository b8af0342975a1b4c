"""`/api/v1/session`, `/api/v1/me` and `/api/v1/tokens`."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from app.auth.access import InPerson, SignedIn, require_same_origin
from app.auth.permissions import require
from app.auth.schemas import Credentials, Me, NewToken, TokenMade, TokenPage, TokenShown
from app.auth.sessions import COOKIE, clear_cookie, close_session, set_cookie
from app.auth.sign_in import sign_in
from app.auth.throttle import peer_of
from app.auth.tokens import make_token, revoke_token, tokens_of
from app.db import Databases, Reading, Writing
from app.pagination import Cursor, Limit, after_row, micros_of, page
from app.web import json_of, takes

router = APIRouter(prefix="/api/v1")


@router.post(
    "/session", dependencies=[Depends(require_same_origin)], openapi_extra=takes(Credentials)
)
async def open_session(
    request: Request,
    response: Response,
    database: Databases,
    body: Annotated[Credentials, json_of(Credentials)],
) -> Me:
    caller, secret = await sign_in(
        database,
        body.username,
        body.password,
        peer=peer_of(request),
        now=datetime.now(UTC),
        hours=request.app.state.settings.session_hours,
    )
    request.state.account = caller
    set_cookie(response, request, secret)
    return Me.of(caller)


@router.delete("/session", status_code=204)
async def end_session(
    request: Request, response: Response, _caller: InPerson, session: Writing
) -> None:
    await close_session(session, request.cookies[COOKIE])
    clear_cookie(response, request)


@router.get("/me")
async def me(caller: SignedIn) -> Me:
    return Me.of(caller)


@router.post("/tokens", status_code=201, openapi_extra=takes(NewToken))
async def new_token(
    caller: InPerson, session: Writing, body: Annotated[NewToken, json_of(NewToken)]
) -> TokenMade:
    require(caller, "tokens.manage")
    token_id, secret, expires_at = await make_token(
        session, caller, name=body.name, days=body.expires_in_days, now=datetime.now(UTC)
    )
    return TokenMade(id=token_id, name=body.name, token=secret, expires_at=expires_at)


@router.get("/tokens", response_model=TokenPage)
async def list_tokens(
    caller: SignedIn, session: Reading, limit: Limit = 50, cursor: Cursor = None
) -> dict[str, Any]:
    require(caller, "tokens.manage")
    rows = await tokens_of(session, caller, before=after_row(cursor), limit=limit + 1)
    return page(rows, limit, lambda t: (micros_of(t.created_at), str(t.id)), TokenShown.of)


@router.delete("/tokens/{token_id}", status_code=204)
async def end_token(caller: SignedIn, session: Writing, token_id: UUID) -> None:
    require(caller, "tokens.manage")
    await revoke_token(session, caller, token_id, datetime.now(UTC))
