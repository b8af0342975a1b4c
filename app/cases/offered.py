"""Which steps a caller is offered on a case, in the order of their buttons."""

from app.auth.caller import Caller
from app.auth.permissions import allows

ACT_NAMES = {
    "acknowledge": "认领",
    "note": "写处理情况",
    "resolve": "办结",
    "reopen": "重新打开",
}


def acts_for(caller: Caller, state: str | None) -> list[tuple[str, str]]:
    """Return (act, name) of the steps that fit a case's state; None: there is no case yet."""
    acts = ["note"] if allows(caller, "cases.note") else []
    if allows(caller, "cases.work"):
        if state in (None, "open"):
            acts = ["acknowledge", *acts, "resolve"]
        elif state == "acknowledged":
            acts = [*acts, "resolve"]
        else:
            acts = [*acts, "reopen"]
    return [(act, ACT_NAMES[act]) for act in acts]
