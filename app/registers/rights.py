"""Who may read a register, and who may write to it: the departments printed beside its section."""

from app.auth.caller import Caller
from app.auth.permissions import allows, require
from app.errors import Forbidden, InvalidBody, NotSignedIn
from app.registers.errors import RegisterIsLive, RegisterNotYours
from app.registers.register import Register

LIVE_SOURCES = {
    "pilots": ("试点县指定", "designation of pilot counties"),
    "resource_units": ("资源化利用单位名单", "list of resource-use units"),
}
RIGHT = "registers.edit"


def is_official(caller: Caller | None) -> bool:
    """Tell whether the caller reads lists that are not published, and who entered what."""
    return caller is not None and allows(caller, "registers.read")


def may_edit(caller: Caller | None, register: Register) -> bool:
    """Tell whether the caller is of the province and of a department on the printed list."""
    return (
        caller is not None
        and allows(caller, RIGHT)
        and any(one.department == caller.department for one in register.responsible)
    )


def require_reader(caller: Caller | None, register: Register) -> None:
    """Let anyone read a published register, officials the others; NotSignedIn, Forbidden."""
    if register.public or is_official(caller):
        return
    if caller is None:
        raise NotSignedIn
    raise Forbidden(action=f"查看{register.name}", action_en=f"read {register.slug}")


def require_responsible(caller: Caller, register: Register) -> str:
    """Return the caller's department; Forbidden, or RegisterNotYours naming who is responsible."""
    require(caller, RIGHT)
    if caller.department is None or not may_edit(caller, register):
        raise RegisterNotYours(
            register=register.slug,
            responsible=register.responsible_names or "任何部门都未被指定",
            departments=[one.department for one in register.responsible],
        )
    return caller.department


def require_editor(caller: Caller, register: Register, department: str | None = None) -> str:
    """Return the department for which the caller writes.

    `department` is the one that a body names. Raises Forbidden and RegisterNotYours as
    `require_responsible`, InvalidBody for a named department that is not responsible,
    Forbidden for one that is not the caller's, RegisterIsLive.
    """
    own = require_responsible(caller, register)
    if department is not None and register.printed(department) is None:
        raise InvalidBody.at(
            "/department",
            f"这个部门不负责本名单，负责的是{register.responsible_names}",
            f"this department does not keep the register; {register.responsible_names} does",
        )
    if department not in {None, own}:
        raise Forbidden(action="以其他部门的名义登记", action_en="write for another department")
    if register.live:
        source, source_en = LIVE_SOURCES[register.live]
        raise RegisterIsLive(register=register.name, source=source, source_en=source_en)
    return own
