"""Who is calling: the dependencies that every route and page names.

`SignedIn` refuses strangers, `Visitor` is None for them, `InPerson` refuses tokens too.
"""

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request

from app.auth.caller import Caller
from app.auth.sessions import COOKIE, caller_of_session
from app.auth.tokens import caller_of_token
from app.db import Databases
from app.errors import CrossOrigin, Forbidden, NotSignedIn

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def require_same_origin(request: Request) -> None:
    """Refuse a write that another site's page made a browser send; raises CrossOrigin.

    Browsers tell in headers that no page can forge: `Sec-Fetch-Site` over https, and `Origin` on
    every POST, PUT, PATCH and DELETE that crosses origins. Where neither is there, no page of
    another site is behind it (a script with a cookie jar is), and SameSite=Lax besides keeps the
    cookie off such requests, so it passes. Only the host of `Origin` is compared, because a proxy
    may end TLS; over https `Sec-Fetch-Site` has already told a page on plain http apart.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise CrossOrigin
        return
    origin = request.headers.get("origin")
    if origin is not None and _host_of(origin) != request.headers.get("host", "").lower():
        raise CrossOrigin


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None


async def _visitor(request: Request, database: Databases) -> Caller | None:
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    cookie = request.cookies.get(COOKIE)
    caller = None
    # A short read of its own: the connection is free again before the route begins.
    if scheme.lower() == "bearer":
        async with database.read() as session:
            caller = await caller_of_token(session, bearer.strip(), datetime.now(UTC))
        if caller is None:
            # A token that has ended is told so, even where strangers are welcome.
            raise NotSignedIn
    elif cookie:
        if request.method not in SAFE_METHODS:
            require_same_origin(request)
        async with database.read() as session:
            caller = await caller_of_session(session, cookie, datetime.now(UTC))
    request.state.account = caller
    return caller


Visitor = Annotated[Caller | None, Depends(_visitor)]


async def _signed_in(caller: Visitor) -> Caller:
    if caller is None:
        raise NotSignedIn
    return caller


SignedIn = Annotated[Caller, Depends(_signed_in)]


async def _in_person(caller: SignedIn) -> Caller:
    if caller.token is not None:
        raise Forbidden(
            action="请用账号密码登录后再做这件事", action_en="sign in with a password first"
        )
    return caller


InPerson = Annotated[Caller, Depends(_in_person)]
"""A person with a session: a token must not be able to prolong its own life."""
