"""Make pictures of every screen, on a phone and on a desk: `python -m scripts.screenshots FOLDER`.

Needs the demonstration to run (`./scripts/demo`) and Chromium. One account of each role signs in and
follows the links of the pages it sees; when one comes to a new screen, its picture is taken, 375 and
1280 px wide. A screen is a route that answers with a page: of forms each kind, of home pages each
role's. What no link led to is named at the end.
"""

import argparse
import asyncio
import json
import re
import shutil
import sys
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from fastapi.routing import APIRoute
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from starlette.routing import Match

from app.config import ROOT
from app.main import ROUTERS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--lang=zh-CN"]
WIDTHS = {"phone": (375, 812), "desk": (1280, 800)}
ROLES = (
    "collector", "keeper", "carrier", "plant", "county", "township", "province", "city", "auditor",
    "admin",
)  # fmt: skip
"""Who walks first; a stranger comes last."""
UNLINKED = ("/capture", "/problems", "/b?code=130110-0000-0000-00", "/no-such-page")
"""Where a phone, a program, a slip or an old link leads."""
TALLEST = 4_000
PATIENCE_MS = 120_000
ENOUGH = 12
"""Addresses of one screen whose links are followed; everyone follows one at least."""
LINK = re.compile(r"""<a\b[^>]*?\bhref="([^"#]*)""")
PAGES_BESIDE = re.compile(
    r"^/(api|log/|static|sw\.js|healthz|readyz|openapi)|\.(pdf|csv|xlsx|svg|png)$|/print$"
)


def page_routes() -> Iterator[str]:
    """Yield the paths of all routes that may answer with a page."""
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            if "GET" in (route.methods or ()) and not PAGES_BESIDE.search(route.path):
                yield route.path


def screen_of(address: str, account: dict[str, str]) -> str | None:
    """Return the name of the screen that an address leads to; None where it is no page."""
    path = urlsplit(address).path
    if PAGES_BESIDE.search(path):
        return None
    asked = {"type": "http", "method": "GET", "path": path, "root_path": ""}
    for router in ROUTERS:
        for route in router.routes:
            match, found = route.matches(asked)
            if match is Match.FULL and isinstance(route, APIRoute):
                name = route.path.replace("{kind}", found["path_params"].get("kind", ""))
                return f"/home/{account.get('role', 'stranger')}" if name == "/" else name
    return path


def file_name(screen: str) -> str:
    """Return a screen's name as one of a file."""
    return re.sub(r"[^\w-]+", "_", screen).strip("_") or "home"


async def enter(context: BrowserContext, account: dict[str, str]) -> None:
    """Sign in."""
    given = {name: account[name] for name in ("username", "password")}
    answer = await context.request.post("/api/v1/session", data=given)
    if not answer.ok:
        sys.exit(f"{account['username']}: {answer.status}")


async def walk(browser: Browser, at: str, account: dict[str, str], shots: "Shots") -> None:
    """Follow links as one account, and take what nobody took before."""
    context = await browser.new_context(base_url=at, locale="zh-CN")
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    if account:
        await enter(context, account)
    ahead = deque([*(["/"] if account else ["/sign-in", "/plan"]), *UNLINKED])
    met: set[str] = set()
    known = set(ahead)
    while ahead:
        address = ahead.popleft()
        screen = screen_of(address, account)
        if screen is None or (screen in met and shots.met[screen] >= ENOUGH):
            continue
        met.add(screen)
        shots.met[screen] += 1
        answer = await context.request.get(address, max_retries=3)
        screen = screen_of(answer.url, account) or screen
        if "text/html" in answer.headers.get("content-type", "") and screen not in shots.taken:
            await page.goto(address)
            await page.wait_for_selector("[data-loading]", state="detached")
            await shots.take(page, screen, account)
        links = [urljoin(answer.url, unescape(link)) for link in LINK.findall(await answer.text())]
        links += [re.sub(r"/events/(?=[^/]+$)", "/record/done/", link) for link in links]
        ahead.extend(link for link in links if link.startswith(at) and link not in known)
        known.update(links)
    await context.close()


@dataclass
class Shots:
    """The pictures taken so far: where each screen was found."""

    folder: Path
    taken: dict[str, str] = field(default_factory=dict)
    met: Counter[str] = field(default_factory=Counter)

    async def take(self, page: Page, screen: str, account: dict[str, str]) -> None:
        """Take the pictures of the page that is open."""
        self.taken[screen] = page.url
        for name, (width, height) in WIDTHS.items():
            await page.set_viewport_size({"width": width, "height": height})
            whole = await page.evaluate("document.documentElement.scrollHeight")
            tall = max(height, min(whole, TALLEST))
            await page.set_viewport_size({"width": width, "height": tall})
            # A chart draws itself anew at another width.
            await page.wait_for_timeout(300)
            await page.screenshot(path=self.folder / f"{file_name(screen)}-{name}.png")
        print(f"{screen:45} {account.get('username', '—'):28} {page.url}", flush=True)


async def run(at: str, accounts: list[dict[str, str]], folder: Path) -> None:
    """Walk as everyone, then say what was not reached."""
    shots = Shots(folder)
    offices: dict[tuple[str, str], dict[str, str]] = {}
    for account in accounts:
        offices.setdefault((account["role"], account["department"]), account)
    everyone = sorted(offices.values(), key=lambda one: ROLES.index(one["role"]))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for account in [*everyone, {}]:
            await walk(browser, at, account, shots)
        await browser.close()
    print(f"{len(shots.taken)} 个界面，两种宽度，在 / screens, two widths each, in {folder}")
    missed = {path for path in page_routes() if "{kind}" not in path} - set(shots.taken) - {"/"}
    print("没有链接通到 / no link led to:", *sorted(missed))


def main() -> None:
    """Read where to go and where to put the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--at", default="http://127.0.0.1:8000")
    parser.add_argument("--accounts", type=Path, default=ROOT / "var" / "demo-accounts.json")
    given = parser.parse_args()
    if CHROMIUM is None:
        sys.exit("没有找到 Chromium。 / Chromium was not found.")
    if not given.accounts.is_file():
        sys.exit("请先运行 ./scripts/demo。 / Run ./scripts/demo first.")
    given.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(run(given.at, json.loads(given.accounts.read_text()), given.folder))


if __name__ == "__main__":
    main()
