"""Keys that sign notes, and their printed forms, c2sp.org/signed-note. Pure.

A verifier key is `name+key id+base64(algorithm ‖ public key)`; a signer key, which goes into a
key file and nowhere else, `PRIVATE+KEY+name+key id+base64(algorithm ‖ seed)`.
"""

import base64
import hashlib
import re
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_LOW_ORDER = frozenset(
    bytes.fromhex(point)
    for point in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
)
"""The points whose order divides 8, as y coordinates written in every way, without the sign of x.

Under such a public key one signature verifies for any message.
"""
_SIGN_OF_X = 0x80

KEY_BYTES = 32
"""Of an Ed25519 public key and of the seed of a private one, RFC 8032."""

_PRIVATE = "PRIVATE+KEY+"
_CONTROL = re.compile(r"[\x00-\x1f]")
_KEY_ID = re.compile(r"[0-9a-f]{8}")


class Algorithm(IntEnum):
    """What a key signs, by the type byte of signed-note that goes into its key id."""

    ED25519 = 0x01
    """The text of a note."""
    COSIGNATURE = 0x04
    """The text and a time, c2sp.org/tlog-cosignature."""


class MalformedKey(ValueError):
    """A key that signed-note does not know in this form. It never quotes the key."""


def strict_base64(text: str) -> bytes:
    """Return what standard base64 says; ValueError unless it is the one way to write it."""
    try:
        said = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ValueError("not base64") from error
    if base64.b64encode(said).decode() != text:
        raise ValueError("not base64 as RFC 4648 section 3.5 wants it written")
    return said


def check_name(name: str) -> None:
    """Raise MalformedKey unless a key may be called this: no space, no `+`, no control."""
    if not name or "+" in name or _CONTROL.search(name) or any(c.isspace() for c in name):
        raise MalformedKey("a key's name has no spaces, no plus and no control characters")
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise MalformedKey("a key's name is UTF-8") from error


@dataclass(frozen=True)
class VerifierKey:
    """The public half of a key; `str` prints it. Raises MalformedKey."""

    name: str
    algorithm: Algorithm
    public: bytes
    """32 bytes, RFC 8032."""

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.public) != KEY_BYTES:
            raise MalformedKey("a public key has 32 bytes")
        if bytes([*self.public[:-1], self.public[-1] & ~_SIGN_OF_X]) in _LOW_ORDER:
            raise MalformedKey("a public key of low order verifies anything")

    @cached_property
    def key_id(self) -> bytes:
        """The first 4 bytes of SHA-256(name ‖ newline ‖ algorithm ‖ public key)."""
        said = self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public
        return hashlib.sha256(said).digest()[:4]

    def __str__(self) -> str:
        return _print(self, self.public)

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether the 64 bytes are this key's Ed25519 signature of exactly this message."""
        try:
            self._point.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    @cached_property
    def _point(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.public)


@dataclass(frozen=True)
class SignerKey:
    """A key that signs. Its seed shows in `secret_text` alone. Raises MalformedKey."""

    name: str
    algorithm: Algorithm
    seed: bytes = field(repr=False)
    """32 secret random bytes, RFC 8032."""

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.seed) != KEY_BYTES:
            raise MalformedKey("a seed has 32 bytes")

    @cached_property
    def verifier(self) -> VerifierKey:
        """The public half."""
        public = self._scalar.public_key().public_bytes_raw()
        return VerifierKey(self.name, self.algorithm, public)

    @property
    def secret_text(self) -> str:
        """The line of a key file."""
        return _PRIVATE + _print(self.verifier, self.seed)

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the Ed25519 signature, the same for the same message."""
        return self._scalar.sign(message)

    @cached_property
    def _scalar(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


def parse_verifier(text: str) -> VerifierKey:
    """Return the key that a verifier key line says; MalformedKey for any other text."""
    name, key_id, algorithm, public = _parse(text)
    return _checked(VerifierKey(name, algorithm, public), key_id)


def parse_signer(text: str) -> SignerKey:
    """Return the key that a line of a key file says; MalformedKey for any other text."""
    if not text.startswith(_PRIVATE):
        raise MalformedKey("a signer key begins with PRIVATE+KEY+")
    name, key_id, algorithm, seed = _parse(text.removeprefix(_PRIVATE))
    signer = SignerKey(name, algorithm, seed)
    _checked(signer.verifier, key_id)
    return signer


def _print(key: VerifierKey, material: bytes) -> str:
    said = base64.b64encode(bytes([key.algorithm]) + material).decode()
    return f"{key.name}+{key.key_id.hex()}+{said}"


def _parse(text: str) -> tuple[str, str, Algorithm, bytes]:
    # Base64 has a plus of its own: the name and the key id have none.
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    if not _KEY_ID.fullmatch(key_id):
        raise MalformedKey("a key is a name, a key id of eight hex digits and base64, with plus")
    try:
        said = strict_base64(encoded)
        # Nothing of a key may go into a message: neither ValueError is shown.
        algorithm = Algorithm(said[0] if said else 0)
    except ValueError:
        raise MalformedKey("the key is not base64 of a known algorithm and its bytes") from None
    return name, key_id, algorithm, said[1:]


def _checked(key: VerifierKey, key_id: str) -> VerifierKey:
    if key.key_id.hex() != key_id:
        raise MalformedKey("the key id is another key's")
    return key
