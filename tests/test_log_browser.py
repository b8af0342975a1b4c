"""A real browser checks proofs itself: what is right is ✓, what was tampered with is ✗."""

import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from playwright.async_api import async_playwright

from app.ids import uuid7
from app.ledger.leaf import leaf_hash
from app.ops.log_keys import receipts_of
from app.transparency.keys import SignerKey
from app.transparency.note import Note, Signature, parse_note, sign
from app.transparency.receipt import ReceiptSigner
from app.transparency.signer import Signer
from tests.browsing import CHROMIUM, FLAGS, IN_A_BROWSER
from tests.people import PASSWORD
from tests.signing import begin_log, published
from tests.world import make_world

VECTORS = Path(__file__).parent.parent.parent / "shared" / "conformance" / "merkle"
pytestmark = IN_A_BROWSER
NO_ED25519 = """
const before = SubtleCrypto.prototype.importKey;
SubtleCrypto.prototype.importKey = function (format, key, algorithm, ...more) {
  if ((algorithm.name ?? algorithm) === "Ed25519") {
    return Promise.reject(new DOMException("unknown", "NotSupportedError"));
  }
  return before.call(this, format, key, algorithm, ...more);
};
"""


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


@pytest.fixture(scope="module")
async def places(world, tmp_path_factory):
    made = await begin_log(world.database, tmp_path_factory.mktemp("log"))
    world.app.state.receipts = receipts_of(made.receipt)
    return made


@pytest.fixture(scope="module")
async def signer(places):
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


@pytest.fixture(scope="module")
async def recorded(world, signer, bag):
    """An event as its write was answered, under the published head."""
    [code] = await world.issue_labels(1)
    event = await world.event("collect", code, mass_g=5_000)
    await published(world.database, signer)
    return event


@pytest.fixture(scope="module")
async def owner(database_urls, world, bag, recorded):
    """Somebody with the owner's password: triggers are off for him."""
    connection = await asyncpg.connect(database_urls["owner"])
    for table in ("event", "log_tile", "log_checkpoint"):
        await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield connection
    await connection.close()


@asynccontextmanager
async def tampered(owner, table, column, value, where):
    """A value of one row changed behind the log's back, for a while."""
    kept = await owner.fetchval(f"SELECT {column} FROM {table} WHERE {where}")
    assert kept not in (None, value)
    put = f"UPDATE {table} SET {column} = $1 WHERE {where}"
    assert await owner.execute(put, value) == "UPDATE 1"
    yield
    await owner.execute(put, kept)


@asynccontextmanager
async def phone(chromium, address, **how):
    """A phone of its own. Chromium tells of each answer that is no 2xx; else it says a fault."""
    context = await chromium.new_context(
        base_url=address, viewport={"width": 360, "height": 740}, **how
    )
    shown = await context.new_page()
    shown.said = []
    shown.on("console", lambda message: shown.said.append(message.text))
    shown.on("pageerror", lambda error: shown.said.append(str(error)))
    yield shown
    await context.close()
    assert faults(shown) == []


def faults(page):
    return [one for one in page.said if not one.startswith("Failed to load resource")]


@pytest.fixture(scope="module")
async def shared(chromium, address):
    async with phone(chromium, address) as page:
        yield page


@pytest.fixture
async def page(shared):
    """The phone of whoever is not signed in; each check is a new one, so cases share it."""
    yield shared
    assert faults(shared) == []


@pytest.fixture(scope="module")
async def signed_in(chromium, address, world):
    """The phone of the collector, who may see what he recorded."""
    async with phone(chromium, address) as page:
        await page.goto("/sign-in")
        await page.fill("[name=username]", world.accounts["collector"].username)
        await page.fill("[name=password]", PASSWORD)
        async with page.expect_navigation():
            await page.click("main button")
        yield page


@pytest.fixture
async def old_phone(chromium, address):
    async with phone(chromium, address) as page:
        await page.add_init_script(NO_ED25519)
        yield page


@asynccontextmanager
async def altered(page, path, change):
    """Answers changed on the way: `change` has the JSON of an answer and returns another."""

    async def alter(route):
        answer = await route.fetch()
        await route.fulfill(response=answer, json=change(await answer.json()))

    await page.route(path, alter)
    try:
        yield
    finally:
        await page.unroute(path)


class Result:
    """The first result on the page: its verdict, the marks of its steps by title, its words."""

    def __init__(self, mark, steps, lines, words):
        self.mark, self.steps, self.lines, self.words = mark, steps, lines, words


