"""How long a village phone waits for the form: `python -m scripts.phone_load <address> --user <name>`.

Signs in to a running platform (password in PLATFORM_PASSWORD), then opens a page in Chromium held to
400 kbit/s and 400 ms a round trip: cold, with nothing kept, and warm, with what the browser keeps. It
prints when the form could be used (its scripts run), and how much came. Exit 1 above 3 s or 1 s.
"""

import argparse
import asyncio
import os
import shutil
import statistics
import sys

from playwright.async_api import BrowserContext, async_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
BITS_A_SECOND, ROUND_TRIP_MS = 400_000, 400
COLD_MS, WARM_MS = 3_000, 1_000
NARROW = {
    "offline": False,
    "latency": ROUND_TRIP_MS,
    "downloadThroughput": BITS_A_SECOND / 8,
    "uploadThroughput": BITS_A_SECOND / 8,
}
TOOK = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const all = [page, ...performance.getEntriesByType("resource")];
  const [usable] = performance.getEntriesByName("usable");
  return [usable?.startTime ?? page.domContentLoadedEventEnd, all.reduce((sum, one) => sum + one.transferSize, 0)];
}"""
"""Modules run before DOMContentLoaded, so from then on every button does what it says; a page that asks
for what it shows says itself when it can be used, by the mark `usable`."""


async def open_page(context: BrowserContext, path: str) -> tuple[float, int]:
    """Return the milliseconds until a page can be used, and the bytes that came for it."""
    page = await context.new_page()
    wire = await context.new_cdp_session(page)
    await wire.send("Network.enable")
    await wire.send("Network.emulateNetworkConditions", NARROW)
    await page.goto(path, wait_until="load")
    if path == "/capture":
        await page.wait_for_selector("body[data-ready]")
    took, received = await page.evaluate(TOOK)
    if path == "/capture":
        # Whoever records something stays longer than the page needs to keep itself.
        await page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    await page.close()
    return took, received


async def measure(
    address: str, username: str, password: str, path: str, rounds: int
) -> dict[str, list[tuple[float, int]]]:
    """Return what each opening took: `cold` in a new browser profile, `warm` in one that was there."""
    found: dict[str, list[tuple[float, int]]] = {"cold": [], "warm": []}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for _ in range(rounds):
            context = await browser.new_context(base_url=address)
            answer = await context.request.post(
                "/api/v1/session", data={"username": username, "password": password}
            )
            if not answer.ok:
                sys.exit(f"cannot sign in as {username}: {await answer.text()}")
            found["cold"].append(await open_page(context, path))
            found["warm"].append(await open_page(context, path))
            await context.close()
        await browser.close()
    return found


def main() -> None:
    """Print the medians; exit 1 where one is above its bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("--user", required=True)
    parser.add_argument("--path", default="/record/hand_in")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    password = os.environ.get("PLATFORM_PASSWORD", "")
    found = asyncio.run(measure(asked.address, asked.user, password, asked.path, asked.rounds))
    print(f"{asked.path} at {BITS_A_SECOND // 1000} kbit/s, {ROUND_TRIP_MS} ms a round trip")
    slow = False
    for name, bar in (("cold", COLD_MS), ("warm", WARM_MS)):
        took = statistics.median(ms for ms, _ in found[name])
        received = statistics.median(size for _, size in found[name])
        slow = slow or took > bar
        print(f"{name}  {took / 1000:.2f} s  (bar {bar / 1000:.0f} s)  {received / 1000:.0f} kB")
    sys.exit(slow)


if __name__ == "__main__":
    main()
