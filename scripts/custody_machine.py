"""The state machine of custody at full size: `python -m scripts.custody_machine --examples 500`.

The rules and what must hold are those of tests/test_custody_machine.py, on a PostgreSQL of its own.
"""

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from app.balance.flows import FLOWS
from app.embedded import EmbeddedPostgres
from app.ledger.follow import catch_up
from app.migrate import upgrade
from app.trips.follow import TRIP_LEGS
from tests.machine.play import play
from tests.machine.yard import Yard
from tests.rebuilding import checked


def main() -> int:
    """Play as many examples as asked for; 0 where everything held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=500)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--arrivals", type=int, help="lives told in any order; a fifth as many")
    parser.add_argument("--seed", type=int, help="the same examples again; others each time")
    asked = parser.parse_args()
    began = time.monotonic()
    with TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder)) as postgres:
        urls = {role: postgres.url(role) for role in ("owner", "app")}
        upgrade(urls["owner"])
        yard = Yard(urls)
        try:
            played = play(
                yard,
                examples=asked.examples,
                steps=asked.steps,
                arrivals=asked.examples // 5 if asked.arrivals is None else asked.arrivals,
                by=asked.seed,
                say=lambda line: print(line, end="", flush=True),
            )
            yard.run(catch_up(yard.database, (FLOWS, TRIP_LEGS)))
            differs = yard.run(checked(urls["owner"], "records", "log", "flows"))
            assert not differs, [found.first.words() for found in differs]
        finally:
            yard.close()
    for what, often in sorted(played.told.items()):
        print(f"  {often:7} {what}")
    print(f"{played.line()} in {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
