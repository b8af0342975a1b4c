"""The chain of one phone: edited, dropped and doubled events show, in whatever order they come."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.alerts.follow import ALERTS
from app.alerts.models import Finding
from app.alerts.rules.device import Link, gaps, link_hash, link_of, place
from app.events.record import record
from app.ledger.follow import catch_up, restart
from app.ledger.leaf import jcs, jcs_again
from app.transparency.models import LogHead
from app.transparency.signer import Signer
from tests.recording import caller_of
from tests.signing import begin_log, published
from tests.world import POINT, make_world


def chain(count, edited=()):
    """Links of a phone's events; the content of those `edited` was changed after the next was made."""
    links, prev = [], None
    for seq in range(1, count + 1):
        honest = f"hash {seq}"
        links.append(
            Link("phone", seq, prev, "edited" if seq in edited else honest, f"event {seq}")
        )
        prev = honest
    return links


def fold(links):
    runs, broken = (), []
    for link in links:
        placed = place(runs, link)
        assert not placed.repeated
        runs = placed.runs
        broken += placed.broken
    return runs, sorted(broken)


HISTORIES = st.integers(1, 12).flatmap(
    lambda n: st.tuples(
        st.just(n), st.sets(st.integers(1, n)), st.sets(st.integers(1, n)), st.randoms()
    )
)


@given(HISTORIES)
def test_any_order_of_arrival_comes_to_the_same_runs_and_breaks(history):
    count, edited, dropped, rng = history
    links = [link for link in chain(count, edited) if link.seq not in dropped]
    shuffled = list(links)
    rng.shuffle(shuffled)
    runs, broken = fold(shuffled)
    assert (runs, broken) == fold(links)
    known = {link.seq for link in links}
    assert {seq for run in runs for seq in range(run.first, run.last + 1)} == known
    assert [seq for seq, _ in broken] == sorted(
        seq + 1 for seq in edited & known if seq + 1 in known
    )
    assert sum(gaps(runs).values()) == len({seq for seq in dropped if seq < max(known, default=0)})


@given(HISTORIES)
def test_a_number_that_was_taken_changes_nothing(history):
    count, edited, _, _ = history
    links = chain(count, edited)
    runs, _ = fold(links)
    for link in links:
        assert place(runs, link) == place(runs, link)
        assert (place(runs, link).repeated, place(runs, link).runs) == (True, runs)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
PARTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(PARTS)
def test_what_was_read_of_a_leaf_is_canonical_as_it_is(part):
    assert jcs_again(json.loads(jcs(part))) == jcs(part)


def test_a_client_that_only_counts_makes_no_chain():
    event = {"id": "e", "device": {"id": "pc", "seq": 7}}
    assert link_of(event) is None
    assert link_of({"id": "e"}) is None
    assert link_of({"id": "e", "device": {"id": "pc"}}) is None
    assert link_of({**event, "device": {"id": "pc", "seq": 1}}).seq == 1


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


async def standing(world, device):
    """What stands of a phone's chain at the end of the log."""
    await catch_up(world.database, (ALERTS,))
    async with world.database.read() as session:
        rows = await session.scalars(select(Finding).where(Finding.subject == device))
        return [row for row in rows if row.closed_at is None]


async def pass_days(world, days):
    """Let days go by: time moves with the log, so somebody else records something."""
    world.tick(days=days)
    [code] = await world.issue_labels(1)
    await send(world, world.body("collect", code, mass_g=5_000))


class Sender:
    """A phone that chains what it sends, as app/static/capture/chain.js does."""

    def __init__(self, world, name):
        self.world, self.name = world, name
        self.seq, self.prev = 0, None

    async def note(self, mass_g=5_000, not_before=None):
        """Return the body of a bag sealed at POINT, and remember its public part's hash."""
        [code] = await self.world.issue_labels(1)
        self.seq += 1
        device = {"id": self.name, "seq": self.seq} | ({"prev": self.prev} if self.prev else {})
        if not_before:
            device["not_before"] = not_before
        body = self.world.body("collect", code, mass_g=mass_g, device=device, channel="phone")
        body["occurred_at"] = body["occurred_at"].replace("+00:00", ".000000Z")
        self.prev = link_hash(body)
        return body


