"""Which return of a unit a deposit is handed back for: once, at any shop. Pure.

The first return that the log names is paid, whoever's phone was late: what a shop has been told
does not change by what another one sends afterwards. Some makers print one code a batch, so a
repeat proves nothing; it is recorded, and nothing is paid for it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

Why = Literal["no-deposit", "before-sale", "returned-before"]


@dataclass(frozen=True)
class Sold:
    """A deposit that was taken with a unit; `leaf_index` is where the log says so."""

    event: str
    occurred_on: date
    fen: int
    leaf_index: int


@dataclass(frozen=True)
class Returned:
    """A hand-in that names a unit."""

    event: str
    occurred_on: date
    leaf_index: int


@dataclass(frozen=True)
class Refund:
    """What is given back for a unit in a hand-in; `why` where it is nothing."""

    fen: int
    why: Why | None


def refunds(sold: Iterable[Sold], returned: Iterable[Returned]) -> dict[str, Refund]:
    """Return what each hand-in of one unit gets back, by event.

    The first sale in the log is the deposit: another one under the same code is not given back.
    """
    sale = min(sold, key=lambda one: (one.leaf_index, one.event), default=None)
    found: dict[str, Refund] = {}
    paid = False
    for one in sorted(returned, key=lambda one: (one.leaf_index, one.event)):
        if sale is None:
            found[one.event] = Refund(0, "no-deposit")
        elif one.occurred_on < sale.occurred_on:
            found[one.event] = Refund(0, "before-sale")
        elif paid:
            found[one.event] = Refund(0, "returned-before")
        else:
            found[one.event] = Refund(sale.fen, None)
            paid = True
    return found
