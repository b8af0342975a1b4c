"""Start a program as our child, as a user that PostgreSQL accepts, bound to our life."""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from app.embedded.binaries import EmbeddedPostgresError

UNPRIVILEGED = ("nobody", "daemon", "postgres")
PR_SET_PDEATHSIG = 1
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
"""Nothing of ours: a stray PGPORT or PGDATA would mislead the server."""


@dataclass(frozen=True)
class User:
    """Who the database runs as when we are root, which PostgreSQL refuses."""

    uid: int
    gid: int


def database_user(data: Path) -> User | None:
    """Return the owner of `data`, or an existing unprivileged user; None when we are not root.

    No user is created. It must have a name, because `initdb` looks itself up.
    """
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return User(owner.st_uid, owner.st_gid)
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return User(entry.pw_uid, entry.pw_gid)
    raise EmbeddedPostgresError(
        "以 root 运行时需要一个普通用户（例如 nobody）来运行数据库，本机没有；请换普通用户运行。"
        " / Running as root needs an unprivileged user such as nobody; run as another user."
    )


def launch(
    command: Sequence[str | Path],
    *,
    user: User | None,
    folder: Path,
    log: IO[bytes],
    death_signal: signal.Signals,
    stdin: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start `command` as a direct child, as `user`, writing to `log`.

    It is our child so that it is reaped: a zombie would pass for a running server. Should we
    die of SIGKILL it gets `death_signal` from the kernel (Linux), so that no server is left
    behind. It has a session of its own: Ctrl-C must reach the application first.
    """
    line = [str(part) for part in command]
    as_user: dict[str, object] = {}
    if user is not None and _reaches(user, folder):
        as_user = {"user": user.uid, "group": user.gid, "extra_groups": []}
    elif user is not None:
        line = _through_closed_folders(user, folder, death_signal) + line
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
        line,
        stdin=stdin,
        stdout=log,
        stderr=log,
        cwd="/",
        env=ENVIRONMENT,
        start_new_session=True,
        preexec_fn=_bound_to_us(death_signal),  # noqa: PLW1509 - one system call, no lock taken
        **as_user,
    )


def _reaches(user: User, folder: Path) -> bool:
    """Tell whether `user` may pass through every folder from the root to `folder`."""
    for step in (folder, *folder.parents):
        entry = step.stat()
        if entry.st_uid == user.uid:
            bit = 0o100
        elif entry.st_gid == user.gid:
            bit = 0o010
        else:
            bit = 0o001
        if not entry.st_mode & bit:
            return False
    return True


def _through_closed_folders(user: User, folder: Path, death_signal: signal.Signals) -> list[str]:
    """Drop to `user` but keep the one capability that passes closed parents such as /root.

    The other ways are to open those folders to everybody or to keep the data elsewhere.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise EmbeddedPostgresError(
            f"数据库用户（uid {user.uid}）进不了 {folder}：请把程序移到所有用户可进入的目录，"
            "或换普通用户运行，或安装 util-linux（setpriv）。"
            f" / uid {user.uid} cannot enter {folder}: move it to a folder that others may"
            " enter, or run as an ordinary user, or install util-linux."
        )
    kept = "+dac_read_search" if _holds_read_search() else "+dac_override"
    return [
        setpriv,
        f"--reuid={user.uid}",
        f"--regid={user.gid}",
        "--clear-groups",
        f"--inh-caps=-all,{kept}",
        f"--ambient-caps=-all,{kept}",
        f"--bounding-set=-all,{kept}",
        # Without this access(2), by which initdb looks for its programs, leaves capabilities out.
        "--securebits=+no_setuid_fixup",
        *([f"--pdeathsig={death_signal.name.removeprefix('SIG')}"] if _may_bind() else []),
        "--",
    ]


def _holds_read_search() -> bool:
    """Containers often leave root `CAP_DAC_OVERRIDE` (bit 1) without `CAP_DAC_READ_SEARCH` (2)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) & 1 << 2)
    return False


def _may_bind() -> bool:
    """Tell whether the kernel may be asked to take the child down with us.

    It signals when the starting *thread* ends, so only the main thread may ask for it.
    """
    return sys.platform == "linux" and threading.current_thread() is threading.main_thread()


def _bound_to_us(death_signal: signal.Signals) -> Callable[[], None] | None:
    if not _may_bind():
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def ask_the_kernel() -> None:
        # Python calls this after it has dropped the uid, which would clear the request.
        libc.prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:
            os._exit(1)

    return ask_the_kernel
