"""What somebody does to a phone's queue before it is sent; app/demo/plants.py says where and when."""

from app.demo.bags import weighed
from app.demo.planted import Planting


def edited_in_the_queue(planting: Planting) -> None:
    """Make a sealed bag a quarter heavier in the phone's store, before it is sent."""
    point = planting.point(7)
    bag = planting.seal(point, planting.at(10))
    device = planting.diary.devices[point.account]
    heavier = weighed(bag, round(bag.true_g * 1.25))
    device.edited[planting.planted.events[-1]] = {"batches": [heavier]}
    bag.true_g *= 1.25
    planting.planted.subjects.append(device.id)
    point.stock.append(bag)


def dropped_from_the_queue(planting: Planting) -> None:
    """Take one of three hand-ins out of the phone's store: its giver has a photo of a receipt."""
    point, at = planting.point(4), planting.at(10)
    code = planting.label(point.site, at)
    kept_g = planting.hand_in(point, code, at)
    planting.hand_in(point, code, planting.at(11))
    device = planting.diary.devices[point.account]
    device.dropped.add(planting.planted.events.pop())
    kept_g += planting.hand_in(point, code, planting.at(12))
    planting.planted.subjects.append(device.id)
    point.stock.append(planting.close(point, code, kept_g, planting.at(9, days=1)))
