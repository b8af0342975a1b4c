"""Part `verify`: how fast an auditor's tool reads a whole exported log, and how much memory it takes."""

import hashlib
import json
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from app.config import ROOT
from scripts.benchmarks.big_log import write_big_log
from scripts.benchmarks.measured import Part, Series, interleave, ratio

LEAVES = 1_000_000
LOOK_SECONDS = 0.1
MB = 1_000_000
VERIFY = ROOT / "scripts" / "verify"


def measure(folder: Path, leaves: int, rounds: int) -> Part:
    """Measure `scripts/verify` on an export beside reading it, and parsing it, with one core."""
    export = folder / "log.jsonl"
    print(f"生成 {leaves:,} 条的导出…… / generating an export", flush=True)
    write_big_log(export, leaves)
    peaks: list[float] = []
    seconds: list[float] = []

    def verified() -> float:
        spent, peak = _run(export)
        seconds.append(spent)
        peaks.append(peak / MB)
        return leaves / spent

    def hashed() -> float:
        begun = time.perf_counter()
        with export.open("rb") as file:
            hashlib.file_digest(file, "sha256")
        return leaves / (time.perf_counter() - begun)

    def parsed() -> float:
        begun = time.perf_counter()
        with export.open("rb") as file:
            for line in file:
                json.loads(line)
        return leaves / (time.perf_counter() - begun)

    ours, read, plain = interleave((verified, hashed, parsed), rounds)
    unit = "leaves/s"
    return Part(
        "verify",
        f"scripts/verify on an export of {leaves:,} leaves, {export.stat().st_size / MB:,.0f} MB",
        (
            Series("scripts/verify", unit, ours),
            Series("  seconds", "s", tuple(seconds)),
            Series("  peak memory, all its processes", "MB", tuple(peaks)),
            Series("raw: SHA-256 over the file", unit, read),
            Series("raw: json.loads of each line, one core", unit, plain),
        ),
        (
            ratio("ours / SHA-256", ours, read),
            ratio("ours / json.loads", ours, plain),
        ),
    )


def _run(export: Path) -> tuple[float, int]:
    """Return the seconds it took and the most bytes that its processes held together."""
    said = export.with_suffix(".said")
    begun = time.perf_counter()
    with said.open("wb") as file:
        process = psutil.Popen([sys.executable, VERIFY, export], stdout=file, stderr=file)
    peak = 0
    while process.poll() is None:
        with suppress(psutil.NoSuchProcess):
            family = [process, *process.children(recursive=True)]
            peak = max(peak, sum(_held_by(one) for one in family))
        time.sleep(LOOK_SECONDS)
    spent = time.perf_counter() - begun
    if process.returncode:
        raise SystemExit("\n".join(["scripts/verify:", *said.read_text().splitlines()[-3:]]))
    return spent, peak


def _held_by(process: psutil.Process) -> int:
    """Return the bytes of a process, shared ones divided among their holders where that is known."""
    try:
        full = process.memory_full_info()
    except psutil.NoSuchProcess:
        return 0
    return int(getattr(full, "pss", 0) or full.rss)
