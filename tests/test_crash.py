"""The crash test itself: a short form of it, and that it finds what it is there to find."""

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from app.ledger.sequence import sequence
from app.transparency.checkpoint import Checkpoint
from app.transparency.keys import Algorithm, SignerKey
from app.transparency.note import sign
from app.transparency.receipt import ReceiptSigner
from app.transparency.tree import consistency_proof, node_hash, root_of
from scripts.crashes.evidence import Evidence
from scripts.crashes.judge import judge_checkpoints, judge_log, judge_receipts
from scripts.crashes.stored import Stored, stored_in
from tests.world import POINT, STATION, World, make_world

ROOT = Path(__file__).parent.parent


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "scripts.crashes", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def kept_by(process: subprocess.Popen[str]) -> list[Path]:
    return list((ROOT / "var" / "crash-test").glob(f"*-{process.pid}"))


def left_over(process: subprocess.Popen[str]) -> list[psutil.Process]:
    mine = re.compile(rf"/crash-test/[\d-]+-{process.pid}/")
    listed = psutil.process_iter(["cmdline"])
    return [one for one in listed if mine.search(" ".join(one.info["cmdline"] or []))]


def test_nothing_acknowledged_is_lost_when_server_and_database_are_killed():
    process = start("--events", "600", "--kills", "2")
    said, _ = process.communicate()
    assert process.returncode == 0, said
    told = dict(re.findall(r"^  .* / ([\w ]+)\S*: ([\d,]+)$", said, re.MULTILINE))
    assert int(told["events acknowledged"].replace(",", "")) >= 600
    assert (told["kills of the server"], told["kills of PostgreSQL"]) == ("2", "2")
    assert kept_by(process) == []


def test_a_database_that_acknowledges_too_early_is_found_out():
    process = start("--events", "300", "--kills", "2", "--unsafe")
    said, _ = process.communicate()
    assert process.returncode == 1, said
    assert re.search(r"lost: event [0-9a-f-]{36}, batch 130110-", said), said
    assert not left_over(process)
    [kept] = kept_by(process)
    assert f"kept: {kept}\n" in said
    shutil.rmtree(kept)


def test_an_interrupted_run_leaves_nothing_behind():
    process = start("--events", "40000", "--kills", "1")
    # Phones write by then.
    assert any("已确认" in line for line in process.stdout), "it ended by itself"
    assert left_over(process)
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 130
    assert not left_over(process)
    assert kept_by(process) == []


@pytest.fixture(scope="module")
async def world(database) -> AsyncIterator[World]:
    made = await make_world(database)
    yield made
    await made.close()


@pytest.fixture(scope="module")
async def evidence(world) -> Evidence:
    """What a phone knows that filled a bag, sent it on, and saw it weighed at the station."""
    kept = Evidence()
    [bag] = await world.issue_labels(1)
    for kind, fields in (
        ("collect", {"mass_g": 5_000}),
        ("depart", {"destination": STATION}),
        ("arrive", {"site": STATION, "mass_g": 4_900}),
    ):
        body = world.body(kind, bag, **fields)
        kept.sent(body["id"], [bag])
        kept.acknowledged((await world.post(body)).json(), repeated=False)
    kept.moved(bag, 5_000, "field", f"site/{POINT}")
    kept.moved(bag, 4_900, f"site/{POINT}", f"site/{STATION}")
    kept.moved(bag, 100, f"site/{POINT}", "difference")
    kept.moved(bag, 4_900, "claimed", "confirmed")
    while await sequence(world.database):
        pass
    return kept


@pytest.fixture
async def owner(evidence, database_urls) -> AsyncIterator[asyncpg.Connection]:
    """The owner of the database, past its triggers, in a transaction that is never committed."""
    connection = await asyncpg.connect(database_urls["owner"])
    attempt = connection.transaction()
    await attempt.start()
    for table in ("event", "leaf", "posting"):
        await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield connection
    await attempt.rollback()
    await connection.close()


def faults(evidence: Evidence, stored: Stored) -> list[str]:
    return list(judge_log(evidence, stored))


