"""Chromium and a served world, for tests in a real browser; a module has a `world` of its own."""

import asyncio
import shutil
import socket
from contextlib import asynccontextmanager

import pytest
import uvicorn
from playwright.async_api import async_playwright

from tests.people import PASSWORD

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    "--disable-features=StaticStorageQuota",
]
IN_A_BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium"),
]


@pytest.fixture(scope="module")
async def address(world):
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(world.app, lifespan="off", log_level="warning"))
    serving = asyncio.create_task(server.serve([listening]))
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    await serving


@pytest.fixture(scope="module")
async def chromium():
    async with async_playwright() as playwright:
        yield await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


@asynccontextmanager
async def page_of(chromium, address, world, name=None, *, slips=0, **options):
    """Open a browser of a person who signs in as anybody would; fail on any console message.

    Chromium tells of each form that is answered 422: so many `slips` are expected.
    """
    options = {"viewport": {"width": 360, "height": 740}, **options}
    context = await chromium.new_context(base_url=address, **options)
    page = await context.new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    if name:
        await page.goto("/")
        await page.fill("[name=username]", world.accounts[name].username)
        await page.fill("[name=password]", PASSWORD)
        await follow(page, "main button")
        await page.wait_for_selector("text=退出")
    yield page
    await context.close()
    told = [message for message in said if "status of 422" in message]
    assert len(told) == slips
    others = [message for message in said if message not in told]
    assert others == [], others


async def follow(page, selector):
    """Click what leads to another page, and wait until that page is there to be read."""
    async with page.expect_navigation():
        await page.click(selector)


async def press(page):
    await follow(page, "form.form .actions button:not([type=button])")
    await page.wait_for_selector(".receipt")


class Hands:
    """Somebody at a page, with a finger and a keyboard: what they tap is counted.

    What they tap must be large enough for a thumb, and no page wider than its screen.
    """

    def __init__(self, page):
        self.page = page
        self.taps = 0

    async def tap(self, words, within="body"):
        """Tap what says so: a button, a link, a line that opens."""
        tappable = self.page.locator(within).locator("a, button, summary")
        await self._press(tappable.filter(has_text=words).locator("visible=true").first)

    async def go(self, words, within="body"):
        """Tap what says so and leads to another page, and wait until that is there."""
        async with self.page.expect_navigation():
            await self.tap(words, within)
        spare = await self.page.evaluate("innerWidth - document.documentElement.scrollWidth")
        assert spare >= 0, (words, self.page.url)

    async def tick(self, value):
        """Tap the line of a bag."""
        await self._press(self.page.locator("label", has=self.page.locator(f"[value='{value}']")))

    async def type(self, field, text):
        """Tap into a field and type."""
        await self._press(self.page.locator(field), self.page.fill(field, text))

    async def choose(self, field, value):
        """Tap a list, then one of its lines."""
        await self._press(self.page.locator(field), self.page.select_option(field, value))
        self.taps += 1

    async def read(self, selector="main"):
        """Return what stands there, as a person reads it."""
        return (await self.page.inner_text(selector)).replace("\u00a0", " ")

    async def attach(self, field, file):
        """Tap a field for photos, then one of them."""
        await self._press(self.page.locator(field), self.page.set_input_files(field, file))
        self.taps += 1

    async def _press(self, target, act=None):
        large = await target.evaluate(
            "one => one.matches('a:not(.button)') || one.getBoundingClientRect().height >= 48"
        )
        assert large, f"{target} is too small for a thumb"
        await (act or target.click())
        self.taps += 1


@asynccontextmanager
async def hands_of(chromium, address, world, name, *, width, slips=0):
    """Open a browser of a person on a screen so wide; they have signed in."""
    screen = {"viewport": {"width": width, "height": 740}}
    async with page_of(chromium, address, world, name, slips=slips, **screen) as page:
        yield Hands(page)
