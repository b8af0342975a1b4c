"""Bytes that are no event at all: always a 4xx that says why, in the reader's language."""

from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import reference as ref
from tests.recording import make_wide_world, odd_labels, post_raw, refused_so_far, written
from tests.world import BOTTLES, VEHICLE, World


@pytest.fixture(scope="module")
async def world(database):
    made = await make_wide_world(database)
    yield made
    await made.close()


NOT_JSON = {
    "empty": (b"", "JSON"),
    "half": (b'{"kind": "collect"', "JSON"),
    "NaN": (b'{"kind": NaN}', "NaN"),
    "Infinity": (b'{"batches": [{"mass_g": Infinity}]}', "Infinity"),
    "minus Infinity": (b"[-Infinity]", "Infinity"),
    "duplicate key": (b'{"kind": "collect", "kind": "store"}', "重复"),
    "duplicate key deep down": (b'{"batches": [{"code": "1", "code": "2"}]}', "重复"),
    "not UTF-8": (b'{"note": "\xff\xfe"}', "UTF-8"),
    "UTF-16": ('{"kind": "collect"}'.encode("utf-16"), "UTF-8"),
    "byte order mark": (b"\xef\xbb\xbf{}", "JSON"),
    "brackets": (b"[" * 100_000, "嵌套"),
    "closed brackets": (b"[" * 100_000 + b"]" * 100_000, "嵌套"),
    "objects": (b'{"a":' * 100_000, "嵌套"),
    "33 levels": (b"[" * 34 + b"]" * 34, "嵌套"),
    "endless integer": (b'{"mass_g": ' + b"9" * 5_000 + b"}", "数字过大"),
    "integer beyond 2**53": (b'{"mass_g": 9007199254740993}', "数字过大"),
    "1e400": (b'{"mass_g": 1e400}', "数字过大"),
}


@pytest.mark.parametrize("name", NOT_JSON)
@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/capture"])
async def test_what_is_not_strict_json_is_422_and_says_why(world: World, name, path):
    raw, word = NOT_JSON[name]
    answer = await post_raw(world, "collector", raw, path)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json; charset=utf-8"
    problem = answer.json()
    assert problem["type"] == "/problems/invalid-body"
    assert word in problem["errors"][0]["detail"]
    english = (await post_raw(world, "collector", raw, path, **{"accept-language": "en"})).json()
    assert english["title"] == "The body is not valid"
    assert (english["detail"] + english["errors"][0]["detail"]).isascii(), english


@pytest.mark.parametrize(("text", "pointer"), [
    (b'{"note": "a\\u0000b"}', "/note"),
    (b'{"giver": {"name": "\\ud800"}}', "/giver/name"),
    (b'{"giver": {"name": "\\udc00\\ud800"}}', "/giver/name"),
    (b'{"batches": ["x", "\\u0000"]}', "/batches/1"),
    (b'{"a/b~": {"\\ud83d": 1}}', "/a~1b~0"),
])  # fmt: skip
async def test_text_that_no_column_can_hold_is_422_at_its_place(world: World, text, pointer):
    answer = await post_raw(world, "collector", text)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_a_pair_of_surrogates_is_a_character_and_passes(world: World):
    [bag] = await odd_labels(world.database)
    answer = await world.post(world.body("hand_in", bag, note="\U0001f9f4"))
    assert answer.status_code == 201, answer.text


async def test_ten_megabytes_are_413_declared_or_not(world: World):
    async def chunks():
        for _ in range(10):
            yield b" " * 1_000_000

    client = world.client("collector")
    headers = {"content-type": "application/json"}
    for content in (b" " * 10_000_000, chunks()):
        answer = await client.post("/api/v1/events", content=content, headers=headers)
        assert answer.status_code == 413
        problem = answer.json()
        assert problem["type"] == "/problems/body-too-large"
        assert problem["limit_bytes"] == 4_000_000


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "", "json"])
async def test_another_content_type_is_415(world: World, media):
    answer = await post_raw(world, "collector", b"{}", **{"content-type": media})
    assert answer.status_code == 415
    assert answer.json()["type"] == "/problems/unsupported-media-type"


