"""What a scanned text is: the vectors that Python and the phone's modules both keep, and the route."""

import json
from dataclasses import asdict
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.batches.codes import nearest
from app.batches.scanned import LONGEST, recognise
from app.packaging.unit_code import unit_code
from tests.world import make_world

VECTORS = json.loads(Path(__file__).with_name("scan_vectors.json").read_text(encoding="utf-8"))
EXAMPLE = "http://nyzs315.com/c/z.aspx?m=c74&c=11722252247250743408010974953971"


def part_of(want, found):
    """Return what `found` has of the names in `want`, tuples as JSON has them."""
    if isinstance(want, dict) and isinstance(found, dict):
        return {name: part_of(inner, found.get(name)) for name, inner in want.items()}
    return list(found) if isinstance(found, tuple) else found


WHOLE = (
    "12308841005260627001000011857410", "１２３０８８４１００５２６０６２７００１００００１１８５７４１０", EXAMPLE,
    "21800462100136950812284409766080", "130110-9THM-KTWR-03", "HTTPS://NY.CN/B/130110-9THM-KTWR-03",
    "130110-P0001", "ZY202511041301100007", "HTTPS://NY.CN/TRIPS/ZY202511041301100007",
    "HTTPS://NY.CN/LOTS/01890A5D-AC96-774B-BCCE-B302099A8057", "郑单958\n某种业\nJM585A0012\nwww.a.cn",
    "品种名称：冀麦585", "草甘膦\n某农化\nPD20230884\nhttp://a.cn", "http://seed.cn/?c=", "吡虫啉\n某种业公司\n",
)  # fmt: skip
ODD = (
    "\ufeff", "\x00", "\x1c", "\x1d", "\x1f", "\x85", "\xa0", "\u180e", "\u200b", "\u2003", "\u2028",
    "\u3000", "\t", "\x0b", "\r\n", "\n", " ", "-", "—", "＝", "？", "?", "&", "=", "c=", "Q=", "#", "/", "//",
    "/B/", "http://", "HTTPS://", "httpſ://", "a.cn", "种业", "种子", "剂", "：", "，", "１", "٣", "①", "²", "ﬁ",
    "İ", "ſ", "K", "ß", "é", "e\u0301", "😀", "𠮷" * 30, "😀" * 90, "一" * 100, "1" * 31, "9" * 64, "０" * 40,
)  # fmt: skip


def odd_payloads(count):
    """Return what a worn label, a pasted message or a scanner without a line end may give."""
    rng = Random(2579)
    longest = (
        "a" * LONGEST,
        "a" * (LONGEST + 1),
        "😀" * LONGEST,
        "😀" * (LONGEST + 1),
        "😀" * 4_001,
    )
    made = [*longest, *WHOLE]
    while len(made) < count:
        parts = [rng.choice(ODD if rng.random() < 0.6 else WHOLE) for _ in range(rng.randint(1, 6))]
        text = "".join([*parts, rng.choice(WHOLE)] if rng.random() < 0.5 else parts)
        at = rng.randrange(len(text))
        made.append(text[:at] + rng.choice(ODD) + text[at:] if rng.random() < 0.5 else text)
    return made


@pytest.mark.parametrize("vector", VECTORS["recognise"], ids=lambda vector: vector["name"])
def test_a_text_is_what_it_is(vector):
    found = asdict(recognise(vector["payload"]))
    assert part_of(vector["want"], found) == vector["want"]


@pytest.mark.parametrize("vector", VECTORS["nearest"], ids=lambda vector: vector["typed"] or "-")
def test_the_nearest_codes_are_suggested(vector):
    assert nearest(vector["typed"], vector["known"]) == vector["want"]


@given(st.text(max_size=400) | st.text("0123456789?&=c/:htp.\n -", max_size=200))
def test_any_text_is_something(payload):
    found = recognise(payload)
    assert found.says
    if found.kind == "unit":
        assert found.code == unit_code(payload)


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


async def ask(world, payload):
    return await world.client("collector").post(
        "/api/v1/packaging/parse", json={"payload": payload}
    )


async def test_a_bottle_is_parsed_over_http(world):
    answer = await ask(world, EXAMPLE)
    assert answer.status_code == 200
    said = answer.json()
    assert said["kind"] == "unit"
    assert said["unit"]["registrations"] == ["PD20172225"]
    assert said["unit"]["candidates"][0] == "PD20172225"
    assert said["label"] is None


async def test_our_labels_are_told_apart(world):
    [bag] = await world.issue_labels(1)
    [pallet] = await world.issue_labels(1, kind="container")
    for code, kind in ((bag, "bag"), (pallet, "container"), ("130110-9THM-KTWR-03", None)):
        said = (await ask(world, f"HTTPS://ELSEWHERE.CN/B/{code}")).json()
        assert (said["kind"], said["code"], said["label"]) == ("label", code, kind)


@pytest.mark.parametrize(
    "body", [{}, {"payload": 1}, {"payload": None}, {"payload": "1" * (LONGEST + 1)}, [], {"p": ""}]
)
async def test_what_is_no_payload_is_named(world, body):
    answer = await world.client("collector").post("/api/v1/packaging/parse", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json; charset=utf-8"