async def test_what_was_promised_and_is_there_has_no_fault(evidence, owner):
    assert faults(evidence, await stored_in(owner)) == []


LAST = "(SELECT event_id FROM leaf ORDER BY leaf_index DESC LIMIT 1)"
COPY = """
    INSERT INTO event SELECT (jsonb_populate_record(event, {changes})).* FROM event
    WHERE id = (SELECT event_id FROM leaf WHERE leaf_index = 0)
"""
TAMPERED = {
    "an event that is gone": (
        f"DELETE FROM event WHERE id = {LAST}",
        r"lost: event {last}, batch {bag}",
    ),
    "a leaf that is gone": (
        f"DELETE FROM leaf WHERE event_id = {LAST}",
        r"lost: event {last}, batch {bag}",
    ),
    "an event that is another": (
        """
        UPDATE event SET leaf = replace(leaf, '5000', '4000'),
          leaf_hash = sha256('\\x00'::bytea || convert_to(replace(leaf, '5000', '4000'), 'UTF8'))
        WHERE kind = 'collect'
        """,
        r"changed: event {first}, batch {bag}",
    ),
    "a leaf text that is another": (
        "UPDATE event SET leaf = replace(leaf, '5000', '4000') WHERE kind = 'collect'",
        r"changed: the leaf of event {first}",
    ),
    "postings beside the leaf that are others": (
        "UPDATE event SET postings = replace(postings, '5000', '4000') WHERE kind = 'collect'",
        r"changed: event {first} commits to other postings",
    ),
    "an event with two rows": (
        "ALTER TABLE event DROP CONSTRAINT pk_event CASCADE;" + COPY.format(changes="'{}'"),
        r"doubled: event {first} has 2 of: row",
    ),
    "an event with two leaves": (
        """
        ALTER TABLE leaf DROP CONSTRAINT uq_leaf_event_id;
        INSERT INTO leaf SELECT max(leaf_index) + 1, (array_agg(event_id))[1] FROM leaf
        """,
        r"doubled: event .* has 2 of: leaf",
    ),
    "an event that nobody sent": (
        COPY.format(changes="jsonb_build_object('id', gen_random_uuid())"),
        r"invented: event ",
    ),
    "a hole between two indexes": (
        f"UPDATE leaf SET leaf_index = leaf_index + 1 WHERE event_id = {LAST}",
        r"indexes: event {last} stands at 3, the next place is 2",
    ),
    "an event without a place": (
        "INSERT INTO unsequenced (event_id) SELECT id FROM event LIMIT 1",
        r"indexes: 1 events still wait",
    ),
    "a posting that is another": (
        "UPDATE posting SET mass_g = mass_g + 1 WHERE to_account = 'difference'",
        r"postings: event {last}, batch {bag}",
    ),
    "a posting that is gone": (
        "DELETE FROM posting WHERE to_account = 'difference'",
        r"postings: event {last}, batch {bag}",
    ),
}


@pytest.mark.parametrize("tampered", TAMPERED)
async def test_the_crash_test_names_the_first_thing_that_is_wrong(evidence, owner, tampered):
    statements, expected = TAMPERED[tampered]
    await owner.execute(statements)
    first, *_, last = evidence.promises.values()
    [bag] = first.codes
    wanted = expected.format(first=first.event, last=last.event, bag=bag)
    found = faults(evidence, await stored_in(owner))
    assert found, "nothing was found"
    assert re.match(wanted, found[0]), found


async def test_mass_that_its_owner_did_not_send_is_found(evidence, owner):
    [bag] = evidence.accounts
    evidence.moved(bag, 1, "field", "difference")
    found = faults(evidence, await stored_in(owner))
    evidence.moved(bag, 1, "difference", "field")
    assert len(found) == 1
    assert found[0].startswith(f"balance: batch {bag}")


