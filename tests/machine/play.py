"""Play the state machine and the orders of arrival so many times, and say how it goes."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.arrivals import same_end
from tests.machine.lives import Bag, Box, Life
from tests.machine.rules import BAGS, BOXES, Custody
from tests.machine.yard import Yard

EVERY_S = 5.0


@dataclass
class Played:
    """How much was played, and how often what was told had which outcome."""

    examples: int = 0
    lives: int = 0
    told: Counter[str] = field(default_factory=Counter)

    def line(self) -> str:
        """Say it in one line."""
        recorded = sum(n for what, n in self.told.items() if what.endswith(" recorded"))
        flags = sum(n for what, n in self.told.items() if what.startswith("flag "))
        refused = self.told.total() - recorded - flags - self.told["duplicate"]
        return (
            f"{self.examples} examples: {recorded} events recorded, {refused} refused by name,"
            f" {self.told['duplicate']} duplicates, {flags} flags;"
            f" {self.lives} lives in another order"
        )


def play(
    yard: Yard,
    *,
    examples: int,
    steps: int,
    arrivals: int,
    by: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Played:
    """Play; raises the first thing that does not hold, in its smallest form."""
    played, began, said = Played(), time.monotonic(), 0.0

    def progress() -> None:
        nonlocal said
        if time.monotonic() - said > EVERY_S:
            said = time.monotonic()
            say(f"{said - began:6.0f} s  {played.line()}\n")

    class Counted(Custody):
        """Counts the examples."""

        def __init__(self) -> None:
            super().__init__()
            self.seen = played.told
            played.examples += 1
            progress()

    Counted.yard = yard
    how = {
        "deadline": None,
        "database": None,
        "derandomize": False,
        "suppress_health_check": list(HealthCheck),
        "phases": (Phase.generate, Phase.shrink),
    }
    if by is not None:
        seed(by)(Counted)
    if examples:
        run_state_machine_as_test(
            Counted, settings=settings(max_examples=examples, stateful_step_count=steps, **how)
        )

    @settings(max_examples=max(arrivals, 1), **how)
    @given(st.randoms(use_true_random=False), st.integers(0, 2**32), st.sampled_from([0, 0.15]))
    def in_another_order(rng: Random, shuffle: int, corrected: float) -> None:
        def life(bags: list[str], boxes: list[str]) -> Life:
            return Life(
                rng,
                [Bag(code) for code in bags],
                [Box(code) for code in boxes],
                example=yard.examples,
            )

        bags, boxes = yard.issue(BAGS, BOXES)
        told = life(bags, boxes).play(steps // 2, corrected=corrected)
        same_end(yard, told, bags, boxes, Random(shuffle))
        played.lives += 1
        progress()

    if arrivals:
        (in_another_order if by is None else seed(by)(in_another_order))()
    return played
