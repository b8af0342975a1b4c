"""Postings: mass is booked like money. One rule for new, late and corrected events.

For each batch touched: *due* = the transfers of its folded story; *booked* = what stands,
summed; append due − booked, negatives with the accounts swapped. Sums are zero by construction.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

FIELD = "field"
UNEXPLAINED = "unexplained"
OPENING = "opening"
WRITTEN_OFF = "written_off"
REPACK = "repack"
"""Between the inputs and the outputs of a repack; per event, place, origin and day it nets to zero."""
DIFFERENCE = "difference"
CLAIMED = "claimed"
CONFIRMED = "confirmed"
MEMO = frozenset({CLAIMED, CONFIRMED})
"""Accounts of the memo transfer; balances leave both out."""


def site_account(code: str) -> str:
    """Return the account of what a site holds."""
    return f"site/{code}"


def transit_account(trip: str) -> str:
    """Return the account of what a trip carries."""
    return f"transit/{trip}"


def removed_account(reason: str) -> str:
    """Return the account of what a repack took out: foreign matter, moisture, leaked residue."""
    return f"removed/{reason}"


def county_of(account: str) -> str | None:
    """Return the county in a site's account, None for every other account."""
    return account[5:11] if account.startswith("site/") else None


@dataclass(frozen=True)
class Transfer:
    """`mass_g` grams of `origin` (`<county>/<scope>`) from one account to another.

    `about` is the id of the step concerned, `occurred_on` that step's day. `place` is the
    county at which an account that is not a site's counts: a trip's mass counts at its
    sender's, a memo at the collector's.
    """

    about: str
    origin: str
    source: str
    target: str
    place: str
    mass_g: int
    occurred_on: date


Key = tuple[str, str, str, str, str, date]


def total(transfers: Iterable[Transfer]) -> dict[Key, int]:
    """Sum transfers by what they are about, with A→B and B→A as one signed line."""
    sums: dict[Key, int] = defaultdict(int)
    for t in transfers:
        forward = t.source < t.target
        low, high = (t.source, t.target) if forward else (t.target, t.source)
        key = (t.about, t.origin, low, high, t.place, t.occurred_on)
        sums[key] += t.mass_g if forward else -t.mass_g
    return dict(sums)


def net(transfers: Iterable[Transfer]) -> list[Transfer]:
    """Return what stands after rebookings: one transfer a line, the way its mass really went."""
    return outstanding(transfers, ())


def outstanding(due: Iterable[Transfer], booked: Iterable[Transfer]) -> list[Transfer]:
    """Return the transfers that bring what is booked to what is due, in a fixed order."""
    wanted, standing = total(due), total(booked)
    missing = []
    for key in sorted(wanted.keys() | standing.keys()):
        mass_g = wanted.get(key, 0) - standing.get(key, 0)
        if mass_g:
            about, origin, low, high, place, occurred_on = key
            source, target = (low, high) if mass_g > 0 else (high, low)
            missing.append(Transfer(about, origin, source, target, place, abs(mass_g), occurred_on))
    return missing


def listed(batch: str, transfers: Iterable[Transfer]) -> list[dict[str, Any]]:
    """Return transfers as they stand in the JCS list whose hash is in the leaf."""
    return [
        {
            "batch": batch,
            "n": n,
            "about": t.about,
            "origin": t.origin,
            "from": t.source,
            "to": t.target,
            "place": t.place,
            "mass_g": t.mass_g,
            "occurred_on": t.occurred_on.isoformat(),
        }
        for n, t in enumerate(transfers)
    ]
