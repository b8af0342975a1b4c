"""The page 数据存证与核验 and what it asks for, as anybody gets it over HTTP."""

from datetime import UTC, datetime

import asyncpg
import pytest

from app.ops.log_keys import receipts_of
from app.transparency.checkpoint import parse_checkpoint
from app.transparency.cosignatures import keep_cosignatures
from app.transparency.keys import Algorithm, SignerKey
from app.transparency.note import cosign, parse_note
from app.transparency.signer import Signer
from tests.signing import ORIGIN, begin_log, published
from tests.world import POINT, STATION, make_world

WITNESS = SignerKey("czt.hebei.example/witness", Algorithm.COSIGNATURE, b"w" * 32)
OTHER = SignerKey("other.example/witness", Algorithm.COSIGNATURE, b"o" * 32)
SEEN_AT = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


@pytest.fixture(scope="module")
async def before(world):
    """The page while a bag has been closed and no head was ever published."""
    [code] = await world.issue_labels(1)
    await world.event("collect", code, mass_g=5_000)
    return await see(world, "/log")


@pytest.fixture(scope="module")
async def signer(world, before, tmp_path_factory):
    places = await begin_log(world.database, tmp_path_factory.mktemp("log"))
    world.app.state.receipts = receipts_of(places.receipt)
    made = Signer(places.signer)
    yield made
    made.close()


@pytest.fixture(scope="module")
async def bag(world, signer):
    """A bag that was treated, all of it under the published head."""
    [code] = await world.issue_labels(1)
    await world.whole_life(code)
    await published(world.database, signer)
    return code


async def see(world, path, who=None, status=200):
    answer = await world.client(who).get(path, headers={"accept": "text/html"})
    assert answer.status_code == status, answer.text
    return answer.text


async def note_of(world):
    return (await world.client(None).get("/log/checkpoint")).text


def test_before_the_first_head_the_page_says_so(before):
    assert "还没有公布第一次存证" in before
    assert "等待存证 1 条" in before
    assert "保证什么" in before


async def test_anybody_reads_what_the_head_says(world, bag):
    page = await see(world, "/log")
    head = parse_checkpoint(parse_note((await note_of(world)).encode()).text)
    digits = head.root.hex()
    assert all(f"<span>{digits[n : n + 8]}</span>" in page for n in range(0, 64, 8))
    assert f"{head.size:,} 条" in page
    assert "<dd>0 条</dd>" in page
    assert ORIGIN in page
    assert "尚无见证方" in page
    for line in (await world.client(None).get("/log/keys")).text.splitlines():
        assert line.split()[0] in page


async def test_what_is_not_under_the_head_yet_is_counted(world, signer, bag):
    codes = await world.issue_labels(3)
    for code in codes:
        await world.event("collect", code, mass_g=4_000)
    assert "<dd>3 条</dd>" in await see(world, "/log")
    listed = (await world.client(None).get(f"/api/v1/log/batches/{codes[0]}")).json()
    assert [item["leaf_index"] for item in listed["items"]] == [None]
    await published(world.database, signer)
    assert "<dd>0 条</dd>" in await see(world, "/log")


async def test_witnesses_are_named_with_what_they_saw_and_when(world, bag):
    note = await note_of(world)
    text, size = parse_note(note.encode()).text, int(note.split("\n")[1])
    line = cosign(text, WITNESS, int(SEEN_AT.timestamp())).line
    forged = cosign(text.replace(ORIGIN, "another.log"), OTHER, 1).line
    async with world.database.write() as session:
        lines = {str(WITNESS.verifier): line, str(OTHER.verifier): forged}
        await keep_cosignatures(session, size, lines)
    page = await see(world, "/log")
    assert f"<b>{WITNESS.name}</b>" in page
    assert f"见证到前 {size:,} 条，2026-11-02 09:30" in page
    assert OTHER.name not in page, "what does not verify is nobody's word"
    assert "尚无见证方" not in page


async def test_a_signer_that_refuses_is_told_on_top(world, signer, bag):
    world.app.state.signer = signer
    signer.why = ("数据库被截断", "the database was cut")
    assert "数据库被截断。登记和查询照常" in await see(world, "/log")
    signer.why = None
    assert "存证签名已停止" not in await see(world, "/log")
    world.app.state.signer = None


async def test_a_head_that_was_damaged_is_told_and_not_hidden(world, bag, database_urls):
    owner = await asyncpg.connect(database_urls["owner"])
    note = await note_of(world)
    await owner.execute("ALTER TABLE log_checkpoint DISABLE TRIGGER USER")
    put = "UPDATE log_checkpoint SET note = $2 WHERE size = $1"
    size = int(note.split("\n")[1])
    kept = await owner.fetchval("SELECT note FROM log_checkpoint WHERE size = $1", size)
    await owner.execute(put, size, "读不出来\n")
    try:
        assert "公布的日志头读不出来" in await see(world, "/log")
    finally:
        await owner.execute(put, size, kept)
        await owner.close()


