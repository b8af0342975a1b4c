"""Logs to witness: histories with their roots and proofs, signed as a log signs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from starlette.types import ASGIApp

from app.ledger.leaf import leaf_hash
from app.transparency.add_checkpoint import AddCheckpoint
from app.transparency.checkpoint import Checkpoint
from app.transparency.keys import Algorithm, SignerKey
from app.transparency.note import sign
from app.witness.door import create_app
from app.witness.keep import Witness
from tests.test_tree import naive_proof, naive_root

ORIGIN = "log.test/hebei"
LOG_KEY = SignerKey(ORIGIN, Algorithm.ED25519, b"l" * 32)
NEXT_KEY = SignerKey(ORIGIN, Algorithm.ED25519, b"n" * 32)
STRANGER = SignerKey(ORIGIN, Algorithm.ED25519, b"s" * 32)


@dataclass(frozen=True)
class History:
    """What a log says its leaves are."""

    leaves: Sequence[str]
    origin: str = ORIGIN

    def _hashes(self, size: int) -> list[bytes]:
        assert size <= len(self.leaves)
        return [leaf_hash(one.encode()) for one in self.leaves[:size]]

    def root(self, size: int) -> bytes:
        return naive_root(self._hashes(size))

    def point(self, size: int) -> Checkpoint:
        return Checkpoint(self.origin, size, self.root(size))

    def proof(self, old: int, size: int) -> tuple[bytes, ...]:
        """The consistency proof where one is due, else none."""
        return tuple(naive_proof(old, self._hashes(size))) if 0 < old < size else ()

    def note(self, size: int, *keys: SignerKey) -> str:
        return sign(self.point(size).text, keys or [LOG_KEY]).encode().decode()

    def request(self, old: int, size: int, *keys: SignerKey) -> AddCheckpoint:
        point = self.point(size)
        return AddCheckpoint(old, self.proof(old, size), sign(point.text, keys or [LOG_KEY]), point)


HONEST = History([f"leaf {n}" for n in range(40)])
REWRITTEN = History([f"leaf {n}" if n != 2 else "lie" for n in range(40)])


def open_witness(folder: Path, *logs: SignerKey, name: str = "cz.test/witness") -> Witness:
    return Witness(folder, [key.verifier for key in logs or [LOG_KEY]], name)


def client_of(app: ASGIApp, host: str = "http://cz.test") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=host)


def client_of_witness(witness: Witness) -> httpx.AsyncClient:
    return client_of(create_app(witness))
