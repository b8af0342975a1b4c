"""Whatever the wire says with a slug has a Chinese word, and each kind an icon."""

import pytest

from app import templating
from app.custody.steps import STAGE_OF_KIND
from app.custody.trace import STAMPED
from app.events.fold import AFTER_THE_END, LEFT_BEHIND
from app.events.schemas import KINDS
from app.events.state import STAGES

GAPS = {"missing-collect", "missing-depart", "missing-arrive"}
ODD = {"arrived-elsewhere", "not-on-this-trip", "returned-to-sender"}
AT_ARRIVAL = {f"{outcome}-at-arrival" for outcome in (*LEFT_BEHIND, "damaged")}


def words(name, template="words.html"):
    return getattr(templating._environment().get_template(template).module, name)


@pytest.mark.parametrize(
    ("slugs", "name", "template"),
    [
        ({*KINDS}, "KINDS", "words.html"),
        ({*STAGE_OF_KIND, "correct"}, "KIND_ICONS", "icons.html"),
        ({"unused", *STAGES, *AFTER_THE_END}, "STATUSES", "words.html"),
        (GAPS | ODD | AT_ARRIVAL | STAMPED, "FLAGS", "words.html"),
        ({"sort", "mix", "relabel"}, "REPACKS", "words.html"),
        ({"foreign", "moisture", "leak"}, "REMOVED", "words.html"),
        ({"did_not_occur", "incorrect_data"}, "CORRECTIONS", "words.html"),
    ],
)
def test_every_slug_has_a_word(slugs, name, template):
    assert slugs - words(name, template).keys() == set()


def test_every_icon_of_a_kind_is_drawn():
    icons = set(words("KIND_ICONS", "icons.html").values())
    assert icons - words("PATHS", "icons.html").keys() == set()
