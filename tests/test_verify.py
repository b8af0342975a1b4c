"""The auditor's tool on a clean log: all of it holds, and what was not checked is told."""

import pytest

from tests.verifying import make_log, verified


@pytest.fixture(scope="module")
async def log(database, tmp_path_factory):
    made = await make_log(database, tmp_path_factory.mktemp("log"))
    yield made
    await made.close()


async def test_a_clean_log_holds(log, tmp_path):
    outcome = verified(tmp_path, await log.lines())
    print(outcome.said)
    assert outcome.code == 0, outcome.said
