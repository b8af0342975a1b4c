"""The state machine of custody on PostgreSQL, in short; `python -m scripts.custody_machine` at length.

What it plays is in tests/machine/rules.py, what must hold in tests/machine/standing.py.
"""

from collections.abc import Iterator
from itertools import pairwise
from random import Random

import pytest

from app.balance.flows import FLOWS
from app.ledger.follow import catch_up
from app.trips.follow import TRIP_LEGS
from tests.machine.play import play
from tests.machine.races import Round
from tests.machine.standing import check, standing_of
from tests.machine.yard import Yard
from tests.rebuilding import checked
from tests.reference import STATION


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


def test_what_recording_kept_is_what_going_over_its_leaves_gives(yard: Yard, database_urls):
    """After all that people did above; what is refused or told twice left nothing."""
    yard.run(catch_up(yard.database, (FLOWS, TRIP_LEGS)))
    assert yard.run(checked(database_urls["owner"], "records", "log", "flows")) == ()


def test_news_of_the_first_bag_reaches_the_last_of_sixty_that_came_out_of_it(yard: Yard):
    round_ = Round(yard, Random(1), clients=30)
    bags = round_.bags[:61]
    late = round_.body("collect", bags[0], mass_g=500)
    round_.recorded(round_.body("store", bags[0], mass_g=400))
    for old, new in pairwise(bags):
        parts = [{"code": old, "mass_g": 400}], [{"code": new, "mass_g": 400}]
        relabelled = round_.body("repack", inputs=parts[0], outputs=parts[1], reason="relabel")
        round_.recorded(relabelled)
    round_.recorded(late)
    standing = yard.run(standing_of(yard.database, bags))
    check(standing)
    assert {state.collector for state in standing.bags.values()} == {STATION}