async def test_an_event_that_was_refused_or_never_answered_is_found(evidence, owner):
    stored = await stored_in(owner)
    unlucky = Evidence(promises=evidence.promises, accounts=evidence.accounts)
    unlucky.sent("one", ["A"])
    unlucky.sent("two", ["B"])
    unlucky.refusal("one", "/problems/bag-is-sealed")
    assert faults(unlucky, stored) == [
        "refused: event one A: /problems/bag-is-sealed",
        "unanswered: event two, batch B",
    ]


KEY = SignerKey("log.example", Algorithm.ED25519, bytes(32))
HISTORY, OTHER = ([bytes([n + which]) * 32 for n in range(8)] for which in (0, 100))


def node_of(leaves: list[bytes]):
    def node(level: int, index: int) -> bytes:
        if level == 0:
            return leaves[index]
        return node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))

    return node


def note(leaves: list[bytes], size: int) -> str:
    head = Checkpoint("log.example", size, root_of(size, node_of(leaves)))
    return sign(head.text, [KEY]).encode().decode()


def checkpoint_faults(*notes: str) -> list[str]:
    seen = Evidence()
    for one in notes:
        seen.saw(one)
    nothing = Stored([], [], {}, 0)
    found = judge_checkpoints(
        seen,
        nothing,
        [KEY.verifier],
        lambda old, new: consistency_proof(old, new, node_of(HISTORY)),
    )
    return [fault for fault in found if "the newest has" not in fault]


def test_checkpoints_of_one_history_hold():
    assert checkpoint_faults(note(HISTORY, 3), note(HISTORY, 5), note(HISTORY, 8)) == []


@pytest.mark.parametrize(
    ("notes", "fault"),
    [
        ([note(OTHER, 3), note(HISTORY, 5)], "3 does not lead to 5"),
        ([note(HISTORY, 5), note(HISTORY, 3)], "5 does not lead to 3"),
        ([note(HISTORY, 5), note(OTHER, 5)], "5 was served with two roots"),
        ([note(HISTORY, 5).replace("\n5\n", "\n6\n")], "does not hold"),
        ([], "none was ever seen"),
    ],
)
def test_checkpoints_of_another_history_are_found(notes, fault):
    assert any(fault in found for found in checkpoint_faults(*notes))


async def test_the_newest_checkpoint_is_the_root_of_the_leaves_that_are_there(evidence, owner):
    stored = await stored_in(owner)
    seen = Evidence()
    size = len(stored.leaves)
    seen.saw(note(HISTORY, size))
    found = list(judge_checkpoints(seen, stored, [KEY.verifier], lambda *_: []))
    assert found == [f"checkpoint: the leaves have another root than the one of size {size}"]
    hashes = {event.id: bytes.fromhex(event.leaf_hash) for event in stored.events}
    seen.checkpoints[:] = [note([hashes[event] for _, event in stored.leaves], size)]
    assert list(judge_checkpoints(seen, stored, [KEY.verifier], lambda *_: [])) == []


def test_a_receipt_must_be_signed_and_speak_of_its_own_event(evidence):
    from dataclasses import replace
    from datetime import UTC, datetime
    from uuid import UUID

    key = SignerKey("log.example/receipt", Algorithm.ED25519, bytes(32))
    given = ReceiptSigner(key)
    now = datetime.now(UTC)
    first, second, *_ = evidence.promises.values()
    own, others = (
        given.promise(UUID(one.event), bytes.fromhex(one.leaf_hash), now) for one in (first, second)
    )

    def with_receipt(receipt: str | None) -> list[str]:
        kept = Evidence(promises={first.event: replace(first, receipt=receipt)})
        return list(judge_receipts(kept, [key.verifier]))

    assert with_receipt(own) == []
    assert "has that of another" in with_receipt(others)[0]
    assert "has none" in with_receipt(None)[0]
    assert first.event in with_receipt(own.replace("leaf ", "leaf 0"))[0]


def test_impossible_orders_are_refused_before_anything_is_started():
    for wrong in (["--events", "0"], ["--kills", "-1"], ["--writers", "1"]):
        process = start(*wrong)
        process.communicate()
        assert process.returncode == 2
        assert kept_by(process) == []
