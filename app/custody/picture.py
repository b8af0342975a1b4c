"""The picture of a lineage, in words: its batches one by one, or by place where there are many."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.custody.differences import asks_for_attention
from app.custody.drawing import draw, ranks_of
from app.custody.drawn import Item, Joint, Picture, Words
from app.custody.nodes import Node
from app.custody.shares import Repacked
from app.custody.sources import NOWHERE, Where
from app.custody.walk import Walk
from app.events.happening import Happening
from app.templating import mass, moment, words

MOST_BOXES = 60
"""What a person can follow; beyond that batches of one place are drawn together."""
MOST_JOINTS = 12


@dataclass(frozen=True)
class Shown:
    """What is known of a lineage beside the walk: places, ends, differences, pages in reach."""

    places: Mapping[str, Where]
    ends: Mapping[str, Happening]
    differences: Mapping[str, int]
    own: Collection[str]


def picture_of(found: Walk, shown: Shown, here: Collection[str]) -> Picture | None:
    """Return the picture of a walk; None where nothing was repacked or treated together.

    `here` are the batches that it is about.
    """
    in_order = sorted(found.repacks.values(), key=lambda one: (one.order, one.event))
    joints = [_repack(found, one, shown) for one in in_order]
    ends = _ends(found, shown)
    if not joints and not any(len(end.ins) > 1 for end in ends):
        return None
    items = [
        Item(
            node.code,
            _lines(node, shown),
            f"/batches/{node.code}" if node.code in shown.own else None,
            node.container,
            node.code in here and len(here) == 1,
            _notes(node, shown),
        )
        for node in found.nodes.values()
    ]
    if len(items) + len(joints) + len(ends) > MOST_BOXES:
        return draw(*_together(found, shown, items, [*joints, *ends], here))
    return draw(items, [*joints, *ends])


def _lines(node: Node, shown: Shown) -> tuple[Words, ...]:
    status = words("STATUSES").get(node.status, node.status)
    place = shown.places.get(node.site or "", NOWHERE)
    return (
        Words(node.code),
        Words(f"{mass(node.mass_g)} · {status}"),
        Words(place.site_name or node.site or ""),
    )


def _notes(node: Node, shown: Shown) -> tuple[Words, ...]:
    notes = []
    difference = shown.differences.get(node.code, 0)
    if difference:
        told = f"称重{'多' if difference > 0 else '少'} {mass(abs(difference))}"
        notes.append(Words(told, asks_for_attention(difference, node.mass_g)))
    if not node.told:
        notes.append(Words("缺少封袋记录", warm=True))
    return tuple(notes)


def verb_of(mode: str, reason: str | None) -> str:
    """Return what a repack is called."""
    names = words("REPACKS")
    return names["relabel"] if reason == "relabel" else names.get(mode, mode)


def _repack(found: Walk, one: Repacked, shown: Shown) -> Joint:
    happening = found.bodies[one.event]
    inputs, outputs = found.inside(one)
    place = shown.places.get(one.site, NOWHERE)
    verb = verb_of(one.mode, one.reason)
    lines = [
        Words(f"{verb} {_day(happening)}"),
        Words(place.site_name or one.site),
    ]
    beside = [
        f"另 {len(all_) - len(some)} 袋{verb}"
        for all_, some, verb in ((one.inputs, inputs, "投入"), (one.outputs, outputs, "产出"))
        if len(all_) > len(some)
    ]
    if beside:
        lines.append(Words("，".join(beside)))
    lines += [
        Words(f"剔除{words('REMOVED').get(reason, reason)} {mass(grams)}", warm=True)
        for reason, grams in one.removed
    ]
    return Joint(
        f"repack {one.event}",
        tuple(lines),
        {code: one.inputs[code] for code in inputs},
        {code: one.outputs[code] for code in outputs},
        verb=verb,
    )


def _day(happening: Happening) -> str:
    return moment(datetime.fromisoformat(happening.stamps["effective_at"]))[:10]


def _ends(found: Walk, shown: Shown) -> list[Joint]:
    """Return the treatments that batches ended in, each with those that it treated."""
    treated: dict[str, dict[str, int]] = defaultdict(dict)
    for node in found.nodes.values():
        if node.status in ("disposed", "written_off") and node.last_event in shown.ends:
            treated[node.last_event or ""][node.code] = node.mass_g
    joints = []
    for event, ins in treated.items():
        end = shown.ends[event]
        place = shown.places.get(end.body["site"], NOWHERE)
        site = place.site_name or end.body["site"]
        lines = [Words(site), Words(_day(end)), *_boxes(end)]
        if end.kind == "dispose":
            verb = words("METHODS").get(end.body["method"], end.body["method"])
            lines = [Words(verb), Words(end.body["certificate"]), *lines]
        else:
            verb = words("KINDS")["write_off"]
            lines = [Words(verb, warm=True), *lines]
        href = f"/lots/{event}" if end.kind == "dispose" else None
        joints.append(Joint(f"end {event}", tuple(lines), ins, {}, href, verb))
    return joints


def _boxes(end: Happening) -> list[Words]:
    """Return the containers that ended with what was in them."""
    boxes = sorted(end.containers)
    told = f"…{boxes[0][-12:]}" if len(boxes) == 1 else f"{len(boxes)} 个容器"
    return [Words(f"随 {told}")] if boxes else []


def _together(
    found: Walk,
    shown: Shown,
    items: Sequence[Item],
    joints: Sequence[Joint],
    here: Collection[str],
) -> tuple[list[Item], list[Joint]]:
    """Return batches of one place between the same joints as one box, and alike joints as one."""
    ranks = ranks_of([item.key for item in items], joints)
    alike = {joint.key: joint.key for joint in joints}
    if len(joints) > MOST_JOINTS:
        alike = {j.key: f"{ranks[j.key]} {bool(j.outs)} {j.verb}" for j in joints}
    made = {code: alike[joint.key] for joint in joints for code in joint.outs}
    taken = {code: alike[joint.key] for joint in joints for code in joint.ins}
    by = _finest(found, shown, made, taken, here)
    of: dict[str, str] = {}
    members: dict[str, list[Node]] = defaultdict(list)
    for code, node in found.nodes.items():
        of[code] = by(node)
        members[of[code]].append(node)
    lone = {item.key: item for item in items}
    grouped = [
        lone[nodes[0].code] if len(nodes) == 1 else _group(key, nodes)
        for key, nodes in members.items()
    ]
    named = {key: nodes[0].code if len(nodes) == 1 else key for key, nodes in members.items()}
    merged = _merged(joints, alike, {code: named[key] for code, key in of.items()})
    first = {alike[joint.key]: ranks[joint.key] for joint in reversed(joints)}
    return grouped, sorted(merged, key=lambda joint: first[joint.key])


def _finest(
    found: Walk,
    shown: Shown,
    made: Mapping[str, str],
    taken: Mapping[str, str],
    here: Collection[str],
) -> Callable[[Node], str]:
    """Return the finest grouping that fits the picture.

    By point and container, point, township, county or nothing.
    """

    def key(node: Node, place: str, box: str = "") -> str:
        if len(here) == 1 and node.code in here:
            return node.code
        return "|".join((place, made.get(node.code, ""), taken.get(node.code, ""), box))

    def where(node: Node) -> Where:
        return shown.places.get(node.collector or node.site or "", NOWHERE)

    ways: tuple[Callable[[Node], str], ...] = (
        lambda node: key(node, where(node).site_name or "", node.container or ""),
        lambda node: key(node, where(node).site_name or ""),
        lambda node: key(node, where(node).township or ""),
        lambda node: key(node, where(node).county_name or ""),
        lambda node: key(node, ""),
    )
    for way in ways:
        if len({way(node) for node in found.nodes.values()}) <= MOST_BOXES - MOST_JOINTS:
            return way
    return ways[-1]


def _group(key: str, nodes: Sequence[Node]) -> Item:
    """Return batches that are drawn together; in a frame where one container holds them all."""
    place = key.partition("|")[0]
    total = sum(node.mass_g for node in nodes)
    lines = (Words(place or "各地"), Words(f"{len(nodes)} 袋 · {mass(total)}"))
    untold = sum(not node.told for node in nodes)
    notes = (Words(f"{untold} 袋缺少封袋记录", warm=True),) if untold else ()
    boxes = {node.container for node in nodes}
    return Item(key, lines, container=boxes.pop() if len(boxes) == 1 else None, notes=notes)


def _merged(
    joints: Sequence[Joint], alike: Mapping[str, str], of: Mapping[str, str]
) -> list[Joint]:
    together: dict[str, list[Joint]] = defaultdict(list)
    for joint in joints:
        together[alike[joint.key]].append(joint)
    found = []
    for key, same in together.items():
        ins: dict[str, int] = defaultdict(int)
        outs: dict[str, int] = defaultdict(int)
        for joint in same:
            for code, grams in joint.ins.items():
                ins[of[code]] += grams
            for code, grams in joint.outs.items():
                outs[of[code]] += grams
        one = same[0]
        if len(same) == 1:
            found.append(Joint(key, one.lines, ins, outs, one.href, one.verb))
        else:
            lines = (Words(f"{one.verb} {len(same)} 次"),)
            found.append(Joint(key, lines, ins, outs, verb=one.verb))
    return found
