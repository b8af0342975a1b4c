"""Tokens of integrations over HTTP, on a real database."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from people import browser, make_account, signed_in
from sqlalchemy import event, select, update

from app.auth.models import Account, ApiToken
from app.main import create_app
from app.pagination import encode_cursor


@pytest.fixture(scope="module")
async def app(database_urls):
    made = create_app(database_urls["app"])
    yield made
    await made.state.database.close()


async def mint(client, name="地磅", days=30) -> dict:
    answer = await client.post("/api/v1/tokens", json={"name": name, "expires_in_days": days})
    assert answer.status_code == 201, answer.text
    return answer.json()


def bearer(app, token: str):
    return browser(app, authorization=f"Bearer {token}")


async def test_a_token_is_shown_once_and_acts_as_its_maker(app, database):
    account = await make_account(database, "plant")
    client = await signed_in(app, account)
    made = await mint(client, days=30)
    assert set(made) == {"id", "name", "token", "expires_at"}
    ends = datetime.fromisoformat(made["expires_at"])
    assert abs(ends - datetime.now(UTC) - timedelta(days=30)) < timedelta(minutes=1)
    me = await bearer(app, made["token"]).get("/api/v1/me")
    assert me.json() == (await client.get("/api/v1/me")).json()
    assert me.headers["cache-control"] == "no-store"
    listed = await client.get("/api/v1/tokens")
    assert made["token"] not in listed.text
    async with database.read() as session:
        row = await session.scalar(select(ApiToken).where(ApiToken.account_id == account.id))
    assert made["token"].encode() not in row.token_hash


async def test_a_carriers_token_belongs_to_its_organisation(app, database):
    client = await signed_in(app, await make_account(database, "carrier"))
    await mint(client)
    (shown,) = (await client.get("/api/v1/tokens")).json()["items"]
    assert shown["organisation"] == "91130100MA0000000X"


async def test_a_token_cannot_make_tokens_nor_sign_out(app, database):
    client = await signed_in(app, await make_account(database))
    machine = bearer(app, (await mint(client))["token"])
    answer = await machine.post("/api/v1/tokens", json={"name": "二号", "expires_in_days": 1})
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")
    assert (await machine.delete("/api/v1/session")).status_code == 403
    assert (await machine.get("/api/v1/tokens")).status_code == 200


async def test_a_token_needs_no_origin_because_no_browser_adds_it_by_itself(app, database):
    client = await signed_in(app, await make_account(database))
    machine, other = await mint(client), await mint(client)
    answer = await bearer(app, machine["token"]).delete(
        f"/api/v1/tokens/{other['id']}", headers={"origin": "https://partner.test"}
    )
    assert answer.status_code == 204


async def test_a_revoked_token_is_refused_at_once_and_stays_listed(app, database):
    client = await signed_in(app, await make_account(database))
    made = await mint(client)
    for _ in range(2):
        assert (await client.delete(f"/api/v1/tokens/{made['id']}")).status_code == 204
    refused = await bearer(app, made["token"]).get("/api/v1/me")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "Bearer"
    (shown,) = (await client.get("/api/v1/tokens")).json()["items"]
    assert shown["revoked_at"]


async def test_another_persons_token_is_absent(app, database):
    made = await mint(await signed_in(app, await make_account(database)))
    other = await signed_in(app, await make_account(database, "admin"))
    assert (await other.delete(f"/api/v1/tokens/{made['id']}")).status_code == 404
    assert (await other.delete(f"/api/v1/tokens/{uuid4()}")).status_code == 404
    assert (await other.get("/api/v1/tokens")).json()["items"] == []
    assert (await bearer(app, made["token"]).get("/api/v1/me")).status_code == 200


async def test_an_expired_token_is_refused(app, database):
    made = await mint(await signed_in(app, await make_account(database)))
    async with database.write() as session:
        await session.execute(
            update(ApiToken)
            .where(ApiToken.name == made["name"])
            .values(expires_at=datetime.now(UTC) - timedelta(seconds=1))
        )
    assert (await bearer(app, made["token"]).get("/api/v1/me")).status_code == 401


async def test_a_token_dies_with_its_makers_account(app, database):
    account = await make_account(database)
    made = await mint(await signed_in(app, account))
    async with database.write() as session:
        await session.execute(update(Account).where(Account.id == account.id).values(active=False))
    assert (await bearer(app, made["token"]).get("/api/v1/me")).status_code == 401


async def test_a_token_has_its_makers_rights_of_today(app, database):
    account = await make_account(database, "county")
    made = await mint(await signed_in(app, account))
    async with database.write() as session:
        await session.execute(
            update(Account).where(Account.id == account.id).values(role="auditor")
        )
    me = await bearer(app, made["token"]).get("/api/v1/me")
    assert me.json()["role"] == "auditor"


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Bearer x", "bearer \u00ff", "Bearer a b c"]
)
async def test_an_odd_bearer_header_is_a_401(app, header):
    answer = await browser(app).get(
        "/api/v1/me", headers={"authorization": header.encode("latin-1")}
    )
    assert answer.status_code == 401


async def test_another_scheme_of_authorization_leaves_the_cookie_in_charge(app, database):
    client = await signed_in(app, await make_account(database))
    answer = await client.get("/api/v1/me", headers={"authorization": "Basic eDp5"})
    assert answer.status_code == 200


async def test_a_bad_token_is_told_so_on_public_pages_too(app):
    assert (await bearer(app, "ended").get("/sign-in")).status_code == 401


async def test_tokens_are_paged_the_newest_first(app, database):
    client = await signed_in(app, await make_account(database))
    made = [(await mint(client, name=f"第{n}个"))["id"] for n in range(5)]
    seen, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = (await client.get("/api/v1/tokens", params=query)).json()
        seen += [item["id"] for item in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert seen == made[::-1]


@pytest.mark.parametrize(
    "key", [[1], ["x", "y"], [1, 2], [2**62, str(uuid4())], [-(2**62), str(uuid4())], [None, 1]]
)
async def test_a_made_up_cursor_is_a_422(app, database, key):
    client = await signed_in(app, await make_account(database))
    answer = await client.get("/api/v1/tokens", params={"cursor": encode_cursor(key)})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-query")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "x"},
        {"expires_in_days": 3},
        {"name": "", "expires_in_days": 3},
        {"name": "x" * 101, "expires_in_days": 3},
        {"name": "a\u0000", "expires_in_days": 3},
        {"name": "a\tb", "expires_in_days": 3},
        {"name": "x", "expires_in_days": 0},
        {"name": "x", "expires_in_days": 367},
        {"name": "x", "expires_in_days": -1},
        {"name": "x", "expires_in_days": 1.5},
        {"name": "x", "expires_in_days": "3"},
        {"name": "x", "expires_in_days": True},
        {"name": "x", "expires_in_days": 3, "role": "admin"},
        [],
        "x",
    ],
)
async def test_a_malformed_token_request_is_a_422(app, database, body):
    client = await signed_in(app, await make_account(database))
    answer = await client.post("/api/v1/tokens", json=body)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-body")


async def test_a_path_that_is_no_id_is_a_422(app, database):
    client = await signed_in(app, await make_account(database))
    assert (await client.delete("/api/v1/tokens/nonsense")).status_code == 422


async def test_strangers_are_asked_to_sign_in_before_their_body_is_judged(app):
    client = browser(app)
    assert (await client.post("/api/v1/tokens", json={})).status_code == 401
    assert (await client.get("/api/v1/tokens")).status_code == 401
    assert (await client.delete(f"/api/v1/tokens/{uuid4()}")).status_code == 401


async def test_knowing_whose_token_it_is_costs_one_query(app, database):
    made = await mint(await signed_in(app, await make_account(database)))
    statements = []
    engine = app.state.database.engine.sync_engine

    def note(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        assert (await bearer(app, made["token"]).get("/api/v1/me")).status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(statements) == 1
