"""Lay out a lineage as columns from left to right: batches, what joined or parted them, batches. Pure.

The same picture is drawn on the page as SVG and on paper. Numbers are pixels (on paper scaled to
fit), y grows downwards. What goes into a join stands left of it, what comes out right of it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

BOX, JOIN = 186.0, 150.0
"""Widths of a batch and of a join."""
BETWEEN = 76.0
"""Room for the lines between columns, and for the weights on them."""
LINE, PAD, GAP = 20.0, 8.0, 18.0
MARGIN = 12.0
FRAME = 24.0
"""Room above boxes for the words of the container that holds them."""
THINNEST, THICKEST = 1.5, 9.0


@dataclass(frozen=True)
class Words:
    """A line of text; `warm` where it asks for attention."""

    text: str
    warm: bool = False


@dataclass(frozen=True)
class Item:
    """A batch, or several of one place together."""

    key: str
    lines: tuple[Words, ...]
    href: str | None = None
    container: str | None = None
    here: bool = False


@dataclass(frozen=True)
class Joint:
    """A repack, or a treatment: grams of what went in and came out, by item."""

    key: str
    lines: tuple[Words, ...]
    ins: Mapping[str, int]
    outs: Mapping[str, int]
    href: str | None = None


@dataclass(frozen=True)
class Box:
    """A drawn box: its upper left corner, its size, its words."""

    x: float
    y: float
    width: float
    height: float
    lines: tuple[Words, ...]
    href: str | None
    kind: str
    """`batch`, `here` or `join`."""


@dataclass(frozen=True)
class Link:
    """A line from (x1, y1) to (x2, y2) with grams on it, at (x, y)."""

    x1: float
    y1: float
    x2: float
    y2: float
    width: float
    grams: int
    x: float
    y: float
    align: str


@dataclass(frozen=True)
class Frame:
    """A container drawn around what it holds."""

    x: float
    y: float
    width: float
    height: float
    code: str


@dataclass
class Picture:
    """Everything to draw, and how large it is."""

    width: float = 0.0
    height: float = 0.0
    boxes: list[Box] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)


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
    columns: dict[int, list[str]] = defaultdict(list)
    for key in [*by_key, *(joint.key for joint in joints)]:
        columns[ranks[key]].append(key)
    _order(columns, by_key, joints)
    lines = {item.key: item.lines for item in items} | {j.key: j.lines for j in joints}
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
            height = len(lines[key]) * LINE + 2 * PAD
            href = item.href if item else next(j.href for j in joints if j.key == key)
            kind = "join" if item is None else "here" if item.here else "batch"
            places[key] = Box(x, y, wide, height, lines[key], href, kind)
            y += height + GAP
        picture.height = max(picture.height, y - GAP + MARGIN)
        x += wide + BETWEEN
    picture.width = x - BETWEEN + MARGIN
    places = _centred(columns, places, picture.height)
    picture.boxes = list(places.values())
    picture.frames = _frames(columns, places, by_key)
    picture.links = _links(joints, places)
    return picture


def _order(
    columns: Mapping[int, list[str]], items: Mapping[str, Item], joints: Sequence[Joint]
) -> None:
    """Order each column by what it hangs on, so that lines cross little; containers together."""
    beside: dict[str, set[str]] = defaultdict(set)
    for joint in joints:
        for code in (*joint.ins, *joint.outs):
            beside[code].add(joint.key)
            beside[joint.key].add(code)
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


def _links(joints: Sequence[Joint], places: Mapping[str, Box]) -> list[Link]:
    most = max((g for j in joints for g in (*j.ins.values(), *j.outs.values())), default=1) or 1
    links = []
    for joint in joints:
        middle = places[joint.key]
        for codes, side in ((joint.ins, -1), (joint.outs, 1)):
            many = len(codes)
            ordered = sorted(codes, key=lambda code: places[code].y)
            for n, code in enumerate(ordered, 1):
                box = places[code]
                at = middle.y + middle.height * n / (many + 1)
                width = max(THINNEST, THICKEST * codes[code] / most)
                mid = box.y + box.height / 2
                if side < 0:
                    ends, x = (box.x + box.width, mid, middle.x, at), box.x + box.width + 5
                else:
                    ends, x = (middle.x + middle.width, at, box.x, mid), box.x - 5
                align = "left" if side < 0 else "right"
                links.append(Link(*ends, width, codes[code], x, mid - 7, align))
    return links
