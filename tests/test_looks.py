"""Every page that a browser may open, as those who see it see it: for old eyes, thumbs and ears.

The pages are those of tests/route_table.py, which must name every route. An official, somebody at a
site and a stranger open each as far as they may; the others not, where it is made of what was seen.
Where a form is sent empty, the page that says what is wrong is looked at too.
"""

import re
from pathlib import Path

import pytest

from app.auth.sessions import COOKIE
from app.config import ROOT
from tests.browsing import IN_A_BROWSER
from tests.ground import lay_out
from tests.route_table import ROUTES
from tests.test_authorisation import ask, may, rows_of, sees

pytestmark = IN_A_BROWSER

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()
RUN_AXE = """async () => {
  const { violations } = await axe.run({
    resultTypes: ["violations"],
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    preload: false,
    rules: { "color-contrast-enhanced": { enabled: true } },
  });
  return violations.map(({ id, nodes }) =>
    `axe ${id}: ` + nodes.slice(0, 3).map((node) => node.target.join(" ")).join(" | "));
}"""
"""Whatever axe-core knows, and contrast of 7 where its rules ask for 4.5: people stand in the sun."""
LOOK = (Path(__file__).parent / "looks.js").read_text()
NARROW = {"width": 320, "height": 640}
BIG_ENOUGH = {"type": 18, "target": 48}
LETTERS = "(size) => (document.documentElement.style.fontSize = size)"
TWICE = "36px"
"""As a browser has it whose letters were set to twice their size."""
SEND_EMPTY = """(address) => {
  const form = Object.assign(document.createElement("form"), { method: "post", action: address });
  document.body.append(form);
  form.submit();
}"""
OFFICIALS = (
    "province", "county", "city", "auditor", "admin", "ecology province", "ecology county",
    "development_reform province", "township",
)  # fmt: skip
AT_WORK = ("collector", "keeper", "plant", "carrier")
NOT_PAGES = re.compile(r"^(/api/|/log/|/sw\.js|/healthz|/readyz|/openapi)|\.pdf$|/print$|^/[A-Z]+/")
LEAD_ON = {"/b", "/batches/find"}
"""They answer with another page's address."""
PAGES = [
    key for key in ROUTES
    if key.startswith("GET") and not NOT_PAGES.search(key[4:]) and key[4:] not in LEAD_ON
]  # fmt: skip
FORMS = [
    key for key in ROUTES
    if key.startswith("POST") and any(row.page and not row.ends_session for row in rows_of(key))
]  # fmt: skip
TAG = re.compile(r"<(\w+)([^>]*)>")
MADE_OF = re.compile(r"\b(?:class|name|role|type)=\"([^\"\d]*)")


@pytest.fixture(scope="module")
async def ground(database):
    made = await lay_out(database)
    yield made
    await made.world.close()


@pytest.fixture(scope="module")
def world(ground):
    return ground.world


@pytest.fixture(scope="module")
async def tabs(chromium, address):
    """Tabs on a narrow screen, by who sits there."""
    opened = {}

    async def of(who):
        if who.name not in opened:
            context = await chromium.new_context(
                base_url=address, viewport=NARROW, service_workers="block"
            )
            secret = who.client.headers.get("cookie", "").removeprefix(f"{COOKIE}=")
            if secret:
                await context.add_cookies([{"name": COOKIE, "value": secret, "url": address}])
            opened[who.name] = await context.new_page()
        return opened[who.name]

    yield of
    for tab in opened.values():
        await tab.context.close()


@pytest.fixture(scope="module")
def met():
    """What pages were made of so far."""
    return set()


def visitors(row, ground):
    """Return an official, somebody at a site and a stranger, as far as they may see it."""
    by_name = {who.name: who for who in ground.callers}
    for names in (OFFICIALS, AT_WORK, ("a stranger",)):
        those = (by_name[name] for name in names)
        yield from [who for who in those if may(row, who) and sees(row, who, "own")][:1]


def parts_of(text):
    """Return what a page is made of: its tags with their classes, and the names of its fields."""
    tags = TAG.findall(text.partition("<main")[2])
    return {(tag, *MADE_OF.findall(attributes)) for tag, attributes in tags}


async def page_at(key, who, asked):
    """Return the page's text as it is answered without a browser, None where it is no page."""
    method = key.partition(" ")[0]
    options = {**asked.options, "data": {}} if method == "POST" else asked.options
    answer = await who.client.request(method, asked.url, headers={"accept": "text/html"}, **options)
    is_page = answer.headers.get("content-type", "").startswith("text/html")
    return (str(answer.request.url.raw_path, "ascii"), answer.text) if is_page else None


async def look(tab):
    """Return what is wrong with the page that is open, for eyes, thumbs and ears."""
    await tab.evaluate(AXE)
    found = [*await tab.evaluate(LOOK, BIG_ENOUGH), *await tab.evaluate(RUN_AXE)]
    await tab.evaluate(LETTERS, TWICE)
    found += [f"with letters twice as large, {line}" for line in await tab.evaluate(LOOK, {})]
    await tab.evaluate(LETTERS, "")
    return found


