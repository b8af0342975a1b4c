"""Make a new database cluster: the data folder, two roles, one database, random passwords."""

import json
import os
import secrets
import shutil
import signal
import subprocess
from pathlib import Path
from typing import IO

from app.embedded.binaries import EmbeddedPostgresError
from app.embedded.child import User, launch

BUILTIN_LOCALE_MAJOR = 17
ACCESS = """\
# The superuser has no password and no way in: it exists for single-user mode alone.
local all platform_owner,platform_app              scram-sha-256
host  all platform_owner,platform_app 127.0.0.1/32 scram-sha-256
"""
# CREATEDB lets the owner make scratch databases for tests and restore drills.
ROLES = """\
CREATE ROLE platform_owner LOGIN CREATEDB PASSWORD '{owner}';
CREATE ROLE platform_app LOGIN PASSWORD '{app}';
GRANT platform_app TO platform_owner;
CREATE DATABASE platform OWNER platform_owner;
REVOKE ALL ON DATABASE platform FROM PUBLIC;
GRANT CONNECT ON DATABASE platform TO platform_app;
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
REVOKE ALL ON DATABASE template1 FROM PUBLIC;
"""


def create_cluster(
    programs: Path, major: int, folder: Path, user: User | None, log: IO[bytes]
) -> None:
    """Create `folder/data`, whole or not at all: it is built beside its place, then renamed."""
    unfinished = folder / "data-new"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if user is not None:
        os.chown(unfinished, user.uid, user.gid)
    _initdb(programs, major, unfinished, user, log)
    (unfinished / "pg_hba.conf").write_text(ACCESS)
    _create_roles(programs, unfinished, _new_passwords(folder), user, log)
    unfinished.rename(folder / "data")


def read_passwords(folder: Path) -> dict[str, str]:
    """Return the passwords by role, `app` and `owner`."""
    path = folder / "passwords.json"
    try:
        passwords: dict[str, str] = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise EmbeddedPostgresError(
            f"缺少 {path}，请从备份恢复它。 / {path} is missing; restore it from a backup."
        ) from error
    return passwords


def _initdb(programs: Path, major: int, data: Path, user: User | None, log: IO[bytes]) -> None:
    # Code-point order everywhere; `builtin` also knows upper and lower case beyond ASCII.
    provider = (
        ("--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        if major >= BUILTIN_LOCALE_MAJOR
        else ()
    )
    initdb = launch(
        [
            *(programs / "initdb", "-D", data, "-U", "postgres", "--auth=reject"),
            *("--encoding=UTF8", "--locale=C", *provider, "--data-checksums", "--no-instructions"),
        ],
        user=user,
        folder=data.parent,
        log=log,
        death_signal=signal.SIGTERM,
    )
    _finish(initdb, log)


def _create_roles(
    programs: Path, data: Path, passwords: dict[str, str], user: User | None, log: IO[bytes]
) -> None:
    """Run ROLES in single-user mode: no port is open before there are passwords."""
    single = launch(
        [
            *(programs / "postgres", "--single", "-D", data),
            # A failing statement is not quoted in the log: it may hold a password.
            *("-c", "exit_on_error=on", "-c", "log_min_error_statement=panic", "postgres"),
        ],
        user=user,
        folder=data.parent,
        log=log,
        death_signal=signal.SIGTERM,
        stdin=subprocess.PIPE,
    )
    _finish(single, log, ROLES.format_map(passwords).encode())


def _finish(process: subprocess.Popen[bytes], log: IO[bytes], words: bytes | None = None) -> None:
    try:
        process.communicate(words)
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if process.returncode != 0:
        raise EmbeddedPostgresError(
            f"数据库没有建成，日志在 {log.name}。"
            f" / The database could not be created; see {log.name}."
        )


def _new_passwords(folder: Path) -> dict[str, str]:
    passwords = {role: secrets.token_urlsafe(24) for role in ("app", "owner")}
    path = folder / "passwords.json"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(passwords, file)
    return passwords
