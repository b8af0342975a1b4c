"""Cases by the door people use: taken on, added to, resolved, come back; photos; whose they are."""

import asyncio
import io
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from PIL import Image
from sqlalchemy import select

from app.alerts.follow import ALERTS
from app.alerts.journal import FindingChange, note_changes
from app.alerts.models import Finding
from app.areas.scope import Reach
from app.cases.models import Case
from app.cases.read import case_exists
from app.ledger.follow import catch_up, restart
from tests.world import LUQUAN, POINT, STATION, XINJI, make_world

API = "/api/v1"


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


async def an_alert(world) -> str:
    """A bag that lost a fifth on its way from POINT to STATION."""
    [bag] = await world.issue_labels(1)
    await world.event("collect", bag, mass_g=5_000)
    await world.event("depart", bag, destination=STATION)
    arrived = await world.event("arrive", bag, site=STATION, mass_g=4_000)
    await catch_up(world.database, (ALERTS,))
    async with world.database.read() as session:
        of_arrival = Finding.rule == "weight-difference", Finding.window == arrived["id"]
        return str(await session.scalar(select(Finding.id).where(*of_arrival)))


async def act(world, who, alert, step, **body):
    return await world.client(who).post(f"{API}/alerts/{alert}/{step}", json=body)


async def refound(world, alert: str, *, closed: bool, opening: int) -> str:
    """Let the follower's part be told as it tells it: the finding closes, or opens once more."""
    async with world.database.write() as session:
        first = await session.get_one(Finding, UUID(alert))
        now = datetime.now(UTC)
        row = {name: getattr(first, name) for name in first.__table__.columns.keys()}  # noqa: SIM118
        row |= {"opening": opening, "opened_at": now, "opened_leaf": 1_000 + opening}
        if closed:
            first.closed_at, first.closed_leaf = now, 2_000
            row |= {"opening": first.opening, "opened_at": first.opened_at, "closed_at": now}
        else:
            row |= {"id": uuid4(), "closed_at": None, "closed_leaf": None}
            session.add(Finding(**row))
        await session.flush()
        await note_changes(session, [row])
        return str(row["id"])


def picture(kind: str = "JPEG", size: tuple[int, int] = (640, 480), **options) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "green").save(out, kind, **options)
    return out.getvalue()


async def test_an_official_takes_an_alert_on_and_resolves_it(world):
    alert = await an_alert(world)
    taken = await act(world, "county", alert, "acknowledge", note="已电话联系站点")
    assert taken.status_code == 200, taken.text
    case = taken.json()
    assert (case["state"], case["worked_by"]["role"]) == ("acknowledged", "county")
    assert case["about"]["id"] == alert
    done = await act(world, "county", alert, "resolve", note="复称后确认少了一袋内袋")
    assert done.json()["state"] == "resolved"
    assert [n["act"] for n in done.json()["notes"]] == ["acknowledged", "resolved"]
    read = (await world.client("county").get(f"{API}/cases/{case['id']}")).json()
    assert read == done.json()
    assert read["deadline"]["left"] is None


async def test_the_wrong_step_is_told_by_its_name(world):
    alert = await an_alert(world)
    no_words = await act(world, "county", alert, "resolve")
    assert (no_words.status_code, no_words.json()["errors"][0]["pointer"]) == (422, "/note")
    async with world.database.read() as session:
        opened = await session.scalar(select(Case.id).where(Case.about_id == UUID(alert)))
        assert opened is None, "a refused step opens nothing"
    await act(world, "county", alert, "acknowledge")
    again = await act(world, "city", alert, "acknowledge")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/case-is-acknowledged")
    case = (await act(world, "city", alert, "resolve", note="办好了")).json()["id"]
    for step in ("acknowledge", "resolve"):
        late = await act(world, "county", alert, step, note="再来")
        assert (late.status_code, late.json()["type"]) == (409, "/problems/case-is-resolved")
    path = f"{API}/cases/{case}/reopen"
    reopened = await world.client("county").post(path, json={"note": "又发现一袋"})
    assert reopened.json()["state"] == "acknowledged"
    twice = await world.client("county").post(path, json={"note": "又发现一袋"})
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/case-is-not-resolved")


