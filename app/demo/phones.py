"""Phones and office PCs: their clocks, their gaps in signal, and what they send when.

A phone keeps events until it is online and then sends them in one capture, first in, first out.
Most are online within seconds; a few sync hours or days late; a few clocks are minutes off; now and
then one is broken for some days, and what it holds comes when it is mended.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from app.alerts.rules.device import link_hash
from app.demo.actions import Delivery, Event
from app.events.parse import read_item
from app.events.sent import public_part
from app.ids import uuid7

WEAK_SIGNAL = 0.06
"""Share of events after which an ordinary phone is without signal for some minutes."""
OFFICE_ROLES = frozenset({"keeper", "plant", "county"})


@dataclass
class Device:
    """One account's device. `skew` is how far its clock is ahead."""

    id: str
    account: str
    rng: Random
    office: bool = False
    late: bool = False
    skew: timedelta = timedelta(0)
    last_sync: timedelta = timedelta(minutes=1)
    """How long before the season's end even a late device syncs."""
    broken: tuple[datetime, datetime] | None = None
    """From when to when it cannot send anything."""
    seq: int = 0
    prev: str | None = None
    """Of a phone: the hash of what it recorded last, which the next event names."""
    edited: dict[str, Event] = field(default_factory=dict)
    """Fields that somebody changed in the queue after the event was recorded, by its id."""
    dropped: set[str] = field(default_factory=set)
    """Events that somebody took out of the queue."""
    drafts: list[tuple[datetime, Event]] = field(default_factory=list)

    @property
    def prompt(self) -> bool:
        """Tell whether what it holds is with the server within the hour, all season."""
        return not self.late and self.broken is None

    def note(self, at: datetime, body: Event, told_at: datetime | None = None) -> Event:
        """Keep an event that happens at a true time, and return it with its id.

        It is entered at once, or at `told_at`: somebody remembers days later.
        """
        clock = at + self.skew
        event = {
            "id": str(uuid7(self.rng, clock)),
            "occurred_at": clock.isoformat(timespec="milliseconds"),
            **body,
        }
        self.drafts.append((told_at or at, event))
        return event

    def send(self, end: datetime) -> Iterator[Delivery]:
        """Yield everything the device sends, the last of it before `end`."""
        waiting: list[Event] = []
        online_at = end
        for at, event in sorted(self.drafts, key=lambda draft: draft[0]):
            if waiting and at > online_at:
                yield self._deliver(waiting, online_at)
                waiting = []
            if not waiting:
                online_at = min(self._online(at), end - self.last_sync)
            stamped = self._stamp(event)
            if event["id"] not in self.dropped:
                waiting.append(stamped)
        if waiting:
            yield self._deliver(waiting, online_at)

    def _online(self, at: datetime) -> datetime:
        """Return when it sends what was entered at a time."""
        sent = at + self._offline()
        if self.broken and self.broken[0] <= at < self.broken[1]:
            return max(sent, self.broken[1])
        return sent

    def _offline(self) -> timedelta:
        if self.late:
            return timedelta(hours=self.rng.uniform(3, 48))
        if not self.office and self.rng.random() < WEAK_SIGNAL:
            return timedelta(minutes=self.rng.uniform(2, 40))
        return timedelta(seconds=self.rng.uniform(0.5, 3))

    def _stamp(self, event: Event) -> Event:
        """Give an event the device's sequence, in the order in which all are entered.

        A phone chains them; an office's browser only counts.
        """
        self.seq += 1
        device = {"id": self.id, "seq": self.seq}
        channel = event.get("channel") or ("office" if self.office else "phone")
        stamped = {**event, "device": device, "channel": channel}
        if not self.office:
            if self.prev:
                device["prev"] = self.prev
            self.prev = link_hash(public_part(read_item(stamped)))
        return {**stamped, **self.edited.get(event["id"], {})}

    def _deliver(self, events: Sequence[Event], sent: datetime) -> Delivery:
        received = sent + timedelta(milliseconds=self.rng.randint(40, 4_000))
        single = self.office and not self.late and len(events) == 1
        clock = None if single else sent + self.skew
        return Delivery(received, clock, self.id, self.account, tuple(events))
