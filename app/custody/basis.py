"""What a printed report rests on: the log's size and root, and the newest published head."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.custody.paper import Basis
from app.templating import moment
from app.transparency.errors import NotPublishedYet
from app.transparency.integrate import tree_size
from app.transparency.prove import root_at
from app.transparency.read import published


async def basis_at(session: AsyncSession, size: int, when: int | datetime | None) -> Basis:
    """Return what a report of a log size rests on; no root until the tree has grown so far."""
    root = await root_at(session, size) if 0 < size <= await tree_size(session) else None
    try:
        head: int | None = (await published(session)).size
    except NotPublishedYet:
        head = None
    then = f"截至 {moment(when)}" if isinstance(when, datetime) else ""
    return Basis(size, root, head, then)
