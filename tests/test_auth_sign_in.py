"""Signing in and out over HTTP, on a real database."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from people import PASSWORD, account_of, browser, make_account, signed_in
from sqlalchemy import delete, event, func, select, text, update

from app.auth.models import Account, FailedSignIn, Session
from app.main import create_app


@pytest.fixture(scope="module")
async def app(database_urls):
    made = create_app(database_urls["app"])
    yield made
    await made.state.database.close()


async def try_sign_in(client: httpx.AsyncClient, username: str, password: str = "wrong password"):
    return await client.post("/api/v1/session", json={"username": username, "password": password})


def is_problem(answer: httpx.Response, status: int, name: str) -> dict:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["type"] == f"/problems/{name}"
    return problem


async def test_signing_in_answers_like_me_and_sets_a_cookie(app, database):
    account = await make_account(database, "keeper", display_name="王保管")
    client = browser(app, peer="10.0.0.1")
    answer = await try_sign_in(client, account.username, PASSWORD)
    assert answer.status_code == 200
    assert answer.json() == {
        "id": str(account.id),
        "username": account.username,
        "name": "王保管",
        "role": "keeper",
        "area": "130110",
        "site": "130110-S0001",
        "township": None,
        "organisation": None,
        "department": None,
    }
    me = await client.get("/api/v1/me")
    assert me.json() == answer.json()
    assert me.headers["cache-control"] == answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
async def test_the_cookie_is_secure_over_https_only(app, database, scheme, secure):
    account = await make_account(database)
    answer = await try_sign_in(browser(app, scheme=scheme), account.username, PASSWORD)
    cookie = answer.headers["set-cookie"]
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert cookie.startswith("session=")
    assert {"httponly", "samesite=lax", "path=/", "max-age=43200"} <= parts
    assert ("secure" in parts) is secure


async def test_the_username_may_be_typed_in_capitals_with_a_space_behind(app, database):
    account = await make_account(database)
    answer = await try_sign_in(browser(app), f"{account.username.upper()} ", PASSWORD)
    assert answer.status_code == 200


async def test_only_a_hash_of_the_cookie_is_stored(app, database):
    account = await make_account(database)
    client = await signed_in(app, account)
    async with database.read() as session:
        row = await session.scalar(select(Session).where(Session.account_id == account.id))
    assert client.cookies["session"].encode() not in row.token_hash
    assert len(row.token_hash) == 32


async def test_a_stranger_is_told_to_sign_in(app):
    problem = is_problem(await browser(app).get("/api/v1/me"), 401, "not-signed-in")
    assert "登录" in problem["detail"]


async def test_a_made_up_cookie_is_a_stranger(app):
    client = browser(app)
    client.cookies.set("session", "A" * 43)
    is_problem(await client.get("/api/v1/me"), 401, "not-signed-in")


async def test_signing_out_revokes_the_session_and_not_only_the_cookie(app, database):
    client = await signed_in(app, await make_account(database))
    kept = client.cookies["session"]
    answer = await client.delete("/api/v1/session")
    assert answer.status_code == 204
    assert 'session=""' in answer.headers["set-cookie"]
    is_problem(
        await browser(app).get("/api/v1/me", headers={"cookie": f"session={kept}"}),
        401,
        "not-signed-in",
    )
    is_problem(await client.delete("/api/v1/session"), 401, "not-signed-in")


async def test_one_persons_two_browsers_sign_out_apart(app, database):
    account = await make_account(database)
    first, second = await signed_in(app, account), await signed_in(app, account)
    await first.delete("/api/v1/session")
    assert (await second.get("/api/v1/me")).status_code == 200


async def test_a_session_ends_by_itself_and_is_swept_at_the_next_sign_in(app, database):
    account = await make_account(database)
    client = await signed_in(app, account)
    async with database.write() as session:
        await session.execute(
            update(Session)
            .where(Session.account_id == account.id)
            .values(expires_at=datetime.now(UTC) - timedelta(seconds=1))
        )
    is_problem(await client.get("/api/v1/me"), 401, "not-signed-in")
    await signed_in(app, account)
    async with database.read() as session:
        count = await session.scalar(select(func.count()).where(Session.account_id == account.id))
    assert count == 1


async def test_a_closed_account_is_out_at_once_and_cannot_come_back(app, database):
    account = await make_account(database)
    client = await signed_in(app, account)
    async with database.write() as session:
        await session.execute(update(Account).where(Account.id == account.id).values(active=False))
    is_problem(await client.get("/api/v1/me"), 401, "not-signed-in")
    answer = await try_sign_in(browser(app), account.username, PASSWORD)
    is_problem(answer, 401, "wrong-credentials")


async def test_an_unknown_name_and_a_wrong_password_look_the_same(app, database):
    known = await make_account(database)
    unset = await make_account(database, password_hash=None)
    client = browser(app, peer="10.0.0.2")
    answers = [
        is_problem(await try_sign_in(client, name), 401, "wrong-credentials")
        for name in (known.username, "nobody-here", unset.username)
    ]
    for answer in answers:
        answer.pop("instance")
    assert answers[0] == answers[1] == answers[2]


async def test_an_unknown_name_takes_as_long_as_a_wrong_password(app, database):
    names = [(await make_account(database)).username for _ in range(8)]
    spent: dict[str, list[float]] = {"known": [], "unknown": []}
    for number, name in enumerate(names):
        client = browser(app, peer=f"10.0.3.{number}")
        for sort, typed in (("known", name), ("unknown", f"nobody-{number}")):
            started = time.perf_counter()
            await try_sign_in(client, typed)
            spent[sort].append(time.perf_counter() - started)
    assert min(spent["unknown"]) > min(spent["known"]) / 2
    assert min(spent["known"]) > min(spent["unknown"]) / 2


async def test_failures_slow_a_username_even_for_the_right_password(app, database):
    account = await make_account(database)
    for number in range(5):
        client = browser(app, peer=f"10.1.0.{number}")
        is_problem(await try_sign_in(client, account.username), 401, "wrong-credentials")
    refused = await try_sign_in(browser(app, peer="10.1.1.1"), account.username, PASSWORD)
    problem = is_problem(refused, 429, "too-many-attempts")
    assert 1 <= problem["retry_after_s"] <= 30
    assert refused.headers["retry-after"] == str(problem["retry_after_s"])
    assert str(problem["retry_after_s"]) in problem["detail"]
    other = await make_account(database)
    assert (await signed_in(app, other, peer="10.1.0.1")).cookies


async def test_a_name_that_does_not_exist_is_slowed_just_the_same(app):
    client = browser(app, peer="10.2.0.1")
    statuses = [(await try_sign_in(client, "no-such-name")).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]


async def test_the_wait_grows_and_ends(app, database, database_urls):
    account = await make_account(database)

    async def failed(*minutes_ago: float) -> httpx.Response:
        await as_owner(
            database_urls, delete(FailedSignIn).where(FailedSignIn.username == account.username)
        )
        async with database.write() as session:
            for minutes in minutes_ago:
                at = datetime.now(UTC) - timedelta(minutes=minutes)
                await session.execute(
                    text("INSERT INTO failed_sign_in VALUES (gen_random_uuid(), :name, 'x', :at)"),
                    {"name": account.username, "at": at},
                )
        return await try_sign_in(browser(app, peer="10.2.0.2"), account.username, PASSWORD)

    assert (await failed(*[0] * 6)).json()["retry_after_s"] > 55
    assert (await failed(*[0] * 8)).json()["retry_after_s"] > 235
    assert (await failed(*[0.6] * 5)).status_code == 200
    assert (await failed(*[16] * 40)).status_code == 200


async def as_owner(database_urls, statement) -> None:
    """The app's own role may not remove failures."""
    from sqlalchemy.ext.asyncio import create_async_engine

    url = database_urls["owner"].replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.execute(statement)
    await engine.dispose()


