"""Asking witnesses to cosign a checkpoint, c2sp.org/tlog-witness: the log's side.

The signer's turn, with `witnesses = Witnesses(parse_witnesses(settings.witnesses), client)` made
once (`client` with `follow_redirects=False`, httpx's default):

1. sign the head and keep the note in its folder, in a transaction that ends here;
2. `asked = await witnesses.ask(note, point, prove)`, where `prove(old)` opens a read session of its
   own: `async with database.read() as session: return await prove_consistency(session, old, size)`.
   It is awaited before a witness is called and never while one is waited for;
3. in a second transaction publish the checkpoint and `keep_cosignatures(session, size, asked.lines)`.

`against` and `ahead` are what a restored or re-written database looks like from outside. A witness
that only missed its turn is in `silent`; the same point may be asked for again.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import httpx

from app.logging import log
from app.transparency.add_checkpoint import SIZE_MEDIA, AddCheckpoint
from app.transparency.checkpoint import Checkpoint
from app.transparency.keys import Algorithm, MalformedKey, VerifierKey, parse_verifier
from app.transparency.note import Note, NoteError, open_note, parse_note, parse_signatures

DEADLINE_S = 2.0
"""For which one witness is waited for in all; time for making proofs is not counted."""
SILENCE_S = 60.0
"""For which a witness that was silent is not asked again: it shall not slow every head down."""
MOST_ANSWER_BYTES = 1 << 16

Prove = Callable[[int], Awaitable[Sequence[bytes]]]
"""Gives the consistency proof from an older size to the checkpoint's."""

_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n?")
_LAST_PORT = 65_535
_NOT_IN_URL = re.compile(r"[^!-~]|[?#]")


class MalformedWitnesses(ValueError):
    """A setting that names no witnesses. It never quotes what was written."""


@dataclass(frozen=True)
class WitnessAddress:
    """A witness that cosigns with a key."""

    url: str
    """The submission prefix, without a slash at its end."""
    key: VerifierKey


@dataclass(frozen=True)
class Asked:
    """What the witnesses said. Each of them is in one of these; names are those of their keys."""

    lines: Mapping[str, str] = field(default_factory=dict)
    """Verified cosignatures: the line with its newline, by verifier key."""
    silent: tuple[str, ...] = ()
    """Not reached, too late, or an answer that makes no sense."""
    ahead: tuple[tuple[str, int], ...] = ()
    """Those that cosigned a larger size of this log, and which."""
    against: tuple[str, ...] = ()
    """Those that say that what they cosigned is not how this log begins."""


def parse_witnesses(text: str) -> tuple[WitnessAddress, ...]:
    """Return the witnesses of a setting: `<verifier key> <url>` pairs, with commas between.

    None for an empty text. Raises MalformedWitnesses, in Chinese and English.
    """
    if not text.strip():
        return ()
    found = tuple(_address(part, n) for n, part in enumerate(text.split(","), 1))
    if len({one.key for one in found}) < len(found):
        raise MalformedWitnesses("PLATFORM_WITNESSES 里有重复的公钥 / a key stands twice")
    return found


def _address(text: str, number: int) -> WitnessAddress:
    where = f"PLATFORM_WITNESSES 第 {number} 个见证人 / witness {number}"
    vkey, _, url = text.strip().partition(" ")
    try:
        key = parse_verifier(vkey)
    except MalformedKey as error:
        raise MalformedWitnesses(f"{where}: 公钥不对 / {error}") from None
    if key.algorithm is not Algorithm.COSIGNATURE:
        raise MalformedWitnesses(f"{where}: 不是见证人的公钥 / not a key that cosigns")
    if not _is_prefix(url):
        raise MalformedWitnesses(
            f"{where}: 公钥后空一格写 http 或 https 地址 / a blank and an http(s) address"
        )
    return WitnessAddress(url.rstrip("/"), key)


