"""What the log says of a fault: where, never who."""

import asyncpg
import pytest
from structlog.testing import capture_logs

from app.logging import TRACEBACK
from tests.world import make_world

PHONE = "13911112222"


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


@pytest.fixture
async def broken(database_urls):
    """A constraint of the private part that everything breaks."""
    owner = await asyncpg.connect(database_urls["owner"])
    await owner.execute("ALTER TABLE event_private ADD CONSTRAINT broken CHECK (false)")
    yield
    await owner.execute("ALTER TABLE event_private DROP CONSTRAINT broken")
    await owner.close()


async def test_a_fault_is_logged_without_the_values_of_the_statement(world, broken):
    [bag] = await world.issue_labels(1)
    body = world.body("hand_in", bag, giver={"kind": "farmer", "phone": PHONE})
    with capture_logs() as lines:
        assert (await world.post(body)).status_code == 500
    [fault] = [line for line in lines if line["event"] == "fault"]
    for processor in TRACEBACK:
        fault = processor(None, "error", fault)
    assert "event_private" in fault["exception"]
    assert PHONE not in fault["exception"]