async def check(page, pasted, mark="ok"):
    """Paste something, press the one button, and read the result, which has to be of a mark."""
    if not page.url.endswith("/log"):
        await page.goto("/log")
    await page.fill("#q", pasted)
    await page.click("[data-check] button")
    return await read(page, mark)


async def read(page, mark):
    await page.wait_for_selector(".result")
    found = await page.evaluate(
        """() => {
          const result = document.querySelector(".result");
          const items = (list) => [...result.querySelectorAll(`${list} > li`)];
          const step = (item) => [item.querySelector("h3").innerText, item.className];
          return {
            mark: [...result.classList].at(-1),
            steps: Object.fromEntries(items(".checks").map(step)),
            lines: items(".checked").map((item) => item.className),
            words: result.innerText,
          };
        }"""
    )
    result = Result(**found)
    assert result.mark == mark, result.words
    return result


def full_width(text):
    """What a Chinese input method makes of a text."""
    return "".join(chr(ord(one) + 0xFEE0) for one in text)


@pytest.mark.parametrize(
    "write", [str, str.lower, lambda code: code.replace("-", "").replace("0", "o"), full_width]
)
async def test_a_whole_bag_is_checked_event_by_event(page, bag, write):
    result = await check(page, write(bag))
    assert result.lines == ["ok"] * 8
    assert result.steps == {"日志头签名": "ok", "签名公钥": "ok", "逐条登记": "ok"}
    assert bag in result.words
    assert all(kind in result.words for kind in ["交回", "封袋", "发运", "签收", "入库", "处理"])
    await page.set_viewport_size({"width": 320, "height": 700})
    spare = await page.evaluate("innerWidth - document.documentElement.scrollWidth")
    assert spare >= 0
    await page.set_viewport_size({"width": 360, "height": 740})


async def test_a_link_fills_the_field_and_checks_at_once(page, bag, world):
    await page.goto(f"/b/{bag}")
    async with page.expect_navigation():
        await page.click("text=核验登记有没有改动过")
    assert await page.input_value("#q") == bag
    assert (await read(page, "ok")).lines == ["ok"] * 8


async def test_the_address_that_a_label_holds_is_taken_for_its_code(page, bag):
    await check(page, f"HTTPS://NY.HEBEI.GOV.CN/B/{bag}")
    await check(page, full_width(f"https://ny.hebei.gov.cn/b/{bag}"))


WRITTEN = {
    "as it is": str,
    "from another system": lambda note: "\ufeff \r\n" + note.replace("\n", "\r\n"),
    "indented, without its last line end": lambda note: "\n".join(
        f"    {line}" for line in note.rstrip("\n").split("\n")
    ),
    "in one line": lambda note: " ".join(note.split()),
    "within an answer": lambda note: json.dumps({"id": "x", "receipt": note}),
    "within a queue's answer": lambda note: json.dumps(
        {"items": [{"event": {"receipt": note}}]}, ensure_ascii=False, indent=1
    ),
}


@pytest.mark.parametrize("write", WRITTEN.values(), ids=WRITTEN.keys())
async def test_a_receipt_is_checked_however_it_was_pasted(page, recorded, write):
    result = await check(page, write(recorded["receipt"]))
    assert result.steps == dict.fromkeys(
        ("回执签名", "回执公钥", "登记", "存证根", "日志头签名", "签名公钥"), "ok"
    )
    assert recorded["id"] in result.words


async def test_several_receipts_are_checked_each_by_itself(page, recorded):
    altered = recorded["receipt"].replace("recorded 2", "recorded 1")
    await check(page, json.dumps([{"receipt": recorded["receipt"]}, {"receipt": altered}]))
    marks = [await one.get_attribute("class") for one in await page.locator(".result").all()]
    assert [mark.split()[-1] for mark in marks] == ["ok", "bad"]


@pytest.mark.parametrize(
    "change",
    [
        lambda note: note.replace("leaf ", "leaf 0", 1)[: len(note)],
        lambda note: note.replace("\nleaf ", "\nlief "),
        lambda note: note.replace("due 2", "due 3"),
        lambda note: note[:-4] + ("A" if note[-4] != "A" else "B") + note[-3:],
        lambda note: note.replace("/receipt\nevent", "/receIpt\nevent"),
        lambda note: note.replace("— ", "- "),
    ],
)
async def test_a_receipt_with_a_changed_letter_fails(page, recorded, change):
    altered = change(recorded["receipt"])
    assert altered != recorded["receipt"]
    result = await check(page, altered, "bad")
    assert "✓" not in result.words


