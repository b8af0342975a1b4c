"""What a scanned label offers next to whoever scans it."""

from uuid import uuid4

import pytest

from app.auth.caller import Caller
from app.custody.current import Current
from app.custody.next_step import may_relabel, next_step

HERE, ELSEWHERE = "130110-S0001", "130110-P0001"


def caller(role):
    site = HERE if role in {"collector", "keeper", "plant"} else None
    return Caller(uuid4(), role, role, role, "130110", site=site)


def current(status, *, kind="bag", site=HERE, container=None):
    return Current(
        "X", kind, status, None, 0, None, site, (), (), (), None, None, None, container=container
    )


@pytest.mark.parametrize(
    ("role", "status", "more", "holds", "step"),
    [
        ("keeper", "unused", {"site": None}, 0, "collect"),
        ("collector", "open", {}, 0, "hand_in"),
        ("keeper", "received", {}, 0, "store"),
        ("keeper", "stored", {}, 0, "depart"),
        ("plant", "stored", {}, 0, "dispose"),
        ("keeper", "stored", {"site": ELSEWHERE}, 0, "arrive"),
        # a packed bag comes out first; on its way its container arrives
        ("keeper", "stored", {"container": "BOX"}, 0, "unpack"),
        ("plant", "in_transit", {"container": "BOX"}, 0, "arrive"),
        # a container: filled when it is empty, moved or treated when it is not
        ("keeper", "unused", {"kind": "container", "site": None}, 0, "pack"),
        ("collector", "stored", {"kind": "container", "site": ELSEWHERE}, 0, "pack"),
        ("keeper", "stored", {"kind": "container"}, 40, "depart"),
        ("plant", "received", {"kind": "container"}, 40, "dispose"),
        ("plant", "in_transit", {"kind": "container"}, 40, "arrive"),
        ("carrier", "stored", {"kind": "container"}, 40, "depart"),
        ("carrier", "stored", {"kind": "container"}, 0, None),
        # nothing follows
        ("keeper", "repacked", {}, 0, None),
        ("keeper", "written_off", {}, 0, None),
        ("plant", "disposed", {}, 0, None),
        ("county", "stored", {}, 0, None),
    ],
)
def test_the_step_that_fits_is_offered(role, status, more, holds, step):
    assert next_step(caller(role), current(status, **more), holds=holds) == step


@pytest.mark.parametrize(
    ("role", "status", "more", "may"),
    [
        ("keeper", "stored", {}, True),
        ("collector", "collected", {}, True),
        ("plant", "received", {}, True),
        ("county", "stored", {}, False),
        ("carrier", "stored", {"site": None}, False),
        ("keeper", "open", {}, False),
        ("keeper", "in_transit", {}, False),
        ("keeper", "repacked", {}, False),
        ("keeper", "stored", {"site": ELSEWHERE}, False),
        ("keeper", "stored", {"container": "BOX"}, False),
        ("keeper", "stored", {"kind": "container"}, False),
    ],
)
def test_a_fresh_label_is_for_a_closed_loose_bag_in_ones_own_store(role, status, more, may):
    assert may_relabel(caller(role), current(status, **more)) is may
