"""Pages: sign in, sign out, and set a password through a one-time link. They need no script."""

from datetime import UTC, datetime

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from app.auth.access import Visitor, require_same_origin
from app.auth.errors import PasswordTooWeak, TooManyAttempts, WrongCredentials
from app.auth.kept_form import Fields, as_kept, kept_in
from app.auth.schemas import Credentials
from app.auth.sessions import COOKIE, clear_cookie, close_session, set_cookie
from app.auth.setup_links import account_of_link, use_link
from app.auth.sign_in import sign_in
from app.auth.throttle import peer_of
from app.db import Databases, Reading
from app.errors import InvalidBody
from app.templating import render
from app.web import validate

router = APIRouter(include_in_schema=False)

UNFIT = 422
MOST_FIELDS = 2_050
"""As many as the largest form that a sign-in carries along, and its own."""
STATUS = {WrongCredentials: 401, TooManyAttempts: 429}


def local_path(address: str) -> str:
    """Return where to go next, which is a path of ours or else the home page.

    Browsers read a backslash as a slash and drop tabs and newlines, so neither may be there.
    """
    ours = address.startswith("/") and not address.startswith("//")
    clean = "\\" not in address and address.isprintable()
    return address if ours and clean else "/"


def _typed(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


def _sign_in_form(
    request: Request,
    *,
    username: str,
    onward: str,
    kept: Fields,
    error: str | None = None,
    status: int = 200,
) -> Response:
    values = {"username": username, "next": onward, "error": error, "kept": as_kept(kept)}
    page = render(request, "auth/sign_in.html", values, status)
    page.headers["Cache-Control"] = "no-store"
    return page


@router.get("/sign-in")
async def show_sign_in(request: Request, caller: Visitor, next: str = "/") -> Response:  # noqa: A002
    if caller is not None:
        return RedirectResponse(local_path(next), 303)
    return _sign_in_form(request, username="", onward=local_path(next), kept=[])


@router.post("/sign-in", dependencies=[Depends(require_same_origin)])
async def post_sign_in(request: Request, database: Databases) -> Response:
    form = await request.form(max_fields=MOST_FIELDS)
    username, onward = _typed(form, "username"), local_path(_typed(form, "next"))
    kept = kept_in(form)
    try:
        typed = validate(Credentials, {"username": username, "password": _typed(form, "password")})
        caller, secret = await sign_in(
            database,
            typed.username,
            typed.password,
            peer=peer_of(request),
            now=datetime.now(UTC),
            hours=request.app.state.settings.session_hours,
        )
    except InvalidBody:
        error = "请输入账号和密码，再点“登录”。"
        return _sign_in_form(
            request, username=username, onward=onward, kept=kept, error=error, status=UNFIT
        )
    except (WrongCredentials, TooManyAttempts) as refusal:
        page = _sign_in_form(
            request,
            username=username,
            onward=onward,
            kept=kept,
            error=refusal.words()[1],
            status=STATUS[type(refusal)],
        )
        if "retry_after_s" in refusal.extras:
            page.headers["Retry-After"] = str(refusal.extras["retry_after_s"])
        return page
    request.state.account = caller
    answer: Response = RedirectResponse(onward, 303)
    if kept:
        answer = render(request, "auth/resume.html", {"next": onward, "kept": kept})
    set_cookie(answer, request, secret)
    return answer


@router.post("/sign-out")
async def post_sign_out(request: Request, caller: Visitor, database: Databases) -> Response:
    if caller is not None and caller.token is None:
        async with database.write() as session:
            await close_session(session, request.cookies[COOKIE])
    answer = RedirectResponse("/sign-in", 303)
    clear_cookie(answer, request)
    return answer


def _setup_form(
    request: Request, *, username: str, error: str | None, status: int = 200
) -> Response:
    page = render(request, "auth/setup.html", {"username": username, "error": error}, status)
    page.headers["Cache-Control"] = "no-store"
    return page


@router.get("/setup/{token}")
async def show_setup(request: Request, session: Reading, token: str) -> Response:
    account = await account_of_link(session, token, datetime.now(UTC))
    return _setup_form(request, username=account.username, error=None)


@router.post("/setup/{token}", dependencies=[Depends(require_same_origin)])
async def post_setup(request: Request, database: Databases, token: str) -> Response:
    now = datetime.now(UTC)
    async with database.read() as session:
        account = await account_of_link(session, token, now)
    form = await request.form()
    password = _typed(form, "password")
    error = None
    if password != _typed(form, "again"):
        error = "两次输入的密码不一样，请重新输入。"
    else:
        try:
            caller, secret = await use_link(
                database,
                token,
                password,
                now=now,
                hours=request.app.state.settings.session_hours,
            )
        except PasswordTooWeak as refusal:
            error = refusal.words()[1]
    if error:
        return _setup_form(request, username=account.username, error=error, status=UNFIT)
    request.state.account = caller
    answer = RedirectResponse("/", 303)
    set_cookie(answer, request, secret)
    return answer
