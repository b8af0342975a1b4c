"""Which step a person most likely records next on a bag or a container. Pure."""

from app.auth.caller import SITE_ROLES, Caller
from app.auth.permissions import allows
from app.batches.stock import SEALED
from app.custody.current import Current
from app.events.state import FINAL

UNSEALED = frozenset({"unused", "open"})
FILLING = {"collector": "hand_in", "keeper": "collect"}
HOLDING = {"collector": "depart", "keeper": "depart", "plant": "dispose"}


def next_step(caller: Caller, batch: Current, *, holds: int = 0) -> str | None:
    """Return the event kind that fits, None where the caller has nothing to record.

    `holds` says how many bags are in a container. A packed bag is not named by itself: at its
    store it comes out first, on its way its container arrives.
    """
    role, status = caller.role, batch.status
    if status in FINAL or role not in {*SITE_ROLES, "carrier"}:
        return None
    if role == "carrier":
        return "depart" if batch.kind == "bag" or holds else None
    here = batch.site == caller.site and status != "in_transit"
    if batch.kind == "container":
        return _with_container(role, status, here=here, holds=holds)
    if status in UNSEALED and role in FILLING:
        return FILLING[role]
    return _held(role, batch) if here else "arrive"


def may_relabel(caller: Caller, batch: Current) -> bool:
    """Tell whether the caller may give a bag a fresh label: it is closed, loose, and in its store."""
    here = batch.site is not None and batch.site == caller.site
    loose = batch.kind == "bag" and batch.container is None
    return here and loose and batch.status in SEALED and allows(caller, "event.repack")


def _held(role: str, batch: Current) -> str:
    if batch.container:
        return "unpack"
    return "store" if (role, batch.status) == ("keeper", "received") else HOLDING[role]


def _with_container(role: str, status: str, *, here: bool, holds: int) -> str:
    """Return what is done with a container: an empty one is filled wherever it turns up."""
    if not holds and status != "in_transit":
        return "pack"
    return HOLDING[role] if here else "arrive"