@pytest.mark.parametrize("key", [*PAGES, *FORMS])
async def test_a_page_can_be_read_tapped_and_heard(key, ground, tabs, met):
    wrong, opened = [], 0
    for row in rows_of(key):
        for who in visitors(row, ground):
            answer = await page_at(key, who, ask(key, row, ground, who, "own"))
            if answer is None:
                continue
            url, text = answer
            parts = parts_of(text)
            if opened and parts <= met:
                continue
            met |= parts
            opened += 1
            tab = await tabs(who)
            if key.startswith("GET"):
                await tab.goto(url)
            else:
                if tab.url == "about:blank":
                    await tab.goto("/problems/not-found")
                async with tab.expect_navigation():
                    await tab.evaluate(SEND_EMPTY, url)
            wrong += [f"{who.name}: {line}" for line in await look(tab)]
    assert opened or key in FORMS, "no page: say so in NOT_PAGES or LEAD_ON"
    assert not wrong, "\n".join([url, *wrong])


COUNT = """() => {
  for (const add of document.querySelectorAll("[data-tiles] li:first-child [data-add]")) add.click();
}"""
SEEN_OF_IT = """() => {
  const boxes = [...document.querySelectorAll(".top, .bar")].map((one) => one.getBoundingClientRect());
  const covered = boxes.reduce((sum, { top, bottom }) =>
    sum + Math.max(0, Math.min(bottom, innerHeight) - Math.max(top, 0)), 0);
  return covered / innerHeight;
}"""
"""How much of the screen what sticks to it takes, in the midst of a long form."""
CHARACTERS = """(field) => {
  const { fontFamily, fontSize, paddingLeft, paddingRight } = getComputedStyle(field);
  const zero = document.body.appendChild(Object.assign(document.createElement("span"), { textContent: "0" }));
  Object.assign(zero.style, { fontFamily, fontSize, position: "absolute" });
  const { width } = zero.getBoundingClientRect();
  zero.remove();
  return (field.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight)) / width;
}"""
MOST_OF_A_CODE = 11


async def test_the_phones_forms_can_be_used_with_letters_twice_as_large(ground, tabs):
    world = ground.world
    [code] = await world.issue_labels(1)
    await world.event("hand_in", code)
    tab = await tabs(next(who for who in ground.callers if who.name == "collector"))
    await tab.goto("/capture")
    await tab.wait_for_selector("body[data-ready]")
    wrong = []
    views = (f"hand_in/{code}", "other", "depart", f"collect/{code}", f"step/{code}", "queue")
    for view in views:
        await tab.evaluate(LETTERS, "")
        await tab.evaluate("(view) => (location.hash = view)", view)
        await tab.wait_for_timeout(400)
        await tab.evaluate(COUNT)
        await tab.evaluate(LETTERS, TWICE)
        wrong += [f"{view}: {line}" for line in await tab.evaluate(LOOK, {})]
        await tab.evaluate("scrollTo(0, document.documentElement.scrollHeight / 3)")
        covered = await tab.evaluate(SEEN_OF_IT)
        wrong += [f"{view}: {covered:.0%} of the screen is covered"] * (covered > 1 / 3)
        for field in await tab.query_selector_all("input.code"):
            shown = await field.evaluate(CHARACTERS)
            wrong += [f"{view}: {shown:.0f} characters of a code"] * (shown < MOST_OF_A_CODE)
    await tab.goto("/record/hand_in")
    await tab.evaluate(LETTERS, TWICE)
    shown = await (await tab.query_selector("input.code")).evaluate(CHARACTERS)
    wrong += [f"/record/hand_in: {shown:.0f} characters of a code"] * (shown < MOST_OF_A_CODE)
    assert not wrong, "\n".join(wrong)


BAD = """<!doctype html><title>x</title><main><h1 style="width: 500px">很宽的标题</h1>
<p style="font-size: 12px">很小的字</p><button style="height: 20px">矮</button><a href="/">链接</a>
<p style="color: #bbb">太淡</p><p style="overflow: hidden; height: 10px">这里的字被切掉了</p><p>上一行</p>
<p style="margin: -2.4em 0 0">压在上一行上</p><input style="height: 48px"></main>"""


async def test_what_is_wrong_with_a_page_is_seen(chromium):
    page = await chromium.new_page(viewport=NARROW)
    await page.set_content(BAD)
    told = "\n".join(await look(page))
    await page.close()
    for fault in (
        "px wide",
        "letters of 12px",
        "20 px high",
        "a «链接»",
        "cut off",
        "letters over letters",
    ):
        assert fault in told, told
    for rule in ("color-contrast", "label:", "html-has-lang"):
        assert f"axe {rule}" in told, told
