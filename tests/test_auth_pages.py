"""The pages of signing in and of one-time links, as a browser without scripts sees them."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
from people import PASSWORD, account_of, browser, make_account, signed_in
from sqlalchemy import select, update

from app.auth.access import SignedIn
from app.auth.accounts import NewAccount, create_account, create_with_link
from app.auth.errors import AccountNotValid, UsernameTaken
from app.auth.models import Account, SetupLink
from app.auth.setup_links import make_link
from app.main import create_app

FRESH = "今天去县里开会带瓶子"


@pytest.fixture(scope="module")
async def app(database_urls):
    made = create_app(database_urls["app"])
    yield made
    await made.state.database.close()


def visiting(app, **options):
    return browser(app, accept="text/html", **options)


async def link_for(database, account, hours=24) -> str:
    async with database.write() as session:
        return await make_link(session, account.id, now=datetime.now(UTC), hours=hours)


async def test_the_form_signs_in_and_goes_on(app, database):
    account = await make_account(database)
    client = visiting(app)
    form = await client.get("/sign-in", params={"next": "/batches?status=open"})
    assert form.headers["cache-control"] == "no-store"
    assert '<input type="hidden" name="next" value="/batches?status=open">' in form.text
    answer = await client.post(
        "/sign-in",
        data={"username": account.username, "password": PASSWORD, "next": "/batches?status=open"},
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/batches?status=open")
    assert (await client.get("/api/v1/me")).json()["username"] == account.username


async def test_the_form_never_sends_anyone_elsewhere(app, database):
    account = await make_account(database)
    for address in ("//evil.test", "https://evil.test", "/\\evil.test", "/\t/evil.test"):
        shown = await visiting(app).get("/sign-in", params={"next": address})
        assert 'name="next" value="/"' in shown.text
        answer = await visiting(app).post(
            "/sign-in",
            data={"username": account.username, "password": PASSWORD, "next": address},
        )
        assert answer.headers["location"] == "/"


async def test_whoever_is_signed_in_is_sent_on(app, database):
    client = await signed_in(app, await make_account(database))
    answer = await client.get("/sign-in", params={"next": "/sites"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sites")


async def test_a_wrong_password_shows_the_form_again_with_the_name_and_a_reason(app, database):
    account = await make_account(database)
    answer = await visiting(app, peer="10.6.0.1").post(
        "/sign-in", data={"username": account.username, "password": "wrong", "next": "/sites"}
    )
    assert answer.status_code == 401
    assert account.username in answer.text
    assert 'name="next" value="/sites"' in answer.text
    assert "账号或密码不对" in answer.text
    assert 'role="alert"' in answer.text
    assert "wrong" not in re.findall(r'value="([^"]*)"', answer.text)


async def test_too_many_failures_are_told_in_the_form(app, database):
    account = await make_account(database)
    client = visiting(app, peer="10.6.0.2")
    typed = {"username": account.username, "password": "wrong"}
    answers = [await client.post("/sign-in", data=typed) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert "秒后再试" in answers[-1].text


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (b"", "application/x-www-form-urlencoded"),
        (b"username=a", "application/x-www-form-urlencoded"),
        (b"username=%00&password=b", "application/x-www-form-urlencoded"),
        (b"username=%ff%fe%00&password=%ed%a0%80", "application/x-www-form-urlencoded"),
        (b"username=" + b"a" * 100 + b"&password=b", "application/x-www-form-urlencoded"),
        (b'{"username": "a", "password": "b"}', "application/json"),
        (b"nonsense", "multipart/form-data; boundary=x"),
        (b"nonsense", "multipart/form-data"),
        (
            b'--x\r\nContent-Disposition: form-data; name="username"; filename="a"\r\n\r\n\r\n--x--',
            "multipart/form-data; boundary=x",
        ),
    ],
)
async def test_a_malformed_form_is_a_422(app, body, media):
    answer = await visiting(app).post("/sign-in", content=body, headers={"content-type": media})
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/html")


async def test_what_was_typed_is_escaped(app):
    answer = await visiting(app).post(
        "/sign-in", data={"username": '"><script>alert(1)</script>', "password": ""}
    )
    assert "<script>alert" not in answer.text


async def test_a_foreign_page_cannot_post_our_forms(app, database):
    account = await make_account(database)
    secret = await link_for(database, account)
    foreign = {"origin": "https://evil.test", "sec-fetch-site": "cross-site"}
    typed = {"username": account.username, "password": PASSWORD, "again": PASSWORD}
    client = await signed_in(app, account)
    for path in ("/sign-in", "/sign-out", f"/setup/{secret}"):
        refused = await client.post(path, data=typed, headers={**foreign, "accept": "text/html"})
        assert refused.status_code == 403
        assert "平台页面" in refused.text
    assert (await client.get("/api/v1/me")).status_code == 200


async def test_a_page_for_signed_in_people_leads_a_stranger_through_the_form(app):
    async def page(caller: SignedIn) -> str:
        return caller.role

    app.add_api_route("/for-people", page)
    sent = await visiting(app).get("/for-people?day=2025-06-01&by=县")
    assert sent.status_code == 303
    assert sent.headers["location"].startswith("/sign-in?next=/for-people%3Fday%3D2025-06-01%26by")
    form = await visiting(app).get(sent.headers["location"])
    assert 'value="/for-people?day=2025-06-01&amp;by=%E5%8E%BF"' in form.text
    assert (await browser(app).get("/for-people")).status_code == 401


async def test_signing_out_ends_the_session_and_leads_to_the_form(app, database):
    client = await signed_in(app, await make_account(database))
    kept = client.cookies["session"]
    answer = await client.post("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    stale = await visiting(app).get("/api/v1/me", headers={"cookie": f"session={kept}"})
    assert stale.status_code == 401
    assert (await client.post("/sign-out")).status_code == 303


async def test_the_first_admin_comes_from_a_link(app, database):
    new = NewAccount("Admin-1", "管理员", "admin", "130000")
    path = await create_with_link(database, new, now=datetime.now(UTC), link_hours=24)
    client = visiting(app)
    shown = await client.get(path)
    assert shown.status_code == 200
    assert "admin-1" in shown.text
    assert shown.headers["cache-control"] == "no-store"
    answer = await client.post(path, data={"password": FRESH, "again": FRESH})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert (await client.get("/api/v1/me")).json()["role"] == "admin"
    by_password = await browser(app).post(
        "/api/v1/session", json={"username": "admin-1", "password": FRESH}
    )
    assert by_password.status_code == 200


async def test_a_link_works_once(app, database):
    account = await make_account(database, password_hash=None)
    path = f"/setup/{await link_for(database, account)}"
    assert (await visiting(app).post(path, data={"password": FRESH, "again": FRESH})).is_redirect
    again = await visiting(app).post(path, data={"password": PASSWORD, "again": PASSWORD})
    assert again.status_code == 404
    assert "链接已失效" in again.text
    assert (await visiting(app).get(path)).status_code == 404


async def test_of_two_who_use_a_link_at_once_one_wins(app, database):
    account = await make_account(database, password_hash=None)
    path = f"/setup/{await link_for(database, account)}"
    answers = await asyncio.gather(
        *(
            visiting(app).post(path, data={"password": f"{FRESH}{n}", "again": f"{FRESH}{n}"})
            for n in range(6)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [303] + [404] * 5


async def test_an_expired_link_sets_nothing(app, database):
    account = await make_account(database, password_hash=None)
    path = f"/setup/{await link_for(database, account)}"
    async with database.write() as session:
        await session.execute(
            update(SetupLink)
            .where(SetupLink.account_id == account.id)
            .values(expires_at=datetime.now(UTC) - timedelta(seconds=1))
        )
    answer = await visiting(app).post(path, data={"password": FRESH, "again": FRESH})
    assert answer.status_code == 404
    assert (await account_of(database, account.id)).password_hash is None


async def test_a_new_link_replaces_the_one_before(app, database):
    account = await make_account(database, password_hash=None)
    old, new = await link_for(database, account), await link_for(database, account)
    assert (await visiting(app).get(f"/setup/{old}")).status_code == 404
    assert (await visiting(app).get(f"/setup/{new}")).status_code == 200


async def test_a_made_up_link_is_absent(app):
    for token in ("x", "A" * 43, "%00", "%ff", "a" * 5000):
        assert (await visiting(app).get(f"/setup/{token}")).status_code == 404
        posted = await visiting(app).post(f"/setup/{token}", data={"password": FRESH})
        assert posted.status_code == 404


async def test_a_link_of_a_closed_account_is_absent(app, database):
    account = await make_account(database, password_hash=None)
    path = f"/setup/{await link_for(database, account)}"
    async with database.write() as session:
        await session.execute(update(Account).where(Account.id == account.id).values(active=False))
    assert (await visiting(app).get(path)).status_code == 404


async def test_a_weak_or_mistyped_password_leaves_the_link_usable(app, database):
    account = await make_account(database, password_hash=None)
    path = f"/setup/{await link_for(database, account)}"
    client = visiting(app)
    short = await client.post(path, data={"password": "短", "again": "短"})
    assert short.status_code == 422
    assert "密码太短" in short.text
    unlike = await client.post(path, data={"password": FRESH, "again": FRESH + "x"})
    assert unlike.status_code == 422
    assert "不一样" in unlike.text
    empty = await client.post(path, data={})
    assert empty.status_code == 422
    unstorable = await client.post(path, data={"password": "a\0" * 8, "again": "a\0" * 8})
    assert unstorable.status_code == 422
    assert (await client.get(path)).status_code == 200


async def test_a_reset_ends_what_the_account_had_open(app, database):
    account = await make_account(database)
    client = await signed_in(app, account)
    token = (await client.post("/api/v1/tokens", json={"name": "旧", "expires_in_days": 9})).json()[
        "token"
    ]
    path = f"/setup/{await link_for(database, account)}"
    await visiting(app).post(path, data={"password": FRESH, "again": FRESH})
    assert (await client.get("/api/v1/me")).status_code == 401
    machine = browser(app, authorization=f"Bearer {token}")
    assert (await machine.get("/api/v1/me")).status_code == 401
    old = {"username": account.username, "password": PASSWORD}
    assert (await browser(app).post("/api/v1/session", json=old)).status_code == 401


async def test_only_a_hash_of_a_link_is_stored(app, database):
    account = await make_account(database, password_hash=None)
    secret = await link_for(database, account)
    async with database.read() as session:
        row = await session.scalar(select(SetupLink).where(SetupLink.account_id == account.id))
    assert secret.encode() not in row.token_hash


async def test_the_request_log_does_not_hold_the_link(app, database, capsys):
    secret = await link_for(database, await make_account(database, password_hash=None))
    await visiting(app).get(f"/setup/{secret}")
    written = capsys.readouterr()
    assert "/setup/…" in written.out + written.err
    assert secret not in written.out + written.err


async def test_two_accounts_never_share_a_name(database):
    account = await make_account(database)
    with pytest.raises(UsernameTaken):
        await make_account(database, username=account.username.upper())


@pytest.mark.parametrize(
    "fields",
    [
        {"username": "x"},
        {"username": "a b"},
        {"username": "-a"},
        {"username": "a" * 65},
        {"role": "boss"},
        {"role": "keeper"},
        {"role": "carrier"},
        {"role": "township"},
        {"display_name": " "},
        {"department": "agricultural"},
        {"department": ""},
    ],
)
async def test_an_account_names_what_its_role_acts_by(database, fields):
    from uuid import uuid4

    given = {"username": "li.caixia", "display_name": "李彩霞", "role": "county"} | fields
    new = NewAccount(area="130110", **given)
    with pytest.raises(AccountNotValid):
        async with database.write() as session:
            await create_account(session, new, id=uuid4(), now=datetime.now(UTC))