async def test_of_many_who_take_an_alert_on_at_once_one_does(world):
    alert = await an_alert(world)
    answers = await asyncio.gather(
        *(act(world, who, alert, "acknowledge") for who in ("county", "city", "province") * 4)
    )
    assert sorted(a.status_code for a in answers) == [200] + [409] * 11
    async with world.database.read() as session:
        cases = await session.scalars(select(Case).where(Case.about_id == UUID(alert)))
        assert len(cases.all()) == 1


async def test_a_site_adds_to_the_case_that_concerns_it_and_works_on_none(world):
    alert = await an_alert(world)
    case = (await act(world, "county", alert, "acknowledge")).json()["id"]
    notes = f"{API}/cases/{case}/notes"
    told = await world.client("keeper").post(notes, json={"text": "秤已校过"})
    assert told.status_code == 201
    assert told.json()["notes"][-1]["by"]["role"] == "keeper"
    assert (await act(world, "keeper", alert, "resolve", note="好了")).status_code == 403
    assert (await world.client("auditor").post(notes, json={"text": "看过"})).status_code == 403
    assert (await world.client("auditor").get(f"{API}/cases/{case}")).status_code == 200
    for stranger in ("other_collector", "far_county", "plant"):
        assert (await world.client(stranger).get(f"{API}/cases/{case}")).status_code == 404
    for stranger in ("other_collector", "plant"):
        assert (await world.client(stranger).post(notes, json={"text": "x"})).status_code == 404


async def test_a_note_that_is_sent_twice_is_one_note(world):
    alert = await an_alert(world)
    case = (await act(world, "county", alert, "acknowledge")).json()["id"]
    body = {"text": "到现场看过", "id": str(uuid4())}
    for _ in range(2):
        answer = await world.client("county").post(f"{API}/cases/{case}/notes", json=body)
        assert answer.status_code == 201
    assert [n["text"] for n in answer.json()["notes"]].count("到现场看过") == 1


async def test_a_case_survives_that_its_finding_closes_and_is_told_of_it(world):
    alert = await an_alert(world)
    case = (await act(world, "county", alert, "acknowledge", note="在查")).json()["id"]
    await refound(world, alert, closed=True, opening=1)
    read = (await world.client("county").get(f"{API}/cases/{case}")).json()
    assert read["cause_gone_at"]
    assert read["state"] == "acknowledged"
    assert read["deadline"]["left"] is None
    assert [n["act"] for n in read["notes"]] == ["acknowledged", "cause_gone"]
    assert read["notes"][-1]["by"] is None


async def test_a_resolved_case_opens_again_when_the_same_finding_comes_back(world):
    alert = await an_alert(world)
    case = (await act(world, "county", alert, "resolve", note="已更正")).json()["id"]
    await refound(world, alert, closed=True, opening=1)
    back = await refound(world, alert, closed=False, opening=2)
    read = (await world.client("county").get(f"{API}/cases/{case}")).json()
    assert (read["state"], read["about"]["id"]) == ("open", back)
    assert read["worked_by"] is None
    assert read["cause_gone_at"] is None
    assert read["notes"][-1]["act"] == "came_back"
    taken = await act(world, "county", back, "acknowledge")
    assert taken.json()["id"] == case


async def test_a_rebuild_of_findings_leaves_cases_and_the_journal_as_they_were(world):
    alert = await an_alert(world)
    case = (await act(world, "county", alert, "acknowledge", note="在查")).json()
    async with world.database.read() as session:
        before = (await session.scalars(select(FindingChange.seq))).all()
    await restart(world.database, ALERTS)
    await catch_up(world.database, (ALERTS,))
    async with world.database.read() as session:
        assert await session.get(Finding, UUID(alert)) is not None
        assert set((await session.scalars(select(FindingChange.seq))).all()) == set(before)
    read = (await world.client("county").get(f"{API}/cases/{case['id']}")).json()
    assert read == case