async def test_a_stranger_is_401_whatever_the_bytes(world: World):
    for raw in (b"{", b"{}", b"[" * 100_000):
        for path in ("/api/v1/events", "/api/v1/capture"):
            answer = await post_raw(world, None, raw, path)
            assert answer.status_code == 401
            assert answer.json()["type"] == "/problems/not-signed-in"


async def test_a_body_wrong_in_a_thousand_places_names_fifty(world: World):
    body = world.body("collect", "x") | {f"field{i}": i for i in range(1_000)}
    answer = await world.post(body)
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 50


KINDS = st.sampled_from(["hand_in", "collect", "store", "depart", "arrive", "dispose", "pack", "x"])
TEXTS = st.text(max_size=20) | st.sampled_from(
    ["", " ", "\n", "130110", "2025-06-01T00:00:00Z", "0001-01-01T00:00:00+14:00", ref.POINT,
     ref.PLANT, VEHICLE, "ZY202506011301100001", str(UUID(int=1)), "{}", "1_0", "％", "tag:x"]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["id", "occurred_at", "site", "batches", "position", "device", "note", "channel", "contents",
     "giver", "payment", "unit_codes", "destination", "vehicle", "trip", "driver", "manifest",
     "exceptions", "difference_reason", "method", "certificate", "product", "mass_g", "v"]
)  # fmt: skip
SETTINGS = settings(
    max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None
)


@pytest.fixture
async def nothing_recorded(world: World):
    before = await written(world.database)
    yield
    assert await written(world.database) == before, "a body of nonsense was recorded"


@pytest.fixture(scope="module")
async def bags(world: World):
    return iter(await odd_labels(world.database, 5_000))


@SETTINGS
@given(value=VALUES)
async def test_no_json_value_gets_a_5xx(world: World, nothing_recorded, value):
    for path in ("/api/v1/events", "/api/v1/capture"):
        answer = await world.client("collector").post(path, content=_text(value), headers=_JSON)
        assert 400 <= answer.status_code < 500, answer.text
        assert answer.headers["content-type"].startswith("application/problem+json")


@SETTINGS
@given(kind=KINDS, spoiled=st.dictionaries(FIELDS, VALUES, min_size=1, max_size=3))
async def test_no_event_with_spoiled_fields_gets_a_5xx(world: World, bags, kind, spoiled):
    for path in ("/api/v1/events", "/api/v1/capture"):
        one, other = (_whole(kind, next(bags)) | spoiled for _ in range(2))
        queue = {"device": {"id": "x"}, "events": [one, other], "sent_at": one["occurred_at"]}
        body = one if path.endswith("events") else queue
        answer = await world.client("collector").post(path, content=_text(body), headers=_JSON)
        assert answer.status_code < 500, answer.text


@SETTINGS
@given(where=st.sampled_from(["batches", "contents", "position", "device", "giver", "payment"]),
       inner=st.dictionaries(TEXTS | st.sampled_from(
           ["code", "mass_g", "gross_g", "tare_g", "mass_source", "lat", "lon", "accuracy_m",
            "datum", "id", "seq", "prev", "kind", "name", "phone", "fen", "basis", "material",
            "form", "size", "pieces", "rinse", "scope"]), VALUES, max_size=4))  # fmt: skip
async def test_no_nonsense_inside_a_field_gets_a_5xx(world: World, bags, where, inner):
    code = next(bags)
    spoiled = {
        "batches": [{"code": code, **inner}], "contents": [{**BOTTLES, **inner}],
    }.get(where, inner)  # fmt: skip
    body = {**_whole("hand_in", code), where: spoiled}
    answer = await world.client("collector").post(
        "/api/v1/events", content=_text(body), headers=_JSON
    )
    assert answer.status_code < 500, answer.text


