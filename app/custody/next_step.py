"""Which step a person most likely records next on a bag. Pure."""

from app.auth.caller import Caller
from app.custody.current import Current
from app.events.state import FINAL

UNSEALED = frozenset({"unused", "open"})
FILLING = {"collector": "hand_in", "keeper": "collect"}
HOLDING = {"collector": "depart", "keeper": "depart", "plant": "dispose"}


def next_step(caller: Caller, batch: Current) -> str | None:
    """Return the event kind that fits, None where the caller has nothing to record."""
    role, status = caller.role, batch.status
    if status in FINAL or role not in {*HOLDING, "carrier"}:
        return None
    if role == "carrier":
        return "depart"
    if status in UNSEALED and role in FILLING:
        return FILLING[role]
    if batch.site == caller.site and status != "in_transit":
        return "store" if (role, status) == ("keeper", "received") else HOLDING[role]
    return "arrive"
