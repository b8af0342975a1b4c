"""The two that are killed: PostgreSQL with all its processes, and the platform's server."""

import http.client
import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from app.config import ROOT
from app.embedded import EmbeddedPostgres
from app.embedded.orphan import recorded

STOP_SECONDS = 30
ASK_SECONDS = 2
LAST_LINES = 5
OURS = ("DATABASE_URL", "HOST", "PORT")

UNSAFE = {
    "wal_writer_delay": "10s",
    "wal_writer_flush_after": "1GB",
    "wal_buffers": "64MB",
}
"""With `synchronous_commit` off, so that the log of changes stays in memory for as long as it may."""


class HarnessFault(RuntimeError):
    """The run could not be made; says why."""


class Postgres:
    """An embedded PostgreSQL of our own: its data and its port outlive every kill."""

    name = "PostgreSQL"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._server = EmbeddedPostgres(folder)
        self._address: str | None = None

    @property
    def alive(self) -> bool:
        """Whether its postmaster runs."""
        return self._server.alive

    @property
    def up(self) -> bool:
        """Whether it takes connections: starting waits for that."""
        return self.alive

    def start(self) -> None:
        """Start it on what is there; returns when it takes connections. Main thread only."""
        self._server.start()
        address = self._server.url("app")
        if self._address not in {None, address}:
            raise HarnessFault("数据库的端口被占 / PostgreSQL's port was taken while it was away")
        self._address = address

    def kill(self) -> None:
        """End the postmaster and each of its processes with SIGKILL."""
        server = recorded(self.folder / "data")
        assert server is not None, "a running server has written its process id"
        postmaster = psutil.Process(server.pid)
        # Stopped first: it must neither notice nor replace those that are gone.
        postmaster.suspend()
        for process in (*postmaster.children(recursive=True), postmaster):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        while self._server.alive:
            time.sleep(0.005)

    def stop(self) -> None:
        """Stop it in good order."""
        self._server.stop()

    def url(self, role: str) -> str:
        """Return the address for `app` or `owner`; the same after every start."""
        return self._server.url("owner" if role == "owner" else "app")

    def keep_changes_in_memory(self) -> None:
        """Set it so that what is committed stays in memory for seconds, from the next start on."""
        with (self.folder / "data" / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in UNSAFE.items())


class Platform:
    """The real server, `python -m app serve`, on a folder and a port of its own."""

    name = "server"

    def __init__(self, folder: Path, postgres: Postgres) -> None:
        self.folder = folder
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._answered = False
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in OURS and not name.startswith("PLATFORM_")
        }
        self.environment = {
            **kept,
            "DATABASE_URL": postgres.url("app"),
            "PLATFORM_OWNER_DATABASE_URL": postgres.url("owner"),
            "PLATFORM_DATA_FOLDER": str(folder / "data"),
            "PLATFORM_SIGNER_FOLDER": str(folder / "signer"),
            "PLATFORM_LOG_ORIGIN": "hebei-nybz.example/crash-test",
        }

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def up(self) -> bool:
        """Whether it answers since it was started."""
        if not self._answered and self.alive:
            self._answered = self.ask("/healthz")[0] == http.client.OK
        return self._answered and self.alive

    def start(self) -> None:
        """Start its process; `up` tells when it answers."""
        self._answered = False
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "app", "serve", "--port", str(self.port)],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C is for us: we stop it in its turn.
                start_new_session=True,
            )

    def kill(self) -> None:
        """End it with SIGKILL."""
        assert self._process is not None, "it was started"
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Stop it in good order, with SIGKILL where it does not."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def ask(self, path: str) -> tuple[int, bytes]:
        """Return the status and the body of a page; 0 where nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ASK_SECONDS)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()

    @property
    def last_words(self) -> str:
        """The end of what it wrote."""
        return "\n".join((self.folder / "server.log").read_text().splitlines()[-LAST_LINES:])

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command of the platform on the same database."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
