"""What an event says of where its phone was, and of the bottles and containers that it scanned."""

from collections import defaultdict

from app.alerts.rules.movement import Fix
from app.alerts.told import Told
from app.events.answered import E7
from app.packaging.unit_code import unit_code

NO_ACCURACY_M = 100
"""Taken where a phone did not say how far off it may be."""


def fix_of(told: Told) -> Fix | None:
    """Return where the phone was that recorded an event; None where it did not say."""
    position = told.event.get("position")
    if position is None or told.site is None:
        return None
    accuracy_m = position.get("accuracy_cm", NO_ACCURACY_M * 100) / 100
    lat, lon = position["lat_e7"] / E7, position["lon_e7"] / E7
    return Fix(told.effective_at, lat, lon, accuracy_m, told.id, told.site)


def movers_of(told: Told) -> list[str]:
    """Return who moved with an event: the phone, and the account that used it."""
    device = told.event.get("device")
    return [*([f"device:{device['id']}"] if device else []), f"account:{told.stamps['actor']}"]


def codes_of(told: Told) -> dict[str, int]:
    """Return the bottles' codes that a hand-in scanned, and how often each."""
    found: dict[str, int] = defaultdict(int)
    for payload in told.event.get("unit_codes") or ():
        code = unit_code(payload)
        if code:
            found[code] += 1
    return dict(found)


def named_containers(told: Told) -> list[str]:
    """Return what an event may name as a container: the codes of its fields and of its list."""
    weighed = told.event.get("weighed") or {}
    named = [told.event.get("container"), weighed.get("container")]
    listed = [one["code"] for one in told.event.get("batches") or ()] if told.site else []
    return [code for code in (*named, *listed) if code]
