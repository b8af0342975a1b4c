"""The deciding part alone, in memory: events are decided on everything that was told before.

What the server does between loading and writing, with every story whole. No database, no clock.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from app.errors import DomainError
from app.events.answered import answer_of
from app.events.correct import decide_correction
from app.events.decide import decide
from app.events.facts import Facts, LabelRow, Recorded
from app.events.parse import read_item
from app.events.settle import Decision, remember_trip
from app.events.shelf import Shelf
from app.events.state import LabelFacts
from app.ledger.leaf import leaf_hash
from tests.machine.cast import FACTS, LABELLED, PACKAGING, REACHES, START, TARE_G, actor_of


class Zeros:
    """Nonces and salts that are all alike."""

    def nonce(self) -> str:
        return "0" * 32

    def salt(self) -> bytes:
        return bytes(16)


class Desk:
    """Facts that know nothing but labels and sites, until events are told."""

    def __init__(self, bags: Iterable[str], boxes: Iterable[str] = ()) -> None:
        labels = {
            code: LabelRow(kind, LabelFacts(code[:6]), None, LABELLED, void=False, tare_g=tare_g)
            for codes, kind, tare_g in ((bags, "bag", None), (boxes, "container", TARE_G))
            for code in codes
        }
        self.facts = Facts(
            labels=labels, known={}, recorded={}, sites=dict(FACTS), trips={}, carriers={},
            packaging=PACKAGING, shelf=Shelf(), corrected={}, reaches=REACHES,
        )  # fmt: skip
        self.now = START + timedelta(days=200)

    def tell(self, body: dict[str, Any]) -> dict[str, Any] | DomainError | None:
        """Return the event as recorded, why it is refused, or None for a duplicate."""
        self.now += timedelta(seconds=1)
        try:
            item = read_item(body, None)
            how = decide_correction if item.correct else decide
            found = how(item, self.facts, actor_of(body), self.now, Zeros())
        except DomainError as error:
            return error
        if not isinstance(found, Decision):
            return None
        entry = found.entry
        self.facts.recorded[entry.id] = Recorded(
            found.parts, entry.leaf.decode(), leaf_hash(entry.leaf), None
        )
        if entry.corrects:
            self.facts.corrected[str(entry.corrects)] = str(entry.id)
        remember_trip(found, self.facts)
        return answer_of(found.parts, "", b"", None)
