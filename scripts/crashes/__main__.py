"""Kill the server and PostgreSQL under load, then check from outside that nothing was lost.

`./scripts/crash-test` runs it. Exit 0 only if everything holds; else the first thing lost is named.
"""

import argparse
import os
import secrets
import shutil
import signal
import sys
import time
from pathlib import Path

from app.config import ROOT
from app.embedded import EmbeddedPostgresError
from scripts.crashes.conduct import Plan, Run, Show
from scripts.crashes.servers import HarnessFault

FOLDER = ROOT / "var" / "crash-test"
FEWEST_WRITERS = 2
MOST_SHOWN = 10
KEPT = "留待查看 / kept: "


def main() -> None:
    """Run once and say what happened."""
    parser = argparse.ArgumentParser(prog="scripts/crash-test", description=__doc__)
    parser.add_argument("--events", type=int, default=20_000, help="acknowledged events at least")
    parser.add_argument(
        "--kills", type=int, default=10, help="kills of each, server and PostgreSQL"
    )
    parser.add_argument("--writers", type=int, default=16, help="concurrent clients")
    parser.add_argument("--seed", type=int, default=None, help="of the moments; drawn and printed")
    parser.add_argument(
        "--unsafe",
        action="store_true",
        help="with synchronous_commit=off, which must be able to lose events",
    )
    given = parser.parse_args()
    if given.events < 1 or given.kills < 0 or given.writers < FEWEST_WRITERS:
        parser.error(f"--events ≥ 1, --kills ≥ 0, --writers ≥ {FEWEST_WRITERS}")
    seed = secrets.randbelow(1 << 32) if given.seed is None else given.seed
    # Unwinds like Ctrl-C: whatever was started is stopped.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    folder = FOLDER / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    folder.mkdir(parents=True)
    run = Run(
        Plan(given.events, given.kills, given.writers, given.unsafe, seed), folder, _clocked()
    )
    print(f"种子 / seed: {seed}", flush=True)
    try:
        faults = _all_of(run)
    except (KeyboardInterrupt, SystemExit) as end:
        shutil.rmtree(folder)
        sys.exit(130 if isinstance(end, KeyboardInterrupt) else end.code)
    except (HarnessFault, EmbeddedPostgresError) as fault:
        faults = [str(fault)]
    except Exception:
        print(f"{KEPT}{folder}", file=sys.stderr)
        raise
    sys.exit(_verdict(faults, folder))


def _clocked() -> Show:
    begun = time.monotonic()

    def show(line: str) -> None:
        print(f"  [{time.monotonic() - begun:5.1f} s] {line}", flush=True)

    return show


def _all_of(run: Run) -> list[str]:
    try:
        run.prepare()
        run.write_and_kill()
        run.settle()
        faults = list(run.judge())
    finally:
        run.close()
    _tell(run)
    return faults


def _tell(run: Run) -> None:
    evidence = run.evidence
    platform, postgres = run.victims
    trouble = "，".join(f"{what} {times}" for what, times in sorted(evidence.trouble.items()))
    for name, value in (
        ("同步提交 / synchronous_commit", "off" if run.plan.unsafe else "on"),
        ("已确认的登记 / events acknowledged", f"{len(evidence.promises):,}"),
        ("用时 / seconds", f"{run.seconds:.1f}"),
        ("杀掉平台 / kills of the server", f"{platform.kills}"),
        ("杀掉数据库 / kills of PostgreSQL", f"{postgres.kills}"),
        ("最长中断 / longest outage, s", f"{evidence.longest_outage_s:.1f}"),
        ("重发时已在库 / there already when sent again", f"{evidence.repeated:,}"),
        ("重发的原因 / sent again after", trouble or "-"),
        ("见到的日志头 / checkpoints seen", f"{len(evidence.checkpoints)}"),
    ):
        print(f"  {name}: {value}")


def _verdict(faults: list[str], folder: Path) -> int:
    """Say the first faults and return the exit code; the folder stays where there are any."""
    if not faults:
        shutil.rmtree(folder)
        print("✓ 全部成立：没有丢失，没有重复。 / everything holds", flush=True)
        return 0
    (folder / "faults.txt").write_text("".join(f"{fault}\n" for fault in faults))
    print(f"✗ {len(faults)} 处不符 / faults，第一处 / the first: {faults[0]}", file=sys.stderr)
    for fault in faults[1:MOST_SHOWN]:
        print(f"  {fault}", file=sys.stderr)
    print(f"{KEPT}{folder}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    main()
