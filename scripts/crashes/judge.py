"""Whether what was promised is what is there. Pure; each fault names the event or batch concerned."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from app.ledger.leaf import leaf_hash
from app.transparency.checkpoint import Checkpoint, parse_checkpoint
from app.transparency.keys import VerifierKey
from app.transparency.note import open_note
from app.transparency.receipt import open_receipt
from app.transparency.tree import ProofError, check_consistency, node_hash, root_of
from scripts.crashes.evidence import Evidence, Promise
from scripts.crashes.stored import Stored

Proof = Callable[[int, int], Sequence[bytes]]
"""Asks the platform for the consistency proof between two sizes."""


def judge_log(evidence: Evidence, stored: Stored) -> Iterator[str]:
    """Yield what was lost, changed, doubled or invented, the worst first."""
    yield from _lost(evidence, stored)
    yield from _refused(evidence)
    yield from _doubled(evidence, stored)
    yield from _places(stored)
    yield from _contents(stored)
    yield from _balances(evidence, stored)


def _named(promise: Promise) -> str:
    return f"event {promise.event}, batch {' '.join(promise.codes[:3])}"


def _lost(evidence: Evidence, stored: Stored) -> Iterator[str]:
    hashes = {event.id: event.leaf_hash for event in stored.events}
    placed = {event for _, event in stored.leaves}
    for promise in evidence.promises.values():
        found = hashes.get(promise.event)
        if found is None:
            yield f"lost: {_named(promise)} was acknowledged and is not there"
        elif found != promise.leaf_hash:
            yield f"changed: {_named(promise)} has another leaf hash than the one acknowledged"
        elif promise.event not in placed:
            yield f"lost: {_named(promise)} was acknowledged and has no place in the log"


def _refused(evidence: Evidence) -> Iterator[str]:
    for why in evidence.refused:
        yield f"refused: event {why}"
    for event, codes in evidence.in_doubt.items():
        yield f"unanswered: event {event}, batch {' '.join(codes[:3])}"


def _doubled(evidence: Evidence, stored: Stored) -> Iterator[str]:
    for what, ids in (
        ("row", Counter(event.id for event in stored.events)),
        ("leaf", Counter(event for _, event in stored.leaves)),
    ):
        for doubled, times in ids.items():
            if times > 1:
                yield f"doubled: event {doubled} has {times} of: {what}"
    for event in stored.events:
        known = event.id in evidence.promises or event.id in evidence.in_doubt
        if not known and event.kind != "declare":
            yield f"invented: event {event.id} was sent by nobody"


def _places(stored: Stored) -> Iterator[str]:
    for wanted, (index, event) in enumerate(stored.leaves):
        if index != wanted:
            yield f"indexes: event {event} stands at {index}, the next place is {wanted}"
            break
    if stored.waiting:
        yield f"indexes: {stored.waiting} events still wait for a place"


def _contents(stored: Stored) -> Iterator[str]:
    """Compare each row's columns with its leaf."""
    for event in stored.events:
        if leaf_hash(event.leaf.encode()).hex() != event.leaf_hash:
            yield f"changed: the leaf of event {event.id} does not have its hash"
        committed = json.loads(event.leaf)["postings"]
        if hashlib.sha256(event.postings.encode()).hexdigest() != committed:
            yield f"changed: event {event.id} commits to other postings"
        booked = stored.postings.get(event.id, [])
        if _sorted(booked) != _sorted(json.loads(event.postings)):
            named = {row["batch"] for row in (*booked, *json.loads(event.postings))}
            yield f"postings: event {event.id}, batch {' '.join(sorted(named)[:3])}"


def _sorted(rows: Sequence[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


def _balances(evidence: Evidence, stored: Stored) -> Iterator[str]:
    found = stored.accounts
    for code in sorted(evidence.accounts.keys() | found.keys()):
        due, booked = evidence.accounts.get(code, Counter()), found.get(code, Counter())
        if _open(due) != _open(booked):
            yield f"balance: batch {code} has {_open(booked)}, its events say {_open(due)}"


def _open(accounts: Counter[str]) -> dict[str, int]:
    return {name: grams for name, grams in sorted(accounts.items()) if grams}


def judge_checkpoints(
    evidence: Evidence, stored: Stored, keys: Sequence[VerifierKey], proof: Proof
) -> Iterator[str]:
    """Yield what is wrong with the checkpoints that were seen: each must lead to every later one.

    Pairs of neighbours suffice, for consistency is transitive. The newest must be the root of
    the leaves that are there.
    """
    seen: list[Checkpoint] = []
    for note in evidence.checkpoints:
        try:
            seen.append(parse_checkpoint(open_note(note.encode(), keys).text))
        except ValueError as error:
            yield f"checkpoint: a note that was served does not hold: {error}"
    if not seen:
        yield "checkpoint: none was ever seen"
        return
    for old, new in pairwise(seen):
        yield from _leads_to(old, new, proof)
    newest = seen[-1]
    if newest.size != len(stored.leaves):
        yield f"checkpoint: the newest has {newest.size} leaves, there are {len(stored.leaves)}"
    elif _root(stored) != newest.root:
        yield f"checkpoint: the leaves have another root than the one of size {newest.size}"


def _leads_to(old: Checkpoint, new: Checkpoint, proof: Proof) -> Iterator[str]:
    if old.size == new.size:
        # The same head with one more cosignature, or else a fork.
        if old.root != new.root:
            yield f"checkpoint: {old.size} was served with two roots"
        return
    try:
        check_consistency(old.size, new.size, proof(old.size, new.size), old.root, new.root)
    except ProofError as error:
        yield f"checkpoint: {old.size} does not lead to {new.size}: {error}"


def _root(stored: Stored) -> bytes:
    """Return the root over the leaves that are there, hashed again from their bytes."""
    leaves = {event.id: event.leaf for event in stored.events}
    levels = [[leaf_hash(leaves[event].encode()) for _, event in stored.leaves if event in leaves]]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(*below[at : at + 2]) for at in range(0, len(below) - 1, 2)])
    return root_of(len(levels[0]), lambda level, index: levels[level][index])


def judge_receipts(evidence: Evidence, keys: Sequence[VerifierKey]) -> Iterator[str]:
    """Yield what is wrong with receipts: each is signed and promises what was acknowledged."""
    for promise in evidence.promises.values():
        if promise.receipt is None:
            yield f"receipt: {_named(promise)} has none"
            continue
        for key in keys:
            try:
                receipt = open_receipt(promise.receipt.encode(), key)
            except ValueError as error:
                why = str(error)
                continue
            if (str(receipt.event), receipt.leaf_hash.hex()) != (promise.event, promise.leaf_hash):
                yield f"receipt: {_named(promise)} has that of another"
            break
        else:
            yield f"receipt: {_named(promise)}: {why if keys else 'no key of receipts is known'}"