async def test_the_term_is_counted_in_working_days_and_overdue_cases_are_listed(world):
    alert = await an_alert(world)
    case = (await act(world, "county", alert, "acknowledge")).json()
    assert case["deadline"]["working_days"] == 5
    assert case["deadline"]["assumed"]
    assert not case["deadline"]["overdue"]
    body = {"severity": "high", "working_days": 2, "valid_from": "2026-01-01", "source": "冀农发〔2026〕2号"}  # fmt: skip
    entered = await world.client("province").post(f"{API}/cases/terms", json=body)
    assert entered.status_code == 201
    later = (await act(world, "county", await an_alert(world), "acknowledge")).json()
    assert later["deadline"]["working_days"] == 2
    assert later["deadline"]["source"] == "冀农发〔2026〕2号"
    async with world.database.write() as session:
        old = await session.get_one(Case, UUID(case["id"]))
        old.counts_from = date.today() - timedelta(days=60)
    found = await world.client("county").get(f"{API}/cases", params={"overdue": "true"})
    assert [one["id"] for one in found.json()["items"]] == [case["id"]]
    assert found.json()["items"][0]["deadline"]["left"] < 0


async def test_cases_are_listed_by_state_and_area_page_by_page(world):
    for _ in range(3):
        await act(world, "county", await an_alert(world), "acknowledge")
    client = world.client("province")
    seen, cursor = [], None
    while True:
        params = {"state": "acknowledged", "area": LUQUAN, "limit": 2}
        got = (await client.get(f"{API}/cases", params=params | ({"cursor": cursor} if cursor else {}))).json()  # fmt: skip
        seen += [one["id"] for one in got["items"]]
        cursor = got["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) >= 3
    elsewhere = await client.get(f"{API}/cases", params={"area": XINJI})
    assert elsewhere.json()["items"] == []
    assert (await world.client("far_county").get(f"{API}/cases")).json()["items"] == []


async def test_a_photo_is_made_anew_without_where_it_was_taken(world):
    alert = await an_alert(world)
    case = (await act(world, "county", alert, "acknowledge")).json()["id"]
    exif = Image.Exif()
    exif[0x010F] = "PhoneMaker"
    exif[0x0112] = 6  # lies on its side
    exif.get_ifd(0x8825)[2] = (38.0, 2.0, 3.0)
    upload = picture(exif=exif.tobytes()) + b"<script>alert(1)</script>"
    files = [("file", ("a.jpg", upload, "image/jpeg")), ("file", ("b.png", picture("PNG"), "image/png"))]  # fmt: skip
    path = f"{API}/cases/{case}/photos"
    answer = await world.client("keeper").post(path, files=files, data={"text": "秤的照片"})
    assert answer.status_code == 201, answer.text
    note = answer.json()["notes"][-1]
    assert (note["text"], len(note["photos"])) == ("秤的照片", 2)
    served = await world.client("county").get(note["photos"][0])
    assert served.headers["content-type"] == "image/jpeg"
    assert served.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in served.headers["content-security-policy"]
    assert b"PhoneMaker" not in served.content
    assert b"script" not in served.content
    shown = Image.open(io.BytesIO(served.content))
    assert (shown.size, dict(shown.getexif())) == ((480, 640), {})
    for who, status in (("far_county", 404), ("other_collector", 404), (None, 401)):
        assert (await world.client(who).get(note["photos"][0])).status_code == status


@pytest.mark.parametrize(
    "upload",
    [b"", b"<html><script>1</script></html>", b"GIF89a" + b"\0" * 40, picture()[:300], picture("PNG", (8_000, 8_000))],
    ids=["empty", "html", "gif", "cut short", "a bomb of pixels"],
)  # fmt: skip
async def test_what_is_no_photo_is_refused(world, upload):
    alert = await an_alert(world)
    case = (await act(world, "county", alert, "acknowledge")).json()
    files = [("file", ("x.jpg", upload, "image/jpeg"))]
    answer = await world.client("county").post(f"{API}/cases/{case['id']}/photos", files=files)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/photo-not-valid")
    read = (await world.client("county").get(f"{API}/cases/{case['id']}")).json()
    assert read["notes"] == case["notes"]


async def test_a_write_off_may_name_a_case_in_reach_alone(world):
    alert = await an_alert(world)
    case = UUID((await act(world, "county", alert, "acknowledge")).json()["id"])
    async with world.database.read() as session:
        assert await case_exists(session, Reach(counties=frozenset({LUQUAN})), case)
        assert await case_exists(session, Reach(sites=frozenset({POINT})), case)
        assert not await case_exists(session, Reach(counties=frozenset({XINJI})), case)
        assert not await case_exists(session, Reach(everything=True), uuid4())