async def send(world, body):
    """Record as the point does, at the time of the world's clock."""
    caller = caller_of(world, "collector")
    [outcome] = await record(world.database, caller, [body], now=world.tick(minutes=1))
    assert outcome.outcome == "recorded", outcome.error


async def test_an_honest_queue_opens_nothing_even_when_it_comes_in_another_order(world):
    phone = Sender(world, "honest")
    bodies = [await phone.note() for _ in range(5)]
    for n in (2, 0, 4, 1, 3):
        await send(world, bodies[n])
    await pass_days(world, 3)
    assert await standing(world, "honest") == []


async def test_an_event_edited_in_the_queue_is_flagged_and_recorded(world):
    phone = Sender(world, "edited")
    bodies = [await phone.note() for _ in range(3)]
    bodies[1]["batches"][0]["mass_g"] = 9_000
    for body in bodies:
        await send(world, body)
    [found] = await standing(world, "edited")
    assert (found.rule, found.site) == ("device-chain-broken", POINT)
    assert [str(event) for event in found.events] == [bodies[2]["id"]]


async def test_what_is_private_is_not_in_the_chain(world):
    phone = Sender(world, "private")
    bodies = [await phone.note() for _ in range(2)]
    await send(world, bodies[0] | {"note": "王家的"})
    await send(world, bodies[1])
    assert await standing(world, "private") == []


async def test_a_dropped_event_is_flagged_after_a_day_and_settled_when_it_comes(world):
    phone = Sender(world, "dropped")
    bodies = [await phone.note() for _ in range(4)]
    for n in (0, 1, 3):
        await send(world, bodies[n])
    assert await standing(world, "dropped") == []
    await pass_days(world, 2)
    [found] = await standing(world, "dropped")
    assert (found.rule, found.figures["missing"]) == ("device-sequence-skipped", 1)
    assert [str(event) for event in found.events] == [bodies[3]["id"]]
    await send(world, bodies[2])
    assert await standing(world, "dropped") == []


async def test_two_events_under_one_number_are_flagged(world):
    phone, copied = Sender(world, "copied"), Sender(world, "copied")
    await send(world, await phone.note())
    await send(world, await copied.note(mass_g=6_000))
    [found] = await standing(world, "copied")
    assert found.figures["repeated"] is True


async def head_now(world, signer):
    """Publish the log as it is and return its head, as a phone keeps it."""
    size = await published(world.database, signer)
    async with world.database.read() as session:
        return {"size": size, "root": (await session.get(LogHead, size)).root.hex()}


async def test_what_a_phone_had_seen_of_the_log_bounds_the_time_of_its_events(world, tmp_path):
    places = await begin_log(world.database, tmp_path)
    signer = Signer(places.signer)
    world.tick(days=30)
    [code] = await world.issue_labels(1)
    await send(world, world.body("collect", code, mass_g=5_000))
    early = await head_now(world, signer)
    await pass_days(world, 1)
    late = await head_now(world, signer)
    forged = {"size": late["size"], "root": "ab" * 32}
    ahead = {"size": late["size"] + 1_000, "root": late["root"]}
    unpublished = {"size": early["size"] + 1, "root": early["root"]}
    for name, seen, ago, wrong in (
        ("seen early", early, 0, None),
        ("seen late", late, 0, None),
        ("late to send", early, 12, None),
        ("set back", late, 12, "clock"),
        ("forged", forged, 0, "root"),
        ("ahead", ahead, 0, "root"),
        ("unpublished", unpublished, 0, "root"),
    ):
        phone = Sender(world, name)
        body = await phone.note(not_before=seen)
        body["occurred_at"] = (world.clock - timedelta(hours=ago)).strftime("%FT%T.%fZ")
        await send(world, body)
        found = [row.figures.get("not_before") for row in await standing(world, name)]
        assert found == ([wrong] if wrong else []), name
    signer.close()


async def test_a_rebuild_finds_the_same(world):
    async def every():
        async with world.database.read() as session:
            rows = await session.scalars(select(Finding).where(Finding.rule.like("device-%")))
            return sorted((str(row.id), str(row.closed_at)) for row in rows)

    await catch_up(world.database, (ALERTS,))
    before = await every()
    assert len(before) >= 3
    await restart(world.database, ALERTS)
    await catch_up(world.database, (ALERTS,))
    assert await every() == before
