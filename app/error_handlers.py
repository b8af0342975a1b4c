"""DomainError → `application/problem+json` (RFC 9457), or a page for a person. HTTP lives here."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.db import is_away, sqlstate
from app.errors import (
    BodyTooLarge,
    DomainError,
    Internal,
    InvalidBody,
    InvalidQuery,
    Kind,
    MethodNotAllowed,
    NotFound,
    NotSignedIn,
    Unavailable,
)
from app.logging import log
from app.templating import render
from app.web import field_errors, language

STATUS = {
    Kind.INVALID: 422,
    Kind.CONFLICT: 409,
    Kind.ABSENT: 404,
    Kind.FORBIDDEN: 403,
    Kind.UNAUTHENTICATED: 401,
    Kind.TOO_LARGE: 413,
    Kind.UNSUPPORTED: 415,
    Kind.TOO_MANY: 429,
    Kind.UNAVAILABLE: 503,
}
OVERRIDES = {MethodNotAllowed: 405, Internal: 500}


def status_of(error: DomainError) -> int:
    """Return the HTTP status of a problem."""
    return OVERRIDES.get(type(error), STATUS[error.kind])


def problem_of(error: DomainError, request: Request) -> dict[str, Any]:
    """Return the whole problem document in the caller's language."""
    tongue = language(request)
    problem = error.problem(tongue)
    if error.kind is Kind.INVALID and "pointer" in problem:
        # One rule that names its place answers in the shape that validation has.
        problem.setdefault("errors", [{k: problem[k] for k in ("pointer", "detail")}])
    problem["status"] = status_of(error)
    problem["instance"] = getattr(request.state, "request_id", "")
    return problem


def answer(error: DomainError, request: Request) -> Response:
    """Answer a request with a problem: JSON under the API, a page for a browser elsewhere."""
    if isinstance(error, NotSignedIn) and request.method == "GET" and _wants_page(request):
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/sign-in?next={quote(here, safe='/')}", 303)
    status = status_of(error)
    headers: dict[str, str] = {}
    if status == 503:  # noqa: PLR2004
        headers["Retry-After"] = "5"
    if status == 401:  # noqa: PLR2004
        headers["WWW-Authenticate"] = "Bearer"
    if "retry_after_s" in error.extras:
        headers["Retry-After"] = str(error.extras["retry_after_s"])
    if "allow" in error.extras:
        headers["Allow"] = str(error.extras["allow"])
    problem = problem_of(error, request)
    if _wants_page(request):
        page = render(request, "problem.html", {"problem": problem}, status=status)
        page.headers.update(headers)
        return page
    return JSONResponse(
        problem, status, headers=headers, media_type="application/problem+json; charset=utf-8"
    )


def _wants_page(request: Request) -> bool:
    path = request.url.path
    if path.startswith(("/api/", "/epcis", "/log")) or path in {"/api", "/readyz", "/healthz"}:
        return False
    return "text/html" in request.headers.get("accept", "")


async def _domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)
    return answer(error, request)


async def _query_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # Two dependencies of a route may read the same part: it is said once.
    told = {(one["pointer"], one["detail"]): one for one in field_errors(error.errors())}
    errors = list(told.values())
    first = errors[0]
    if first["pointer"].startswith("/path/") and _wants_page(request):
        # To a person an address with an impossible part leads nowhere, like any other.
        return answer(NotFound(what=request.url.path), request)
    return answer(
        InvalidQuery(
            reason=f"{first['pointer']} {first['detail']}",
            reason_en=f"{first['pointer']} {first['detail_en']}",
            errors=errors,
        ),
        request,
    )


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:  # noqa: PLR2004
        allow = (error.headers or {}).get("Allow", "")
        return answer(MethodNotAllowed(method=request.method, allow=allow), request)
    if error.status_code == 404:  # noqa: PLR2004
        return answer(NotFound(what=request.url.path), request)
    if error.status_code == 413:  # noqa: PLR2004
        return answer(BodyTooLarge(limit_bytes=0), request)
    return answer(InvalidBody(reason=str(error.detail)), request)


async def _cut_off(request: Request, _: Exception) -> Response:
    """Answer a client that broke off its upload and hears nothing: no fault of ours."""
    return answer(InvalidBody.at("", "上传中断", "the upload broke off"), request)


async def _database_error(request: Request, error: Exception) -> Response:
    if is_away(error):
        log.warning("database away", error=type(error).__name__)
        return answer(Unavailable(), request)
    # Class 22 is PostgreSQL's «data exception»: a value from outside that no column can hold.
    if isinstance(error, DBAPIError) and sqlstate(error).startswith("22"):
        reason, reason_en = "数据库不接受这个值", "the database cannot hold such a value"
        return answer(InvalidQuery(reason=reason, reason_en=reason_en), request)
    return await _fault(request, error)


async def _fault(request: Request, error: Exception) -> Response:
    log.error("fault", exc_info=error)
    return answer(Internal(request=getattr(request.state, "request_id", "")), request)


def install(app: FastAPI) -> None:
    """Register the handlers."""
    handlers: dict[Any, Callable[[Request, Exception], Awaitable[Response]]] = {
        DomainError: _domain_error,
        RequestValidationError: _query_error,
        HTTPException: _http_error,
        ClientDisconnect: _cut_off,
        DBAPIError: _database_error,
        PoolTimeout: _database_error,
        OSError: _database_error,
        Exception: _fault,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
