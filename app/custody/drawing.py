"""Lay out a lineage as columns from left to right: batches, what joined or parted them, batches. Pure.

The same picture is drawn on the page as SVG and on paper. Numbers are pixels (on paper scaled to
fit), y grows downwards. What goes into a join stands left of it, what comes out right of it; a line
that passes other columns has a lane of its own in each.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from app.custody.drawn import Box, Frame, Item, Joint, Link, Part, Picture, Sentence, Words

BOX, JOIN = 212.0, 156.0
"""Widths of a batch and of a join: a label code fits in the one, a day in the other."""
EM, NARROW = 16.0, 0.55
"""The width of a Chinese character, and of a letter or digit beside it."""
BETWEEN = 78.0
"""Room for the lines between columns, and for the weights on them."""
LINE, PAD, GAP = 22.0, 9.0, 20.0
MARGIN = 10.0
FRAME = 24.0
"""Room above boxes for the words of the container that holds them."""
THINNEST, THICKEST = 1.5, 9.0


def ranks_of(items: Iterable[str], joints: Sequence[Joint]) -> dict[str, int]:
    """Return the column of every item and joint: a joint stands right of all that went into it.

    Joints come in the order in which they happened.
    """
    makes = {code: joint for joint in joints for code in joint.outs}
    takes = {code: joint for joint in joints for code in joint.ins}
    ranks: dict[str, int] = {}
    for joint in joints:
        made = [ranks[makes[code].key] for code in joint.ins if code in makes]
        ranks[joint.key] = max(made, default=-1) + 2
    for code in items:
        if code in makes:
            ranks[code] = ranks[makes[code].key] + 1
        else:
            ranks[code] = ranks[takes[code].key] - 1 if code in takes else 0
    return ranks


def draw(items: Sequence[Item], joints: Sequence[Joint]) -> Picture:
    """Return the picture of items and of what joined and parted them."""
    by_key = {item.key: item for item in items}
    ranks = ranks_of(by_key, joints)
    ways = _ways(ranks, joints)
    columns: dict[int, list[str]] = defaultdict(list)
    for key in ranks:
        columns[ranks[key]].append(key)
    _order(columns, by_key, ways.values())
    lines = {i.key: (*i.lines, *i.notes) for i in items} | {j.key: j.lines for j in joints}
    links = {joint.key: joint.href for joint in joints}
    picture, places = Picture(), dict[str, Box]()
    x = MARGIN
    for rank in sorted(columns):
        wide = BOX if any(key in by_key for key in columns[rank]) else JOIN
        y, before = MARGIN, None
        for key in columns[rank]:
            box = by_key[key].container if key in by_key else None
            y += FRAME if box and box != before else 0.0
            before = box
            item = by_key.get(key)
            said = lines.get(key, ())
            height = len(said) * LINE + 2 * PAD
            href = item.href if item else links.get(key)
            cut = tuple(Words(_cut(line.text, wide), line.warm) for line in said)
            places[key] = Box(x, y, wide, height, cut, href, _kind(item, said))
            y += height + GAP
        picture.height = max(picture.height, y - GAP + MARGIN)
        x += wide + BETWEEN
    picture.width = x - BETWEEN + MARGIN
    places = _centred(columns, places, picture.height)
    picture.boxes = [box for box in places.values() if box.lines]
    picture.frames = _frames(columns, places, by_key)
    picture.links = list(_links(joints, ways, places))
    picture.sentences = sentences_of(items, joints)
    return picture


def _cut(text: str, wide: float) -> str:
    """Cut a line to the width of its box; the sentences have it whole."""
    room = (wide - PAD - 4) / EM
    for n, mark in enumerate(text):
        room -= NARROW if mark.isascii() else 1.0
        if room < 0:
            return f"{text[: n - 1]}…"
    return text


def _kind(item: Item | None, said: tuple[Words, ...]) -> str:
    if item is None:
        return "join" if said else "lane"
    return "here" if item.here else "batch"


Ways = Mapping[tuple[str, str], Sequence[str]]
"""By what goes in or comes out and its joint: what its line passes, both ends included."""


def _ways(ranks: dict[str, int], joints: Sequence[Joint]) -> Ways:
    """Return the way of every line, from left to right; lanes that it needs enter the ranks."""
    ways = {}
    for joint in joints:
        for key in joint.ins:
            lanes = [f"{key} > {joint.key} {n}" for n in range(ranks[key] + 1, ranks[joint.key])]
            ranks |= {lane: n for n, lane in enumerate(lanes, ranks[key] + 1)}
            ways[key, joint.key] = [key, *lanes, joint.key]
        for key in joint.outs:
            ways[key, joint.key] = [joint.key, key]
    return ways


def sentences_of(items: Sequence[Item], joints: Sequence[Joint]) -> list[Sentence]:
    """Return a lineage in words, joint by joint."""
    by_key = {item.key: item for item in items}

    def parts(grams: Mapping[str, int]) -> tuple[Part, ...]:
        found = ((by_key[key], one) for key, one in grams.items())
        return tuple(Part(i.lines[0].text, i.href, one, i.notes) for i, one in found)

    return [Sentence(j.lines, j.href, parts(j.ins), parts(j.outs)) for j in joints]


def _order(
    columns: Mapping[int, list[str]], items: Mapping[str, Item], ways: Iterable[Sequence[str]]
) -> None:
    """Order each column by what it hangs on, so that lines cross little; containers together."""
    beside: dict[str, set[str]] = defaultdict(set)
    for way in ways:
        for one, other in pairwise(way):
            beside[one].add(other)
            beside[other].add(one)
    ranks = sorted(columns)
    for turn in (ranks, ranks[::-1], ranks):
        place = {key: n for keys in columns.values() for n, key in enumerate(keys)}
        for rank in turn:
            weights = {
                key: sum(place[o] for o in beside[key]) / max(len(beside[key]), 1)
                for key in columns[rank]
            }
            together: dict[str, float] = {}
            for key in columns[rank]:
                box = items[key].container if key in items else None
                if box:
                    together.setdefault(box, weights[key])
            columns[rank].sort(
                key=lambda key, w=weights, t=together: _sorting(key, w, t, items)  # type: ignore[misc]
            )
            place |= {key: n for n, key in enumerate(columns[rank])}


def _sorting(
    key: str, weights: Mapping[str, float], together: Mapping[str, float], items: Mapping[str, Item]
) -> tuple[float, str, float, str]:
    box = (items[key].container if key in items else None) or ""
    return (together.get(box, weights[key]), box, weights[key], key)


def _centred(
    columns: Mapping[int, list[str]], places: Mapping[str, Box], height: float
) -> dict[str, Box]:
    found = {}
    for keys in columns.values():
        last = places[keys[-1]]
        down = (height - MARGIN - (last.y + last.height)) / 2
        for key in keys:
            box = places[key]
            found[key] = Box(
                box.x, box.y + down, box.width, box.height, box.lines, box.href, box.kind
            )
    return found


def _frames(
    columns: Mapping[int, list[str]], places: Mapping[str, Box], items: Mapping[str, Item]
) -> list[Frame]:
    frames = []
    for keys in columns.values():
        held: dict[str, list[Box]] = defaultdict(list)
        for key in keys:
            box = items[key].container if key in items else None
            if box:
                held[box].append(places[key])
        for code, boxes in held.items():
            top, bottom = boxes[0].y, boxes[-1].y + boxes[-1].height
            frames.append(
                Frame(
                    boxes[0].x - 6, top - FRAME + 2, boxes[0].width + 12, bottom - top + FRAME + 4,
                    code,
                )
            )  # fmt: skip
    return frames


def _links(joints: Sequence[Joint], ways: Ways, places: Mapping[str, Box]) -> Iterator[Link]:
    most = max((g for j in joints for g in (*j.ins.values(), *j.outs.values())), default=1) or 1
    for joint in joints:
        middle = places[joint.key]
        for grams, side in ((joint.ins, -1), (joint.outs, 1)):
            # Lines meet the joint in the order of where they come from.
            nearest = {key: places[ways[key, joint.key][-2 if side < 0 else 1]] for key in grams}
            for n, key in enumerate(sorted(grams, key=lambda key, at=nearest: at[key].y), 1):  # type: ignore[misc]
                at = middle.y + middle.height * n / (len(grams) + 1)
                box = places[key]
                mid = box.y + box.height / 2
                width = max(THINNEST, THICKEST * grams[key] / most)
                if side < 0:
                    lanes = [places[lane] for lane in ways[key, joint.key][1:-1]]
                    through = [p for lane in lanes for p in _along(lane)]
                    points = ((box.x + box.width, mid), *through, (middle.x, at))
                    y = _beside(mid, points[1][1])
                    yield Link(points, width, grams[key], box.x + box.width + 5, y, "left")
                else:
                    points = ((middle.x + middle.width, at), (box.x, mid))
                    y = _beside(mid, at)
                    yield Link(points, width, grams[key], box.x - 5, y, "right")


def _beside(mid: float, other: float) -> float:
    """Return where grams stand: on the side of their line's end that it does not bend to."""
    return mid + 20 if other < mid else mid - 8


def _along(lane: Box) -> tuple[tuple[float, float], tuple[float, float]]:
    mid = lane.y + lane.height / 2
    return (lane.x, mid), (lane.x + lane.width, mid)
