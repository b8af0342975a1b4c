"""The house rules find what they forbid and leave alone what they allow."""

import pytest

from scripts import house


def findings(rule, path, source):
    return [finding.why for finding in rule(path, source)]


@pytest.mark.parametrize(
    ("rule", "path", "forbidden", "allowed"),
    [
        (
            house.doors_open_inwards,
            "app/custody/trace.py",
            "from app.events.routes import router",
            "from app.events.record import record",
        ),
        (
            house.doors_open_inwards,
            "app/progress/pages.py",
            "from app.registers.edit_pages import router",
            "from app.registers.edit import add_entry",
        ),
        (
            house.one_door_to_the_log,
            "app/supply/declare.py",
            "from app.ledger.append import append",
            "from app.ledger.leaf import jcs",
        ),
        (
            house.one_commit,
            "app/auth/tokens.py",
            "async def f(session):\n    await session.commit()",
            "async def f(database):\n    async with database.write() as s:\n        s.add(1)",
        ),
        (house.short_files, "app/x.py", "\n" * 301, "\n" * 300),
        (
            house.strict_templates,
            "app/templates/x.html",
            '<p style="color: red">',
            '<p class="danger"><script type="module" src="/static/x.js"></script>',
        ),
        (
            house.strict_templates,
            "app/templates/x.html",
            "<button onclick=go()>",
            '<script type="application/json" id="rows">[]</script>',
        ),
    ],
)
def test_a_rule_finds_what_it_forbids_and_nothing_else(rule, path, forbidden, allowed):
    assert findings(rule, path, forbidden)
    assert findings(rule, path, allowed) == []


def test_a_vague_name_is_refused():
    assert findings(house.telling_names, "app/utils.py", "")
    assert findings(house.telling_names, "app/events/record.py", "") == []


def test_main_may_open_every_door():
    assert (
        findings(house.doors_open_inwards, "app/main.py", "from app.events.routes import r") == []
    )


def test_the_tree_keeps_the_house_rules():
    assert house.check(house.ROOT) == []
