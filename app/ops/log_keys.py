"""The ceremonies of the log's keys: the first ones, a new one in time, a log that succeeds another.

Each writes the new key down first, then its leaf, then takes it into use: interrupted anywhere,
it goes on where it was when it is called again.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.config import Settings
from app.db import Database
from app.durable_file import write_durably, write_once
from app.events.declare_keys import KeyRow, introduce
from app.ledger.leaf import utc
from app.logging import log
from app.ops.installation import SYSTEM_CALLER
from app.ops.models import Installation
from app.transparency.keyring import OVERLAP, HeldKey, new_ring
from app.transparency.keys import SignerKey, VerifierKey, parse_signer, parse_verifier
from app.transparency.models import LogCheckpoint, LogKey
from app.transparency.receipt import ReceiptSigner, name_of
from app.transparency.signer import Refused, must_continue
from app.transparency.signer_folder import SignerFolder, fresh_key

FIRST = "平台启动时登记"
NO_OVERLAP = timedelta(0)
_NUMBERED = re.compile(r"(?P<stem>.+)/(?P<number>[0-9]+)")


class NothingToSucceed(RuntimeError):
    """A successor was asked for where there is nothing to succeed; says why in both languages."""


@dataclass(frozen=True)
class KeyPlaces:
    """Where the secret keys of a host lie, outside the database."""

    signer: SignerFolder
    receipt: Path


def places_of(config: Settings) -> KeyPlaces:
    """Return where this host's keys lie, as configured."""
    return KeyPlaces(
        SignerFolder(config.signer_folder or config.data_folder / "signer"),
        config.receipt_key_file or config.data_folder / "receipt.key",
    )


async def origin_of(database: Database) -> str:
    """Return the name of the database's log. Raises NothingToSucceed for an empty database."""
    async with database.read() as session:
        name: str | None = await session.scalar(select(Installation.log_origin))
    if name is None:
        raise NothingToSucceed("数据库里没有日志 / the database holds no log")
    return name


async def prepare_keys(database: Database, places: KeyPlaces, now: datetime) -> None:
    """Make sure that this host's keys are there and that leaves of the log introduce them.

    A signer's folder gets its first key only where the log has none: its head is signed in one
    place. Any host has a receipt key of its own.
    """
    origin = await origin_of(database)
    async with database.read() as session:
        known = {row.vkey: row.valid_to for row in await session.scalars(select(LogKey))}
        signed = await _current(session)
    rows: list[KeyRow] = []
    if places.signer.has_ring or not signed:
        ring = places.signer.ring() if places.signer.has_ring else places.signer.begin(origin, now)
        rows += [
            _row("checkpoint", held, FIRST)
            for held in ring.held
            if known.get(str(held.verifier), held) != held.valid_to
        ]
    else:
        log.warning("the log has a key and this host has none: it does not sign")
    receipt = _receipt_key(places.receipt, name_of(origin))
    if str(receipt.verifier) not in known:
        rows.append(_row("receipt", HeldKey(receipt, now), FIRST))
    if rows:
        async with database.write() as session:
            await introduce(session, SYSTEM_CALLER, rows, now)


def receipts_of(path: Path) -> ReceiptSigner | None:
    """Return who gives receipts, with the key that `prepare_keys` made; None where there is none."""
    return ReceiptSigner(_read_key(path)) if path.exists() else None


async def rotate(
    database: Database,
    folder: SignerFolder,
    *,
    reason: str,
    overlap: timedelta = OVERLAP,
    now: datetime,
) -> VerifierKey:
    """Let a new key sign heads; the old one signs beside it for `overlap`. Return the new one.

    A signer that runs takes it up by itself. Raises KeyMissing where this host does not sign.
    """
    ring = folder.ring()
    key = folder.next_key(ring.origin)
    since = await _introduced(database, key)
    if since is None:
        since = now
        fresh, ending, *_ = ring.rotated(key, now, overlap).held
        async with database.write() as session:
            rows = [_row("checkpoint", one, reason) for one in (fresh, ending)]
            await introduce(session, SYSTEM_CALLER, rows, now)
    with folder.changing():
        ring = folder.ring()
        if ring.current != key:
            folder.keep(ring.rotated(key, since, overlap))
        folder.forget_next()
    return key.verifier


async def rotate_receipts(
    database: Database, path: Path, *, reason: str, now: datetime
) -> VerifierKey:
    """Let a new key sign receipts, from the next start of each server on. Return it.

    What the old one signed holds for ever: its leaf stays.
    """
    old = _read_key(path)
    key = fresh_key(old.name)
    write_durably(path, f"{key.secret_text}\n")  # first: `prepare_keys` introduces it if need be
    rows = [_row("receipt", HeldKey(key, now), reason)]
    async with database.write() as session:
        standing = await session.get(LogKey, str(old.verifier))
        if standing:
            rows.append(_row("receipt", HeldKey(old, standing.valid_from, now), reason))
        await introduce(session, SYSTEM_CALLER, rows, now)
    return key.verifier


