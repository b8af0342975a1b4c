"""The published log: its checkpoint, its keys, tiles and entry bundles that a checkpoint covers."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import NotFound
from app.ledger.leaf import MAX_LEAF_BYTES
from app.ledger.models import Event, Leaf
from app.transparency.cosignatures import served_note
from app.transparency.errors import NoSuchSize, NotPublishedYet
from app.transparency.integrate import tiles_at
from app.transparency.models import LogCheckpoint, LogKey
from app.transparency.prove import prove_consistency, prove_inclusion
from app.transparency.tiles import WIDTH, Tile, width_at
from app.transparency.tree import HASH_BYTES


@dataclass(frozen=True)
class Inclusion:
    """Where an event stands in the log, and the proof of it under a published size."""

    leaf_index: int
    leaf_hash: bytes
    tree_size: int
    path: Sequence[bytes]
    checkpoint: str


async def published(session: AsyncSession) -> LogCheckpoint:
    """Return the newest published checkpoint; NotPublishedYet before the first."""
    query = select(LogCheckpoint).order_by(LogCheckpoint.size.desc()).limit(1)
    found = await session.scalar(query)
    if found is None:
        raise NotPublishedYet
    return found


async def published_note(session: AsyncSession) -> str:
    """Return the newest published checkpoint as a signed note, with its witnesses' lines.

    Raises NotPublishedYet.
    """
    return await served_note(session, await published(session))


async def keys(session: AsyncSession) -> Sequence[tuple[LogKey, str]]:
    """Return the keys of the log, each with the leaf that last spoke of it.

    Those of checkpoints first, and of each purpose the current one first.
    """
    query = (
        select(LogKey, Event.leaf)
        .join(Event, Event.id == LogKey.event_id)
        .order_by(LogKey.purpose, LogKey.valid_to.desc().nulls_first(), LogKey.valid_from.desc())
    )
    return [(key, leaf) for key, leaf in await session.execute(query)]


async def tile_bytes(session: AsyncSession, tile: Tile) -> bytes:
    """Return the hashes of a tile that the published checkpoint covers; NotFound for others."""
    size = (await published(session)).size
    if width_at(size, tile.level, tile.index) < tile.width:
        raise NotFound(what=tile.path)
    stored = await tiles_at(session, [(tile.level, tile.index)])
    return stored[tile.level, tile.index][: tile.width * HASH_BYTES]


async def entry_bundle(session: AsyncSession, index: int, width: int) -> bytes:
    """Return the leaves of a tile of level 0, each after its length in two bytes (C2SP).

    Raises NotFound for what the published checkpoint does not cover.
    """
    size = (await published(session)).size
    if width_at(size, 0, index) < width:
        raise NotFound(what=f"entries/{index}")
    begin = index * WIDTH
    rows = await session.scalars(
        select(Event.leaf)
        .join(Leaf, Leaf.event_id == Event.id)
        .where(Leaf.leaf_index >= begin, Leaf.leaf_index < begin + width)
        .order_by(Leaf.leaf_index)
    )
    bundle = bytearray()
    for leaf in rows:
        entry = leaf.encode()
        assert len(entry) <= MAX_LEAF_BYTES
        bundle += len(entry).to_bytes(2, "big") + entry
    return bytes(bundle)


async def inclusion_of(session: AsyncSession, event: UUID, size: int | None) -> Inclusion | None:
    """Return the proof that an event stands under a size, the newest published one by default.

    None where there is no such event. Raises NotPublishedYet, NoSuchSize.
    """
    query = (
        select(Event.leaf_hash, Leaf.leaf_index)
        .outerjoin(Leaf, Leaf.event_id == Event.id)
        .where(Event.id == event)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    newest = await published(session)
    if row.leaf_index is None or row.leaf_index >= newest.size:
        raise NotPublishedYet
    asked = newest.size if size is None else size
    if not row.leaf_index < asked <= newest.size:
        words = f"size={asked}"
        raise NoSuchSize(size=newest.size, reason=words, reason_en=words)
    path = await prove_inclusion(session, row.leaf_index, asked)
    note = await served_note(session, newest)
    return Inclusion(row.leaf_index, row.leaf_hash, asked, path, note)


async def consistency(session: AsyncSession, old: int, new: int | None) -> Sequence[bytes]:
    """Return the proof that the log of `new` begins with that of `old`.

    `new` is the newest published size by default. Raises NotPublishedYet, NoSuchSize; nothing
    follows from size 0.
    """
    newest = await published(session)
    asked = newest.size if new is None else new
    if not 0 < old <= asked <= newest.size:
        words = f"from={old} to={asked}"
        raise NoSuchSize(size=newest.size, reason=words, reason_en=words)
    return await prove_consistency(session, old, asked)