async def test_no_letter_of_a_receipt_can_be_changed(page, recorded, address):
    await page.goto("/log")
    passed = await page.evaluate(
        """async (note) => {
          const { parseKey, parseNote, receiptsIn, signersOf } = await import("/static/log/note.js");
          const { items } = await (await fetch("/api/v1/log/keys")).json();
          const keys = await Promise.all(items.map(({ vkey }) => parseKey(vkey)));
          const right = async (text) => {
            const [receipt] = receiptsIn(text);
            try {
              const signers = receipt ? await signersOf(parseNote(receipt.note), keys) : [];
              return signers.some((signer) => signer.right !== false);
            } catch {
              return false;
            }
          };
          if (!(await right(note))) return ["the receipt itself"];
          const found = [];
          for (let n = 0; n < note.length; n += 1) {
            const other = note[n] === "7" ? "8" : "7";
            const altered = note.slice(0, n) + other + note.slice(n + 1);
            if (/\\s/.test(note[n]) || !(await right(altered))) continue;
            found.push(altered);
          }
          return found;
        }""",
        recorded["receipt"],
    )
    assert passed == []


async def test_a_receipt_of_what_is_not_published_waits_and_then_passes(page, world, signer, bag):
    [code] = await world.issue_labels(1)
    event = await world.event("collect", code, mass_g=3_000)
    result = await check(page, event["receipt"], "wait")
    assert result.steps["登记"] == "wait"
    assert "还没到期限" in result.words
    await published(world.database, signer)
    await page.wait_for_selector(".result.ok")  # by itself


async def test_a_bag_of_which_something_waits_says_how_much(page, world, signer, bag):
    [code] = await world.issue_labels(1)
    await world.event("hand_in", code)
    await published(world.database, signer)
    await world.event("collect", code, mass_g=3_000)
    result = await check(page, code, "wait")
    assert result.lines == ["ok", "wait"]
    assert "1 条登记已核验，1 条正在存证" in result.words
    await published(world.database, signer)


def promised(places, event, leaf, **ago):
    """A receipt that the platform did sign."""
    at = datetime.now(UTC) - timedelta(**ago)
    return receipts_of(places.receipt).promise(UUID(event), bytes.fromhex(leaf), at)


async def test_a_receipt_convicts_a_log_that_left_its_event_out(page, world, places, recorded):
    lost = str(uuid7(world.rng, datetime.now(UTC)))
    in_time = await check(page, promised(places, lost, "ab" * 32, hours=23), "wait")
    assert "日志里还没有这条登记，还没到期限" in in_time.words
    late = await check(page, promised(places, lost, "ab" * 32, hours=25), "bad")
    assert late.steps["回执签名"] == "ok"
    assert late.steps["登记"] == "bad"
    assert "这张回执证明日志漏了这条登记" in late.words


async def test_a_receipt_convicts_a_log_that_never_published(page, world, places, signer, recorded):
    [code] = await world.issue_labels(1)
    event = await world.event("collect", code, mass_g=3_000)
    late = promised(places, event["id"], event["leaf_hash"], hours=30)
    assert "这张回执证明日志漏了这条登记" in (await check(page, late, "bad")).words
    await published(world.database, signer)


async def test_a_receipt_convicts_a_log_that_holds_another_leaf(page, places, recorded):
    result = await check(page, promised(places, recorded["id"], "cd" * 32, hours=1), "bad")
    assert result.steps["登记"] == "bad"
    assert "日志里的内容与回执不符" in result.words


async def test_a_leaf_hash_that_was_changed_is_found(page, owner, bag, recorded):
    id_ = recorded["id"]
    async with tampered(owner, "event", "leaf_hash", bytes(32), f"id = '{id_}'"):
        assert (await check(page, recorded["receipt"], "bad")).steps["登记"] == "bad"
        code = recorded["batches"][0]["code"]
        assert (await check(page, code, "bad")).lines == ["bad"]
        assert (await check(page, id_, "bad")).steps["存证根"] == "bad"
        await check(page, bag)
    await check(page, recorded["receipt"])


