"""The state machine: people do to bags and containers what they like, fitting or not.

Most steps are what somebody could do, as far as the rows tell; some name whatever is at hand.
Whatever happens is recorded or refused by name, and tests/machine/standing.py holds after it.
"""

from collections import Counter
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from app.auth.caller import Caller
from app.errors import DomainError
from app.events.errors import EventIdReused
from app.events.state import State, state_from_json
from tests.machine.cast import (
    METHODS,
    OFFICIALS,
    PLANTS,
    POINTS,
    SITES,
    STAFF,
    START,
    STORES,
    TARE_G,
    actor_of,
    event_id,
)
from tests.machine.standing import Standing, check, check_read, standing_of
from tests.machine.yard import Told, Yard
from tests.world import BOTTLES, VEHICLE

Body = dict[str, Any]
BAGS, SPARE, BOXES = 9, 6, 3
"""Spare bags are for what comes out of repacks."""
HELD = ("collected", "stored", "received")
WHAT = (
    *("hand_in", "collect", "open_stock", "handle", "handle", "pack", "pack", "unpack", "repack"),
    *("depart", "depart", "arrive", "arrive", "dispose", "write_off"),
    *("send_again", "correct", "correct", "change_of_signal"),
)
"""What people do, as often as it stands here."""
GRAMS = st.integers(1, 9_000)
SELDOM = st.integers(0, 9).map(lambda n: n == 9)


