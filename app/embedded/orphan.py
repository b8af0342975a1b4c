"""What `postmaster.pid` says, and whether it is still true."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.embedded.binaries import EmbeddedPostgresError

PATIENCE_SECONDS = ((signal.SIGINT, 30), (signal.SIGQUIT, 10), (signal.SIGKILL, 5))
LINES_WHEN_READY = 8
PROC = Path("/proc/self/cmdline")


@dataclass(frozen=True)
class Recorded:
    """The server that `postmaster.pid` names; it may be long gone."""

    pid: int
    port: int
    ready: bool


def recorded(data: Path) -> Recorded | None:
    """Read `data/postmaster.pid`; None when there is none or it is still being written."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        pid, port = int(lines[0]), int(lines[3])
    except (FileNotFoundError, ValueError, IndexError):
        return None
    ready = len(lines) >= LINES_WHEN_READY and lines[7].strip() == "ready"
    return Recorded(pid, port, ready)


def is_server_of(pid: int, data: Path) -> bool:
    """Tell whether `pid` is a PostgreSQL server on `data`, not another program of that number.

    A zombie has no command line, so it is none.
    """
    return f"postgres -D {data} " in _command_line(pid)


def clear_the_way(data: Path) -> None:
    """Stop a server that outlived its parent, and disarm a stale `postmaster.pid`.

    The caller holds the folder's lock, so a server on it belongs to nobody. It is replaced, not
    adopted: as another's child it would never be reaped.
    """
    path = data / "postmaster.pid"
    try:
        lines = path.read_text().splitlines(keepends=True)
        pid = int(lines[0])
    except FileNotFoundError:
        return
    except (ValueError, IndexError):
        # Cut off in the first write; PostgreSQL refuses to start over such a file.
        path.unlink()
        return
    if is_server_of(pid, data):
        _stop(pid, data)
    if path.exists():
        # The number may be another program's by now, and PostgreSQL would then refuse to start;
        # it trusts its parent's. The other lines stay: by them it finds out whether processes
        # of the dead server still hold its memory.
        path.write_text("".join([f"{os.getpid()}\n", *lines[1:]]))


def _stop(pid: int, data: Path) -> None:
    for request, patience in PATIENCE_SECONDS:
        with suppress(ProcessLookupError):
            os.kill(pid, request)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not is_server_of(pid, data):
                return
            time.sleep(0.02)
    raise EmbeddedPostgresError(
        f"上次留下的数据库进程 {pid} 停不下来，请手工结束它。"
        f" / The left-over database process {pid} does not stop; end it by hand."
    )


def _command_line(pid: int) -> str:
    if not PROC.exists():
        listed = subprocess.run(
            ["ps", "-ww", "-o", "args=", "-p", str(pid)],
            capture_output=True,
            text=True,
            check=False,
        )
        return listed.stdout
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return os.fsdecode(raw.replace(b"\0", b" "))
