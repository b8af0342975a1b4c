"""Signed notes, c2sp.org/signed-note, and cosignatures, c2sp.org/tlog-cosignature. Pure.

A note is a text that ends in a newline, an empty line, and signature lines
`— <key name> <base64(key id ‖ signature)>`. Its text is worth nothing before `open_note`.
"""

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.transparency.keys import (
    Algorithm,
    MalformedKey,
    SignerKey,
    VerifierKey,
    check_name,
    strict_base64,
)

MOST_BYTES = 1_000_000
"""Of a whole note, signatures included."""
MOST_SIGNATURES = 100
"""C2SP wants at least 16 accepted and a limit set; this is the Go implementation's."""
LAST_TIME = (1 << 63) - 1
"""The latest time of a cosignature, Unix seconds."""

_KEY_ID_BYTES = 4
_TIME_BYTES = 8
_SIGNATURE_BYTES = 64
_DASH = "— "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
"""All but the newline."""


class NoteError(ValueError):
    """A note that is not to be believed."""


class MalformedNote(NoteError):
    """Bytes that are no signed note, or parts that make none."""


class UnverifiedNote(NoteError):
    """A note that no known key signed, or with a wrong signature under a known key."""


@dataclass(frozen=True)
class Signature:
    """One signature line, of a key known or not. Raises MalformedNote."""

    name: str
    key_id: bytes
    """4 bytes."""
    value: bytes
    """What the key's algorithm makes; for a cosignature 8 bytes of time, then 64."""

    def __post_init__(self) -> None:
        try:
            check_name(self.name)
        except MalformedKey as error:
            raise MalformedNote(str(error)) from error
        if len(self.key_id) != _KEY_ID_BYTES or not self.value:
            raise MalformedNote("a signature is a key id of 4 bytes and at least one more")

    @property
    def line(self) -> str:
        """The line as a note has it, with its newline."""
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.value).decode()}\n"


@dataclass(frozen=True)
class Note:
    """A text and its signatures, nothing verified. Raises MalformedNote."""

    text: str
    """Lines, each ending in a newline."""
    signatures: tuple[Signature, ...]
    """1 to 100, in their order."""

    def __post_init__(self) -> None:
        check_text(self.text)
        if not 1 <= len(self.signatures) <= MOST_SIGNATURES:
            raise MalformedNote(f"a note has 1 to {MOST_SIGNATURES} signatures")
        if len(self.encode()) > MOST_BYTES:
            raise MalformedNote(f"a note has at most {MOST_BYTES} bytes")

    def encode(self) -> bytes:
        """Return the bytes of the note, UTF-8."""
        return "".join([self.text, "\n", *(one.line for one in self.signatures)]).encode()


@dataclass(frozen=True)
class Signed:
    """A signature that a known key did make."""

    key: VerifierKey
    signature: Signature
    at: int | None
    """Of a cosignature: when, Unix seconds."""


@dataclass(frozen=True)
class VerifiedNote:
    """A note that at least one known key signed."""

    note: Note
    signed: tuple[Signed, ...]
    """By known keys, in the note's order; one key may have signed more than once."""

    @property
    def text(self) -> str:
        """The text, which may be believed."""
        return self.note.text

    @property
    def names(self) -> frozenset[str]:
        """The names of the known keys that signed."""
        return frozenset(one.key.name for one in self.signed)


def check_text(text: str) -> None:
    """Raise MalformedNote unless a note may say this."""
    if not text.endswith("\n"):
        raise MalformedNote("a note's text ends in a newline")
    if _CONTROL.search(text):
        raise MalformedNote("a note has no control characters but the newline")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise MalformedNote("a note is UTF-8") from error


def parse_signatures(lines: str) -> tuple[Signature, ...]:
    """Return the signatures of whole lines, each with its newline; what a witness answers.

    Raises MalformedNote for anything else, and for none or more than 100.
    """
    *parts, end = lines.split("\n")
    if end or not 1 <= len(parts) <= MOST_SIGNATURES:
        raise MalformedNote(f"1 to {MOST_SIGNATURES} signature lines, each with its newline")
    return tuple(_parse_line(line) for line in parts)


