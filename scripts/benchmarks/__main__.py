"""Measure parts of the platform, each beside the raw limit of this machine in the same minutes.

`./scripts/bench` runs it. It prints the median of the rounds and, in brackets, their spread.
"""

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.config import ROOT
from app.embedded import EmbeddedPostgres, find_binaries
from scripts.benchmarks import custody, labels, rebuild, tree, verify
from scripts.benchmarks.measured import Part

SIZES = ("tree_leaves", "leaves", "custody_events", "labels", "rebuild_events")


def main() -> None:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--parts", default=",".join(PARTS), help="comma-separated")
    parser.add_argument("--rounds", type=int, default=3, help="of every part, interleaved")
    parser.add_argument(
        "--tree-leaves", type=int, default=tree.LEAVES, help="leaves of the part tree"
    )
    parser.add_argument(
        "--leaves", type=int, default=verify.LEAVES, help="leaves of the part verify"
    )
    parser.add_argument(
        "--custody-events", type=int, default=custody.EVENTS, help="events of the part custody"
    )
    parser.add_argument(
        "--labels", type=int, default=labels.LABELS, help="labels of the part labels"
    )
    parser.add_argument(
        "--rebuild-events", type=int, default=rebuild.EVENTS, help="events of the part rebuild"
    )
    parser.add_argument("--json", type=Path, default=None, help="write the figures there too")
    given = parser.parse_args()
    chosen = given.parts.split(",")
    if not set(chosen) <= PARTS.keys():
        parser.error(f"--parts: {', '.join(PARTS)}")
    sizes = [getattr(given, name) for name in SIZES]
    if min(given.rounds, *sizes) < 1:
        options = (f"--{name.replace('_', '-')}" for name in SIZES)
        parser.error(f"--rounds, {', '.join(options)} ≥ 1")
    # Unwinds like Ctrl-C: whatever was started is stopped.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    print(f"{_machine()['description']}，{given.rounds} 轮 / rounds", flush=True)
    parts = []
    try:
        for name in chosen:
            parts.append(PARTS[name](given))
            print("\n".join(parts[-1].lines()), flush=True)
    except KeyboardInterrupt:
        sys.exit(130)
    if given.json:
        figures = {"machine": _machine(), "parts": [part.as_json() for part in parts]}
        given.json.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n")


def _machine() -> dict[str, str]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    postgres = find_binaries()
    words = {
        "cores": str(cores),
        "python": platform.python_version(),
        "postgresql": str(postgres.major),
        "system": f"{platform.system()} {platform.machine()}",
    }
    return words | {
        "description": "，".join(f"{name} {value}" for name, value in words.items()),
    }


def _tree(given: argparse.Namespace) -> Part:
    with _folder() as folder, EmbeddedPostgres(folder / "postgres") as server:
        return tree.measure(server, folder, given.tree_leaves, given.rounds)


def _verify(given: argparse.Namespace) -> Part:
    with _folder() as folder:
        return verify.measure(folder, given.leaves, given.rounds)


def _custody(given: argparse.Namespace) -> Part:
    with _folder() as folder, EmbeddedPostgres(folder / "postgres") as server:
        return custody.measure(server, given.custody_events, given.rounds)


def _labels(given: argparse.Namespace) -> Part:
    return labels.measure(given.labels, given.rounds)


def _rebuild(given: argparse.Namespace) -> Part:
    with _folder() as folder, EmbeddedPostgres(folder / "postgres") as server:
        return rebuild.measure(server, given.rebuild_events, given.rounds)


@contextmanager
def _folder() -> Iterator[Path]:
    """Lend a folder on the disk that the platform itself writes to."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=ROOT / "var") as folder:
        # The database drops to another user, who must reach its folder.
        Path(folder).chmod(0o755)
        yield Path(folder)


PARTS: dict[str, Callable[[argparse.Namespace], Part]] = {
    "tree": _tree,
    "verify": _verify,
    "custody": _custody,
    "labels": _labels,
    "rebuild": _rebuild,
}
"""By name; each runs by itself."""


if __name__ == "__main__":
    main()
