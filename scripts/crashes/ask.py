"""What the platform itself says in the end: proofs, keys, readiness, and answers to what is sent again."""

import json
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from random import Random
from typing import Any

from app.config import ROOT
from app.transparency.checkpoint import parse_checkpoint
from app.transparency.keys import VerifierKey, parse_verifier
from app.transparency.note import open_note
from app.transparency.tree import ProofError, check_inclusion
from scripts.crashes.evidence import Evidence
from scripts.crashes.servers import Platform

MOST_PROOFS = 200
VERIFY = ROOT / "scripts" / "verify"


def _json(platform: Platform, path: str) -> Any:
    """Return what a page says; None where it does not answer with 200."""
    status, said = platform.ask(path)
    return json.loads(said) if status == HTTPStatus.OK else None


def published_size(platform: Platform) -> int:
    """Return the size of the newest checkpoint, 0 where there is none. Verifies nothing."""
    status, note = platform.ask("/log/checkpoint")
    return int(note.split(b"\n")[1]) if status == HTTPStatus.OK else 0


def checkpoint_keys(platform: Platform) -> list[VerifierKey]:
    """Return the keys of `/log/keys`."""
    _, lines = platform.ask("/log/keys")
    return [parse_verifier(line.split()[0]) for line in lines.decode().splitlines()]


def receipt_keys(platform: Platform) -> list[VerifierKey]:
    """Return the keys that sign receipts."""
    known = _json(platform, "/api/v1/log/keys") or {"items": []}
    return [parse_verifier(one["vkey"]) for one in known["items"] if one["purpose"] == "receipt"]


def consistency(platform: Platform, old: int, new: int) -> list[bytes]:
    """Return the proof that the platform gives; ProofError where it gives none."""
    said = _json(platform, f"/api/v1/log/consistency?from={old}&to={new}")
    if said is None:
        raise ProofError("there is no proof")
    return [bytes.fromhex(one) for one in said["proof"]]


def judge_proofs(
    platform: Platform, evidence: Evidence, keys: Sequence[VerifierKey], rng: Random
) -> Iterator[str]:
    """Yield which of a sample of acknowledged events the platform cannot prove."""
    promises = sorted(evidence.promises.values(), key=lambda one: one.event)
    for promise in rng.sample(promises, min(MOST_PROOFS, len(promises))):
        said = _json(platform, f"/api/v1/events/{promise.event}/proof")
        if said is None:
            yield f"proof: there is none of event {promise.event}"
            continue
        try:
            head = parse_checkpoint(open_note(said["checkpoint"].encode(), keys).text)
            path = [bytes.fromhex(one) for one in said["inclusion"]]
            leaf = bytes.fromhex(promise.leaf_hash)
            check_inclusion(leaf, said["leaf_index"], head.size, path, head.root)
        except ValueError as error:
            yield f"proof: that of event {promise.event} does not hold: {error}"


def judge_readiness(platform: Platform) -> Iterator[str]:
    """Yield why the platform is not ready, or its signer refuses."""
    status, said = platform.ask("/readyz")
    body = json.loads(said or b"{}")
    if status != HTTPStatus.OK:
        yield f"readiness: {status} {body.get('detail')}"
    elif (body.get("signer") or {}).get("status") == "refuses":
        yield f"readiness: the signer refuses: {body['signer']}"


def judge_export(platform: Platform) -> Iterator[str]:
    """Yield what `export-log` and `scripts/verify` say where one of them does not end with 0."""
    exported = platform.folder / "export.jsonl"
    for words in (("-m", "app", "export-log", str(exported)), (str(VERIFY), str(exported))):
        done = platform.command(*words)
        if done.returncode:
            yield f"{words[-2]}: exit {done.returncode}: {(done.stdout + done.stderr).strip()}"
            return