async def test_failures_slow_a_peer_whatever_names_it_tries(app, database):
    now = datetime.now(UTC)
    async with database.write() as session:
        for number in range(49):
            await session.execute(
                text("INSERT INTO failed_sign_in VALUES (gen_random_uuid(), :name, :peer, :at)"),
                {"name": f"guess-{number}", "peer": "10.3.0.1", "at": now},
            )
    client = browser(app, peer="10.3.0.1")
    is_problem(await try_sign_in(client, "guess-49"), 401, "wrong-credentials")
    account = await make_account(database)
    refused = await try_sign_in(client, account.username, PASSWORD)
    is_problem(refused, 429, "too-many-attempts")
    assert await signed_in(app, account, peer="10.3.0.2")


async def test_one_ipv6_subscriber_is_one_peer(app, database):
    for number in range(3):
        await try_sign_in(browser(app, peer=f"2001:db8:1:2::{number + 1}"), "six")
    async with database.read() as session:
        peers = await session.scalars(
            select(FailedSignIn.peer).where(FailedSignIn.username == "six").distinct()
        )
        assert list(peers) == ["2001:db8:1:2::/64"]


async def test_of_many_guesses_at_once_only_the_free_ones_learn_anything(app, database):
    account = await make_account(database)
    clients = [browser(app, peer=f"10.4.0.{number}") for number in range(32)]
    answers = await asyncio.gather(*(try_sign_in(c, account.username) for c in clients))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [401] * 5 + [429] * 27