async def succeed(
    database: Database,
    folder: SignerFolder,
    *,
    origin: str | None = None,
    reason: str,
    although_it_continues: bool = False,
    now: datetime,
) -> VerifierKey:
    """Begin a log that succeeds the database's, after a restore that was accepted. Return its key.

    The leaves that are there are its first ones; the leaf that introduces its key tells which head
    it succeeds, and why. The old log's files are put aside, as evidence. A log that continues what
    was signed here needs no successor; `although_it_continues` is for one that only a witness knows
    to have been put back. Raises NothingToSucceed, FolderTaken while a signer runs.
    """
    with folder.lock():
        old = await origin_of(database)
        key, since = folder.prepared_key(), None
        signed = folder.ring().origin if folder.has_ring else None
        if key is not None and key.name == old != signed:
            since = await _introduced(database, key)  # cut short after its leaf
        if key is None or since is None:
            if signed == old and not although_it_continues:
                await _must_be_broken(database, folder)
            key, since = folder.next_key(_new_name(origin, old, folder.origins())), now
            await _introduce_successor(database, folder, key, reason, now)
        folder.close_log()
        folder.keep(new_ring(key, since))
        folder.forget_next()
        return key.verifier


async def _must_be_broken(database: Database, folder: SignerFolder) -> None:
    """Raise NothingToSucceed where the log continues what was signed here."""
    try:
        async with database.read() as session:
            await must_continue(session, folder.last(folder.ring()))
    except Refused:
        return
    raise NothingToSucceed("日志接得上签过的日志头 / the log continues what was signed here")


async def _introduce_successor(
    database: Database, folder: SignerFolder, key: SignerKey, reason: str, now: datetime
) -> None:
    note = folder.last_note() or await _newest_note(database)
    if note is None:
        raise NothingToSucceed("没有签过日志头 / no head of this log was ever signed")
    async with database.write() as session:
        found = (await session.scalars(select(Installation))).one()
        found.log_origin = key.name
        rows = [_row("checkpoint", HeldKey(key, now), reason, succeeds=note)]
        for one in await session.scalars(select(LogKey).where(LogKey.valid_to.is_(None))):
            ended = HeldKey(parse_verifier(one.vkey), one.valid_from, now)
            rows.append(_row(one.purpose, ended, reason))
        await introduce(session, SYSTEM_CALLER, rows, now)


def _new_name(wanted: str | None, old: str, used: set[str]) -> str:
    """Return a name that no log has had: the wanted one, else the old one with the next number."""
    used = used | {old}
    if wanted is None:
        wanted = _next(old)
        while wanted in used:
            wanted = _next(wanted)
    if wanted in used:
        raise NothingToSucceed(f"{wanted} 已经用过 / a log had this name already")
    return wanted


def _next(origin: str) -> str:
    found = _NUMBERED.fullmatch(origin)
    return f"{found['stem']}/{int(found['number']) + 1}" if found else f"{origin}/2"


def _row(purpose: str, held: HeldKey, reason: str, *, succeeds: str | None = None) -> KeyRow:
    row = {
        "purpose": purpose,
        "vkey": str(held.verifier),
        "valid_from": utc(held.valid_from),
        "valid_to": utc(held.valid_to) if held.valid_to else None,
        "succeeds": succeeds,
        "reason": reason,
    }
    return KeyRow.model_validate(row)


def _receipt_key(path: Path, name: str) -> SignerKey:
    """Return the host's receipt key of a log; one of another log gives way to a new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and _read_key(path).name != name:
        path.unlink()
    if not path.exists():
        write_once(path, f"{fresh_key(name).secret_text}\n")
    return _read_key(path)


def _read_key(path: Path) -> SignerKey:
    return parse_signer(path.read_text(encoding="utf-8").strip())


async def _current(session: AsyncSession) -> bool:
    """Tell whether a key signs the log's heads, here or elsewhere."""
    signing = select(LogKey.vkey).where(LogKey.purpose == "checkpoint", LogKey.valid_to.is_(None))
    return await session.scalar(signing.limit(1)) is not None


async def _introduced(database: Database, key: SignerKey) -> datetime | None:
    """Return since when a key signs, as its leaf says; None where no leaf introduced it."""
    async with database.read() as session:
        found = await session.get(LogKey, str(key.verifier))
        return found.valid_from if found else None


async def _newest_note(database: Database) -> str | None:
    async with database.read() as session:
        newest = select(LogCheckpoint.note).order_by(LogCheckpoint.size.desc()).limit(1)
        return await session.scalar(newest)
