"""A witness's folder: its key, and for each log the last checkpoint that it cosigned.

Files: `witness.key` (mode 0600, made on the first start), `lock`, and for each log
`log-<SHA-256 of its origin>`, which is the cosigned note itself. A cosignature is given away only
after its note is on disk, so that it holds after a crash: a copy of this folder that is put back
later would break that promise, and so would a second one.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from socket import gethostname
from threading import Lock

from app.durable_file import write_durably
from app.folder_lock import FolderTaken, take_folder
from app.logging import log
from app.transparency.add_checkpoint import AddCheckpoint, parse_add_checkpoint
from app.transparency.checkpoint import MalformedCheckpoint, parse_checkpoint
from app.transparency.keys import (
    Algorithm,
    MalformedKey,
    SignerKey,
    VerifierKey,
    parse_signer,
)
from app.transparency.note import Note, NoteError, Signature, cosign, open_note
from app.witness.judge import Head, Verdict, judge

KEY_FILE = "witness.key"
CONFLICTS = frozenset({Verdict.OTHER_ROOT, Verdict.NOT_PROVEN})
"""What the log's own key signed and what does not continue what it signed before."""


class CannotWitness(RuntimeError):
    """The folder or the keys are not fit to start with; says why in Chinese and English."""


@dataclass(frozen=True)
class Decision:
    """What became of a request."""

    verdict: Verdict
    size: int
    """Leaves of the log that this witness has cosigned, before the request."""
    lines: str = ""
    """The cosignature's line where there is one."""


class Witness:
    """Cosigns what continues what it cosigned, on a folder that it alone holds. Thread-safe."""

    def __init__(self, folder: Path, logs: Iterable[VerifierKey], name: str | None = None) -> None:
        """Take the folder; `logs` are the keys of the logs to watch, each named as its log.

        `name` is for a new key (by default after this machine), and must be the key's where there
        is one. Raises CannotWitness.
        """
        self.folder = folder
        self.logs = tuple(logs)
        if any(key.algorithm is not Algorithm.ED25519 for key in self.logs):
            raise CannotWitness("--log 要日志自己的公钥 / --log takes a log's own key")
        try:
            self._held = take_folder(folder)
        except FolderTaken:
            raise CannotWitness(
                f"另一个见证程序正在使用 {folder} / another witness runs on this folder"
            ) from None
        try:
            self.key = self._key(name)
            self._notes = {key.name: self._kept(key.name) for key in self.logs}
        except BaseException:
            self._held.close()
            raise
        self._turns = {origin: Lock() for origin in self._notes}

    def close(self) -> None:
        """Let another process have the folder."""
        self._held.close()

    def last(self, origin: str) -> Note | None:
        """Return the last checkpoint of a log that was cosigned here, with the cosignature."""
        return self._notes.get(origin)

    def add(self, body: bytes, now: datetime) -> Decision:
        """Decide on an `add-checkpoint` request; a cosignature is on disk when this returns.

        One request of a log after the other: what is judged is always what was cosigned last.
        Raises MalformedRequest; OSError where nothing can be written, and then nothing is cosigned.
        """
        request = parse_add_checkpoint(body)
        origin = request.checkpoint.origin
        if origin not in self._turns:
            return Decision(Verdict.UNKNOWN_LOG, 0)
        with self._turns[origin]:
            head = _head(self._notes[origin])
            verdict = judge(head, request, self.logs)
            if verdict in CONFLICTS:
                # The log's signature stands under it: whoever reads this can show it to anyone.
                log.error(
                    "a checkpoint that does not continue what was cosigned",
                    size=head.size,
                    note=request.note.encode().decode(),
                )
            if verdict is not Verdict.COSIGN:
                return Decision(verdict, head.size)
            signature = cosign(request.note.text, self.key, int(now.timestamp()))
            note = self._cosigned(request, signature)
            write_durably(self._file(origin), note.encode().decode())
            self._notes[origin] = note
            return Decision(verdict, head.size, signature.line)

    def _cosigned(self, request: AddCheckpoint, signature: Signature) -> Note:
        """Return the checkpoint with the log's signatures, which are verified, and ours."""
        known = {(key.name, key.key_id) for key in self.logs}
        of_log = (one for one in request.note.signatures if (one.name, one.key_id) in known)
        return Note(request.note.text, (*of_log, signature))

    def _file(self, origin: str) -> Path:
        return self.folder / f"log-{sha256(origin.encode()).hexdigest()}"

    def _key(self, name: str | None) -> SignerKey:
        path = self.folder / KEY_FILE
        try:
            if not path.exists():
                return self._new_key(path, name)
            key = parse_signer(path.read_text(encoding="utf-8").strip())
        except MalformedKey as error:
            raise CannotWitness(f"公钥名或 {path} 不对 / {error}") from None
        if key.algorithm is not Algorithm.COSIGNATURE:
            raise CannotWitness(f"{path} 不是见证人的钥匙 / is not a witness's key")
        if name not in (None, key.name):
            raise CannotWitness(
                f"这个目录的钥匙名为 {key.name}，不能改名 / the key here has this name"
            )
        return key

    def _new_key(self, path: Path, name: str | None) -> SignerKey:
        if any(self.folder.glob("log-*")):
            raise CannotWitness(
                f"{path} 不见了：找回它，或换一个空目录作新的见证人"
                " / the key is gone: bring it back, or begin anew in an empty folder"
            )
        key = SignerKey(
            name or f"{gethostname()}/witness", Algorithm.COSIGNATURE, secrets.token_bytes(32)
        )
        write_durably(path, f"{key.secret_text}\n", mode=0o600)
        return key

    def _kept(self, origin: str) -> Note | None:
        path = self._file(origin)
        if not path.exists():
            return None
        try:
            known = open_note(path.read_bytes(), [self.key.verifier])
            if parse_checkpoint(known.text).origin == origin:
                return known.note
        except (NoteError, MalformedCheckpoint):
            pass
        raise CannotWitness(f"{path} 已损坏，不能继续见证 / is damaged: it cannot be continued")


def _head(note: Note | None) -> Head:
    if note is None:
        return Head()
    point = parse_checkpoint(note.text)
    return Head(point.size, point.root)
