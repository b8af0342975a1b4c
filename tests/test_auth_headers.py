"""Every answer carries the security headers, whatever it is."""

import pytest
from people import browser, make_account, signed_in

from app.main import create_app
from app.templating import asset


@pytest.fixture(scope="module")
async def app(database_urls):
    made = create_app(database_urls["app"])
    yield made
    await made.state.database.close()


POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; "
    "connect-src 'self'; img-src 'self' blob: data:; style-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@pytest.mark.parametrize("path", ["/sign-in", "/api/v1/me", "/static/mark.svg", "/nowhere"])
async def test_every_answer_carries_them(app, path):
    headers = (await browser(app).get(path)).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["permissions-policy"] == "camera=(self), geolocation=(self)"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


async def test_browsers_are_told_to_stay_on_https_only_where_there_is_https(app):
    secure = await browser(app, scheme="https").get("/sign-in")
    assert secure.headers["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in (await browser(app).get("/sign-in")).headers


async def test_only_what_a_person_saw_signed_in_is_never_kept(app, database):
    client = await signed_in(app, await make_account(database))
    assert (await client.get("/api/v1/me")).headers["cache-control"] == "no-store"
    static = await client.get("/static/mark.svg")
    assert static.headers["cache-control"] == "no-cache", "asked about each time, and kept"


async def test_a_file_is_kept_for_ever_under_the_digest_of_its_content(app):
    client = browser(app)
    assert "immutable" in (await client.get(asset("mark.svg"))).headers["cache-control"]
    gone = await client.get("/static/nothing.js?v=1")
    assert (gone.status_code, gone.headers["cache-control"]) == (404, "no-cache")