def _parse_line(line: str) -> Signature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise MalformedNote("a signature line is a dash, a name and base64, with single spaces")
    try:
        said = strict_base64(encoded)
    except ValueError as error:
        raise MalformedNote(f"a signature is {error}") from error
    return Signature(name, said[:_KEY_ID_BYTES], said[_KEY_ID_BYTES:])


def parse_note(raw: bytes) -> Note:
    """Return the note that these bytes are; it prints as the same bytes. Verifies nothing.

    Raises MalformedNote.
    """
    if len(raw) > MOST_BYTES:
        raise MalformedNote(f"a note has at most {MOST_BYTES} bytes")
    try:
        said = raw.decode()
    except UnicodeDecodeError as error:
        raise MalformedNote("a note is UTF-8") from error
    # The last empty line, since the text may have empty lines itself.
    text, blank, lines = said.rpartition("\n\n")
    if not blank:
        raise MalformedNote("an empty line stands between the text and the signatures")
    return Note(text + "\n", parse_signatures(lines))


def open_note(raw: bytes, verifiers: Iterable[VerifierKey]) -> VerifiedNote:
    """Return the note and who of the known keys signed it.

    A signature whose name and key id are not both a known key's is kept and not trusted. Raises
    MalformedNote; UnverifiedNote where no known key signed or one known key's signature is wrong.
    """
    known: dict[tuple[str, bytes], VerifierKey] = {}
    for key in verifiers:
        if known.setdefault((key.name, key.key_id), key) != key:
            raise UnverifiedNote("two known keys share their name and key id")
    note = parse_note(raw)
    signed = tuple(
        _verify(note.text, signature, known[signature.name, signature.key_id])
        for signature in note.signatures
        if (signature.name, signature.key_id) in known
    )
    if not signed:
        raise UnverifiedNote("no known key signed this note")
    return VerifiedNote(note, signed)


def sign(text: str, keys: Sequence[SignerKey]) -> Note:
    """Return the text signed by Ed25519 keys, in their order; the same for the same arguments.

    Raises MalformedNote for a text that a note cannot say, for no key and for cosigning keys.
    """
    check_text(text)
    return Note(text, tuple(_sign(text, key, None) for key in keys))


def cosign(text: str, key: SignerKey, at: int) -> Signature:
    """Return the cosignature of a checkpoint's text at a time in Unix seconds, deterministic.

    It states that the witness saw no larger tree of this log that is not consistent with this
    one. Raises MalformedNote for a text that a note cannot say, for another kind of key and for
    times outside 0 to 2⁶³ − 1.
    """
    check_text(text)
    if not 0 <= at <= LAST_TIME:
        raise MalformedNote("a cosignature's time is 0 to 2⁶³ − 1 seconds")
    return _sign(text, key, at)


def _sign(text: str, key: SignerKey, at: int | None) -> Signature:
    if (key.algorithm is Algorithm.COSIGNATURE) != (at is not None):
        raise MalformedNote("a cosigning key signs with a time, and no other key does")
    when = b"" if at is None else at.to_bytes(_TIME_BYTES, "big")
    return Signature(key.name, key.verifier.key_id, when + key.sign(_message(text, at)))


def _verify(text: str, signature: Signature, key: VerifierKey) -> Signed:
    value, at = signature.value, None
    if key.algorithm is Algorithm.COSIGNATURE:
        at, value = int.from_bytes(value[:_TIME_BYTES], "big"), value[_TIME_BYTES:]
    late = at is not None and at > LAST_TIME
    if late or len(value) != _SIGNATURE_BYTES or not key.verifies(value, _message(text, at)):
        raise UnverifiedNote(f"the signature of {key.name} is wrong")
    return Signed(key, signature, at)


def _message(text: str, at: int | None) -> bytes:
    return (text if at is None else f"cosignature/v1\ntime {at}\n{text}").encode()
