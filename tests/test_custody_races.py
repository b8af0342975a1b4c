"""Races for bags and containers, a few rounds each; `python -m scripts.custody_races` runs many."""

from collections.abc import Iterator

import pytest

from app.db import Database
from tests.machine.races import RACES, Race, name_of, run
from tests.machine.yard import Yard


@pytest.fixture(scope="module")
def yard(database_urls) -> Iterator[Yard]:
    made = Yard(database_urls)
    yield made
    made.close()


@pytest.fixture(scope="module")
def doors(yard: Yard, database_urls) -> Iterator[list[Database]]:
    """Two pools of connections, as two processes have them."""
    made = [Database(database_urls["app"], pool_size=6) for _ in range(2)]
    yield made
    for door in made:
        yard.run(door.close())


@pytest.mark.parametrize("race", RACES, ids=name_of)
def test_one_wins_and_the_others_are_told_by_name(yard: Yard, doors: list[Database], race: Race):
    for seed in range(2):
        assert run(yard, doors, race, clients=10, seed=seed).total() == 10
