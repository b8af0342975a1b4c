"""The thirteen departments at their desks, and what they enter, for tests of the registers."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
from openpyxl import Workbook, load_workbook
from stdnum.cn import uscc

from app.auth.permissions import DEPARTMENT_NAMES
from app.auth.sessions import COOKIE, open_session
from app.db import Database
from tests.people import browser, make_account
from tests.world import World, make_world

REGISTERS = "/api/v1/plan/registers"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def make_offices(database: Database) -> World:
    """Make the world, with an official of the province for each department, by its slug."""
    world = await make_world(database)
    for department in DEPARTMENT_NAMES:
        account = await make_account(
            database, "province", area="130000", department=department, display_name="李四"
        )
        async with database.write() as session:
            secret = await open_session(session, account.id, now=datetime.now(UTC), hours=1)
        world.accounts[department] = account
        world.clients[department] = browser(world.app, cookie=f"{COOKIE}={secret}")
    return world


def credit_code(number: int) -> str:
    """Return the nth invented company's unified social credit code."""
    stem = f"91130100M{number:08d}"
    return stem + uscc.calc_check_digit(stem)


def factory(number: int, **fields: Any) -> dict[str, Any]:
    """Return the body of an entry of `green-factories`, which industry keeps alone."""
    values = {"credit_code": credit_code(number), "level": "省级", **fields.pop("values", {})}
    return {"name": f"第{number}工厂", "valid_from": "2024-01-01", "values": values, **fields}


async def enter(world: World, register: str, body: dict[str, Any], by: str) -> dict[str, Any]:
    """Enter what must be accepted, and return it as answered."""
    answer = await world.client(by).post(f"{REGISTERS}/{register}/entries", json=body)
    assert answer.status_code == 201, answer.text
    entered: dict[str, Any] = answer.json()
    return entered


def faults(answer: httpx.Response) -> dict[str, str]:
    """Return a refusal's details by pointer."""
    assert answer.status_code == 422, answer.text
    return {error["pointer"]: error["detail"] for error in answer.json()["errors"]}


def xlsx(*rows: Sequence[Any]) -> bytes:
    """Return a workbook of one sheet."""
    book = Workbook()
    assert book.active
    for row in rows:
        book.active.append(list(row))
    return saved(book)


def saved(book: Workbook) -> bytes:
    """Return a workbook as it is sent."""
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def sheet(content: bytes, number: int = 0) -> list[list[Any]]:
    """Return the values of a sheet as Excel shows them."""
    return [[*row] for row in load_workbook(io.BytesIO(content)).worksheets[number].values]


async def send(
    world: World, register: str, content: bytes, by: str, **query: Any
) -> httpx.Response:
    """Send a file for import, as the whole body."""
    media = XLSX if content.startswith(b"PK") else "text/csv"
    return await world.client(by).post(
        f"{REGISTERS}/{register}/import",
        content=content,
        headers={"content-type": media},
        params=query,
    )
