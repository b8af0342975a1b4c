"""The signer's folder: its keys and the last head that it signed, outside the database.

Files: `signer.key` (a key ring, mode 0600), `signer.next` (a new key until its leaf is in the log
and the ring has it), `checkpoint` (the last note), `lock`. A closed log's files go to `closed-<n>`.
"""

import fcntl
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from app.durable_file import write_durably, write_once
from app.folder_lock import take_folder
from app.transparency.checkpoint import Checkpoint, parse_checkpoint
from app.transparency.keyring import KeyRing, new_ring, parse_ring
from app.transparency.keys import Algorithm, SignerKey, parse_signer
from app.transparency.note import open_note

RING_FILE, NEXT_FILE, LAST_FILE = "signer.key", "signer.next", "checkpoint"
RING_LOCK_FILE = "signer.key.lock"


class KeyMissing(FileNotFoundError):
    """A folder that has signed, without its key: it is kept elsewhere, or lost."""


def fresh_key(name: str) -> SignerKey:
    """Return a new key for signing notes."""
    return SignerKey(name, Algorithm.ED25519, secrets.token_bytes(32))


@dataclass(frozen=True)
class SignerFolder:
    """A folder of the files above."""

    path: Path

    @property
    def has_ring(self) -> bool:
        """Whether the keys of a log are here."""
        return (self.path / RING_FILE).exists()

    def ring(self) -> KeyRing:
        """Return the keys. Raises KeyMissing, MalformedRing."""
        path = self.path / RING_FILE
        if not path.exists():
            raise KeyMissing(path)
        return parse_ring(path.read_text(encoding="utf-8"))

    def ring_changed_at(self) -> int:
        """Return when the key file was last written, in nanoseconds of its file system."""
        return (self.path / RING_FILE).stat().st_mtime_ns

    def begin(self, origin: str, now: datetime) -> KeyRing:
        """Make the first key of a log. Raises KeyMissing where a head was signed here before."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if (self.path / LAST_FILE).exists():
            # A new key beside an old checkpoint would sign over what it cannot continue.
            raise KeyMissing(self.path / RING_FILE)
        write_once(self.path / RING_FILE, new_ring(fresh_key(origin), now).secret_text)
        return self.ring()  # this one, or that of a process which was first

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Let one process at a time read, change and keep the keys."""
        with (self.path / RING_LOCK_FILE).open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def keep(self, ring: KeyRing) -> None:
        """Write the keys down; who changes them does it under `changing`."""
        write_durably(self.path / RING_FILE, ring.secret_text)

    def prepared_key(self) -> SignerKey | None:
        """Return the key that was prepared, where a ceremony was cut short."""
        path = self.path / NEXT_FILE
        return parse_signer(path.read_text(encoding="utf-8").strip()) if path.exists() else None

    def next_key(self, name: str) -> SignerKey:
        """Return the key that is to follow: the one prepared before a crash, or a new one."""
        prepared = self.prepared_key()
        if prepared and prepared.name == name:
            return prepared
        key = fresh_key(name)
        write_durably(self.path / NEXT_FILE, f"{key.secret_text}\n")
        return key

    def forget_next(self) -> None:
        """Remove the prepared key, which the ring holds by now."""
        (self.path / NEXT_FILE).unlink(missing_ok=True)

    def last_note(self) -> str | None:
        """Return the last note that was signed here."""
        path = self.path / LAST_FILE
        return path.read_text(encoding="utf-8") if path.exists() else None

    def last(self, ring: KeyRing) -> Checkpoint | None:
        """Return the last head that was signed here. Raises NoteError for another's note."""
        note = self.last_note()
        if note is None:
            return None
        return parse_checkpoint(open_note(note.encode(), ring.verifiers).text)

    def keep_last(self, note: str) -> None:
        """Write down what was signed; it is on disk when this returns."""
        write_durably(self.path / LAST_FILE, note)

    def close_log(self) -> None:
        """Put a log's files aside: they are evidence of what it signed."""
        files = [self.path / name for name in (LAST_FILE, RING_FILE) if (self.path / name).exists()]
        if not files:
            return
        number = 1
        while (aside := self.path / f"closed-{number}").exists():
            number += 1
        aside.mkdir(mode=0o700)
        for file in files:
            file.rename(aside / file.name)

    def origins(self) -> set[str]:
        """Return the names of the logs that were signed here, the closed ones included."""
        rings = (*self.path.glob(f"closed-*/{RING_FILE}"), *self.path.glob(RING_FILE))
        return {parse_ring(path.read_text(encoding="utf-8")).origin for path in rings}

    def lock(self) -> IO[bytes]:
        """Take the folder for this process until the file is closed. Raises FolderTaken."""
        return take_folder(self.path)
