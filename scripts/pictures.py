"""Make the pictures of the README from a running demonstration: `python -m scripts.pictures http://…`."""

import argparse
import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable

from playwright.async_api import Browser, Page, async_playwright

from app.config import ROOT

FOLDER = ROOT / "docs" / "images"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--lang=zh-CN"]
DESK, PHONE = {"width": 1280, "height": 920}, {"width": 390, "height": 844}
SORTING_COUNTY = "130181"
"""辛集市: its station sorts and merges."""


async def home(page: Page) -> None:
    """Show the home page of the province."""
    await page.goto("/")


async def custody(page: Page) -> None:
    """Show the way of a bag that was treated."""
    answer = await page.request.get("/api/v1/batches?status=disposed&limit=1")
    [bag] = (await answer.json())["items"]
    await page.goto(f"/batches/{bag['code']}")


async def lineage(page: Page) -> None:
    """Show what a treated lot came from, where bags were sorted and merged."""
    answer = await page.request.get("/api/v1/batches?status=disposed&limit=200")
    for bag in (await answer.json())["items"]:
        chain = await page.request.get(f"/api/v1/batches/{bag['code']}/custody")
        steps = {step["kind"]: step["event"] for step in (await chain.json())["steps"]}
        if "repack" in steps:
            await page.goto(f"/lots/{steps['dispose']}")
            await page.locator("main h2:has-text('来龙去脉')").evaluate("it => it.scrollIntoView()")
            return
    raise SystemExit("no treated bag was sorted")


async def plan(page: Page) -> None:
    """Show the document, at the column that asks for this platform."""
    await page.goto("/plan#box-4")


async def phone(page: Page) -> None:
    """Show the form of a village shop with something counted."""
    await page.goto("/capture")
    await page.wait_for_selector("[data-tiles]")
    for add in ("10", "1", "1"):
        await page.click(f"[data-tiles] li:first-child [data-add='{add}']")


PICTURES: dict[str, tuple[str, dict[str, int], Callable[[Page], Awaitable[None]]]] = {
    "home": ("province", DESK, home),
    "custody": ("county-130110", DESK, custody),
    "lineage": (f"county-{SORTING_COUNTY}", DESK, lineage),
    "plan": ("province", DESK, plan),
    "phone": ("collector-130110", PHONE, phone),
}


async def take(browser: Browser, address: str, name: str, passwords: dict[str, str]) -> None:
    """Make one picture."""
    username, size, show = PICTURES[name]
    context = await browser.new_context(base_url=address, viewport=size)  # type: ignore[arg-type]
    account = {"username": username, "password": passwords[username]}
    answer = await context.request.post("/api/v1/session", data=account)
    if not answer.ok:
        raise SystemExit(f"cannot sign in as {username}: {await answer.text()}")
    page = await context.new_page()
    await show(page)
    await page.wait_for_load_state("networkidle")
    await page.screenshot(path=FOLDER / f"{name}.png")
    await context.close()
    print(name, flush=True)


async def main() -> None:
    """Make those that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("names", nargs="*", help="of " + ", ".join(PICTURES))
    asked = parser.parse_args()
    accounts = json.loads((ROOT / "var" / "demo-accounts.json").read_text(encoding="utf-8"))
    passwords = {one["username"]: one["password"] for one in accounts}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name in asked.names or PICTURES:
            await take(browser, asked.address, name, passwords)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