class Custody(RuleBasedStateMachine):
    """One example: a few labels nobody has used, and whoever may use them."""

    yard: ClassVar[Yard]
    seen: ClassVar[Counter[str]] = Counter()
    """How often what was told had which outcome, over all examples."""

    def __init__(self) -> None:
        super().__init__()
        self.bags, self.boxes = self.yard.issue(BAGS + SPARE, BOXES, late=2)
        self.first, self.spare = self.bags[SPARE:], self.bags[:SPARE]
        self.yard.now = START + timedelta(days=3)
        self.example = self.yard.examples
        self.number = 0
        self.sent: list[tuple[Caller, Body]] = []
        self.recorded: set[str] = set()
        self.in_force: list[Body] = []
        self.queue: list[tuple[Caller, Body]] | None = None
        self.stood: Standing | None = None
        self.states: dict[str, State] = {}

    # What is at hand

    def draw(self, data: st.DataObject, of: Any) -> Any:
        return data.draw(st.sampled_from(of) if isinstance(of, list | tuple) else of)

    def some(self, data: st.DataObject, of: list[str], most: int = 4) -> list[str]:
        """Draw a few of several; where there are none, none, or now and then any."""
        if not of and not data.draw(SELDOM):
            return []
        of = of or self.bags
        return data.draw(st.lists(st.sampled_from(of), min_size=1, max_size=most, unique=True))

    def held(self, site: str) -> list[str]:
        """Return the loose bags at a site."""
        return [
            code for code, s in self.states.items()
            if s.status in HELD and s.site == site and not s.container and code in self.bags
        ]  # fmt: skip

    def within(self, box: str) -> list[str]:
        return [code for code, state in self.states.items() if state.container == box]

    def full(self, site: str) -> list[str]:
        """Return the boxes whose bags are at a site."""
        return [
            box for box in self.boxes
            if any(self.states[code].site == site for code in self.within(box))
        ]  # fmt: skip

    def site(self, data: st.DataObject, among: tuple[str, ...] = SITES) -> str:
        """Draw a site, rather one where something is."""
        busy = sorted(
            {s.site for s in self.states.values() if s.site in among and s.status in HELD}
        )
        return self.draw(data, busy if busy and not data.draw(SELDOM) else among)

    def things(self, data: st.DataObject, site: str) -> list[str]:
        """Draw bags and boxes that are at a site; now and then any that there are."""
        if data.draw(SELDOM):
            return self.some(data, self.bags + self.boxes)
        return self.some(data, self.held(site) + self.full(site))

    def weighing(self, data: st.DataObject, codes: list[str], box: str | None = None) -> Body:
        """Draw `batches`: weighed one by one, together, a box on the scale, or not."""
        refs: list[Body] = [{"code": code} for code in codes]
        boxes = [code for code in codes if code in self.boxes] + ([box] if box else [])
        how = self.draw(data, ["not", "each", "together", *(["box"] if boxes else [])])
        if how == "together":
            return {"batches": refs, "group_mass_g": data.draw(GRAMS)}
        if how == "box":
            gross_g = TARE_G + data.draw(GRAMS)
            weighed = {"container": self.draw(data, boxes), "gross_g": gross_g}
            return {"batches": refs, "weighed": weighed}
        if how == "each":
            for ref in refs:
                source = self.draw(data, ["weighed", "weighed", "none", "carried", "declared"])
                if source != "none":
                    ref |= {"mass_g": data.draw(GRAMS), "mass_source": source}
        return {"batches": refs}

    def when(self, data: st.DataObject) -> datetime:
        """Draw a time: now, or beside something that was told before, or long ago."""
        self.yard.now += timedelta(minutes=self.draw(data, [1, 30, 600]))
        how = self.draw(data, ["now", "now", "now", "beside", "long ago"])
        if how == "beside" and self.in_force:
            other = self.draw(data, self.in_force)
            beside = datetime.fromisoformat(other["occurred_at"])
            return beside + timedelta(microseconds=self.draw(data, [-1, 0, 1, 60_000_000]))
        if how == "long ago":
            return START + timedelta(hours=data.draw(st.integers(0, 72)))
        return self.yard.now

    def body(self, data: st.DataObject, kind: str, site: str, **fields: Any) -> Body:
        """Draw the rest of an event."""
        self.number += 1
        at = self.when(data)
        return {
            "id": event_id(at, self.number, self.example),
            "kind": kind,
            "occurred_at": at.isoformat(),
            "site": site,
            "device": {"id": site, "seq": self.number},
            **fields,
        }

    # Telling

    def tell(self, data: st.DataObject, body: Body, by: Caller | None = None) -> None:
        """Tell an event now, or keep it for the queue that is waiting."""
        by = by or actor_of(body)
        if self.queue is not None:
            self.queue.append((by, body))
            return
        ahead = timedelta(hours=self.draw(data, [0, 0, 0, -5, 30]))
        sent_at = self.yard.now + timedelta(seconds=1) + ahead
        sent = _by_a_clock_that_is_off(body, ahead)
        [told] = self.yard.tell_all([(by, [sent])], sent_at if ahead else None)
        self.note(by, sent, told)
        self.look()

    def note(self, by: Caller, body: Body, told: Told) -> None:
        """Remember what came of an event."""
        self.sent.append((by, body))
        if isinstance(told, DomainError):
            self.seen[told.name] += 1
        elif told is None:
            self.seen["duplicate"] += 1
        else:
            self.recorded.add(body["id"])
            self.seen[f"{body['kind']} recorded"] += 1
            for flag in told["flags"]:
                self.seen[f"flag {flag}"] += 1
            replaced = body.get("replacement")
            if body["kind"] == "correct":
                self.in_force = [b for b in self.in_force if b["id"] != body["corrects"]]
            if body["kind"] != "correct" or replaced:
                self.in_force.append((replaced or body) | {"id": body["id"]})

    def look(self) -> None:
        """Read back what stands; everything that must hold does."""
        self.stood = self.yard.run(standing_of(self.yard.database, self.bags + self.boxes))
        check(self.stood)
        rows = self.stood.rows
        # In the order of the labels, whatever the database's is: an example can be played again.
        self.states = {
            code: state_from_json(rows[code].state)
            for code in self.bags + self.boxes
            if code in rows
        }

    # What people do

    @rule(data=st.data(), what=st.sampled_from(WHAT))
    def something_happens(self, data: st.DataObject, what: str) -> None:
        """One rule for all: hypothesis leaves rules out of examples, and nothing lives on repacks alone."""
        getattr(self, what)(data)

    def hand_in(self, data: st.DataObject) -> None:
        site = self.draw(data, POINTS)
        able = [
            code for code in self.first
            if code not in self.states or (s := self.states[code]).status == "unused"
            or (s.status, s.site) == ("open", site)
        ]  # fmt: skip
        for code in self.some(data, able, 1):
            self._hand_in(data, code, site)

    def _hand_in(self, data: st.DataObject, code: str, site: str) -> None:
        ref = {"code": code} | ({"mass_g": data.draw(GRAMS)} if data.draw(st.booleans()) else {})
        lines = [BOTTLES, {**BOTTLES, "scope": "veterinary", "pieces": 7}]
        contents = lines[: data.draw(st.integers(1, 2))]
        self.tell(data, self.body(data, "hand_in", site, batches=[ref], contents=contents))

    def collect(self, data: st.DataObject) -> None:
        able = [
            code for code in self.first
            if code not in self.states or self.states[code].status in ("unused", "open")
        ]  # fmt: skip
        for code in self.some(data, able, 1):
            state = self.states.get(code)
            site = state.site if state and state.site in STORES else self.draw(data, STORES)
            batches = [{"code": code, "mass_g": data.draw(GRAMS)}]
            self.tell(data, self.body(data, "collect", site, batches=batches))

    def handle(self, data: st.DataObject) -> None:
        kind, site = self.draw(data, ["store", "stock_count"]), self.site(data)
        if codes := self.things(data, site):
            self.tell(data, self.body(data, kind, site, **self.weighing(data, codes)))

    def open_stock(self, data: st.DataObject) -> None:
        for code in self.some(data, [c for c in self.first if c not in self.states], 1):
            batches = [{"code": code, "mass_g": data.draw(GRAMS)}]
            self.tell(data, self.body(data, "stock_count", self.site(data), batches=batches))

    def pack(self, data: st.DataObject) -> None:
        site, box = self.site(data), self.draw(data, self.boxes)
        codes = self.some(data, self.bags if data.draw(SELDOM) else self.held(site))
        if codes:
            fields = self.weighing(data, codes, box)
            self.tell(data, self.body(data, "pack", site, container=box, **fields))

    def unpack(self, data: st.DataObject) -> None:
        box = self.draw(data, [b for b in self.boxes if self.within(b)] or self.boxes)
        codes = self.some(data, self.bags if data.draw(SELDOM) else self.within(box))
        if not codes:
            return
        site = (self.states[codes[0]].site if codes[0] in self.states else None) or SITES[0]
        fields = self.weighing(data, codes, box)
        self.tell(data, self.body(data, "unpack", site, container=box, **fields))

    def repack(self, data: st.DataObject) -> None:
        site = self.site(data)
        inputs = self.some(data, self.bags if data.draw(SELDOM) else self.held(site), 3)
        unused = [code for code in self.spare if code not in self.states and code not in inputs]
        if data.draw(SELDOM):
            unused = [code for code in self.bags if code not in inputs]
        if not (unused and inputs):
            return
        outputs = self.some(data, unused, 2)
        in_g = [data.draw(GRAMS) + 3 for _ in inputs]
        out_g = [data.draw(st.integers(1, sum(in_g) // len(outputs))) for _ in outputs]
        removed_g = sum(in_g) - sum(out_g)
        removed = [{"reason": "moisture", "mass_g": removed_g}] if removed_g else []
        made: list[Body] = [
            {"code": code, "mass_g": grams} | self.draw(data, [{}, {}, {"material": "pet"}])
            for code, grams in zip(outputs, out_g, strict=True)
        ]
        gone = [{"code": c, "mass_g": g} for c, g in zip(inputs, in_g, strict=True)]
        mode = self.draw(data, ["mix", "sort"])
        fields: Body = {"inputs": gone, "outputs": made, "mode": mode, "removed": removed}
        self.tell(data, self.body(data, "repack", site, **fields))

    def depart(self, data: st.DataObject) -> None:
        site = self.site(data)
        codes = self.things(data, site)
        if not codes:
            return
        fields = self.weighing(data, codes)
        to = self.draw(data, [one for one in SITES if one != site])
        fields |= {"destination": to, "vehicle": VEHICLE} | self.trip(data, "depart")
        self.tell(data, self.body(data, "depart", site, **fields))

    def trip(self, data: st.DataObject, kind: str) -> Body:
        """Draw a running trip, or none."""
        running = sorted({s.trip for s in self.states.values() if s.trip})
        if running and data.draw(st.integers(0, 3 if kind == "depart" else 1)) == 0:
            return {"trip": self.draw(data, running)}
        return {}

    def arrive(self, data: st.DataObject) -> None:
        away = [c for c in self.bags if c in self.states and self.states[c].status == "in_transit"]
        loose = [code for code in away if not self.states[code].container]
        boxes = [box for box in self.boxes if set(self.within(box)) & set(away)]
        codes = self.some(data, self.bags + self.boxes if data.draw(SELDOM) else loose + boxes)
        if not codes:
            return
        bound = [s.destination for c in codes if (s := self.states.get(c)) and s.destination]
        site = self.draw(data, bound if bound and not data.draw(SELDOM) else SITES)
        exceptions = []
        for code in (*codes, *(one for box in codes for one in self.within(box))):
            if data.draw(SELDOM):
                outcome = self.draw(data, ["refused", "missing", "damaged"])
                exceptions.append({"code": code, "outcome": outcome, "reason": "见单"})
        left = {e["code"] for e in exceptions if e["outcome"] != "damaged"}
        fields = self.weighing(data, [code for code in codes if code not in left])
        if exceptions:
            fields["exceptions"] = exceptions
        self.tell(data, self.body(data, "arrive", site, **fields, **self.trip(data, "arrive")))

    def dispose(self, data: st.DataObject) -> None:
        site = self.site(data, PLANTS)
        codes = self.things(data, site)
        if not codes:
            return
        fields = self.weighing(data, codes)
        fields |= {"method": METHODS[site], "certificate": "处理证明 1 号"}
        self.tell(data, self.body(data, "dispose", site, **fields))

    def write_off(self, data: st.DataObject) -> None:
        away = [c for c, state in self.states.items() if state.status == "in_transit"]
        site = self.site(data)
        codes = self.things(data, site) if data.draw(st.booleans()) else self.some(data, away, 1)
        if codes and data.draw(st.booleans()):
            fields = self.weighing(data, codes)
            self.tell(data, self.body(data, "write_off", site, reason="灭失", **fields))

    # What is said again, or otherwise

    def send_again(self, data: st.DataObject) -> None:
        """A phone that did not hear the answer sends again; or something else by that name."""
        if not self.sent:
            return
        by, body = self.draw(data, self.sent)
        stood = body["id"] in self.recorded
        if stood and data.draw(SELDOM):
            [told] = self.yard.tell_all([(by, [body | {"device": {"id": "another"}}])])
            assert isinstance(told, EventIdReused), (body, told)
            return
        [told] = self.yard.tell_all([(by, [body])])
        assert (told is None) == stood, (body, told)
        self.note(by, body, told)
        self.look()

    def correct(self, data: st.DataObject) -> None:
        if not self.in_force:
            return
        target = self.draw(data, self.in_force)
        self.number += 1
        body: Body = {
            "id": event_id(self.yard.now, self.number, self.example), "kind": "correct",
            "corrects": target["id"], "reason": "did_not_occur",
        }  # fmt: skip
        if data.draw(st.integers(0, 2)):
            body |= {"reason": "incorrect_data", "replacement": self.otherwise(data, target)}
        author = self.draw(data, [STAFF[target["site"]], OFFICIALS[target["site"][:6]]])
        self.tell(data, body, author)

    def otherwise(self, data: st.DataObject, target: Body) -> Body:
        """Draw what really happened instead: other weights, another time, another container."""
        found = deepcopy({key: value for key, value in target.items() if key != "id"})
        what = self.draw(data, ["mass", "mass", "time", "container", "site"])
        if what == "mass" and "group_mass_g" in found:
            found["group_mass_g"] = data.draw(GRAMS)
        elif what == "mass" and "inputs" not in found:
            for ref in found["batches"]:
                if "mass_g" in ref or data.draw(SELDOM):
                    ref["mass_g"] = data.draw(GRAMS)
        elif what == "time":
            found["occurred_at"] = self.when(data).isoformat()
        elif what == "container" and "container" in found and "weighed" not in found:
            found["container"] = self.draw(data, self.boxes)
        elif what == "site":
            found["site"] = self.draw(data, SITES)
        return found

    def change_of_signal(self, data: st.DataObject) -> None:
        """From now on events wait in a queue; or what waited goes out at once, in order or not."""
        if not self.queue:
            self.queue = []
        elif data.draw(st.booleans()):
            self.send(data.draw(st.permutations(self.queue)))
        else:
            self.send(self.queue)

    def teardown(self) -> None:
        """Whatever waits is sent at last."""
        if self.queue:
            self.send(self.queue)
        some = self.bags[self.example % 4 :: 4] + self.boxes[:1]
        back = self.example % max(1, len(self.recorded))
        self.yard.run(check_read(self.yard.database, some, back))

    def send(self, queue: list[tuple[Caller, Body]]) -> None:
        """Tell everything that has waited, in one transaction."""
        self.queue = None
        told = self.yard.tell_all([(by, [body]) for by, body in queue])
        for (by, body), outcome in zip(queue, told, strict=True):
            self.note(by, body, outcome)
        self.look()


def _by_a_clock_that_is_off(body: Body, ahead: timedelta) -> Body:
    """Return an event as a phone tells it whose clock is ahead; the server puts it right."""
    if "occurred_at" not in body:
        return body
    at = datetime.fromisoformat(body["occurred_at"]) + ahead
    return body | {"occurred_at": at.isoformat()}