DECLARED = {
    "areas": {"code": ref.LUQUAN, "name": "鹿泉区", "pinyin": "luquanqu", "kind": "district",
              "parent": "130100", "valid_from": "2024-01-01"},
    "pilots": {"county": ref.LUQUAN, "valid_from": "2024-01-01"},
    "unit_weights": {"material": "pet", "form": "bottle", "size": "lt200ml", "weight_mg": 15_000,
                     "source": "抽样"},
    "resource_units": {"site": ref.PLANT, "valid_from": "2024-01-01"},
    "transport_policies": {"area": "130100", "valid_from": "2099-01-01", "document": "x",
                           "unlisted_recycler": "internal", "expired_permit": "internal",
                           "cement_kiln": "internal", "deliver_within_h": 1, "confirm_workdays": 1,
                           "difference_permille": 1, "difference_g": 1},
    "supply": {"id": "1", "county": ref.LUQUAN, "on": "2025-01-01", "units": 5,
               "unit_weight_g": 1, "method": "A"},
}  # fmt: skip


@SETTINGS
@given(subject=st.sampled_from([*DECLARED, "", "keys"]), spoiled=st.dictionaries(
    st.sampled_from(sorted({key for row in DECLARED.values() for key in row} | {"valid_to"})),
    VALUES | st.sampled_from(["0001-01-01", "9999-12-31", "2024-02-30", ref.PLANT, "130100"]),
    min_size=1, max_size=3))  # fmt: skip
async def test_no_declaration_gets_a_5xx(world: World, subject, spoiled):
    row = DECLARED.get(subject, {}) | spoiled
    body = _whole("declare", "x") | {"subject": subject, "rows": [row, row]}
    for field in ("site", "batches"):
        del body[field]
    answer = await world.client("province").post(
        "/api/v1/events", content=_text(body), headers=_JSON
    )
    assert answer.status_code < 500, answer.text


@pytest.mark.parametrize(("subject", "changed", "pointer"), [
    ("areas", {"valid_from": "0001-01-01"}, "/rows/0/valid_from"),
    ("areas", {"valid_to": "2023-12-31"}, "/rows/0"),
    ("resource_units", {"site": ref.POINT}, "/rows/0/site"),
    ("pilots", {"county": "139999"}, "/rows/0"),
    ("unit_weights", {"weight_mg": 1.5}, "/rows/0/weight_mg"),
])  # fmt: skip
async def test_a_declared_row_that_cannot_be_is_pointed_at(world, subject, changed, pointer):
    body = _whole("declare", "x") | {"subject": subject, "rows": [DECLARED[subject] | changed]}
    for field in ("site", "batches"):
        del body[field]
    answer = await world.client("province").post("/api/v1/events", json=body)
    assert 400 <= answer.status_code < 500, answer.text
    problem = answer.json()
    assert pointer in [problem.get("pointer"), *(e["pointer"] for e in problem.get("errors", []))]


@SETTINGS
@given(text=st.text(max_size=30), path=st.sampled_from([
    "/api/v1/events/{}", "/api/v1/refusals?limit={}", "/api/v1/refusals?cursor={}",
    "/api/v1/balance?site={}&from=2025-01-01&to=2026-01-02",
    "/api/v1/balance?area=130000&from={}&to=2026-01-02",
]))  # fmt: skip
async def test_no_query_gets_a_5xx(world: World, text, path):
    from urllib.parse import quote

    answer = await world.client("collector").get(path.format(quote(text.encode(), safe="")))
    assert answer.status_code < 500, answer.text


async def test_whatever_was_refused_is_shown_again(world: World):
    assert await refused_so_far(world.database) > 100
    seen, cursor = 0, ""
    while True:
        answer = await world.client("province").get(f"/api/v1/refusals?limit=200&cursor={cursor}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        seen += len(page["items"])
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert seen == await refused_so_far(world.database)


_JSON = {"content-type": "application/json"}


def _text(value) -> bytes:
    import json

    return json.dumps(value).encode()


def _whole(kind: str, code: str) -> dict:
    own = {
        "hand_in": {"contents": [BOTTLES]},
        "depart": {"destination": ref.STATION, "vehicle": VEHICLE},
        "dispose": {"method": "resource_use", "certificate": "1"},
    }.get(kind, {})
    return {
        "id": str(uuid4()), "kind": kind, "occurred_at": "2025-06-01T08:00:00+08:00",
        "site": ref.POINT, "batches": [{"code": code, "mass_g": 5_000}], **own,
    }  # fmt: skip
