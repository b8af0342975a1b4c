"""Every route × everyone × one's own, another's and an absent thing: tests/route_table.py walked."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from unicodedata import normalize

import httpx
import pytest
import structlog
from fastapi import FastAPI
from sqlalchemy import text
from starlette.routing import BaseRoute, Mount

from app.auth.permissions import RIGHTS
from app.config import Settings
from app.main import create_app
from app.orm import Base
from tests.ground import PLACES, Fresh, Ground, Place, Thing, Who, lay_out
from tests.route_table import ROUTES, Row

HOW_TO = """
Say in ROUTES of tests/route_table.py who may use it: how to ask for one's own, another's and an
absent thing, the roles that may, the action of app/auth/permissions.py behind it, and what is
answered. A route that hides nothing is Row(ANYONE) or Row(EVERYONE); say so on purpose."""
REFUSED = 400
AT_ONCE = 4
HIDDEN_ID = re.compile(r'name="id" value="[^"]*"')
Turn = tuple[Who, Place]
MAY_GROW = {"refusal", "failed_sign_in", "session"}
"""Refused bodies and failed sign-ins are kept; sessions are opened by the walk itself."""


def routes_of(routes: list[BaseRoute], prefix: str = "") -> Iterator[str]:
    """Yield «METHOD /path/{param}» of every route, however deep its router is included."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes_of(inner.routes, prefix + route.include_context.prefix)
        elif isinstance(route, Mount):
            yield f"MOUNT {prefix}{route.path}"
        else:
            path = re.sub(r"{(\w+):\w+}", r"{\1}", prefix + route.path)
            yield from (f"{method} {path}" for method in route.methods - {"HEAD"})


def an_app() -> FastAPI:
    return create_app("postgresql://nobody@127.0.0.1/none", Settings())


def rows_of(key: str) -> tuple[Row, ...]:
    found = ROUTES[key]
    return found if isinstance(found, tuple) else (found,)


def test_every_route_has_a_row_and_every_row_a_route():
    app = an_app()
    found = set(routes_of(app.routes))
    documented = {
        f"{method.upper()} {path}"
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    }
    assert documented <= found, "the walk no longer finds every route: mend routes_of"
    assert found - set(ROUTES) == set(), f"routes without a row.{HOW_TO}"
    assert set(ROUTES) - found == set(), "rows of routes that are gone: delete them"


def test_the_table_and_the_rights_say_the_same():
    for key in ROUTES:
        for row in rows_of(key):
            if row.action:
                right = RIGHTS[row.action]
                assert row.may == right.roles, f"{key}: {row.action}"
                assert row.departments == right.departments, f"{key}: {row.action}"


def test_every_right_is_used_by_a_route():
    used = {row.action for key in ROUTES for row in rows_of(key)}
    assert set(RIGHTS) - used == set()


@pytest.fixture(scope="module")
async def ground(database) -> AsyncIterator[Ground]:
    # Thousands of lines about requests would take as long as the requests.
    quiet = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=quiet)
    ground = await lay_out(database)
    yield ground
    await ground.world.close()
    structlog.reset_defaults()


@dataclass(frozen=True)
class Asked:
    """A request, and the names that an answer may repeat, those of the other places too."""

    url: str
    options: dict[str, Any]
    names: list[str]


def ask(key: str, row: Row, ground: Ground, who: Who, place: Place) -> Asked:
    names: list[str] = []

    def named(value: Any) -> Any:
        if isinstance(value, Thing):
            names.extend(value.at(ground, who, any_place) for any_place in PLACES)
            return value.at(ground, who, place)
        if isinstance(value, Fresh):
            names.append(value.make(ground))
            return names[-1]
        if isinstance(value, Mapping):
            return {name: named(inner) for name, inner in value.items()}
        return [named(inner) for inner in value] if isinstance(value, list) else value

    method, _, path = key.partition(" ")
    url = path.format(**named(row.path)) if method != "MOUNT" else f"{path}/app.css"
    options = {"params": named(row.query), "json": named(row.json), "data": named(row.form)}
    return Asked(url, {name: value for name, value in options.items() if value}, names)


def places_of(row: Row, who: Who) -> tuple[Place, ...]:
    """Return where to knock: everywhere if a request names a thing, else at one's own alone.

    Who is turned away before anything is looked up, and a token, which acts for an account that
    tries everything, need not ask for what is absent.
    """

    def named(value: Any) -> bool:
        if isinstance(value, Mapping | list):
            return any(map(named, value.values() if isinstance(value, Mapping) else value))
        return isinstance(value, Thing)

    if not any(map(named, (row.path, row.query, row.json, row.form))):
        return ("own",)
    return ("own", "other") if who.token or not may(row, who) else PLACES


def may(row: Row, who: Who) -> bool:
    """Tell whether a row gives the right to someone's role and department."""
    fits = row.departments is None or who.department in row.departments
    return (who.role or "stranger") in row.may and fits


def expected(key: str, row: Row, who: Who, place: Place) -> int:
    """Return the status that the table promises."""
    if who.role is None and not may(row, who):
        return 303 if row.page and key.startswith("GET") else 401
    if not may(row, who) or (who.token and row.in_person):
        return 403
    usual = row.own if sees(row, who, place) else row.elsewhere
    return row.odd.get((who.role or "stranger", place), usual)


