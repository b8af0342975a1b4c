"""The auditor's tool on what people bring: saved answers with rows cut out, odd times, odd rows."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest

from app.ops.log_keys import receipts_of
from app.transparency.note import sign
from tests import reference as ref
from tests.test_verify import answer_of, report_of, saved
from tests.verifying import make_log, verified, verify


@pytest.fixture(scope="module")
async def log(database, tmp_path_factory):
    made = await make_log(database, tmp_path_factory.mktemp("log"))
    yield made
    await made.close()


@pytest.fixture
async def lines(log):
    return await log.lines()


@pytest.fixture
async def auditor(log):
    return log.world.client("auditor")


async def test_rows_that_a_report_lacks_are_told_and_none_at_all_is_no_report(
    lines, auditor, tmp_path
):
    answer = await report_of(auditor, period="2026", by="county")
    fewer = {**answer, "rows": answer["rows"][1:]}
    outcome = verified(tmp_path, lines, "--report", saved(tmp_path, "fewer", fewer))
    assert outcome.code == 0, "an official of one county has one row"
    assert f"没有的 1 行：{answer['rows'][0]['area']}" in outcome.said
    none = {**answer, "rows": []}
    assert verified(tmp_path, lines, "--report", saved(tmp_path, "none", none)).code == 1
    whole = verified(tmp_path, lines, "--report", saved(tmp_path, "whole", answer))
    assert "没有的" not in whole.said


@pytest.mark.parametrize("pilot", ["true", "false"])
async def test_a_report_of_pilots_lacks_no_other_county(lines, auditor, tmp_path, pilot):
    answer = await report_of(auditor, period="2026", by="county", pilot=pilot)
    assert answer["pilot"] is (pilot == "true")
    outcome = verified(tmp_path, lines, "--report", saved(tmp_path, "r", answer))
    assert outcome.code == 0, outcome.said
    assert "没有的" not in outcome.said


async def test_a_report_of_a_time_that_cannot_be_is_found(lines, auditor, tmp_path):
    answer = await report_of(auditor, period="2025", by="province")
    for as_of in (
        "2026-01-01T00:00:00+00:00",
        (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
    ):
        lie = saved(tmp_path, "lie", {**answer, "as_of": as_of})
        outcome = verified(tmp_path, lines, "--report", lie)
        assert outcome.code == 1
        assert "as_of" in outcome.said


async def test_a_reason_for_a_figure_that_is_there_is_found(lines, auditor, tmp_path):
    answer = await report_of(auditor, period="2026", by="province")
    lie = deepcopy(answer)
    lie["rows"][0]["why"]["recovery_rate"] = "没有分母"
    outcome = verified(tmp_path, lines, "--report", saved(tmp_path, "lie", lie))
    assert (outcome.code, "why" in outcome.said) == (1, True)


async def test_the_receipts_of_a_supply_are_all_checked(log, tmp_path):
    log.world.app.state.receipts = receipts_of(log.places.receipt)
    sold = {"id": "late-1", "county": ref.LUQUAN, "on": "2026-08-01", "units": 3}
    rows = {"rows": [{**sold, "unit_weight_g": 10, "method": "A"}]}
    answer = await log.world.client("county").post("/api/v1/supply", json=rows)
    await log.publish()
    kept = saved(tmp_path, "supply", answer.json())
    outcome = verified(tmp_path, await log.lines(), "--receipt", kept)
    assert outcome.code == 0, outcome.said
    convicting = verified(tmp_path, log.exports[min(log.exports)], "--receipt", kept)
    assert convicting.code == 2, "not due yet"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("recorded 2", "recorded 0000-01-01T00:00:00.000000Z\n2"),
        ("-01T", "-99T"),
        ("due 2026", "due 9999"),
        ("recorded 2026", "recorded 0001"),
    ],
)
async def test_a_receipt_of_a_time_that_is_none_ends_without_a_fault(
    log, lines, tmp_path, old, new
):
    signer = receipts_of(log.places.receipt)
    note = signer.promise(
        log.world.accounts["county"].id, b"\1" * 32, datetime(2026, 11, 1, tzinfo=UTC)
    )
    text = note.split("\n\n")[0] + "\n"
    assert old in text
    forged = saved(tmp_path, "forged", sign(text.replace(old, new), [signer.key]).encode().decode())
    assert verified(tmp_path, lines, "--receipt", forged).code in (1, 2)


@pytest.mark.parametrize("now", ["9999-12-31T23:59:59", "0001-01-01T00:00:00+14:00", "x"])
async def test_a_time_that_is_none_is_wrong_use(log, lines, tmp_path, now):
    assert verified(tmp_path, lines, "--now", now).code == 2


def ledger_with(subject, *rows):
    ledger = verify.Ledger([], [])
    ledger.found.declared.append(verify.Declared(0, "e", subject, list(rows)))
    return ledger


@pytest.mark.parametrize(
    "wrong",
    [
        {"county": None},
        {"county": ["x"]},
        {"replaces": []},
        {"on": "2026-13-01"},
        {"mass_g": 1.5},
        {"id": 5},
    ],
)
def test_a_supply_row_of_another_shape_is_named_by_its_leaf(wrong):
    row = {"id": "a", "county": "130110", "on": "2026-01-01", "method": "A", "mass_g": 5}
    with pytest.raises(verify.DoesNotHold, match="第 0 条"):
        verify.supply_rows(ledger_with("supply", {**row, **wrong}), 1)


@pytest.mark.parametrize("value", ["abc", "sNaN", "NaN", "1e9999999999", None, []])
def test_a_target_of_another_shape_is_named_by_its_leaf(value):
    change = {"code": "pesticide-packaging-recovery", "value": value}
    row = {"effective_on": "2026-01-01", "targets": [change]}
    with pytest.raises(verify.DoesNotHold, match="第 0 条"):
        verify.targets_on(ledger_with("plan", row), 1, "2026-02-01")


async def test_a_balance_of_a_day_that_is_none_is_no_balance(lines, auditor, tmp_path):
    answer = await answer_of(
        auditor, "/api/v1/balance", area="130000", **{"from": "2026-01-01", "to": "2026-12-31"}
    )
    lie = saved(tmp_path, "lie", {**answer, "to": "2026-12-32"})
    assert verified(tmp_path, lines, "--balance", lie).code == 1
