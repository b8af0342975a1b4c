"""Where the mass of one batch went: in = out + held + loss, to the gram."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from app.balance.postings import FIELD, MEMO, OPENING, REPACK, UNEXPLAINED, Transfer

_CLASSES = {
    FIELD: "in",
    UNEXPLAINED: "in",
    OPENING: "in",
    REPACK: "repack",
    "site": "held",
    "transit": "held",
    "treated": "out",
}
"""Account classes; all others (`difference`, `removed`, `written_off`) are losses."""


@dataclass(frozen=True)
class BatchBalance:
    """Grams taken in, given out, held at a site or on a trip, and lost in between.

    What a repack's inputs give is out for them and in for its outputs.

    `loss_g` is net and negative where later weighings found more than there was.
    """

    in_g: int
    out_g: int
    held_g: int
    loss_g: int


def balance_of(transfers: Iterable[Transfer]) -> BatchBalance:
    """Add up a batch's transfers by account; the memo of confirmation moves no mass."""
    sums: Counter[str] = Counter()
    for t in transfers:
        if t.source not in MEMO:
            sums[_class_of(t.source)] -= t.mass_g
            sums[_class_of(t.target)] += t.mass_g
    given = sums["repack"]
    # What came out of a repack is taken in; what went into one is given to other batches.
    return BatchBalance(
        -sums["in"] + max(-given, 0), sums["out"] + max(given, 0), sums["held"], sums["loss"]
    )


def _class_of(account: str) -> str:
    return _CLASSES.get(account.partition("/")[0], "loss")
