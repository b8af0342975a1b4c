"""Pages of alerts and cases without a browser: who sees what, filters, counts, kept forms."""

import re
from uuid import uuid4

import pytest

from app.alerts.follow import ALERTS
from app.ledger.follow import catch_up
from tests.world import LUQUAN, STATION, XINJI, make_world

HTML = {"accept": "text/html"}


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    for _ in range(3):
        [bag] = await made.issue_labels(1)
        await made.event("collect", bag, mass_g=5_000)
        await made.event("depart", bag, destination=STATION)
        await made.event("arrive", bag, site=STATION, mass_g=4_000)
    await catch_up(database, (ALERTS,))
    yield made
    await made.close()


async def page(world, who, path, **params):
    answer = await world.client(who).get(path, params=params, headers=HTML)
    assert answer.status_code == 200, answer.text
    return answer.text


def alerts_in(text: str) -> list[str]:
    return re.findall(r'<h2><a href="/alerts/([0-9a-f-]{36})"', text)


async def test_a_list_moves_an_alert_from_state_to_state(world):
    todo = alerts_in(await page(world, "county", "/alerts"))
    first = todo[0]
    assert len(todo) == 3
    for act, state in (("acknowledge", "working"), ("resolve", "settled")):
        form = {"act": act, "text": "在查", "id": str(uuid4())}
        answer = await world.client("county").post(f"/alerts/{first}", data=form)
        assert answer.status_code == 303
        assert first in alerts_in(await page(world, "county", "/alerts", state=state))
    assert first not in alerts_in(await page(world, "county", "/alerts"))
    assert first in alerts_in(await page(world, "county", "/alerts", state="all"))
    assert "已办结，但原因还在" in await page(world, "county", f"/alerts/{first}")


async def test_filters_keep_a_rule_and_an_area(world):
    these = {"state": "all", "rule": "weight-difference"}
    assert len(alerts_in(await page(world, "province", "/alerts", area=LUQUAN, **these))) == 3
    assert "没有符合条件的预警" in await page(world, "province", "/alerts", area=XINJI)
    other = await page(world, "province", "/alerts", rule="full-store", state="all")
    assert alerts_in(other) == []
    assert "两次称重相差过大" in other, "the counts of other rules stay"


async def test_a_home_page_counts_what_is_to_be_done_in_ones_scope(world):
    assert "没有未办结的预警" in await page(world, "far_county", "/")
    for who in ("county", "keeper"):
        card = (await page(world, who, "/")).split('id="alerts"')[1].split("</section>")[0]
        assert re.search(r"未办结</dt><dd>[23]</dd>", card)
        assert 'href="/alerts"' in card
    assert 'id="alerts"' not in await page(world, "other_collector", "/")


async def test_a_list_takes_as_many_queries_for_three_alerts_as_for_one(world):
    async def queries(**params) -> int:
        with world.count_queries() as seen:
            await page(world, "county", "/alerts", state="all", **params)
        return len(seen)

    await queries()
    many = await queries()
    alert = alerts_in(await page(world, "county", "/alerts", state="all"))[0]
    assert many <= 15
    with world.count_queries() as seen:
        await page(world, "county", f"/alerts/{alert}")
    assert len(seen) <= 18


async def test_words_that_were_typed_survive_a_refusal_and_a_lost_session(world):
    alert = alerts_in(await page(world, "county", "/alerts"))[0]
    form = {"act": "resolve", "text": "", "id": str(uuid4())}
    refused = await world.client("county").post(f"/alerts/{alert}", data=form, headers=HTML)
    assert refused.status_code == 422
    assert form["id"] in refused.text
    form |= {"text": "写了很久的一段话"}
    lost = await world.client(None).post(f"/alerts/{alert}", data=form, headers=HTML)
    assert lost.status_code == 401
    assert "写了很久的一段话" in lost.text
    back = form | {"resumed": "1"}
    shown = await world.client("county").post(f"/alerts/{alert}", data=back, headers=HTML)
    assert shown.status_code == 200
    assert "写了很久的一段话</textarea>" in shown.text
    assert "还没有人处理" in shown.text


async def test_an_alert_out_of_scope_and_an_act_that_is_none_look_absent(world):
    alert = alerts_in(await page(world, "county", "/alerts"))[0]
    for who, path in (("far_county", f"/alerts/{alert}"), ("county", f"/alerts/{uuid4()}")):
        assert (await world.client(who).get(path, headers=HTML)).status_code == 404
    form = {"act": "delete", "text": "x"}
    answer = await world.client("county").post(f"/alerts/{alert}", data=form, headers=HTML)
    assert answer.status_code == 404


async def test_what_people_write_is_text_and_never_markup(world):
    alert = alerts_in(await page(world, "county", "/alerts"))[0]
    form = {"act": "note", "text": "<script>alert(1)</script>", "id": str(uuid4())}
    await world.client("county").post(f"/alerts/{alert}", data=form)
    text = await page(world, "county", f"/alerts/{alert}")
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert" not in text
    listed = await page(world, "county", "/cases", state="open")
    [case] = re.findall(r'href="/cases/([0-9a-f-]{36})"', listed)
    assert "&lt;script&gt;" in await page(world, "county", f"/cases/{case}")