async def test_a_tile_that_was_changed_is_found(page, owner, bag, recorded):
    where = "level = 0 AND index = 0"
    hashes = await owner.fetchval(f"SELECT hashes FROM log_tile WHERE {where}")
    async with tampered(owner, "log_tile", "hashes", bytes([hashes[0] ^ 1]) + hashes[1:], where):
        result = await check(page, recorded["receipt"], "bad")
        assert result.steps["存证根"] == "bad"
        assert "bad" in (await check(page, bag, "bad")).lines


def same_text(note, key):
    return sign(parse_note(note.encode()).text, [key]).encode().decode()


async def test_a_head_that_another_key_signed_is_found(page, owner, signer, bag, recorded):
    size = await owner.fetchval("SELECT max(size) FROM log_checkpoint")
    note = await owner.fetchval("SELECT note FROM log_checkpoint WHERE size = $1", size)
    stranger = SignerKey(signer.ring.origin, signer.ring.current.algorithm, b"x" * 32)
    real = signer.ring.current.verifier
    text = parse_note(note.encode()).text
    mislabelled = Note(text, (Signature(real.name, real.key_id, stranger.sign(text.encode())),))
    for forged in (same_text(note, stranger), mislabelled.encode().decode()):
        async with tampered(owner, "log_checkpoint", "note", forged, f"size = {size}"):
            for pasted in (recorded["receipt"], bag):
                result = await check(page, pasted, "bad")
                assert result.steps["日志头签名"] == "bad"
    async with tampered(owner, "log_checkpoint", "note", "无\n", f"size = {size}"):
        assert "日志头读不出来" in (await check(page, recorded["receipt"], "bad")).words


async def test_a_key_that_no_leaf_introduces_signs_for_nobody(page, owner, places, recorded):
    """Who adds a key of his to the table has no leaf that says so."""
    real = receipts_of(places.receipt).key
    invented = SignerKey(real.name, real.algorithm, b"y" * 32)
    await owner.execute(
        "INSERT INTO log_key SELECT $1, purpose, valid_from, valid_to, event_id"
        " FROM log_key WHERE vkey = $2",
        str(invented.verifier), str(real.verifier),
    )  # fmt: skip
    lost = ReceiptSigner(invented).promise(
        UUID(recorded["id"]), bytes(32), datetime.now(UTC) - timedelta(days=9)
    )
    for note in (same_text(recorded["receipt"], invented), lost):
        result = await check(page, note, "bad")
        assert result.steps == {"回执签名": "ok", "回执公钥": "bad"}
        assert "没有登记在日志里" in result.words
    await owner.execute("DELETE FROM log_key WHERE vkey = $1", str(invented.verifier))


async def test_a_browser_without_ed25519_says_so_and_claims_nothing(old_phone, bag, recorded):
    for pasted in (recorded["receipt"], bag):
        result = await check(old_phone, pasted, "unknown")
        assert "本浏览器不能验证签名，其余已核验" in result.words
        assert result.steps["日志头签名"] == "unknown"
        assert result.steps.get("回执签名", "unknown") == "unknown"
        assert "核验通过" not in result.words
    assert result.lines == ["ok"] * 8


async def test_a_browser_without_ed25519_accuses_nobody_on_the_word_of_a_receipt(
    old_phone, world, places, owner, recorded
):
    lost = str(uuid7(world.rng, datetime.now(UTC)))
    for receipt in (
        promised(places, lost, "ab" * 32, hours=25),
        promised(places, recorded["id"], "ab" * 32, hours=25),
    ):
        result = await check(old_phone, receipt, "unknown")
        assert "不能下结论" in result.words
    # but what was computed from hashes alone is wrong in any browser
    async with tampered(owner, "event", "leaf_hash", bytes(32), f"id = '{recorded['id']}'"):
        await check(old_phone, recorded["batches"][0]["code"], "bad")


@pytest.mark.parametrize(
    ("pasted", "told"),
    [
        ("130110-0000-0000-00", "校验位不符"),
        ("你好", "格式不对"),
        ("<b>1</b>\n\n2", "请输入标签上的批次码"),
        ("00000000-0000-7000-8000-00000000beef", "没有这个编号的登记"),
        ("..", "请输入标签上的批次码"),
        ("x" * 300_000, "内容太长，一次要少于 20,000 个字"),
    ],
)
async def test_what_cannot_be_checked_is_told(page, bag, pasted, told):
    assert told in (await check(page, pasted, "unknown")).words


