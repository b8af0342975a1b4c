"""What a form of an entry is told when it is refused, and where it leads when it is not."""

from uuid import UUID

from fastapi.responses import RedirectResponse, Response

from app.errors import InvalidBody
from app.registers.errors import (
    RegisterEntryChanged,
    RegisterEntryDuplicate,
    RegisterEntryWithdrawn,
)
from app.registers.register import Register
from app.registers.shown import Shown

LISTS = "/plan/registers"
Refused = InvalidBody | RegisterEntryChanged | RegisterEntryDuplicate | RegisterEntryWithdrawn
REFUSED = (InvalidBody, RegisterEntryChanged, RegisterEntryDuplicate, RegisterEntryWithdrawn)
"""What is told on the form that was sent; other problems have a page of their own."""


def linked(register: Register) -> Shown:
    """Return a register as its forms lead back to it."""
    return {
        "name": register.name,
        "page": f"{LISTS}/{register.slug}",
        "personal": bool(register.personal),
    }


def done_with(slug: str, entry: UUID, done: str) -> Response:
    """Lead to the entry after a form, which says there what was done."""
    return RedirectResponse(f"{LISTS}/{slug}/{entry}?done={done}", 303)


def problem_of(register: Register, error: Refused | None, entry: Shown | None) -> Shown | None:
    """Return what is told on top of a form, with the entry to look at, if there is one."""
    if error is None:
        return None
    title, detail = error.words()
    if isinstance(error, InvalidBody):
        return {"title": "还没有保存", "detail": "请改正下面的内容，再点一次。", "entry": None}
    look = None
    if isinstance(error, RegisterEntryDuplicate) and error.extras["entry"]:
        page = f"{LISTS}/{register.slug}/{error.extras['entry']}"
        look = {"page": page, "words": f"看已登记的这一条：{error.extras['standing']}"}
    elif entry is not None:
        look = {"page": entry["page"], "words": "看这一条现在的内容"}
    if isinstance(error, RegisterEntryChanged):
        detail += "您填的还在；看过以后再点一次保存，就以您填的为准。"
    return {"title": f"还没有保存：{title}", "detail": detail, "entry": look}
