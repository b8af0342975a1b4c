"""Part `labels`: labels drawn as PDF, in seconds of this machine's processor and in memory."""

import tempfile
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from random import Random

from app.batches.codes import RANDOM_BITS, make_code
from app.batches.qr import symbol_of
from app.batches.sheet_pdf import LAYOUTS, LayoutName, Printed, draw_labels
from app.paper.fonts import load_fonts
from scripts.benchmarks.measured import Part, Series, interleave, ratio

LABELS = 1_000
HOST = "NY.HEBEI.GOV.CN"
COUNTY, NAME = "130110", "鹿泉区"
MEGABYTE = 1_000_000


def measure(labels: int, rounds: int) -> Part:
    """Measure both layouts beside the symbols alone, and the most memory that each takes."""
    load_fonts()
    ways = [partial(_seconds, partial(_draw, layout, labels)) for layout in LAYOUTS]
    sheets, rolls, bare = interleave((*ways, partial(_seconds, partial(_symbols, labels))), rounds)
    peaks = {layout: tuple(_peak(layout, labels) for _ in range(rounds)) for layout in LAYOUTS}
    return Part(
        "labels",
        f"{labels:,} labels as PDF, in seconds of processor time and megabytes at the most",
        (
            Series("A4 sheets of 3 x 8", "s", sheets),
            Series("rolls of 50 x 30 mm", "s", rolls),
            Series("  memory: A4 sheets", "MB", peaks["a4-3x8"]),
            Series("  memory: rolls", "MB", peaks["50x30"]),
            Series("raw: their symbols alone", "s", bare),
        ),
        (ratio("A4 sheets / symbols", sheets, bare), ratio("rolls / symbols", rolls, bare)),
    )


def _seconds(work: Callable[[], None]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _peak(layout: LayoutName, count: int) -> float:
    """Return what Python holds at the most while labels are drawn; slower, so not timed."""
    tracemalloc.start()
    _draw(layout, count)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / MEGABYTE


def _draw(layout: LayoutName, count: int) -> None:
    labels = (Printed(code, n, count, "bag", NAME) for n, code in enumerate(_codes(count), 1))
    with tempfile.TemporaryFile() as file:
        draw_labels(file, labels, layout, host=HOST, title="labels")


def _symbols(count: int) -> None:
    for code in _codes(count):
        symbol_of(HOST, code)


def _codes(count: int) -> list[str]:
    bits = Random(20211222)  # noqa: S311  filling, not secrets
    return sorted(make_code(COUNTY, bits.getrandbits(RANDOM_BITS)) for _ in range(count))