async def test_the_right_password_among_many_guesses_at_once_opens_at_most_one_session(
    app, database
):
    account = await make_account(database)
    guesses = ["wrong password"] * 16 + [PASSWORD] + ["wrong password"] * 15
    answers = await asyncio.gather(
        *(
            try_sign_in(browser(app, peer=f"10.5.0.{n}"), account.username, guess)
            for n, guess in enumerate(guesses)
        )
    )
    assert {answer.status_code for answer in answers} <= {200, 401, 429}
    assert sum(answer.status_code == 401 for answer in answers) == 5
    assert sum(answer.status_code == 200 for answer in answers) <= 1


FOREIGN = [
    {"sec-fetch-site": "cross-site", "origin": "https://evil.test"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site", "origin": "http://ny.test"},
    {"origin": "https://evil.test"},
    {"origin": "null"},
    {"origin": "http://ny.test.evil.test"},
    {"origin": "http://ny.test:8080"},
    {"origin": "http://[broken"},
]
OWN = [
    {},
    {"sec-fetch-site": "same-origin", "origin": "http://ny.test"},
    {"sec-fetch-site": "none"},
    {"origin": "http://ny.test"},
    {"origin": "https://ny.test"},
]


@pytest.mark.parametrize("headers", FOREIGN)
async def test_a_foreign_page_can_neither_sign_in_nor_write(app, database, headers):
    account = await make_account(database)
    refused = await browser(app).post(
        "/api/v1/session",
        json={"username": account.username, "password": PASSWORD},
        headers=headers,
    )
    is_problem(refused, 403, "cross-origin")
    client = await signed_in(app, account)
    is_problem(await client.delete("/api/v1/session", headers=headers), 403, "cross-origin")
    assert (await client.get("/api/v1/me", headers=headers)).status_code == 200


@pytest.mark.parametrize("headers", OWN)
async def test_our_own_pages_and_scripts_without_a_browser_may_write(app, database, headers):
    client = await signed_in(app, await make_account(database))
    assert (await client.delete("/api/v1/session", headers=headers)).status_code == 204


MALFORMED = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"x"',
    b'{"username": "a", "username": "b", "password": "c"}',
    b'{"username": "a"}',
    b'{"username": 1, "password": "c"}',
    b'{"username": "", "password": "c"}',
    b'{"username": "a", "password": ""}',
    b'{"username": "a", "password": null}',
    b'{"username": "a", "password": "c", "role": "admin"}',
    b'{"username": "a\\u0000", "password": "c"}',
    b'{"username": "a\\n", "password": "c"}',
    b'{"username": "\\ud800", "password": "c"}',
    b'{"username": "a", "password": "\\udc00"}',
    b'{"username": NaN, "password": "c"}',
    b"\xff\xfe",
    b"[" * 100_000,
    json.dumps({"username": "a" * 65, "password": "c"}).encode(),
    json.dumps({"username": "a", "password": "c" * 1001}).encode(),
]


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
async def test_a_malformed_sign_in_is_a_422_that_points_at_the_fault(app, body):
    answer = await browser(app).post(
        "/api/v1/session", content=body, headers={"content-type": "application/json"}
    )
    problem = is_problem(answer, 422, "invalid-body")
    assert problem["errors"]


async def test_a_sign_in_that_is_not_json_is_a_415(app):
    answer = await browser(app).post("/api/v1/session", data={"username": "a", "password": "b"})
    is_problem(answer, 415, "unsupported-media-type")


async def test_a_body_over_the_limit_is_a_413(app):
    answer = await browser(app).post(
        "/api/v1/session",
        content=b" " * 5_000_000,
        headers={"content-type": "application/json"},
    )
    is_problem(answer, 413, "body-too-large")


@pytest.mark.parametrize("cookie", ["session=", "session=\xff\xfe", "session=;;=", "session=a b"])
async def test_an_odd_cookie_is_a_stranger(app, cookie):
    answer = await browser(app).get("/api/v1/me", headers={"cookie": cookie.encode("latin-1")})
    is_problem(answer, 401, "not-signed-in")


async def test_knowing_who_calls_costs_one_query(app, database):
    client = await signed_in(app, await make_account(database))
    statements = []
    engine = app.state.database.engine.sync_engine

    def note(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        assert (await client.get("/api/v1/me")).status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(statements) == 1


async def test_the_password_hash_never_leaves(app, database):
    account = await make_account(database)
    client = await signed_in(app, account)
    kept = (await account_of(database, account.id)).password_hash
    assert kept not in (await client.get("/api/v1/me")).text
