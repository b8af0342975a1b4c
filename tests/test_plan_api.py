"""`/api/v1/plan/…` through HTTP: the tables, their links, the search, the .csv."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any, get_args

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.db import Database
from app.main import create_app
from app.plan.published import TABLES
from app.plan.routes import SearchKind
from app.plan.search import KINDS, around, folded, grams, pairs_in, put, take_out, words_of
from tests.people import browser, make_account, signed_in

BASE = "/api/v1/plan"


@pytest.fixture(scope="module")
async def client(database_urls: dict[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(database_urls["app"])
    async with browser(app) as found:
        yield found
    await app.state.database.close()


async def everything(client: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await client.get(
            path, params={"limit": 50, **({"cursor": cursor} if cursor else {})}
        )
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        cursor = answer.json()["next_cursor"]
    return found


def hrefs(value: Any) -> set[str]:
    """Return every address that an answer names."""
    if isinstance(value, dict):
        own = {value["href"]} if "href" in value else set()
        return own.union(*(hrefs(inner) for inner in value.values()))
    return set().union(*(hrefs(inner) for inner in value)) if isinstance(value, list) else set()


async def test_the_head_leads_to_every_table(client: httpx.AsyncClient):
    head = (await client.get(BASE)).json()
    assert head["number"] == "冀发改环资〔2021〕1793号"
    for name, address in head["tables"].items():
        answer = await client.get(address)
        assert answer.status_code == 200, name
        assert answer.json()["items"], name


async def test_every_link_leads_to_a_row(client: httpx.AsyncClient):
    """Looked up in the tables themselves, and asked for once a table: a request each is slow."""
    rows = {
        table: await everything(client, f"{BASE}/{table}")
        for table in (*TABLES, "targets", "registers")
    }
    known = {
        f"{BASE}/{table}/{row.get('code') or row.get('slug') or row['address']}"
        for table, found in rows.items()
        for row in found
    }
    named = set().union(*(hrefs(row) for found in rows.values() for row in found))
    assert named <= known
    for table in rows:
        address = min(one for one in named if one.startswith(f"{BASE}/{table}/"))
        assert (await client.get(address)).status_code == 200, address


@pytest.mark.parametrize("table", TABLES)
async def test_no_row_is_without_a_paragraph(client: httpx.AsyncClient, table: str):
    known = {row["address"] for row in await everything(client, f"{BASE}/paragraphs")}
    for row in await everything(client, f"{BASE}/{table}"):
        place = row if table == "paragraphs" else row["paragraph"]
        assert place["address"] in known


async def test_links_lead_both_ways(client: httpx.AsyncClient):
    item = (await client.get(f"{BASE}/sections/item-9")).json()
    assert [one["code"] for one in item["responsibility"]["departments"]] == ["agriculture"]
    assert [box["code"] for box in item["boxes"]] == ["box-4"]
    for one in item["measures"][:3]:
        assert (await client.get(one["href"])).json()["section"]["code"] == "item-9"
    department = (await client.get(f"{BASE}/departments/agriculture")).json()
    assert "item-9" in {one["section"]["code"] for one in department["responsibilities"]}
    assert {one["code"] for one in item["measures"]} <= {
        one["code"] for one in department["measures"]
    }
    paragraph = (await client.get(f"{BASE}/paragraphs/item-9-departments")).json()
    assert [one["code"] for one in paragraph["departments"]] == ["agriculture"]
    assert len(paragraph["wordings"]) == 1


BOTH_WAYS = [
    ("departments", "instruments"),
    ("departments", "measures"),
    ("departments", "paragraphs"),
    ("departments", "registers"),
    ("departments", "responsibilities"),
    ("departments", "targets"),
    ("industries", "industry-lists"),
    ("industries", "paragraphs"),
    ("industries", "technologies"),
    ("industry-lists", "paragraphs"),
    ("industry-lists", "registers"),
    ("measures", "targets"),
    ("registers", "industries"),
    ("registers", "targets"),
]


async def test_whatever_a_row_links_to_links_back(client: httpx.AsyncClient):
    tables = {table for pair in BOTH_WAYS for table in pair}
    out = {
        row["href"]: hrefs(row)
        for table in tables
        for row in await everything(client, f"{BASE}/{table}")
    }
    for pair in BOTH_WAYS:
        for here, there in (pair, pair[::-1]):
            told = {
                (one, other)
                for one, others in out.items()
                for other in others - {one}
                if one.startswith(f"{BASE}/{here}/") and other.startswith(f"{BASE}/{there}/")
            }
            assert told
            assert {(one, other) for one, other in told if one not in out[other]} == set()


async def test_the_target_of_the_platform_is_printed_in_its_paragraph(client: httpx.AsyncClient):
    paragraph = (await client.get(f"{BASE}/paragraphs/item-2-p3")).json()
    assert "pesticide-packaging-recovery" in {one["code"] for one in paragraph["targets"]}
    assert paragraph["departments"] == []


async def test_tables_are_paged(client: httpx.AsyncClient):
    first = (await client.get(f"{BASE}/measures", params={"limit": 5})).json()
    second = (
        await client.get(f"{BASE}/measures", params={"limit": 5, "cursor": first["next_cursor"]})
    ).json()
    whole = await everything(client, f"{BASE}/measures")
    assert [row["code"] for row in first["items"] + second["items"]] == [
        r["code"] for r in whole[:10]
    ]
    assert len({row["code"] for row in whole}) == len(whole)


@pytest.mark.parametrize("table", TABLES)
async def test_a_table_s_csv_has_its_rows(client: httpx.AsyncClient, table: str):
    answer = await client.get(f"{BASE}/{table}.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.content.startswith("\ufeff".encode())
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == len(await everything(client, f"{BASE}/{table}"))
    assert all(None not in row for row in rows)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/no-such-table", 404),
        ("/no-such-table.csv", 404),
        ("/no-such-table/x", 404),
        ("/sections/item-23", 404),
        ("/sections?on=1990-01-01", 200),
        ("/sections?on=yesterday", 422),
        ("/sections?cursor=xx", 422),
        ("/sections?limit=0", 422),
        ("/paragraphs/%00", 404),
        ("/search?q=" + "长" * 101, 422),
        ("/search?q=回收&kind=nothing", 422),
        ("/search?q=回收&cursor=WzEsMl0", 422),
        ("/search?q=%00", 200),
    ],
)
async def test_what_does_not_fit_is_told(client: httpx.AsyncClient, path: str, status: int):
    answer = await client.get(BASE + path)
    assert answer.status_code == status, answer.text
    if status != 200:
        assert answer.headers["content-type"].startswith("application/problem+json")


async def found(client: httpx.AsyncClient, query: str, **more: str) -> list[dict[str, Any]]:
    answer = await client.get(f"{BASE}/search", params={"q": query, "limit": 500, **more})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_search_finds_every_kind_and_titles_first(client: httpx.AsyncClient):
    hits = await found(client, "农药包装")
    kinds = {hit["kind"] for hit in hits}
    assert {"paragraph", "target", "measure", "register"} <= kinds
    in_title = ["农药包装" in hit["title"] for hit in hits]
    assert in_title == sorted(in_title, reverse=True)


@pytest.mark.parametrize(
    "query", ["绿", "绿电", "回收 农药", "ＧＢ", "1793", "２０２５", "pm2.5", "不会有的词"]
)
async def test_a_search_finds_what_a_plain_reading_finds(client: httpx.AsyncClient, query: str):
    rows = await everything(client, f"{BASE}/paragraphs")
    plain = {r["address"] for r in rows if all(w in folded(r["text"]) for w in words_of(query))}
    hits = {hit["code"] for hit in await found(client, query, kind="paragraph")}
    # A paragraph's title is the heading of its section, which its own words need not hold.
    titled = {
        hit["code"]
        for hit in await found(client, query, kind="paragraph")
        if any(word in folded(hit["title"]) for word in words_of(query))
    }
    assert plain <= hits
    assert hits - plain <= titled


async def test_an_empty_search_finds_nothing(client: httpx.AsyncClient):
    assert await found(client, "　 ") == []


async def test_hits_are_paged_without_loss(client: httpx.AsyncClient):
    whole = [(hit["kind"], hit["code"]) for hit in await found(client, "清洁生产")]
    seen: list[tuple[str, str]] = []
    cursor = None
    while True:
        params = {"q": "清洁生产", "limit": 7, **({"cursor": cursor} if cursor else {})}
        answer = (await client.get(f"{BASE}/search", params=params)).json()
        seen += [(hit["kind"], hit["code"]) for hit in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert seen == whole
    assert len(whole) > 50


async def test_what_is_not_public_is_found_by_officials_alone(
    client: httpx.AsyncClient, database: Database, database_urls: dict[str, str]
):
    async with database.write() as session:
        await put(session, "entry", "x", title="秘而不宣的名单", text="", url="/plan", public=False)
    assert await found(client, "秘而不宣") == []
    app = create_app(database_urls["app"])
    for role, codes in {"county": ["x"], "collector": []}.items():
        person = await signed_in(app, await make_account(database, role))
        assert [hit["code"] for hit in await found(person, "秘而不宣")] == codes
        await person.aclose()
    await app.state.database.close()
    async with database.write() as session:
        await take_out(session, "entry", ["x"])


@given(st.text(), st.text(min_size=1), st.text())
def test_a_text_that_holds_a_word_has_all_its_pairs(before, word, after):
    text = f"{before}{word}{after}"
    for one in words_of(word):
        # Accents at the seams may melt into a letter; then the text does not hold the word.
        if one in folded(text):
            assert set(pairs_in(one)) <= set(grams(text))


@given(st.text(), st.text())
def test_what_is_shown_around_a_word_is_of_the_text(given_text, word):
    assert around(given_text, words_of(word)).strip("…") in given_text or "…" in given_text


def test_every_kind_can_be_asked_for():
    assert get_args(SearchKind) == tuple(KINDS)