async def test_a_link_or_a_paste_that_fills_the_field_is_not_read_in_part(page, recorded):
    too_much = recorded["receipt"] + "x" * 20_000
    await page.goto("/log")
    await page.focus("#q")
    await page.keyboard.insert_text(too_much)
    assert len(await page.input_value("#q")) == 20_000
    await page.click("[data-check] button")
    assert "内容太长" in (await read(page, "unknown")).words
    await page.goto(f"/log?q={'x' * 30_000}")
    assert "内容太长" in (await read(page, "unknown")).words


def listing(change):
    """Alters the list of a bag's records."""
    return lambda answer: {**answer, "items": change(answer["items"])}


LISTED = "**/api/v1/log/batches/*"
AS_LISTED = "类别、日期和属于哪一袋，是按平台说的显示"
MAY_LACK = "清单有没有漏掉登记，这里看不出来，要由审计人员核验整本日志"


async def test_a_list_without_records_proves_nothing(page, bag):
    async with altered(page, LISTED, listing(lambda _: [])):
        result = await check(page, bag, "unknown")
    assert "没有给出这一袋的任何登记，这什么也证明不了" in result.words
    assert "请粘贴回执核验" in result.words
    assert "✓" not in result.words
    async with altered(page, LISTED, lambda _: {"batch": bag}):
        assert "回答看不懂" in (await check(page, bag, "unknown")).words


@pytest.mark.parametrize(
    "again", [dict, lambda item: {**item, "event": item["event"].upper()}], ids=["event", "index"]
)
async def test_a_record_that_is_listed_twice_is_not_two(page, bag, again):
    async with altered(page, LISTED, listing(lambda items: [*items, again(items[2])])):
        result = await check(page, bag, "bad")
    assert result.lines == ["ok", "ok", "bad", "ok", "ok", "ok", "ok", "ok", "bad"]
    assert result.steps["逐条登记"] == "bad"
    assert "平台的清单把同一条登记写了两次" in result.words


async def test_the_records_of_another_bag_are_not_those_of_this_one(page, bag, recorded):
    other = recorded["batches"][0]["code"]
    async with altered(page, LISTED, lambda answer: {**answer, "batch": other}):
        assert "平台答的是另一袋" in (await check(page, bag, "bad")).words


async def test_what_a_proof_does_not_cover_is_told_beside_it(page, bag, recorded):
    async with altered(page, LISTED, listing(lambda items: items[1:])):
        result = await check(page, bag)
    assert "平台列出的 7 条登记都在日志里" in result.words
    assert AS_LISTED in result.words
    assert MAY_LACK in result.words
    assert "它属于这个编号，是平台说的" in (await check(page, recorded["id"])).words


async def test_who_may_see_a_record_has_what_is_listed_held_against_its_text(
    signed_in, bag, recorded
):
    code = recorded["batches"][0]["code"]
    result = await check(signed_in, code)
    assert "原文相同" in result.words
    assert AS_LISTED not in result.words
    assert MAY_LACK in result.words
    day = recorded["effective_at"][:8]
    for changed in ({"kind": "dispose"}, {"occurred_on": day + "31"}):
        async with altered(
            signed_in, LISTED, listing(lambda items, to=changed: [{**items[0], **to}])
        ):
            result = await check(signed_in, code, "bad")
        assert result.lines == ["bad"]
        assert "原文写的是封袋" in result.words
    answer = await signed_in.request.get(f"/api/v1/log/batches/{bag}")
    others = (await answer.json())["items"]
    async with altered(signed_in, LISTED, listing(lambda _: others[:2])):
        result = await check(signed_in, code, "bad")
    assert result.lines == ["bad", "bad"]
    assert "原文不是这一袋的这条登记" in result.words


async def test_a_text_whose_hash_was_changed_with_it_is_found(signed_in, recorded):
    """The hash that counts is the proven one, not the one that came with the text."""
    leaf = recorded["leaf"].replace("5000", "9000")
    changed = {"leaf": leaf, "leaf_hash": leaf_hash(leaf.encode()).hex()}
    code = recorded["batches"][0]["code"]
    shown = f"**/api/v1/events/{recorded['id']}"
    async with altered(signed_in, shown, lambda answer: {**answer, **changed}):
        assert (await check(signed_in, recorded["id"], "bad")).steps["登记原文"] == "bad"
        assert "原文被改过" in (await check(signed_in, code, "bad")).words


