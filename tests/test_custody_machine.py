"""The state machine of custody on PostgreSQL, in short; `python -m scripts.custody_machine` at length.

What it plays is in tests/machine/rules.py, what must hold in tests/machine/standing.py.
"""

from collections.abc import Iterator

import pytest

from tests.machine.play import play
from tests.machine.yard import Yard


@pytest.fixture(scope="module")
def yard(database_urls) -> Iterator[Yard]:
    made = Yard(database_urls)
    yield made
    made.close()


def test_whatever_people_do_to_bags_and_containers_the_books_and_the_holders_are_right(yard: Yard):
    played = play(yard, examples=8, steps=40, arrivals=0)
    assert played.told["collect recorded"]


def test_phones_in_any_order_end_where_the_life_itself_ends(yard: Yard):
    played = play(yard, examples=0, steps=40, arrivals=4)
    assert played.lives
