"""A form that was sent after its session ended: what was typed comes along through signing in.

The fields travel in the pages themselves, hidden and prefixed, so nothing is stored for anybody
who did not sign in. Afterwards the form is shown again as it was, to be sent by the person.
"""

from typing import Any

from fastapi import Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from app.templating import render

_PREFIX = "kept-"
_ENDED = "登录已过期。您填的内容还在，登录后可以接着登记。"
UNAUTHENTICATED = 401

Fields = list[tuple[str, str]]


def fields_of(form: FormData) -> Fields:
    """Return the text fields of a form, repeated names too, in their order."""
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]


def kept_in(form: FormData) -> Fields:
    """Return the fields that came along with a sign-in, by their own names."""
    fields = fields_of(form)
    return [(n.removeprefix(_PREFIX), value) for n, value in fields if n.startswith(_PREFIX)]


def as_kept(fields: Fields) -> Fields:
    """Return fields under the names that a sign-in carries them by."""
    return [(_PREFIX + name, value) for name, value in fields]


def ask_to_sign_in(request: Request, fields: Fields) -> Response:
    """Answer a form of nobody: sign in, and what was typed is still there."""
    values: dict[str, Any] = {
        "username": "",
        "next": request.url.path,
        "error": _ENDED,
        "kept": as_kept(fields),
    }
    page = render(request, "auth/sign_in.html", values, UNAUTHENTICATED)
    page.headers["Cache-Control"] = "no-store"
    return page
