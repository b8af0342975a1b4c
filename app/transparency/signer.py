"""The signer: signs the log's head, once, and never one that does not continue the last it signed.

Its key and the last checkpoint that it signed lie in a folder of files, outside the database: a
database that was restored to an older point, cut or altered does not continue that checkpoint, and
the signer refuses. Recording and reading go on.
"""

import asyncio
import fcntl
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Database, is_away
from app.logging import log
from app.transparency.checkpoint import Checkpoint, parse_checkpoint
from app.transparency.keys import Algorithm, SignerKey, parse_signer
from app.transparency.models import LogCheckpoint, LogHead
from app.transparency.note import open_note, sign
from app.transparency.prove import root_at
from app.transparency.tree import ProofError

KEY_FILE, LAST_FILE, LOCK_FILE = "signer.key", "checkpoint", "lock"
PAUSE_S = 1.0
AFTER_A_FAULT_S = 5.0


class Refused(RuntimeError):
    """The database's log does not continue what was signed. Says why in Chinese and English."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(chinese)
        self.english = english


class FolderTaken(RuntimeError):
    """Another process signs with this folder."""


class Signer:
    """One log's signer on its folder, which one process at a time holds.

    `why` says why it refuses to sign (Chinese, English), None while it signs.
    """

    def __init__(self, folder: Path, origin: str) -> None:
        self.folder = folder
        self.origin = origin
        self.why: tuple[str, str] | None = None
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock: IO[bytes] = (folder / LOCK_FILE).open("wb")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            raise FolderTaken(str(folder)) from error
        self.key = self._key()
        self.last = self._last()

    def close(self) -> None:
        """Let another process sign."""
        self._lock.close()

    def _key(self) -> SignerKey:
        path = self.folder / KEY_FILE
        if not path.exists():
            # A new key beside an old checkpoint would sign over what it cannot continue.
            if (self.folder / LAST_FILE).exists():
                raise FileNotFoundError(path)
            key = SignerKey(self.origin, Algorithm.ED25519, secrets.token_bytes(32))
            _write(path, f"{key.secret_text}\n", mode=0o600)
        return parse_signer(path.read_text(encoding="utf-8").strip())

    def _last(self) -> Checkpoint | None:
        path = self.folder / LAST_FILE
        if not path.exists():
            return None
        known = open_note(path.read_bytes(), [self.key.verifier])
        return parse_checkpoint(known.note.text)

    async def sign_head(self, database: Database, now: datetime) -> int:
        """Sign the newest head and publish it; return the size that is published, 0 for none.

        Raises Refused. What is signed is on disk before it is published; a crash between the two
        is made good by the next turn, for the same head gives the same note.
        """
        async with database.write() as session:
            head = await session.scalar(select(LogHead).order_by(LogHead.size.desc()).limit(1))
            await self._must_continue(session, head)
            if head is None:
                return 0
            point = Checkpoint(self.origin, head.size, head.root)
            note = sign(point.text, [self.key]).encode().decode()
            if self.last != point:
                await asyncio.to_thread(_write, self.folder / LAST_FILE, note, mode=0o600)
                self.last = point
            await _publish(session, head.size, note)
            return head.size

    async def _must_continue(self, session: AsyncSession, head: LogHead | None) -> None:
        last = self.last
        if last is not None and (head is None or head.size < last.size):
            there = head.size if head else 0
            raise Refused(
                f"数据库里的日志只有 {there} 条，而已经签名公布过 {last.size} 条：数据库被恢复到旧的"
                "时点，或被截断",
                f"the database has {there} leaves, a head of {last.size} is signed",
            )
        try:
            if head is not None and await root_at(session, head.size) != head.root:
                raise Refused("最新的根与存证树不符", "the head is not the root of the tiles")
            if last is not None and await root_at(session, last.size) != last.root:
                raise Refused(
                    f"前 {last.size} 条的根与已经签名公布的不同：日志被改过",
                    f"the root of the first {last.size} leaves is not the one that was signed",
                )
        except ProofError as error:
            raise Refused("存证树缺了一部分", "tiles are missing") from error


def open_signer(folder: Path, origin: str) -> Signer | None:
    """Return the signer of a folder, None where another process signs with it."""
    try:
        return Signer(folder, origin)
    except FolderTaken:
        log.info("another process signs", folder=str(folder))
        return None


async def _publish(session: AsyncSession, size: int, note: str) -> None:
    await session.execute(
        insert(LogCheckpoint).values(size=size, note=note).on_conflict_do_nothing()
    )


def _write(path: Path, text: str, *, mode: int) -> None:
    """Write a file whole or not at all, and make sure that it is on disk."""
    draft = path.with_name(f"{path.name}.new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


async def keep_signing(database: Database, signer: Signer) -> None:
    """Sign each new head until cancelled; a refusal is kept in `signer.why` and tried again."""
    while True:
        try:
            await signer.sign_head(database, datetime.now(UTC))
            signer.why = None
        except Refused as error:
            if signer.why is None:
                log.error("the signer refuses", why=error.english)
            signer.why = (str(error), error.english)
            await asyncio.sleep(AFTER_A_FAULT_S)
        except Exception as error:  # noqa: BLE001  one bad turn must not end the loop
            if not is_away(error):
                log.exception("signing failed")
            await asyncio.sleep(AFTER_A_FAULT_S)
        await asyncio.sleep(PAUSE_S)
