"""The keys that a log's head is signed with: the current one, and those that still overlap. Pure.

A ring is kept as a text, a key a line with the times between which it signs, the current one
first. An old key signs beside its successor for ninety days, so that whoever knows it alone can
follow; then its secret is forgotten and its public half stays, to verify what it signed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from app.ledger.leaf import utc
from app.transparency.keys import MalformedKey, SignerKey, VerifierKey, parse_signer, parse_verifier

OVERLAP = timedelta(days=90)
"""How long an old key signs beside the new one."""

_FOR_EVER = "-"


class MalformedRing(ValueError):
    """A text that is no key ring. It never quotes a key."""


@dataclass(frozen=True)
class HeldKey:
    """A key and when it signs: from, and until (exclusive; None while it is current)."""

    key: SignerKey | VerifierKey
    """Its public half alone once it has ended."""
    valid_from: datetime
    valid_to: datetime | None = None

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return self.key.verifier if isinstance(self.key, SignerKey) else self.key

    def ended(self, now: datetime) -> bool:
        """Whether it signs no more."""
        return self.valid_to is not None and self.valid_to <= now


@dataclass(frozen=True)
class KeyRing:
    """The keys of one log, the current one first. Raises MalformedRing."""

    held: tuple[HeldKey, ...]

    def __post_init__(self) -> None:
        if not self.held or not isinstance(self.held[0].key, SignerKey) or self.held[0].valid_to:
            raise MalformedRing("the first key of a ring signs, without an end")
        if len({one.verifier.name for one in self.held}) > 1:
            raise MalformedRing("the keys of a ring are one log's")

    @property
    def current(self) -> SignerKey:
        """The key that signs without an end."""
        key = self.held[0].key
        assert isinstance(key, SignerKey)
        return key

    @property
    def origin(self) -> str:
        """The name of the log, which its keys bear."""
        return self.current.name

    def signing(self, now: datetime) -> list[SignerKey]:
        """Return the keys that sign a head now, the current one first."""
        return [
            one.key for one in self.held if isinstance(one.key, SignerKey) and not one.ended(now)
        ]

    @property
    def verifiers(self) -> list[VerifierKey]:
        """Every key that a head of this log may be signed with."""
        return [one.verifier for one in self.held]

    def rotated(self, new: SignerKey, now: datetime, overlap: timedelta = OVERLAP) -> "KeyRing":
        """Return the ring with a new current key; the one before it signs until now + overlap."""
        before, *older = self.held
        ending = replace(before, valid_to=now + overlap)
        return KeyRing((HeldKey(new, now), ending, *older))

    def without_ended(self, now: datetime) -> "KeyRing":
        """Return the ring with the secrets of ended keys forgotten."""
        return KeyRing(
            tuple(replace(one, key=one.verifier) if one.ended(now) else one for one in self.held)
        )

    @property
    def secret_text(self) -> str:
        """The text of the key file."""
        return "".join(f"{_line(one)}\n" for one in self.held)


def parse_ring(text: str) -> KeyRing:
    """Return the ring that a key file says; MalformedRing for any other text."""
    return KeyRing(tuple(_held(line) for line in text.splitlines()))


def new_ring(key: SignerKey, now: datetime) -> KeyRing:
    """Return the ring of a log that begins."""
    return KeyRing((HeldKey(key, now),))


def _line(one: HeldKey) -> str:
    key = one.key.secret_text if isinstance(one.key, SignerKey) else str(one.key)
    return f"{key} {utc(one.valid_from)} {utc(one.valid_to) if one.valid_to else _FOR_EVER}"


def _held(line: str) -> HeldKey:
    parts: Sequence[str] = line.split(" ")
    try:
        text, since, until = parts
        key = parse_signer(text) if text.startswith("PRIVATE") else parse_verifier(text)
        return HeldKey(key, _instant(since), None if until == _FOR_EVER else _instant(until))
    except (MalformedKey, ValueError):
        # Nothing of a key may go into a message.
        raise MalformedRing("a line is a key, since when and until when, or -") from None


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
