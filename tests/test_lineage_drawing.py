"""The layout of a lineage: columns in order, nothing on top of anything else."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from app.custody.drawing import draw
from app.custody.drawn import Item, Joint, Words


def item(key: str, container: str | None = None) -> Item:
    return Item(key, (Words(key), Words("1 kg")), container=container)


def joint(key: str, ins: list[str], outs: list[str]) -> Joint:
    return Joint(key, (Words(key),), dict.fromkeys(ins, 10), dict.fromkeys(outs, 5))


def by_words(picture):
    return {box.lines[0].text: box for box in picture.boxes}


def test_what_goes_in_stands_left_and_what_comes_out_right():
    picture = draw(
        [item("a"), item("b"), item("c"), item("d"), item("e")],
        [joint("first", ["a", "b"], ["c"]), joint("second", ["c", "d"], ["e"])],
    )
    at = {key: box.x for key, box in by_words(picture).items()}
    assert at["a"] == at["b"] < at["first"] < at["c"] == at["d"] < at["second"] < at["e"]
    assert [link.grams for link in picture.links] == [10, 10, 5, 10, 10, 5]


def test_a_container_is_drawn_around_what_it_holds_and_nothing_else():
    items = [item("a", "box"), item("b"), item("c", "box"), item("d", "other")]
    picture = draw(items, [joint("mix", [], ["a", "b", "c", "d"])])
    frames = {frame.code: frame for frame in picture.frames}
    for key, box in by_words(picture).items():
        for code, frame in frames.items():
            inside = frame.y <= box.y and box.y + box.height <= frame.y + frame.height
            in_column = frame.x <= box.x <= frame.x + frame.width
            held = {"a": "box", "c": "box", "d": "other"}.get(key)
            assert (inside and in_column) == (held == code)


@st.composite
def lineages(draw_):
    joints = []
    there = [f"o{n}" for n in range(draw_(st.integers(1, 8)))]
    items = [item(key, draw_(st.sampled_from([None, "x", "y"]))) for key in there]
    for n in range(draw_(st.integers(0, 5))):
        if not there:
            break
        ins = draw_(st.lists(st.sampled_from(there), min_size=1, max_size=4, unique=True))
        there = [key for key in there if key not in ins]
        outs = [f"r{n}-{k}" for k in range(draw_(st.integers(0, 3)))]
        items += [item(key) for key in outs]
        joints.append(joint(f"j{n}", ins, outs))
        there += outs
    return items, joints


@settings(deadline=None)
@given(lineages())
def test_boxes_never_overlap_and_stay_on_the_picture(lineage):
    picture = draw(*lineage)
    for n, one in enumerate(picture.boxes):
        assert one.x >= 0
        assert one.x + one.width <= picture.width
        assert one.y >= 0
        assert one.y + one.height <= picture.height + 1
        for other in picture.boxes[n + 1 :]:
            beside = one.x + one.width <= other.x or other.x + other.width <= one.x
            apart = one.y + one.height <= other.y or other.y + other.height <= one.y
            assert beside or apart
    assert len(picture.links) == sum(len(j.ins) + len(j.outs) for j in lineage[1])


def crossed(link, box):
    """Tell whether a line, straight between its points, runs through a box."""
    return any(
        x1 < box.x + box.width
        and box.x < x2
        and min(y1, y2) < box.y + box.height
        and box.y < max(y1, y2)
        for (x1, y1), (x2, y2) in pairwise(link.points)
    )


@settings(deadline=None)
@given(lineages())
def test_every_line_goes_from_left_to_right_and_through_no_box(lineage):
    picture = draw(*lineage)
    for link in picture.links:
        assert all(a[0] < b[0] for a, b in pairwise(link.points))
        assert not any(crossed(link, box) for box in picture.boxes)


def test_a_line_past_other_columns_has_a_lane_of_its_own():
    picture = draw(
        [item("a"), item("b"), item("c"), item("d"), item("e")],
        [
            joint("first", ["a", "b"], ["c", "d"]),
            joint("second", ["c"], ["e"]),
            joint("end", ["d", "e"], []),
        ],
    )
    [long] = [link for link in picture.links if len(link.points) > 2]
    assert len(long.points) == 6
    assert not any(crossed(long, box) for box in picture.boxes)


def test_the_picture_is_told_in_words_joint_by_joint():
    noted = Item("a", (Words("a"), Words("1 kg")), href="/a", notes=(Words("少 1 g", warm=True),))
    [said] = draw([noted, item("b")], [joint("mix", ["a"], ["b"])]).sentences
    assert [line.text for line in said.lines] == ["mix"]
    [went] = said.ins
    assert (went.name, went.href, went.grams, went.notes) == ("a", "/a", 10, noted.notes)
    assert [(one.name, one.grams) for one in said.outs] == [("b", 5)]
