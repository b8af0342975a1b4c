"""Races for bags and containers at full size: `python -m scripts.custody_races --rounds 300`.

The races are those of tests/test_custody_races.py, on a PostgreSQL of its own, from two pools of
connections as two processes have them.
"""

import argparse
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

from app.db import Database
from app.embedded import EmbeddedPostgres
from app.migrate import upgrade
from tests.machine.races import RACES, name_of, rounds
from tests.machine.yard import Yard

EVERY_S = 5


def main() -> int:
    """Run as many rounds of each race as asked for; 0 where all were judged well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    began, said = time.monotonic(), 0.0
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    with TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder)) as postgres:
        urls = {role: postgres.url(role) for role in ("owner", "app")}
        upgrade(urls["owner"])
        yard = Yard(urls)
        doors = [Database(urls["app"], pool_size=asked.clients // 2) for _ in range(2)]
        try:
            for race, number, told in rounds(
                yard, doors, count=asked.rounds, clients=asked.clients, seed=asked.seed
            ):
                sums[name_of(race)] += told
                if time.monotonic() - said > EVERY_S:
                    said = time.monotonic()
                    print(
                        f"{said - began:6.0f} s  round {number + 1} of {asked.rounds}", flush=True
                    )
            deadlocks = yard.deadlocks()
        finally:
            for door in doors:
                yard.run(door.close())
            yard.close()
    for race in RACES:
        told = sums[name_of(race)]
        outcomes = ", ".join(f"{count} {what}" for what, count in told.most_common())
        print(f"{name_of(race)}: {asked.rounds} rounds of {asked.clients} clients: {outcomes}")
    print(
        f"{len(RACES)} races held in {time.monotonic() - began:.0f} s; {deadlocks} deadlocks, all resolved"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
