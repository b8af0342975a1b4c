"""A phone with a real Chromium that can be killed, and a platform that can go out of reach."""

import asyncio
import os
import signal
import socket
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import async_playwright

from tests.browsing import CHROMIUM, FLAGS
from tests.people import PASSWORD

SMALL = {"width": 360, "height": 740}
NARROW = {"width": 320, "height": 700}


async def _until(holds):
    while not holds():  # noqa: ASYNC110  neither uvicorn nor a browser has an event to wait for
        await asyncio.sleep(0.05)


class Platform:
    """The application at one address, which may be away for a while."""

    def __init__(self, app):
        self.app = app
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self._server = None

    @property
    def is_up(self):
        return self._server is not None

    async def up(self):
        self._server = uvicorn.Server(
            uvicorn.Config(self.app, lifespan="off", log_level="warning", port=self.port)
        )
        self._serving = asyncio.create_task(self._server.serve())
        await _until(lambda: self._server.started)

    async def away(self):
        """Refuse every connection, as a phone without signal finds it."""
        self._server.force_exit = True
        self._server.should_exit = True
        await self._serving
        self._server = None


@pytest.fixture(scope="module")
async def platform(world):
    """The module's world at an address; a test may take it away, and has it back at the end."""
    made = Platform(world.app)
    await made.up()
    yield made
    if made.is_up:
        await made.away()


class Phone:
    """A browser with a profile of its own: what it stores outlives its death."""

    def __init__(self, folder: Path, *flags: str):
        self.folder = folder
        self.flags = flags
        self._process = None

    async def on(self, playwright):
        """Start the browser and return its context."""
        (self.folder / "DevToolsActivePort").unlink(missing_ok=True)
        self._process = await asyncio.create_subprocess_exec(
            CHROMIUM, *FLAGS, *self.flags, f"--user-data-dir={self.folder}",
            "--remote-debugging-port=0", "about:blank",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        told = self.folder / "DevToolsActivePort"
        await _until(lambda: told.exists() and "\n" in told.read_text())
        port = told.read_text().split()[0]
        browser = await playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
        return browser.contexts[0]

    async def die(self):
        """SIGKILL, with all its processes: a battery that was taken out."""
        os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()


@asynccontextmanager
async def phone(folder, *flags):
    async with async_playwright() as playwright:
        made = Phone(folder, *flags)
        made.start = lambda: made.on(playwright)
        try:
            yield made
        finally:
            if made._process and made._process.returncode is None:
                await made.die()


async def sign_in(page, world, name, address):
    await page.goto(f"{address}/sign-in?next=/capture")
    if "sign-in" not in page.url:
        await page.wait_for_selector("body[data-ready]")
        return
    await page.fill("[name=username]", world.accounts[name].username)
    await page.fill("[name=password]", PASSWORD)
    await page.click("main button")
    await page.wait_for_selector("body[data-ready]")


@asynccontextmanager
async def screen(chromium, platform, world, *scripts, name="collector"):
    """A phone at the page, signed in, whose browser may lack something; a script that fails, fails."""
    context = await chromium.new_context(viewport=NARROW)
    for script in scripts:
        await context.add_init_script(script)
    page = await context.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    try:
        await sign_in(page, world, name, platform.address)
        yield page
    finally:
        await context.close()
    assert faults == []


async def open_capture(page, address, fragment=""):
    await page.goto("about:blank")
    await page.goto(f"{address}/capture{fragment}")
    await page.wait_for_selector("body[data-ready]")


async def hand_in(page, tens=1):
    """Count pieces on the first tile, record, and come back to the form; return the event's id."""
    await page.wait_for_selector("[data-tiles]")
    for _ in range(tens):
        await page.click("[data-tiles] li:first-child [data-add='10']")
    await page.click(".bar button")
    # "✓ 已存本机" may be gone again by now: the platform answers soon, and not always with yes
    await page.wait_for_selector(".receipt .state:not(:empty)")
    made = await page.inner_text("[data-id]")
    await page.click("[data-then] a:first-child")
    return made


async def hand_ins(page, count):
    return [await hand_in(page) for _ in range(count)]


async def press(page, words):
    """Record, and return the event's id."""
    await page.click(f"main button:has-text('{words}')")
    await page.wait_for_selector(".receipt .state:has-text('✓')")
    return await page.inner_text("[data-id]")


async def stored(page, name):
    """Return everything in one of the phone's stores."""
    return await page.evaluate(
        """(name) => new Promise((resolve, reject) => {
          const asked = indexedDB.open("capture");
          asked.onerror = () => reject(asked.error);
          asked.onsuccess = () => {
            const all = asked.result.transaction(name).objectStore(name).getAll();
            all.onsuccess = () => { asked.result.close(); resolve(all.result); };
          };
        })""",
        name,
    )


async def all_sent(page, most_s=60):
    """Wait until nothing waits."""
    await page.wait_for_selector("[data-waiting]:has-text('待上传 0 条')", timeout=most_s * 1000)