async def test_the_leaves_of_a_bag_are_listed_in_order_and_tell_nothing_else(world, bag):
    answer = await world.client(None).get(f"/api/v1/log/batches/{bag.lower().replace('-', '')}")
    assert answer.status_code == 200
    listed = answer.json()
    assert listed["batch"] == bag
    kinds = ["hand_in", "collect", "depart", "arrive", "store", "depart", "arrive", "dispose"]
    assert [item["kind"] for item in listed["items"]] == kinds
    places = [item["leaf_index"] for item in listed["items"]]
    assert places == sorted(places)
    for item in listed["items"]:
        plain = {"event", "kind", "occurred_on", "leaf_index", "leaf_hash"}
        assert set(item) == plain | {"via", "corrects", "corrected_by"}
        assert [item[key] for key in ("via", "corrects", "corrected_by")] == [None] * 3
        proof = (await world.client(None).get(f"/api/v1/events/{item['event']}/proof")).json()
        assert (proof["leaf_hash"], proof["leaf_index"]) == (item["leaf_hash"], item["leaf_index"])


async def test_what_a_container_did_and_what_was_corrected_is_listed_too(world, bag):
    [box] = await world.issue_labels(1, site=None, kind="container")
    one, other = await world.issue_labels(2, site=None)
    for code in (one, other):
        await world.event("collect", code, mass_g=4_000)
    packed = await world.event("pack", one, container=box)
    moved = await world.event("depart", box, destination=STATION)
    wrong = await world.event("arrive", box, site=STATION, mass_g=3_000)
    fields = ("kind", "occurred_at", "site", "batches")
    right = {field: wrong[field] for field in fields} | {
        "batches": [{"code": box, "mass_g": 3_900}]
    }
    fixed = world.body("correct", corrects=wrong["id"], reason="incorrect_data", replacement=right)
    undone = world.body("correct", corrects=fixed["id"], reason="did_not_occur")
    for body in (fixed, undone):
        del body["batches"], body["site"]
        assert (await world.client("keeper").post("/api/v1/events", json=body)).status_code == 201
    again = await world.event("arrive", box, site=STATION, mass_g=3_950)
    await world.event("unpack", one, site=STATION, container=box)
    await world.event("pack", other, container=box, site=POINT)
    listed = (await world.client(None).get(f"/api/v1/log/batches/{one}")).json()["items"]
    told = {item["event"]: (item["via"], item["corrects"], item["corrected_by"]) for item in listed}
    assert [item["kind"] for item in listed] == [
        "collect", "pack", "depart", "arrive", "correct", "correct", "arrive", "unpack",
    ]  # fmt: skip
    assert told[packed["id"]] == (None, None, None)
    assert told[moved["id"]] == told[again["id"]] == (box, None, None)
    assert told[wrong["id"]] == (box, None, fixed["id"])
    assert told[fixed["id"]] == (box, wrong["id"], undone["id"])
    assert told[undone["id"]] == (box, fixed["id"], None)
    listed = (await world.client(None).get(f"/api/v1/log/batches/{other}")).json()["items"]
    assert [item["kind"] for item in listed] == ["collect", "pack"]


async def test_a_mistyped_code_is_told_apart_from_an_unused_one(world, bag):
    [unused] = await world.issue_labels(1)
    stranger = world.client(None)
    mistyped = await stranger.get(f"/api/v1/log/batches/{bag[:-1]}{(int(bag[-1]) + 1) % 10}")
    assert (mistyped.status_code, mistyped.json()["type"]) == (422, "/problems/mistyped-code")
    assert (await stranger.get(f"/api/v1/log/batches/{unused}")).status_code == 404
    assert (await stranger.get("/api/v1/log/batches/%00")).status_code == 422


async def test_pages_lead_to_the_check(world, bag):
    assert f'href="/log?q={bag}"' in await see(world, f"/b/{bag}")
    [code] = await world.issue_labels(1)
    assert "/log?q=" not in await see(world, f"/b/{code}"), "there is nothing to check"
    event = await world.event("collect", code, mass_g=5_000)
    done = await see(world, f"/record/done/{event['id']}", "collector")
    assert f'href="/log?q={event["id"]}"' in done
    assert 'href="/log"' in await see(world, "/sign-in")


async def test_what_a_link_brings_is_text_and_no_markup(world, bag):
    page = await see(world, "/log?q=%3C/textarea%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert" not in page
    assert "&lt;/textarea&gt;" in page


async def test_a_link_that_brings_too_much_fills_the_field_and_no_more(world, bag):
    page = await see(world, f"/log?q={'1' * 20_001}")
    assert 'maxlength="20000"' in page
    assert f">{'1' * 20_000}</textarea>" in page
