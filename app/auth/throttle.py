"""Failed sign-ins slow the next ones, for a username and for a peer, across all processes.

The failures' times in the database decide, and a pure function reads them. A lock per username
and per peer makes the count exact: of many wrong guesses sent at once, only the free ones learn
that they were wrong.
"""

import ipaddress
import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from fastapi import Request
from sqlalchemy import func, insert, or_, select

from app.auth.models import FailedSignIn
from app.db import ReadSession, WriteSession

WINDOW = timedelta(minutes=15)
FREE_PER_USERNAME = 5
FREE_PER_PEER = 50
"""An office or a village shares one address, so a peer has more room than a username."""
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = WINDOW


def wait_s(failures: Sequence[datetime], now: datetime, free: int) -> int:
    """Return for how many whole seconds the next sign-in must wait; 0 when it may go ahead.

    `free` failures within WINDOW cost nothing; from there each doubles the wait, counted from the
    last one, up to LONGEST_WAIT. Obeying the answer always suffices: failures only grow old.
    """
    recent = [at for at in failures if at > now - WINDOW]
    if len(recent) < free:
        return 0
    doublings = min(len(recent) - free, 16)
    until = max(recent) + min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)
    return max(0, math.ceil((until - now).total_seconds()))


async def wait_for(
    session: ReadSession | WriteSession, username: str, peer: str, now: datetime
) -> int:
    """Return the seconds that a sign-in as `username` from `peer` must wait; one query."""
    rows = await session.execute(
        select(FailedSignIn.username, FailedSignIn.peer, FailedSignIn.at).where(
            FailedSignIn.at > now - WINDOW,
            or_(FailedSignIn.username == username, FailedSignIn.peer == peer),
        )
    )
    failures = rows.all()
    return max(
        wait_s([at for name, _, at in failures if name == username], now, FREE_PER_USERNAME),
        wait_s([at for _, other, at in failures if other == peer], now, FREE_PER_PEER),
    )


async def take_turn(session: WriteSession, username: str, peer: str) -> None:
    """Wait for other sign-ins of this username, then of this peer, until the transaction ends."""
    await session.execute(
        select(
            func.pg_advisory_xact_lock(func.hashtextextended(f"sign-in name {username}", 0)),
            func.pg_advisory_xact_lock(func.hashtextextended(f"sign-in peer {peer}", 0)),
        )
    )


async def note_failure(session: WriteSession, username: str, peer: str, now: datetime) -> None:
    """Record one failed sign-in."""
    await session.execute(
        insert(FailedSignIn).values(id=uuid4(), username=username, peer=peer, at=now)
    )


def peer_of(request: Request) -> str:
    """Return whom to count against: the address, or the /64 that an IPv6 host has to itself."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return host
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address.packed, 64), strict=False))