async def test_the_text_or_receipt_of_another_record_is_found(signed_in, world, signer, recorded):
    [code] = await world.issue_labels(1)
    other = await world.event("collect", code, mass_g=4_000)
    await published(world.database, signer)
    shown = f"**/api/v1/events/{recorded['id']}"
    async with altered(signed_in, shown, lambda answer: {**answer, "receipt": other["receipt"]}):
        assert "回执是另一条登记的" in (await check(signed_in, recorded["id"], "bad")).words
    async with (
        altered(signed_in, shown, lambda _: {"leaf": other["leaf"]}),
        altered(signed_in, f"{shown}/proof*", lambda _: proof),
    ):
        proof = (await world.client(None).get(f"/api/v1/events/{other['id']}/proof")).json()
        result = await check(signed_in, recorded["id"], "bad")
    assert result.steps["存证根"] == "ok"
    assert "登记原文是另一条登记的" in result.words


async def test_who_recorded_finds_the_receipt_and_the_text_is_hashed_too(
    signed_in, owner, recorded
):
    page = signed_in
    await page.goto(f"/record/done/{recorded['id']}")
    async with page.expect_navigation():
        await page.click("text=存证回执")
    result = await read(page, "ok")
    assert result.steps["回执签名"] == result.steps["登记原文"] == "ok"
    assert recorded["receipt"].split("\n")[-2] in await page.locator(".result pre").inner_text()
    leaf = recorded["leaf"].replace("5000", "9000")
    async with tampered(owner, "event", "leaf", leaf, f"id = '{recorded['id']}'"):
        assert (await check(page, recorded["id"], "bad")).steps["登记原文"] == "bad"
        code = recorded["batches"][0]["code"]
        assert (await check(page, code, "bad")).lines == ["bad"]


async def test_nothing_of_a_receipt_but_its_event_is_sent(page, recorded):
    asked = []
    await page.goto("/log")
    page.on("request", lambda request: asked.append((request.url, request.post_data)))
    await check(page, recorded["receipt"])
    sent = [url.split("/", 3)[3] for url, _ in asked]
    own = [url for url in sent if recorded["id"] in url]
    assert len(own) == 1
    assert own[0].startswith(f"api/v1/events/{recorded['id']}/proof?size=")
    assert not any(recorded["leaf_hash"] in url for url in sent)
    assert {data for _, data in asked} == {None}


async def test_without_scripts_the_facts_stand_and_the_check_says_what_it_needs(
    chromium, address, bag
):
    context = await chromium.new_context(base_url=address, java_script_enabled=False)
    page = await context.new_page()
    await page.goto("/log")
    words = await page.inner_text("main")
    assert "需要打开 JavaScript" in words
    assert "已存证" in words
    assert not await page.locator("[data-check] button").is_visible()
    await context.close()


async def test_an_address_without_encryption_says_what_it_needs(playwright_phone, bag):
    """Browsers leave `crypto.subtle` out where a page came over plain http from elsewhere."""
    await playwright_phone.goto(f"/log?q={bag}")
    await playwright_phone.wait_for_selector("text=请用 https 开头的地址")
    assert await playwright_phone.locator(".result").count() == 0


@pytest.fixture
async def playwright_phone(address):
    port = address.rsplit(":", 1)[1]
    flags = [*FLAGS, "--host-resolver-rules=MAP phone.test 127.0.0.1"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        context = await browser.new_context(base_url=f"http://phone.test:{port}")
        yield await context.new_page()
        await browser.close()


@pytest.mark.skipif(not VECTORS.exists(), reason="the shared conformance vectors are not here")
async def test_inclusion_proofs_are_judged_as_the_conformance_vectors_say(page, bag):
    await page.goto("/log")
    vectors = (VECTORS / "inclusion.json").read_text(encoding="utf-8")
    judged = await page.evaluate(
        """async (text) => {
          const { fromBase64, rootAbove, sameBytes } = await import("/static/log/proof.js");
          const holds = async ({ leafHash, leafIdx, treeSize, proof, root }) => {
            try {
              const path = (proof ?? []).map(fromBase64);
              const above = await rootAbove(fromBase64(leafHash), leafIdx, treeSize, path);
              return sameBytes(above, fromBase64(root));
            } catch {
              return false;
            }
          };
          const found = {};
          for (const [name, one] of Object.entries(JSON.parse(text))) found[name] = await holds(one);
          return found;
        }""",
        vectors,
    )
    assert judged == {name: not one["wantErr"] for name, one in json.loads(vectors).items()}
    assert sum(judged.values()) > 4
