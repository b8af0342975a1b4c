"""The reference API over HTTP: what it answers, to whom, and how it refuses bad queries."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from app.auth.models import Account
from app.auth.sessions import COOKIE, open_session
from app.db import Database
from app.main import create_app
from tests import reference as ref

NOW = datetime.now(UTC)
ACCOUNTS = {
    "province": {"role": "province", "area": "130000"},
    "city": {"role": "city", "area": "133100"},
    "county": {"role": "county", "area": ref.LUQUAN},
    "township": {"role": "township", "area": ref.LUQUAN, "township": "铜冶镇"},
    "collector": {"role": "collector", "area": ref.LUQUAN, "site": ref.POINT},
    "plant": {"role": "plant", "area": ref.XINJI, "site": ref.PLANT},
    "carrier": {"role": "carrier", "area": ref.LUQUAN, "organisation": ref.STATION_OWNER},
}
PATHS = [
    "/areas", "/counties", "/sites", f"/sites/{ref.POINT}", "/organisations", "/vehicles",
    "/packaging/materials", "/packaging/forms", "/packaging/sizes", "/packaging/unit-weights",
]  # fmt: skip


@pytest.fixture(scope="module")
async def cookies(database: Database) -> dict[str, str]:
    await ref.load(database)
    found = {}
    for name, fields in ACCOUNTS.items():
        async with database.write() as session:
            account = Account(
                id=uuid.uuid4(), username=name, display_name=name, created_at=NOW, **fields
            )
            session.add(account)
            await session.flush()
            found[name] = await open_session(session, account.id, now=NOW, hours=1)
    return found


class Api:
    """Reads as one of the accounts, or as a stranger."""

    def __init__(self, client: httpx.AsyncClient, cookies: dict[str, str]) -> None:
        self._client = client
        self._cookies = cookies

    async def get(self, who: str | None, path: str) -> httpx.Response:
        headers = {"cookie": f"{COOKIE}={self._cookies[who]}"} if who else {}
        return await self._client.get(f"/api/v1{path}", headers=headers)

    async def codes(self, who: str, path: str, key: str = "code") -> list[str]:
        answer = await self.get(who, path)
        assert answer.status_code == 200, answer.text
        return [item[key] for item in answer.json()["items"]]


@pytest.fixture(scope="module")
async def api(database_urls: dict[str, str], cookies: dict[str, str]) -> AsyncIterator[Api]:
    app = create_app(database_urls["app"])
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield Api(client, cookies)
    await app.state.database.close()


@pytest.mark.parametrize("path", PATHS)
async def test_strangers_are_asked_to_sign_in(api: Api, path: str) -> None:
    answer = await api.get(None, path)
    assert answer.status_code == 401
    assert answer.json()["type"] == "/problems/not-signed-in"


async def test_an_area_has_the_fields_of_the_contract(api: Api) -> None:
    answer = (await api.get("collector", "/areas")).json()
    assert answer["next_cursor"] is None
    assert answer["items"][-1] == {
        "code": "133100",
        "name": "雄安新区",
        "kind": "new_area",
        "parent": "130000",
        "valid_from": "2017-04-01",
        "valid_to": None,
    }


async def test_a_county_has_the_fields_of_the_contract(api: Api) -> None:
    answer = (await api.get("collector", "/counties?pilot=true&on=2024-06-30")).json()
    assert answer["items"] == [
        {
            "code": "130110",
            "name": "鹿泉区",
            "kind": "district",
            "city": "130100",
            "area": "130100",
            "pilot": True,
            "position": {"lat": 38.0, "lon": 114.5},
        }
    ]
    assert await api.codes("county", "/counties?pilot=true&on=2023-12-31") == ["130110", "130181"]
    assert await api.codes("county", "/counties?pilot=false") == ["130181", "130632"]


@pytest.mark.parametrize(
    "path", ["/areas", "/counties", "/sites", "/organisations", "/packaging/unit-weights"]
)
async def test_pages_put_together_are_the_whole_list(api: Api, path: str) -> None:
    whole = (await api.get("province", path)).json()["items"]
    pieces, cursor = [], ""
    while cursor is not None:
        answer = (await api.get("province", f"{path}?limit=1{cursor}")).json()
        pieces += answer["items"]
        cursor = f"&cursor={answer['next_cursor']}" if answer["next_cursor"] else None
    assert pieces == whole != []


@pytest.mark.parametrize(
    ("who", "sites"),
    [
        ("province", [ref.POINT, ref.OTHER_POINT, ref.STATION, ref.PLANT]),
        ("city", []),
        ("county", [ref.POINT, ref.OTHER_POINT, ref.STATION]),
        ("township", [ref.POINT, ref.STATION]),
        ("collector", [ref.POINT]),
        ("plant", [ref.PLANT]),
        ("carrier", [ref.STATION]),
    ],
)
async def test_each_sees_the_sites_of_its_scope_and_404_elsewhere(
    api: Api, who: str, sites: list[str]
) -> None:
    assert await api.codes(who, "/sites") == sites
    for code in (ref.POINT, ref.OTHER_POINT, ref.STATION, ref.PLANT, "130110-P9999", "x"):
        answer = await api.get(who, f"/sites/{code}")
        if code in sites:
            assert answer.json()["code"] == code
        else:
            assert answer.status_code == 404
            assert answer.json()["type"] == "/problems/not-found"


async def test_sites_are_narrowed_by_county_and_kind(api: Api) -> None:
    assert await api.codes("province", f"/sites?county={ref.LUQUAN}&kind=S") == [ref.STATION]
    assert await api.codes("county", f"/sites?county={ref.XINJI}") == []


async def test_a_plant_shows_operator_permits_and_listings(api: Api) -> None:
    plant = (await api.get("plant", f"/sites/{ref.PLANT}")).json()
    assert plant["operator"] == {"credit_code": ref.PLANT_OWNER, "name": "辛集再生资源公司"}
    assert plant["permits"] == [
        {
            "kind": "discharge",
            "number": "P-1",
            "valid_from": "2024-01-01",
            "valid_to": "2026-12-31",
        }
    ]
    assert plant["listings"] == [
        {"valid_from": "2024-01-01", "valid_to": None, "document": "冀农告字〔2021〕11号"}
    ]


async def test_organisations_and_vehicles_follow_scope(api: Api) -> None:
    assert await api.codes("collector", "/organisations", "credit_code") == [ref.SHOP]
    assert await api.codes("county", "/vehicles", "plate") == ["冀A12345"]
    assert await api.codes("plant", "/vehicles", "plate") == []
    vehicle = (await api.get("carrier", "/vehicles")).json()["items"][0]
    assert vehicle["organisation"]["credit_code"] == ref.STATION_OWNER
    assert vehicle["capacity_g"] == 3_000_000


async def test_packaging_gives_slugs_names_and_weights_of_the_day(api: Api) -> None:
    answer = (await api.get("collector", "/packaging/materials")).json()
    assert answer["items"][0] == {"slug": "pet", "name": "聚酯（PET）"}
    assert await api.codes("collector", "/packaging/forms", "slug") == ["bottle"]
    assert await api.codes("collector", "/packaging/sizes", "slug") == ["lt200ml"]
    then = (await api.get("collector", "/packaging/unit-weights?on=2024-12-31")).json()
    assert (then["version"], then["valid_from"], len(then["items"])) == (1, "2020-10-01", 2)
    now = (await api.get("collector", "/packaging/unit-weights")).json()
    assert now["version"] == 2
    assert now["items"][0]["weight_mg"] == 15_000
    before = (await api.get("collector", "/packaging/unit-weights?on=2000-01-01")).json()
    assert before == {"version": None, "valid_from": None, "items": [], "next_cursor": None}


@pytest.mark.parametrize(
    "path",
    [
        "/areas?limit=0",
        "/areas?limit=501",
        "/areas?cursor=nonsense",
        "/areas?cursor=WzFd",  # [1]: a number where a code stands
        "/packaging/materials?cursor=WyJ4Il0",  # ["x"]: a text where a number stands
        "/packaging/unit-weights?cursor=WzEsMiwzXQ",  # [1,2,3]
        "/counties?on=2025-02-30",
        "/counties?on=yesterday",
        "/counties?pilot=perhaps",
        "/sites?kind=X",
        "/sites?county=13011",
        "/sites?county=%00",
        "/sites/%00",
    ],
)
async def test_a_bad_query_is_422_and_never_5xx(api: Api, path: str) -> None:
    answer = await api.get("province", path)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
