"""Every planted irregularity is found by its rule, and a season without them stays calm."""

from collections.abc import AsyncIterator
from datetime import date

import pytest
from conftest import _run, in_database

from app.alerts.rules.catalogue import RULES
from app.config import ROOT
from app.db import Database
from app.demo.found import Alert, compare, missed, unexplained
from app.demo.planted import Planted
from app.demo.plants import PLANTS
from scripts import docs
from scripts.alert_figures import alerts_of, play_into

LAST_DAY = date(2026, 10, 17)
"""The end of a quarter, and a whole month in season, lie well before it."""
DAYS = 51
COUNTIES = 3
HANDFUL = 5


@pytest.fixture(scope="module")
async def season(database: Database) -> tuple[list[Planted], list[Alert]]:
    planted = await play_into(database, LAST_DAY, counties=COUNTIES, days=DAYS, plain=False)
    return planted, await alerts_of(database)


@pytest.fixture(scope="module")
async def plain(server: dict[str, str], template: str) -> AsyncIterator[list[Alert]]:
    name = f"{template}_plain"
    owner = server["owner"]
    await _run(owner, f"CREATE DATABASE {name} TEMPLATE {template}")
    made = Database(in_database(server["app"], name), pool_size=5)
    assert await play_into(made, LAST_DAY, counties=COUNTIES, days=DAYS, plain=True) == []
    yield await alerts_of(made)
    await made.close()
    await _run(owner, f"DROP DATABASE {name} WITH (FORCE)")


def test_every_rule_of_alerts_has_something_planted_for_it() -> None:
    assert {plant.rule for plant in PLANTS} == set(RULES)


def test_the_list_of_what_is_planted_is_the_one_in_the_guide() -> None:
    path = "docs/demo.md"
    assert (ROOT / path).read_text(encoding="utf-8") == docs.GENERATED[path]()


async def test_everything_planted_is_found_by_its_rule(
    season: tuple[list[Planted], list[Alert]],
) -> None:
    planted, alerts = season
    assert len(planted) == len(PLANTS)
    assert missed(planted, alerts) == []
    for row in compare(RULES, planted, alerts):
        assert row.found == row.planted > 0


async def test_hardly_anything_else_is_found_beside_it(
    season: tuple[list[Planted], list[Alert]],
) -> None:
    assert len(unexplained(*season)) <= HANDFUL


async def test_a_season_without_plants_raises_no_more_than_a_handful(plain: list[Alert]) -> None:
    assert len(plain) <= HANDFUL
