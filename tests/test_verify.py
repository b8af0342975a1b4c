"""The auditor's tool on a small real log: what holds, what does not, what could not be checked."""

import gzip
import json
import os
import re
import subprocess
from copy import deepcopy
from datetime import timedelta
from random import Random

import pytest

from app.ops.log_keys import receipts_of
from app.transparency.keys import Algorithm, SignerKey
from app.transparency.note import sign
from app.transparency.receipt import Receipt, parse_receipt
from scripts.benchmarks.big_log import write_big_log
from tests import people
from tests import reference as ref
from tests.verifying import ORIGIN, VERIFY, as_lines, make_log, parsed, run, verified

TARGET = {
    "number": "冀发改环资〔2026〕88号", "title": "关于调整有关目标的通知", "issued_on": "2026-03-01",
    "effective_on": "2026-04-01",
    "targets": [
        {"code": "pesticide-packaging-recovery", "value": 87.5, "unit": "%", "target_year": 2026}
    ],
}  # fmt: skip
EVIDENCE = ("tile", "head", "checkpoint", "cosignature")
PERIODS = ("2025", "2025-H2", "2025-Q3", "2025-07", "2026", "2026-10", "2026-H1", "2024")


@pytest.fixture(scope="module")
async def log(database, tmp_path_factory):
    made = await make_log(database, tmp_path_factory.mktemp("log"))
    planner = await people.signed_in(
        made.world.app,
        await people.make_account(
            database, role="province", area="130000", department="development_reform"
        ),
    )
    answer = await planner.post("/api/v1/plan/amendments", json=TARGET)
    assert answer.status_code == 201, answer.text
    await made.publish()
    yield made
    await made.close()


@pytest.fixture
async def lines(log):
    return await log.lines()


@pytest.fixture
async def auditor(log):
    return log.world.client("auditor")


async def answer_of(client, path, **query):
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def report_of(client, **query):
    return await answer_of(client, "/api/v1/reports/recovery", **query)


def saved(folder, name, answer):
    path = folder / name
    path.write_text(answer if isinstance(answer, str) else json.dumps(answer), encoding="utf-8")
    return path


async def test_a_clean_log_holds_and_what_was_not_checked_is_told(log, lines, tmp_path):
    assert len(log.world.accounts) > 1
    outcome = verified(tmp_path, lines)
    assert outcome.code == 0, outcome.said
    assert "/ All that was checked holds." in outcome.said
    for untold in ("--checkpoint", "--witness", "--key", "--report", "only their commitments"):
        assert untold in outcome.said


async def test_private_parts_in_an_export_are_held_against_their_commitments(log, tmp_path):
    lines = await log.lines(private=True)
    outcome = verified(tmp_path, lines)
    assert outcome.code == 0
    assert "only their commitments" not in outcome.said
    [index] = [n for n, line in enumerate(lines) if "张无名" in line]
    lines[index] = lines[index].replace("张无名", "张有名")
    outcome = verified(tmp_path, lines)
    assert outcome.code == 1
    assert f"leaf {index - 1}: event_private" in outcome.said