def sees(row: Row, who: Who, place: Place) -> bool:
    """Tell whether what is asked for there is in one's scope."""
    reached = place == "own" or (place == "other" and who.sees_all and not row.personal)
    return reached and who.role not in row.nothing


async def send(key: str, row: Row, ground: Ground, who: Who, asked: Asked) -> httpx.Response:
    method = key.partition(" ")[0].replace("MOUNT", "GET")
    # One id for all, so that two answers can be compared.
    headers = {"accept": "text/html" if row.page else "application/json", "x-request-id": "walk"}
    if row.ends_session and who.account and not who.token:
        headers |= await ground.fresh_cookie(who)
    return await who.client.request(method, asked.url, headers=headers, **asked.options)


def verdict(answer: httpx.Response) -> int:
    """Return the status, of a queue that of its one item."""
    if answer.request.url.path == "/api/v1/capture" and answer.status_code == 200:
        [item] = answer.json()["items"]
        return item["problem"]["status"] if item["outcome"] == "refused" else 201
    return answer.status_code


def masked(answer: httpx.Response, names: list[str]) -> str:
    """Return what an answer says, without the names that were asked for."""
    said = f"{answer.headers.get('location', '')}\n{answer.text}"
    for name in sorted(names, key=len, reverse=True):
        for form in (name, normalize("NFKC", name)):
            said = said.replace(form, "•")
    # The forms of pages bring a new id each time.
    return HIDDEN_ID.sub("", said)


async def rows_in(ground: Ground) -> dict[str, int]:
    """Count what stands in every table that a refused write must leave alone."""
    tables = sorted(set(Base.metadata.tables) - MAY_GROW)
    counts = ", ".join(f"(SELECT count(*) FROM {name})" for name in tables)
    async with ground.world.database.read() as session:
        row = (await session.execute(text(f"SELECT {counts}"))).one()
    return dict(zip(tables, row, strict=True))


def callers_of(ground: Ground, row: Row) -> list[Who]:
    """Return who tries a row; other departments only where departments matter."""
    usual = {None, "agriculture"}
    return [who for who in ground.callers if row.departments or who.department in usual]


@pytest.mark.parametrize("key", ROUTES)
async def test_everyone_is_answered_as_the_table_says(key: str, ground: Ground):
    wrong = [line for row in rows_of(key) for line in await walk(key, row, ground)]
    assert not wrong, "\n".join([key, *wrong])


async def walk(key: str, row: Row, ground: Ground) -> list[str]:
    """Knock as everyone at every place; return what is not as the table says."""
    turns = [(who, place) for who in callers_of(ground, row) for place in places_of(row, who)]
    refused = [turn for turn in turns if expected(key, row, *turn) >= REFUSED]
    let_in = [turn for turn in turns if turn not in refused]
    reads = key.startswith(("GET", "MOUNT"))
    before = {} if reads else await rows_in(ground)
    answers = await knock(key, row, ground, refused, at_once=AT_ONCE)
    after = {} if reads else await rows_in(ground)
    grown = [name for name in after if after[name] != before[name]]
    answers |= await knock(key, row, ground, let_in, at_once=AT_ONCE if reads else 1)
    wrong = [f"a refused write left something in {name}" for name in grown]
    for who, place in turns:
        found, said = answers[who.name, place]
        wanted = expected(key, row, who, place)
        absent = answers.get((who.name, "absent"))
        here = f"{who.name}, {place}: "
        if found != wanted:
            wrong.append(f"{here}{found}, not {wanted}: {said.strip()[:200]}")
        elif place == "other" and absent and not sees(row, who, place):
            if not row.public and (found, said) != absent:
                wrong.append(f"{here}does not look absent: {beside(said, absent[1])}")
        elif place == "own" and sees(row, who, place) and (found, said) == absent:
            wrong.append(f"{here}looks absent, so the row shows nothing")
        told = [] if who.sees_all else ground.secrets
        wrong += [f"{here}is told {secret}" for secret in told if secret in said]
    return [f"{row.action}: {line}" for line in wrong]


def beside(said: str, absent: str) -> str:
    """Return where two answers part."""
    at = next((n for n, (a, b) in enumerate(zip(said, absent, strict=False)) if a != b), 0)
    start = max(0, at - 60)
    return f"{said[start : at + 140]!r}\n    absent: {absent[start : at + 140]!r}"


async def knock(
    key: str, row: Row, ground: Ground, turns: list[Turn], at_once: int
) -> dict[tuple[str, Place], tuple[int, str]]:
    """Ask for each turn; return by caller and place the verdict and what was said."""
    gate = asyncio.Semaphore(at_once)

    async def one(who: Who, place: Place) -> tuple[int, str]:
        async with gate:
            asked = ask(key, row, ground, who, place)
            answer = await send(key, row, ground, who, asked)
        return verdict(answer), masked(answer, asked.names)

    answers = await asyncio.gather(*(one(*turn) for turn in turns))
    return {(who.name, place): said for (who, place), said in zip(turns, answers, strict=True)}