def _is_prefix(url: str) -> bool:
    """Whether a path can be put behind this address."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    port_fits = parts.port is None or 0 < parts.port <= _LAST_PORT
    plain = port_fits and not _NOT_IN_URL.search(url)
    return plain and parts.scheme in {"http", "https"} and bool(parts.host)


class _Nonsense(ValueError):
    """An answer that no witness gives."""


@dataclass(frozen=True)
class _Answer:
    status: int
    media: str
    body: bytes


@dataclass
class _Conversation:
    """With one witness about one checkpoint."""

    address: WitnessAddress
    client: httpx.AsyncClient
    left_s: float = DEADLINE_S

    async def post(self, request: AddCheckpoint) -> _Answer:
        """Send a request in what is left of the time."""
        begun = time.monotonic()
        try:
            async with asyncio.timeout(self.left_s):
                return await self._post(request.encode())
        finally:
            self.left_s -= time.monotonic() - begun

    async def _post(self, body: bytes) -> _Answer:
        # Unpacked by nobody: a small answer cannot grow in memory.
        headers = {"Content-Type": "text/plain; charset=utf-8", "Accept-Encoding": "identity"}
        url = f"{self.address.url}/add-checkpoint"
        async with self.client.stream("POST", url, content=body, headers=headers) as response:
            said = bytearray()
            async for part in response.aiter_raw():
                said += part
                if len(said) > MOST_ANSWER_BYTES:
                    raise _Nonsense("a long answer")
            media = response.headers.get("content-type", "").split(";")[0].strip().lower()
            return _Answer(response.status_code, media, bytes(said))


class Witnesses:
    """The witnesses of a log; remembers which size each of them knows, and who was silent."""

    def __init__(self, addresses: Sequence[WitnessAddress], client: httpx.AsyncClient) -> None:
        self.addresses = tuple(addresses)
        self._client = client
        self._sizes: dict[tuple[str, VerifierKey], int] = {}
        self._silent_until: dict[VerifierKey, float] = {}

    async def ask(self, note: str, point: Checkpoint, prove: Prove) -> Asked:
        """Ask all witnesses at once to cosign a signed checkpoint; at most 2 s of waiting each.

        `point` is what `note` says; `prove(old)` gives the consistency proof from a size between 0
        and the point's, both exclusive. What a witness does wrong is never raised, what `prove`
        raises is, when all have been asked.
        """
        signed = parse_note(note.encode())
        asking = (self._ask_unless_silent(one, signed, point, prove) for one in self.addresses)
        said = await asyncio.gather(*asking, return_exceptions=True)
        answers: list[Asked] = []
        for one in said:
            if isinstance(one, BaseException):
                raise one
            answers.append(one)
        return Asked(
            lines={vkey: line for one in answers for vkey, line in one.lines.items()},
            silent=tuple(name for one in answers for name in one.silent),
            ahead=tuple(pair for one in answers for pair in one.ahead),
            against=tuple(name for one in answers for name in one.against),
        )

    async def _ask_unless_silent(
        self, address: WitnessAddress, note: Note, point: Checkpoint, prove: Prove
    ) -> Asked:
        if time.monotonic() < self._silent_until.get(address.key, 0):
            return Asked(silent=(address.key.name,))
        asked = await self._ask(address, note, point, prove)
        if asked.silent:
            self._silent_until[address.key] = time.monotonic() + SILENCE_S
        return asked

    async def _ask(
        self, address: WitnessAddress, note: Note, point: Checkpoint, prove: Prove
    ) -> Asked:
        talk = _Conversation(address, self._client)
        key, memory = address.key, (point.origin, address.key)
        old = min(self._sizes.get(memory, 0), point.size)
        for _ in range(2):
            proof = await prove(old) if 0 < old < point.size else ()
            request = AddCheckpoint(old, tuple(proof), note, point)
            try:
                answer = await talk.post(request)
                if answer.status == httpx.codes.OK:
                    line = _cosignature(note.text, answer.body, key)
                    self._sizes[memory] = point.size
                    return Asked(lines={str(key): line})
                if old and answer.status == httpx.codes.UNPROCESSABLE_ENTITY:
                    return Asked(against=(key.name,))
                known = _known_size(answer, request)
            except (httpx.HTTPError, httpx.StreamError, TimeoutError, _Nonsense) as error:
                log.info("a witness did not cosign", witness=key.name, why=type(error).__name__)
                return Asked(silent=(key.name,))
            if known == old:
                return Asked(against=(key.name,))
            self._sizes[memory] = known
            if known > point.size:
                return Asked(ahead=((key.name, known),))
            old = known
        # Somebody else keeps sending it checkpoints: the next turn is soon.
        return Asked(silent=(key.name,))


def _known_size(answer: _Answer, request: AddCheckpoint) -> int:
    """Return the size that a witness says it knows; that of the request where the root differs."""
    if answer.status != httpx.codes.CONFLICT:
        raise _Nonsense(f"status {answer.status}")
    told = _SIZE.fullmatch(answer.body) if answer.media == SIZE_MEDIA else None
    if told and int(told[1]) != request.old:
        return int(told[1])
    # c2sp.org/tlog-witness v1 prescribes no body where size and size meet and the roots differ.
    if request.old == request.checkpoint.size:
        return request.old
    raise _Nonsense("a conflict that is none")


def _cosignature(text: str, body: bytes, key: VerifierKey) -> str:
    """Return the line of a key's cosignature out of an answer; those of other keys are ignored."""
    try:
        signatures = parse_signatures(body.decode())
        for one in signatures:
            if (one.name, one.key_id) == (key.name, key.key_id):
                open_note(Note(text, (one,)).encode(), [key])
                return one.line
    except (NoteError, UnicodeDecodeError) as error:
        raise _Nonsense("an answer without a cosignature") from error
    raise _Nonsense("the cosignature of another key")