def spawned(*arguments, given=b"", **environment):
    return subprocess.run(
        [VERIFY, *arguments], input=given, capture_output=True, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip


async def test_the_real_file_reads_packed_files_and_standard_input(lines, tmp_path):
    text = "".join(lines).encode()
    packed = tmp_path / "log.gz"
    packed.write_bytes(gzip.compress(text))
    for arguments, given in (([packed], b""), (["-"], text), (["-"], gzip.compress(text))):
        done = spawned(*arguments, given=given)
        assert done.returncode == 0, done
        assert "结论" in done.stdout.decode()
    cut = spawned("-", given=text[:-500])
    assert (cut.returncode, cut.stderr) == (1, b"")
    assert spawned().returncode == 2


def test_without_cryptography_it_says_what_to_install(tmp_path):
    (tmp_path / "cryptography.py").write_text("raise ImportError", encoding="utf-8")
    done = spawned("x", PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    assert "缺少" in done.stderr.decode()
    assert "pip install cryptography" in done.stderr.decode()


@pytest.mark.parametrize("basis", ["origin", "place"])
@pytest.mark.parametrize("by", ["province", "area", "county"])
async def test_every_report_is_made_again_to_the_gram(lines, auditor, tmp_path, by, basis):
    arguments = []
    for period in PERIODS:
        for n, pilot in enumerate(({}, {"pilot": "true"}, {"pilot": "false"})):
            answer = await report_of(auditor, period=period, by=by, basis=basis, **pilot)
            arguments += ["--report", saved(tmp_path, f"{period}-{n}", answer)]
    outcome = verified(tmp_path, lines, *arguments)
    assert outcome.code == 0, outcome.said
    assert f"{len(PERIODS) * 3} reports" in outcome.said


async def test_a_report_that_is_one_gram_off_is_found_and_its_column_named(
    lines, auditor, tmp_path
):
    answer = await report_of(auditor, period="2026", by="area")
    row = next(row for row in answer["rows"] if row["area"] == "130100")
    assert row["collected_g"] > row["treated_g"] > 0
    assert row["generated_g"] > 0
    assert row["target_rate"] == 0.875
    for column, value in row.items():
        if column == "why":
            continue
        lie = deepcopy(answer)
        changed = next(one for one in lie["rows"] if one["area"] == "130100")
        if isinstance(value, bool) or value is None:
            changed[column] = not value
        elif isinstance(value, str):
            changed[column] = f"{value}0"
        else:
            changed[column] = value + (1 if isinstance(value, int) else 1e-9)
        outcome = verified(tmp_path, lines, "--report", saved(tmp_path, "lie", lie))
        assert outcome.code == 1, column
        assert column in outcome.said or column == "area", (column, outcome.said)


async def test_rows_that_stand_twice_or_are_no_county_s_are_found(lines, auditor, tmp_path):
    answer = await report_of(auditor, period="2026", by="county")
    for rows in (answer["rows"] * 2, [{**answer["rows"][0], "area": "139999"}]):
        outcome = verified(
            tmp_path, lines, "--report", saved(tmp_path, "r", {**answer, "rows": rows})
        )
        assert outcome.code == 1, outcome.said
    for broken in (
        {"rows": [{}]},
        {"rows": 5},
        {"period": "202"},
        {"basis": "x"},
        {"as_of": None},
        {"pilot": True},
    ):
        outcome = verified(tmp_path, lines, "--report", saved(tmp_path, "r", {**answer, **broken}))
        assert outcome.code == 1, outcome.said
    elsewhere = {**answer, "boundaries_on": "2020-01-01"}
    assert verified(tmp_path, lines, "--report", saved(tmp_path, "r", elsewhere)).code == 1


async def test_a_report_of_more_leaves_than_the_export_has_is_not_checked(lines, auditor, tmp_path):
    answer = await report_of(auditor, period="2026", by="county")
    answer["log"]["size"] += 1
    outcome = verified(tmp_path, lines, "--report", saved(tmp_path, "r", answer))
    assert outcome.code == 2
    assert "take a newer one" in outcome.said


async def test_a_saved_report_and_balance_hold_at_their_size_in_a_log_that_has_grown(
    log, auditor, tmp_path
):
    files = []
    for n, period in enumerate(("2026", "2025")):
        answer = await report_of(auditor, period=period, by="county")
        files += ["--report", saved(tmp_path, f"report-{n}", answer)]
    days = {"from": "2026-01-01", "to": "2026-12-31"}
    for n, place in enumerate(({"site": ref.OTHER_POINT}, {"area": "130100"}, {"area": "130000"})):
        answer = await answer_of(auditor, "/api/v1/balance", **place, **days)
        files += ["--balance", saved(tmp_path, f"balance-{n}", answer)]
    before = json.loads((tmp_path / "report-0").read_text())["log"]["size"]
    [bag] = await log.world.issue_labels(1)
    await log.world.whole_life(bag)
    await log.supply({"id": "late", "units": 5, "unit_weight_g": 14})
    assert await log.publish() > before
    outcome = verified(tmp_path, await log.lines(), *files)
    assert outcome.code == 0, outcome.said


async def test_a_balance_is_made_again_to_the_gram(lines, auditor, tmp_path):
    for n, (begin, place) in enumerate(
        (begin, place)
        for begin in ("2025-01-01", "2026-10-25")
        for place in (
            {"site": ref.POINT}, {"site": ref.STATION}, {"area": ref.LUQUAN}, {"area": "130100"},
            {"area": "130000"}, {"area": "133100"},
        )
    ):  # fmt: skip
        days = {"from": begin, "to": "2026-12-31"}
        answer = await answer_of(auditor, "/api/v1/balance", **place, **days)
        file = saved(tmp_path, f"balance-{n}", answer)
        outcome = verified(tmp_path, lines, "--balance", file)
        assert outcome.code == 0, outcome.said
        for side in ("opening_g", "closing_g"):
            lie = saved(tmp_path, "lie", {**answer, side: answer[side] + 1})
            assert side in verified(tmp_path, lines, "--balance", lie).said
        for side in ("in", "out"):
            for account in answer[side]:
                changed = {**answer, side: {**answer[side], account: answer[side][account] - 1}}
                outcome = verified(tmp_path, lines, "--balance", saved(tmp_path, "lie", changed))
                assert outcome.code == 1
                assert f"{side} is" in outcome.said


async def receipt_of(log, index, lines):
    event = json.loads(lines[1 + index])[2]
    return await answer_of(log.world.client("auditor"), f"/api/v1/events/{event}")


async def test_receipts_are_kept_by_the_log(log, lines, tmp_path):
    """A note, an answer to a write, a whole queue's answer; as a source or with its option."""
    answer = await receipt_of(log, 20, lines)
    queue = {"items": [{"event": await receipt_of(log, n, lines)} for n in (21, 22)]}
    files = [
        saved(tmp_path, "note", answer["receipt"]),
        saved(tmp_path, "answer.json", answer),
        saved(tmp_path, "queue.json", queue),
    ]
    outcome = verified(tmp_path, lines, *files, "--receipt", files[0])
    assert outcome.code == 0, outcome.said
    assert outcome.said.count("leaf 20") == 3
    assert "leaf 22" in outcome.said


async def test_a_receipt_alone_needs_a_log(log, lines, tmp_path):
    answer = await receipt_of(log, 20, lines)
    outcome = run(saved(tmp_path, "note", answer["receipt"]))
    assert outcome.code == 2
    assert "one log is needed" in outcome.said


async def test_a_receipt_for_what_the_log_lacks_convicts_it_once_it_is_due(log, lines, tmp_path):
    size, before = next(iter(log.exports.items()))
    kept = await receipt_of(log, size, lines)
    due = parse_receipt(kept["receipt"].split("\n\n")[0] + "\n").due
    note = saved(tmp_path, "note", kept["receipt"])
    early = verified(tmp_path, before, "--receipt", note, "--now", due - timedelta(seconds=1))
    assert early.code == 2
    assert "not due yet" in early.said
    late = verified(tmp_path, before, "--receipt", note, "--now", due + timedelta(seconds=1))
    assert late.code == 1
    assert "convicts the log" in late.said


async def test_receipts_that_no_key_of_the_log_signed_are_worth_nothing(log, lines, tmp_path):
    answer = await receipt_of(log, 20, lines)
    promise = parse_receipt(answer["receipt"].split("\n\n")[0] + "\n")
    stranger = SignerKey(promise.name, Algorithm.ED25519, b"s" * 32)
    real = receipts_of(log.places.receipt).key
    leaf = bytes(32)
    longer = promise.due + timedelta(hours=1)
    for said, key, code in (
        (promise, real, 0),
        (promise, stranger, 1),
        (Receipt(promise.name, promise.event, leaf, promise.recorded_at, promise.due), real, 1),
        (Receipt(promise.name, promise.event, promise.leaf_hash, promise.recorded_at, longer), real, 1),
    ):  # fmt: skip
        note = saved(tmp_path, "note", sign(said.text, [key]).encode().decode())
        assert verified(tmp_path, lines, note).code == code
    bent = saved(tmp_path, "note", answer["receipt"].replace("event 0", "event f"))
    assert verified(tmp_path, lines, bent).code == 1
    other_leaf = saved(tmp_path, "answer", {**answer, "leaf": answer["leaf"] + " "})
    assert verified(tmp_path, lines, other_leaf).code == 1
    for text in (
        "",
        "{}",
        "[[[",
        "x" * 999,
        answer["receipt"][:-9],
        '{"receipt": "x"}',
        "[" * 99_999,
    ):
        assert verified(tmp_path, lines, "--receipt", saved(tmp_path, "note", text)).code == 2


async def test_a_given_key_must_be_the_one_that_signs(log, lines, tmp_path):
    key = log.places.signer.ring().current.verifier
    outcome = verified(tmp_path, lines, "--key", key)
    assert outcome.code == 0
    assert "taken from the log itself" not in outcome.said
    stranger = SignerKey(ORIGIN, Algorithm.ED25519, b"s" * 32).verifier
    assert verified(tmp_path, lines, "--key", stranger).code == 1
    assert verified(tmp_path, lines, "--key", "nonsense").code == 2
    assert verified(tmp_path, lines, "--witness", log.witness.key.verifier).code == 0
    other = SignerKey("other.test/w", Algorithm.COSIGNATURE, b"s" * 32).verifier
    assert verified(tmp_path, lines, "--witness", other).code == 1


async def test_every_checkpoint_that_was_ever_published_is_continued(log, lines, tmp_path):
    arguments = []
    for size, before in log.exports.items():
        kept = saved(tmp_path, f"kept-{size}", json.loads(before[0])["checkpoint"])
        arguments += ["--checkpoint", kept]
    outcome = verified(tmp_path, lines, *arguments, kept)
    assert outcome.code == 0, outcome.said
    *_, older, _ = log.exports.values()
    rolled_back = verified(tmp_path, older, kept)
    assert rolled_back.code == 1
    assert f"it had {size} leaves" in rolled_back.said
    other = saved(tmp_path, "other", kept.read_text().replace(ORIGIN, "log.test/other"))
    assert verified(tmp_path, lines, other).code == 1
    assert verified(tmp_path, lines, "--checkpoint", saved(tmp_path, "none", "none")).code == 2


def fit(value, other):
    return type(value) is type(other) and value == other


async def test_a_changed_character_anywhere_in_the_file_is_found(lines, tmp_path):
    """What arrives is held to be hostile: there is no place that nobody looks at."""
    text, rng = "".join(lines), Random(5)
    starts = [n for n, line in enumerate(lines) for _ in range(2 if line[2:6] == "leaf" else 4)]
    assert len(starts) > 300
    export = tmp_path / "log.jsonl"
    for n in starts:
        at = rng.randrange(len(lines[n]) - 1)
        letter = lines[n][at]
        other = chr(ord(letter) ^ 1 << rng.randrange(6))
        line = lines[n][:at] + other + lines[n][at + 1 :]
        export.write_text("".join([*lines[:n], line, *lines[n + 1 :]]), encoding="utf-8")
        outcome = run(export)
        assert outcome.code == 1, f"{line}\n{letter!r} → {other!r} at {at}"
    assert export.stat().st_size > len(text) / 2


async def test_a_cut_or_reordered_file_is_found(lines, tmp_path):
    for n in range(len(lines)):
        for changed in ([*lines[:n], *lines[n + 1 :]], lines[:n], [*lines[: n + 1], *lines[n:]]):
            outcome = verified(tmp_path, changed)
            assert outcome.code == (1 if changed else 2), (n, outcome.said)
    text = "".join(lines).encode()
    export = tmp_path / "log.jsonl"
    for size in range(1, len(text), 997):
        export.write_bytes(text[:size])
        assert run(export).code in (1, 2)
        export.write_bytes(gzip.compress(text)[: size // 8 + 3])
        assert run(export).code == 1
    swapped = [*lines[:5], lines[6], lines[5], *lines[7:]]
    assert "leaf 4" in verified(tmp_path, swapped).said


ODD = (None, True, False, -1, 1.5, 10**30, "", "x", "\ud800", [], {}, [[]], {"x": 1}, "9" * 99)


async def test_values_of_another_kind_are_named_and_never_a_traceback(lines, tmp_path):
    rng = Random(8)
    kinds = {json.loads(line)[0]: n for n, line in enumerate(lines[1:], 1)}
    for n in (0, 1, *kinds.values()):
        for _ in range(25):
            value = json.loads(lines[n])
            inner = value
            while isinstance(inner, list | dict) and inner:
                key = rng.choice(list(inner) if isinstance(inner, dict) else range(len(inner)))
                if not isinstance(inner[key], list | dict) or not inner[key] or rng.random() < 0.3:
                    break
                inner = inner[key]
            before, inner[key] = inner[key], rng.choice(ODD)
            if fit(before, inner[key]):
                continue
            line = json.dumps(value, separators=(",", ":")) + "\n"
            outcome = verified(tmp_path, [*lines[:n], line, *lines[n + 1 :]])
            assert outcome.code == 1, (line, outcome.said)


@pytest.mark.parametrize(
    "line",
    [
        "", "x", "[", "[]", "{}", "null", "[" * 100_000, '{"a":' * 100_000, "[1e9]", "[NaN]",
        "[" + "9" * 10_000 + "]", '["leaf"]', '["end"]', '["tile",0,0,"x"]', '["new",1]', "\ufeff[]",
        '["leaf",0,"x",{},[],[],null]', "\0", '[["leaf"]]', '["checkpoint",1,"x"]', "[1] [2]",
    ],
)  # fmt: skip
async def test_a_line_of_nonsense_is_named(lines, tmp_path, line):
    for n in (0, 1, 7, len(lines) - 1):
        outcome = verified(tmp_path, [*lines[:n], f"{line}\n", *lines[n:]])
        assert outcome.code in (1, 2), outcome.said
        assert (outcome.code == 1) or n == 0
        assert len(outcome.said) < 2_000


async def test_bytes_that_are_no_text_are_named(lines, tmp_path):
    export = tmp_path / "log.jsonl"
    raw = [line.encode() for line in lines]
    for n in (3, len(raw) - 3):
        export.write_bytes(
            b"".join([*raw[:n], raw[n].replace(b'","', b'\xff","', 1), *raw[n + 1 :]])
        )
        outcome = run(export)
        assert outcome.code == 1
        assert f"line {n + 1}" in outcome.said


async def test_a_key_that_stands_twice_in_a_line_is_found(lines, tmp_path):
    twice = lines[9].replace('"kind":', '"kind":"store","kind":', 1)
    outcome = verified(tmp_path, [*lines[:9], twice, *lines[10:]])
    assert outcome.code == 1
    assert "a key stands twice" in outcome.said


@pytest.mark.parametrize("kind", ["head", "checkpoint"])
def test_one_removed_head_or_checkpoint_is_missed(tmp_path, kind):
    export = tmp_path / "log.jsonl"
    write_big_log(export, 4_500)
    head, *rest = parsed(export.read_text(encoding="utf-8").splitlines())
    sizes = [line[1] for line in rest if line[0] == kind]
    assert len(sizes) > 5
    gone = {kind, "cosignature", "checkpoint"} if kind == "head" else {kind, "cosignature"}
    kept = [line for line in rest if line[0] not in gone or line[1] != sizes[2]]
    kept[-1][1] |= {one: sum(line[0] == one for line in kept) for one in gone}
    outcome = verified(tmp_path, as_lines(head, *kept))
    assert outcome.code == 1
    assert f"follows {sizes[2]}, the row before is {sizes[1]}" in outcome.said


@pytest.mark.parametrize(("leaves", "code"), [(2_200, 0), (8_000, 1)])
def test_leaves_that_no_head_covers_are_told_and_after_a_day_are_a_broken_promise(
    tmp_path, leaves, code
):
    """Whoever removes heads could rewrite what they covered. A bag comes every two minutes."""
    whole, older, export = tmp_path / "whole", tmp_path / "older", tmp_path / "log.jsonl"
    write_big_log(whole, leaves)
    write_big_log(older, 2_000)
    head, *rest = parsed(whole.read_text(encoding="utf-8").splitlines())
    before = parsed(older.read_text(encoding="utf-8").splitlines())
    tree = [line for line in before[1:] if line[0] in EVIDENCE]
    leaves_end = next(n for n, line in enumerate(rest) if line[0] != "leaf")
    kept = [line for line in rest if line[0] not in EVIDENCE]
    kept[-1][1] |= {kind: sum(line[0] == kind for line in tree) for kind in EVIDENCE}
    head["checkpoint"] = before[0]["checkpoint"]
    lines = as_lines(head, *kept[:leaves_end], *tree, *kept[leaves_end:])
    export.write_text("".join(lines), encoding="utf-8")
    outcome = run(export)
    assert outcome.code == code, outcome.said
    if code:
        assert re.search(r"leaf 20\d\d: .*no signed head after 24 hours", outcome.said)
    else:
        assert "the last 200 leaves are under no signed head yet" in outcome.said
