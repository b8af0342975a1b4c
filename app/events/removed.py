"""What a repack takes out of each input: by its body alone. Pure.

The repack states its inputs as weighed, so what foreign matter or moisture came to is divided
among them in proportion to what they weighed.
"""

from app.balance.apportion import apportion
from app.events.state import Vector


def removed_by_input(
    inputs: tuple[tuple[str, int], ...], removed: tuple[tuple[str, int], ...]
) -> dict[str, Vector]:
    """Return (reason, grams) taken out of each input, by largest remainder, ties by code."""
    left = dict(sorted(inputs))
    taken: dict[str, list[tuple[str, int]]] = {code: [] for code in left}
    for reason, mass_g in removed:
        shares = dict(zip(left, apportion(mass_g, list(left.values())), strict=True))
        left = {code: held - shares[code] for code, held in left.items()}
        for code, share in shares.items():
            if share:
                taken[code].append((reason, share))
    return {code: tuple(parts) for code, parts in taken.items()}
