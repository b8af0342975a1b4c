"""Honest clients: each keeps what it sent until it has an answer, and sends it again under the same id."""

import http.client
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from queue import Empty, SimpleQueue
from random import Random
from typing import Any

from app.balance.postings import (
    CLAIMED,
    CONFIRMED,
    DIFFERENCE,
    FIELD,
    site_account,
    transit_account,
)
from app.ids import uuid7
from scripts.crashes.evidence import Evidence
from scripts.crashes.world import PLATE, Seat

MOST_IN_A_QUEUE = 50
MOST_IN_A_LOAD = 10
PATIENCE_SECONDS = 15
"""How long a phone waits for an answer before it sends again."""
PAUSE_SECONDS = (0.05, 0.3)
"""Between two tries."""
WATCH_SECONDS = 0.1

Body = dict[str, Any]


@dataclass(frozen=True)
class Load:
    """Bags on their way to a station, with their sealed masses in grams."""

    trip: str
    bags: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Ground:
    """What all phones share."""

    port: int
    evidence: Evidence
    labels: deque[str]
    loads: dict[str, SimpleQueue[Load]]
    """By station."""
    enough: threading.Event
    """No new work; what was begun is carried to its end."""
    give_up: threading.Event
    """Not even that."""


class Phone(threading.Thread):
    """One writer at its seat: seals bags, sends them to a station, receives and stores them there."""

    def __init__(self, ground: Ground, seat: Seat, rng: Random) -> None:
        super().__init__(daemon=True, name=seat.site)
        self._ground = ground
        self._seat = seat
        self._rng = rng
        self._held: list[tuple[str, int]] = []
        self._clock = datetime.now(UTC)
        self._line = http.client.HTTPConnection("127.0.0.1", ground.port, timeout=PATIENCE_SECONDS)

    def run(self) -> None:
        """Record until it is enough or the labels are used up."""
        while not self._ground.enough.is_set() and self._ground.labels:
            self._rng.choice((self._fill_many, self._fill_one, self._fill_one, self._pass_on))()
        self._line.close()

    def _fill_many(self) -> None:
        """Send a queue of bags that were filled without a signal."""
        room = self._rng.randint(1, MOST_IN_A_QUEUE)
        bags: list[tuple[str, int]] = []
        bodies: list[Body] = []
        while len(bodies) < room and (bag := self._new_bag()):
            bags.append(bag)
            bodies += self._filling(*bag)
        if bodies and self._capture(bodies):
            self._fill(bags)

    def _fill_one(self) -> None:
        """Fill one bag, each step sent by itself."""
        bag = self._new_bag()
        if bag and all(self._post(body) for body in self._filling(*bag)):
            self._fill([bag])

    def _pass_on(self) -> None:
        """Send held bags to the station; at a station, receive and store a load."""
        if self._seat.station is None:
            self._receive()
        elif self._held:
            bags, self._held = self._held[:MOST_IN_A_LOAD], self._held[MOST_IN_A_LOAD:]
            trip = self._id()
            body = self._body(
                "depart",
                [{"code": code} for code, _ in bags],
                destination=self._seat.station,
                vehicle=PLATE,
                trip=trip,
            )
            if self._post(body):
                for code, grams in bags:
                    self._book(code, grams, site_account(self._seat.site), transit_account(trip))
                self._ground.loads[self._seat.station].put(Load(trip, tuple(bags)))

    def _receive(self) -> None:
        try:
            load = self._ground.loads[self._seat.site].get_nowait()
        except Empty:
            return self._fill_one()
        weighed = [
            (code, grams, max(1, grams - self._rng.randint(0, 50))) for code, grams in load.bags
        ]
        named = [{"code": code, "mass_g": found} for code, _, found in weighed]
        if not self._post(self._body("arrive", named, trip=load.trip)):
            return None
        for code, grams, found in weighed:
            self._book(code, grams, transit_account(load.trip), site_account(self._seat.site))
            self._book(code, grams - found, site_account(self._seat.site), DIFFERENCE)
            self._book(code, found, CLAIMED, CONFIRMED)
        self._post(self._body("store", [{"code": code} for code, _ in load.bags]))
        return None

    def _new_bag(self) -> tuple[str, int] | None:
        try:
            return self._ground.labels.popleft(), self._rng.randint(500, 9_000)
        except IndexError:
            return None

    def _filling(self, code: str, grams: int) -> list[Body]:
        """Return the hand-in (at points alone) and the sealing of a bag."""
        sealed = [{"code": code, "mass_g": grams}]
        if self._seat.station is None:
            return [self._body("collect", sealed)]
        pieces = {"material": "pet", "form": "bottle", "size": "lt200ml", "pieces": grams // 20 + 1}
        giver = {"kind": "farmer", "name": "某人", "village": "某村"}
        return [
            self._body("hand_in", [{"code": code}], contents=[pieces], giver=giver),
            self._body("collect", sealed),
        ]

    def _fill(self, bags: Iterable[tuple[str, int]]) -> None:
        for code, grams in bags:
            self._book(code, grams, FIELD, site_account(self._seat.site))
            self._held.append((code, grams))

    def _book(self, code: str, grams: int, source: str, target: str) -> None:
        self._ground.evidence.moved(code, grams, source, target)

    def _body(self, kind: str, batches: list[Body], **fields: Any) -> Body:
        return {
            "id": self._id(),
            "kind": kind,
            "occurred_at": self._now(),
            "site": self._seat.site,
            "batches": batches,
            **fields,
        }

    def _id(self) -> str:
        return str(uuid7(self._rng, datetime.now(UTC)))

    def _now(self) -> str:
        """Return a time later than any told before: steps of one bag have an order."""
        self._clock = max(datetime.now(UTC), self._clock + timedelta(microseconds=1))
        return self._clock.isoformat()

    def _post(self, body: Body) -> bool:
        """Send one event until it is answered; False where it is refused, or at the end."""
        self._note([body])
        answer = self._until_answered("/api/v1/events", lambda: body)
        if answer is None:
            return False
        status, said = answer
        if status in {HTTPStatus.OK, HTTPStatus.CREATED}:
            self._ground.evidence.acknowledged(said, repeated=status == HTTPStatus.OK)
            return True
        self._ground.evidence.refusal(body["id"], _words(said))
        return False

    def _capture(self, bodies: list[Body]) -> bool:
        """Send a queue until it is answered; True where each of its events is recorded."""
        self._note(bodies)
        queue = {"device": {"id": self._seat.site}, "events": bodies}
        answer = self._until_answered(
            "/api/v1/capture", lambda: {**queue, "sent_at": datetime.now(UTC).isoformat()}
        )
        if answer is None:
            return False
        status, said = answer
        if status != HTTPStatus.OK:
            for body in bodies:
                self._ground.evidence.refusal(body["id"], _words(said))
            return False
        for item in said["items"]:
            if item["outcome"] == "refused":
                self._ground.evidence.refusal(item["id"], _words(item["problem"]))
            else:
                again = item["outcome"] == "duplicate"
                self._ground.evidence.acknowledged(item["event"], repeated=again)
        return all(item["outcome"] != "refused" for item in said["items"])

    def _note(self, bodies: list[Body]) -> None:
        for body in bodies:
            self._ground.evidence.sent(body["id"], [batch["code"] for batch in body["batches"]])

    def _until_answered(self, path: str, make: Callable[[], Body]) -> tuple[int, Body] | None:
        """Return the first answer that decides, None where the harness ends before."""
        while not self._ground.give_up.is_set():
            answer = self._once(path, make())
            if answer is not None:
                return answer
            time.sleep(self._rng.uniform(*PAUSE_SECONDS))
        return None

    def _once(self, path: str, body: Body) -> tuple[int, Body] | None:
        headers = {"Content-Type": "application/json", "Cookie": self._seat.cookie}
        try:
            self._line.request("POST", path, json.dumps(body), headers)
            answer = self._line.getresponse()
            status, said = answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._line.close()
            self._ground.evidence.troubled(type(error).__name__)
            return None
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
            self._ground.evidence.troubled(str(status))
            return None
        return status, said


class Watcher(threading.Thread):
    """Fetches the log's checkpoint again and again and keeps each one it sees."""

    def __init__(self, ground: Ground, ask: Callable[[str], tuple[int, bytes]]) -> None:
        super().__init__(daemon=True, name="watcher")
        self._ground = ground
        self._ask = ask

    def run(self) -> None:
        """Watch until the very end."""
        while not self._ground.give_up.wait(WATCH_SECONDS):
            status, note = self._ask("/log/checkpoint")
            if status == HTTPStatus.OK:
                self._ground.evidence.saw(note.decode())


def _words(problem: Body) -> str:
    return f"{problem.get('type')} {problem.get('detail')}"
