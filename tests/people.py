"""Accounts, and the browsers they sit at, for tests that come through the door a user uses."""

from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID, uuid4

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI

from app.auth.accounts import NewAccount, create_account
from app.auth.models import Account
from app.db import Database

PASSWORD = "correct horse 电池"


@lru_cache
def password_hash() -> str:
    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1).hash(PASSWORD)


async def make_account(database: Database, role: str = "county", **fields: str | None) -> Account:
    """Add an account of a role in 鹿泉区 whose password is PASSWORD; return its row."""
    account_id = uuid4()
    given = {
        "username": f"{role}-{uuid4().hex[:12]}",
        "display_name": "某人",
        "area": "130110",
    }
    needed = {
        "collector": {"site": "130110-P0001"},
        "keeper": {"site": "130110-S0001"},
        "plant": {"site": "130110-R0001"},
        "township": {"township": "铜冶镇"},
        "carrier": {"organisation": "91130100MA0000000X"},
    }.get(role, {})
    known = fields.pop("password_hash", password_hash())
    new = NewAccount(role=role, **{**given, **needed, **fields})
    async with database.write() as session:
        await create_account(
            session, new, id=account_id, now=datetime.now(UTC), password_hash=known
        )
    return await account_of(database, account_id)


async def account_of(database: Database, account_id: UUID) -> Account:
    async with database.read() as session:
        return await session.get_one(Account, account_id)


def browser(
    app: FastAPI, *, scheme: str = "http", peer: str = "127.0.0.1", **headers: str
) -> httpx.AsyncClient:
    """Return a client with cookies of its own, seen by the platform as `peer`."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False, client=(peer, 50_000)),
        base_url=f"{scheme}://ny.test",
        headers=headers,
    )


async def signed_in(app: FastAPI, account: Account, **options: str) -> httpx.AsyncClient:
    """Return a browser in which the account has signed in."""
    client = browser(app, **options)
    answer = await client.post(
        "/api/v1/session", json={"username": account.username, "password": PASSWORD}
    )
    assert answer.status_code == 200, answer.text
    return client
