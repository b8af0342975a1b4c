"""The files that make up 现场登记 on a phone: what the service worker keeps for the time offline.

The page is one shell that is the same for everybody, so that it may be kept: nothing of any person
or site is in it. What is shown comes from the phone's own store.
"""

import hashlib
from functools import lru_cache
from typing import Any

from app.templating import STATIC, asset

PAGE = "/capture"
SCANNER = "scan/scanner.js"
SHARED = ("log/note.js", "log/proof.js", "money/pay.js", "money/tariff.js")
"""Modules of others that the page imports."""


def module_of(path: str) -> str:
    """Return the address of a module: as others import it, from where it stands."""
    return f"/static/{path}"


def scanner() -> str | None:
    """Return the address of the camera's module; None where the platform has none."""
    return module_of(SCANNER) if (STATIC / SCANNER).exists() else None


def modules() -> list[str]:
    """Return the paths under static/ of every module that the page may import."""
    own = [f"capture/{file.name}" for file in sorted((STATIC / "capture").glob("*.js"))]
    camera = sorted(file for file in (STATIC / "scan").rglob("*") if file.is_file())
    return [
        *(path for path in own if path != "capture/worker.js"),
        *SHARED,
        *(file.relative_to(STATIC).as_posix() for file in camera),
    ]


def values() -> dict[str, Any]:
    """Return what the shell's template needs."""
    return {"entry": module_of("capture/page.js"), "scanner": scanner()}


def kept() -> list[str]:
    """Return every address that the page needs when there is no network."""
    looks = [asset("capture/capture.css"), asset("mark.svg")]
    return [PAGE, *looks, *(module_of(path) for path in modules())]


@lru_cache(maxsize=4)
def worker(shell: bytes) -> str:
    """Return the service worker: it keeps this `shell` and these files, together or not at all."""
    source = (STATIC / "capture" / "worker.js").read_text(encoding="utf-8")
    every = b"".join((STATIC / path).read_bytes() for path in modules())
    version = hashlib.sha256(shell + every + source.encode()).hexdigest()[:16]
    listed = ",\n".join(f'  "{address}"' for address in kept())
    return f'const VERSION = "{version}";\nconst KEPT = [\n{listed},\n];\n{source}'
