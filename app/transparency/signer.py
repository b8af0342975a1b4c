"""The signer: signs the log's head, once, and never one that does not continue the last it signed.

Its key and the last checkpoint that it signed lie in a folder of files, outside the database, and
witnesses remember what they cosigned: a database that was restored to an older point, cut or
altered does not continue that checkpoint, and the signer refuses. Recording and reading go on.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Database, is_away
from app.folder_lock import FolderTaken
from app.ledger.models import Event, Leaf
from app.logging import log
from app.transparency.checkpoint import Checkpoint
from app.transparency.cosignatures import keep_cosignatures
from app.transparency.models import LogCheckpoint, LogHead
from app.transparency.note import sign
from app.transparency.prove import prove_consistency, root_at
from app.transparency.recheck import first_altered
from app.transparency.signer_folder import SignerFolder
from app.transparency.tree import ProofError
from app.transparency.witnesses import SILENCE_S, Asked, Witnesses

PAUSE_S = 1.0
AFTER_A_FAULT_S = 5.0
RECHECKED_A_TURN = 2_000
"""Leaves hashed again each turn, from the first to the last and over again."""


class Refused(RuntimeError):
    """The database's log does not continue what was signed. Says why in Chinese and English."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(chinese)
        self.english = english


class Signed(NamedTuple):
    """A head with its note."""

    point: Checkpoint
    note: str


class Signer:
    """One log's signer on its folder, which one process at a time holds.

    `why` says why it refuses to sign (Chinese, English), None while it signs. Raises FolderTaken,
    KeyMissing.
    """

    def __init__(self, folder: SignerFolder, witnesses: Witnesses | None = None) -> None:
        self.folder = folder
        self.why: tuple[str, str] | None = None
        self._lock = folder.lock()
        self._witnesses = witnesses
        self._rechecked = 0
        self._asked_at: datetime | None = None
        self._silent: Sequence[str] = ()
        try:
            self.ring = folder.ring()
            self._ring_changed_at = folder.ring_changed_at()
            last, note = folder.last(self.ring), folder.last_note()
        except Exception:
            self._lock.close()
            raise
        self.last = Signed(last, note) if last and note else None

    def close(self) -> None:
        """Let another process sign."""
        self._lock.close()

    async def sign_head(self, database: Database, now: datetime) -> int:
        """Sign the newest head and publish it; return the size that is published, 0 for none.

        Raises Refused. What is signed is on disk before it is published; a crash between the two
        is made good by the next turn, for the same head gives the same note. Witnesses that
        answer in time are asked before, so that none of them knows better.
        """
        await asyncio.to_thread(self._look_after_keys, now)
        async with database.read() as session:
            head = await must_continue(session, self.last and self.last.point)
            if head is None:
                return 0
            await self._recheck(session, head.size)
            known = await session.get(LogCheckpoint, head.size)
        if self.last and self._asked_at is None:
            # Before anything new is signed: a witness may know more than this folder remembers.
            await self._publish(database, self.last, now)
        point = Checkpoint(self.ring.origin, head.size, head.root)
        if self.last is None or self.last.point != point:
            note = sign(point.text, self.ring.signing(now)).encode().decode()
            await asyncio.to_thread(self.folder.keep_last, note)
            self.last, self._asked_at = Signed(point, note), None
        if known is None or self._due(now):
            await self._publish(database, self.last, now)
        return head.size

    async def _recheck(self, session: AsyncSession, size: int) -> None:
        """Hash the next leaves again; at one that was altered it stays. Raises Refused."""
        begin = self._rechecked if self._rechecked < size else 0
        end = min(begin + RECHECKED_A_TURN, size)
        altered = await first_altered(session, begin, end)
        if altered is not None:
            raise Refused(
                f"日志第 {altered} 条的原文与存证树不符：登记被改过或删过",
                f"leaf {altered} is not the one that the tree took",
            )
        self._rechecked = end

    def _look_after_keys(self, now: datetime) -> None:
        """Take up a rotated key, and forget the secret of one that has ended."""
        unchanged = self.folder.ring_changed_at() == self._ring_changed_at
        if unchanged and self.ring.without_ended(now) == self.ring:
            return
        with self.folder.changing():
            ring = self.folder.ring()
            self.ring = ring.without_ended(now)
            if self.ring != ring:
                self.folder.keep(self.ring)
            self._ring_changed_at = self.folder.ring_changed_at()

    async def _publish(self, database: Database, signed: Signed, now: datetime) -> None:
        """Publish a head with the cosignatures of the witnesses. Raises Refused."""
        lines = await self._ask(database, signed)
        size = signed.point.size
        async with database.write() as session:
            # A database that was put back may have had its heads at other sizes.
            if await session.get(LogHead, size):
                before = select(func.max(LogCheckpoint.size)).where(LogCheckpoint.size < size)
                prev = await session.scalar(before) or 0
                row = insert(LogCheckpoint).values(size=size, note=signed.note, prev=prev)
                await session.execute(row.on_conflict_do_nothing())
                await keep_cosignatures(session, size, lines)
        self._asked_at = now

    async def _ask(self, database: Database, signed: Signed) -> Mapping[str, str]:
        """Ask the witnesses about a head and return the cosignatures; Refused where one objects."""
        if self._witnesses is None:
            return {}

        async def prove(old: int) -> Sequence[bytes]:
            async with database.read() as session:
                return await prove_consistency(session, old, signed.point.size)

        asked = await self._witnesses.ask(signed.note, signed.point, prove)
        _must_agree(asked, signed.point)
        self._silent = asked.silent
        return asked.lines

    def _due(self, now: datetime) -> bool:
        """Tell whether the witnesses were not asked about the last head, or one was silent."""
        if self._asked_at is None:
            return True
        return bool(self._silent) and (now - self._asked_at).total_seconds() >= SILENCE_S


def _must_agree(asked: Asked, point: Checkpoint) -> None:
    for name, size in asked.ahead:
        raise Refused(
            f"见证方 {name} 已见证到 {size} 条，这里只有 {point.size} 条：数据库和签名目录被恢复到旧的时点",
            f"witness {name} has cosigned {size} leaves, here are {point.size}",
        )
    for name in asked.against:
        raise Refused(
            f"见证方 {name} 见证过的日志不是现在这一本的开头：日志被改过",
            f"what witness {name} cosigned is not the beginning of this log",
        )


async def must_continue(session: AsyncSession, last: Checkpoint | None) -> LogHead | None:
    """Return the newest head, None for an empty log; Refused unless it continues the last signed.

    Refused too where a leaf that waits for the tree has lost its event, or its place.
    """
    head = await session.scalar(select(LogHead).order_by(LogHead.size.desc()).limit(1))
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
    size = head.size if head else 0
    waiting = select(Leaf.leaf_index, Event.id).outerjoin(Event, Event.id == Leaf.event_id)
    following = waiting.where(Leaf.leaf_index >= size).order_by(Leaf.leaf_index).limit(1)
    row = (await session.execute(following)).one_or_none()
    if row is not None and (row.leaf_index != size or row.id is None):
        raise Refused(
            f"日志第 {size} 条登记不见了，存证树不能再长",
            f"leaf {size} is gone before the tree took it: the tree cannot grow",
        )
    return head


def open_signer(folder: SignerFolder, witnesses: Witnesses | None = None) -> Signer | None:
    """Return the signer of a folder; None where it has no key, or another process signs with it."""
    if not folder.has_ring:
        log.warning("this process does not sign: it has no key", folder=str(folder.path))
        return None
    try:
        return Signer(folder, witnesses)
    except FolderTaken:
        log.info("another process signs", folder=str(folder.path))
        return None


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
