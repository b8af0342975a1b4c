"""The files that make up 现场登记 on a phone: what the service worker keeps for the time offline.

The page is one shell that is the same for everybody, so that it may be kept: nothing of any person
or site is in it. What is shown comes from the phone's own store.
"""

import hashlib
import re
from functools import lru_cache
from posixpath import dirname, join, normpath
from typing import Any

from app.templating import STATIC, asset, module

PAGE = "/capture"
ENTRY = "capture/page.js"
_IMPORTED = re.compile(r'^import .* from "(\..*)";$', re.MULTILINE)
_LATER = re.compile(r'import\("(\.{1,2}/(?!vendor/).*)"\)')
"""But for the decoder of the scanner, which is large and comes when somebody wants it."""
WORKER = "capture/worker.js"


def modules() -> list[str]:
    """Return the paths under static/ of every module that the page may import, and their looks."""
    files = [*(STATIC / "capture").glob("*.js"), *(STATIC / "scan").glob("*.*")]
    own = [file.relative_to(STATIC).as_posix() for file in sorted(files)]
    others = [path for path in _reached(ENTRY, _IMPORTED, _LATER) if path not in own]
    return [*(path for path in own if path != WORKER), *others]


@lru_cache(maxsize=1)
def imported() -> list[str]:
    """Return the modules that the page's own imports, and those in turn: fetched side by side.

    Without being told, a browser learns of each only when the one that imports it has come; at a
    round trip of 400 ms that adds up to seconds. What the page imports later, once it can be used,
    is not among them: it would hold the rest up.
    """
    return _reached(ENTRY, _IMPORTED)[1:]


def _reached(entry: str, *by: re.Pattern[str]) -> list[str]:
    found = [entry]
    for path in found:
        source = (STATIC / path).read_text(encoding="utf-8")
        names = [name for pattern in by for name in pattern.findall(source)]
        others = (normpath(join(dirname(path), name)) for name in names)
        found += [other for other in dict.fromkeys(others) if other not in found]
    return found


def values() -> dict[str, Any]:
    """Return what the shell's template needs."""
    return {
        "first": module("capture/pack.js"),
        "entry": module(ENTRY),
        "imported": [module(path) for path in imported()],
        "scanner": module("scan/scanner.js"),
    }


def kept() -> list[str]:
    """Return every address that the page needs when there is no network."""
    looks = [asset("capture/capture.css"), asset("mark.svg")]
    return [PAGE, *looks, *(module(path) for path in modules())]


@lru_cache(maxsize=4)
def worker(shell: bytes) -> str:
    """Return the service worker: it keeps this `shell` and these files, together or not at all."""
    source = (STATIC / WORKER).read_text(encoding="utf-8")
    every = b"".join((STATIC / path).read_bytes() for path in modules())
    version = hashlib.sha256(shell + every + source.encode()).hexdigest()[:16]
    listed = ",\n".join(f'  "{address}"' for address in kept())
    return f'const VERSION = "{version}";\nconst KEPT = [\n{listed},\n];\n{source}'
