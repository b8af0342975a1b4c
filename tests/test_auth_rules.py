"""Rules without a database: how long to wait, who may do what, which password, where to go on."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.auth.caller import ROLE_NAMES, Caller
from app.auth.errors import PasswordTooWeak
from app.auth.pages import local_path
from app.auth.passwords import check_new_password, hash_password, matches
from app.auth.permissions import DEPARTMENT_NAMES, RIGHTS, allows, require
from app.auth.throttle import FIRST_WAIT, LONGEST_WAIT, WINDOW, wait_s
from app.errors import Forbidden
from app.events.fold import KINDS
from app.plan.load import rows_of

NOW = datetime(2025, 6, 1, 8, tzinfo=UTC)
FAILURES = st.lists(
    st.integers(0, 3600).map(lambda seconds: NOW - timedelta(seconds=seconds)), max_size=80
)
FREE = st.integers(1, 60)


def ago(*seconds: int) -> list[datetime]:
    return [NOW - timedelta(seconds=s) for s in seconds]


def test_the_first_failures_cost_nothing():
    assert wait_s(ago(1, 2, 3, 4), NOW, free=5) == 0


def test_each_failure_beyond_the_free_ones_doubles_the_wait():
    waits = [wait_s(ago(*[0] * n), NOW, free=5) for n in range(4, 12)]
    assert waits == [0, 30, 60, 120, 240, 480, 900, 900]


def test_failures_before_the_window_are_forgotten():
    assert wait_s(ago(*[901] * 50), NOW, free=5) == 0


@given(FAILURES, FREE)
def test_a_wait_is_never_longer_than_the_longest(failures, free):
    assert 0 <= wait_s(failures, NOW, free) <= LONGEST_WAIT.total_seconds()


@given(FAILURES, FREE)
def test_whoever_obeys_the_wait_may_go_ahead(failures, free):
    later = NOW + timedelta(seconds=wait_s(failures, NOW, free))
    assert wait_s(failures, later, free) == 0


@given(FAILURES, FREE)
def test_one_more_failure_never_shortens_the_wait(failures, free):
    assert wait_s([*failures, NOW], NOW, free) >= wait_s(failures, NOW, free)


@given(FAILURES, FREE, st.randoms())
def test_the_order_of_failures_does_not_matter(failures, free, random):
    shuffled = random.sample(failures, len(failures))
    assert wait_s(shuffled, NOW, free) == wait_s(failures, NOW, free)


def test_a_tireless_guesser_gets_few_tries_a_day():
    failures: list[datetime] = []
    now = NOW
    while now < NOW + timedelta(days=1):
        wait = wait_s(failures, now, free=5)
        if wait:
            now += timedelta(seconds=wait)
        else:
            failures.append(now)
            now += timedelta(milliseconds=100)
    assert FIRST_WAIT < WINDOW
    assert len(failures) < 1000


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_that_the_fold_knows_has_a_row(kind):
    assert f"event.{kind}" in RIGHTS


def caller(role: str, department: str | None = None) -> Caller:
    return Caller(uuid4(), "某", "某", role, "130110", department=department)


def test_only_agriculture_declares_supply():
    assert allows(caller("county", "agriculture"), "declare.supply")
    assert not allows(caller("county", "ecology"), "declare.supply")
    assert not allows(caller("county"), "declare.supply")
    assert not allows(caller("township", "agriculture"), "declare.supply")


@pytest.mark.parametrize("subject", ["pilots", "unit_weights", "resource_units"])
def test_only_agriculture_states_what_item_nine_leaves_to_it(subject):
    assert allows(caller("province", "agriculture"), f"declare.{subject}")
    for department in (*sorted(set(DEPARTMENT_NAMES) - {"agriculture"}), None):
        assert not allows(caller("province", department), f"declare.{subject}")


def test_only_who_supervises_pollution_decides_what_travels_as_hazardous_waste():
    action = "declare.transport_policies"
    assert [r for r in ROLE_NAMES if allows(caller(r, "ecology"), action)] == ["city", "province"]
    assert not any(allows(caller(r, "agriculture"), action) for r in ROLE_NAMES)


def test_only_the_province_s_development_and_reform_commission_amends_the_plan():
    assert allows(caller("province", "development_reform"), "declare.plan")
    assert not allows(caller("city", "development_reform"), "declare.plan")
    assert not allows(caller("province", "agriculture"), "declare.plan")
    assert not allows(caller("admin"), "declare.plan")


def test_accounts_can_be_of_the_departments_that_the_plan_names():
    assert [row["slug"] for row in rows_of("departments")] == list(DEPARTMENT_NAMES)


def test_only_a_plant_disposes_and_only_a_collector_takes_hand_ins():
    assert [r for r in ROLE_NAMES if allows(caller(r), "event.dispose")] == ["plant"]
    assert [r for r in ROLE_NAMES if allows(caller(r), "event.hand_in")] == ["collector"]


def test_auditors_and_admins_record_nothing():
    writes = [a for a in RIGHTS if a.startswith(("event.", "declare.", "labels.issue"))]
    for role in ("auditor", "admin"):
        assert not [action for action in writes if allows(caller(role, "agriculture"), action)]


def test_a_refusal_names_the_action_in_chinese():
    with pytest.raises(Forbidden) as refused:
        require(caller("keeper"), "labels.issue")
    assert "发放标签" in refused.value.words()[1]


def test_the_table_names_roles_that_exist():
    assert all(right.roles <= set(ROLE_NAMES) for right in RIGHTS.values())


@pytest.mark.parametrize(
    "password", ["", "123456789", "aaaaaaaaaaaa", "Li.Caixia.001", "密" * 129, "密" * 10]
)
def test_a_password_that_is_easy_to_guess_is_refused(password):
    with pytest.raises(PasswordTooWeak):
        check_new_password(password, "li.caixia.001")


@pytest.mark.parametrize("password", ["今天去县里开会带瓶子", "correct horse", "a" * 127 + "b"])
def test_a_long_enough_password_is_taken(password):
    check_new_password(password, "li.caixia.001")


async def test_a_hash_fits_its_password_alone():
    kept = await hash_password("今天去县里开会带瓶子")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await matches("今天去县里开会带瓶子", kept)
    assert not await matches("今天去县里开会带袋子", kept)


async def test_an_account_without_a_password_fits_none():
    assert not await matches("今天去县里开会带瓶子", None)


@pytest.mark.parametrize("path", ["/", "/batches?status=open", "/批次/1", "/a//b"])
def test_the_way_on_may_be_any_path_of_ours(path):
    assert local_path(path) == path


@pytest.mark.parametrize(
    "address",
    ["", "//evil.test", "/\\evil.test", "\\\\evil.test", "https://evil.test", "evil", "/\t/evil.test",
     "/\n/evil.test", "javascript:alert(1)", " /x"],
)  # fmt: skip
def test_the_way_on_never_leaves_the_platform(address):
    assert local_path(address) == "/"
