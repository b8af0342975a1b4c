"""The platform as an operator runs it: started, stopped and killed as real processes."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import psutil
import pytest

from app.main import end_tasks

ROOT = Path(__file__).resolve().parent.parent


class Platform:
    """`python -m app …` on a data folder and a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "PORT", "HOST")}
        self.environment = {**kept, "PLATFORM_DATA_FOLDER": str(folder), "PORT": str(self.port)}
        self.process: subprocess.Popen[bytes] | None = None

    def serve(self) -> None:
        """Start the platform and wait until it is ready."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while self.get("/readyz") != 200:
            assert self.process.poll() is None, "it ended before it was ready"
            assert time.monotonic() < deadline, "not ready within a minute"
            time.sleep(0.1)

    def get(self, path: str) -> int | None:
        """Return the status of a page, None while nobody listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run another command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "app", *arguments],
            cwd=ROOT,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def processes(self) -> list[psutil.Process]:
        """Return whatever still runs on the folder: servers, and what they started."""
        mine = str(self.folder)
        listed = psutil.process_iter(["cmdline"])
        return [one for one in listed if mine in " ".join(one.info["cmdline"] or [])]

    def gone(self) -> bool:
        """Tell whether nothing runs on the folder any more, within ten seconds."""
        deadline = time.monotonic() + 10
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.05)
        return not self.processes()


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    started = Platform(tmp_path_factory.mktemp("platform"))
    yield started
    if started.process and started.process.poll() is None:
        started.process.terminate()
        started.process.wait()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_all_it_started_the_database_included(platform, stop):
    platform.serve()
    assert platform.processes()
    platform.process.send_signal(stop)
    platform.process.wait(timeout=20)
    assert platform.gone()
    assert platform.get("/healthz") is None


def test_everything_killed_at_once_starts_again_with_all_it_knew(platform):
    platform.serve()
    made = platform.run("admin", "create", "--username", "before")
    assert made.returncode == 0, made.stderr
    family = [psutil.Process(platform.process.pid), *platform.processes()]
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    platform.process.wait()
    platform.serve()
    again = platform.run("admin", "create", "--username", "before")
    assert again.returncode == 1
    assert "before" in again.stderr


def test_the_first_administrator_comes_in_by_a_link_that_opens_once(platform):
    made = platform.run("admin", "create", "--username", "first")
    [path] = re.findall(r"/setup/\S+", made.stdout)
    assert platform.get(path) == 200
    nowhere = platform.run("admin", "create", "--username", "lost", "--area", "139999")
    assert (nowhere.returncode, "139999" in nowhere.stderr) == (1, True)


def test_the_running_database_is_told_by_role(platform):
    async def who(url: str) -> str:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval("SELECT current_user")
        finally:
            await connection.close()

    for role in ("app", "owner"):
        told = platform.run("db-url", "--role", role)
        assert asyncio.run(who(told.stdout.strip())) == f"platform_{role}"


def test_the_check_of_the_rebuild_runs_beside_the_platform(platform):
    checked = platform.run("rebuild", "--check")
    assert checked.returncode == 0, checked.stderr
    assert "一致" in checked.stdout


def test_a_taken_port_is_told_at_once_with_what_to_do(platform):
    refused = platform.run("serve")
    assert refused.returncode == 1
    assert "--port" in refused.stderr


def test_a_real_platform_and_a_demonstration_never_share_a_database(platform):
    owner = platform.run("db-url", "--role", "owner").stdout.strip()
    refused = platform.run("demo", "--port", "0", DATABASE_URL=owner)
    assert (refused.returncode, "非演示数据" in refused.stderr) == (1, True)

    async def pretend(demo: bool) -> None:
        connection = await asyncpg.connect(owner)
        await connection.execute("UPDATE installation SET demo = $1", demo)
        await connection.close()

    asyncio.run(pretend(True))
    refused = platform.run("serve", "--port", "0", DATABASE_URL=owner)
    asyncio.run(pretend(False))
    assert (refused.returncode, "演示数据库" in refused.stderr) == (1, True)


async def test_a_loop_that_takes_a_cancellation_for_an_error_is_ended_all_the_same():
    begun = asyncio.Event()

    async def stubborn() -> None:
        for _ in range(2):
            with suppress(asyncio.CancelledError):
                begun.set()
                await asyncio.sleep(600)
        await asyncio.sleep(600)

    task = asyncio.create_task(stubborn())
    await begun.wait()
    await asyncio.wait_for(end_tasks([task]), 30)
    assert task.cancelled()


def test_logs_can_be_read_by_machines(platform):
    second = Platform(platform.folder / "other")
    second.environment["PLATFORM_LOG_FORMAT"] = "json"
    log = platform.folder / "log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve"],
            cwd=ROOT, env=second.environment, stdout=subprocess.DEVNULL, stderr=errors,
        )  # fmt: skip
        try:
            while second.get("/healthz") != 200:
                assert process.poll() is None
                time.sleep(0.1)
        finally:
            process.terminate()
            # It stops its database too: on a busy machine that takes its time.
            process.wait(timeout=60)
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    told = next(line for line in lines if line.get("path") == "/healthz")
    assert (told["status"], bool(told["request"])) == (200, True)
