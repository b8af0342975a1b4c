"""What can go wrong with a trip."""

from app.errors import DomainError, Kind


class TripIdReused(DomainError):
    """The id stands for another trip."""

    name = "trip-id-reused"
    kind = Kind.CONFLICT
    title = ("编号已被使用", "The id is taken")
    detail = (
        "编号 {trip} 已是另一张转运交接单，内容与这次提交的不同。请换一个编号再提交。",
        "The id {trip} stands for a trip with other content. Use another id.",
    )


class VehicleOfAnotherCarrier(DomainError):
    """The vehicle is registered with another organisation than the one named as carrier."""

    name = "vehicle-of-another-carrier"
    kind = Kind.CONFLICT
    title = ("车辆不属于这家单位", "The vehicle belongs to another carrier")
    detail = (
        "车辆 {vehicle} 登记在别的单位名下，与填写的运输单位不一致。",
        "The vehicle {vehicle} is registered with another organisation.",
    )


class NothingToConfirm(DomainError):
    """No departure waits for the caller's side."""

    name = "nothing-to-confirm"
    kind = Kind.CONFLICT
    title = ("没有待确认的发运", "Nothing to confirm")
    detail = (
        "这张转运交接单在 {site} 还没有发运记录，没有可以确认的。",
        "There is no departure at {site} on this trip yet.",
    )


class OwnSideCannotConfirm(DomainError):
    """The departure was recorded by the caller's own side."""

    name = "own-side-cannot-confirm"
    kind = Kind.CONFLICT
    title = ("要由对方确认", "The other side confirms")
    detail = (
        "这次发运是{side}登记的，要由{other}确认。",
        "The departure was recorded by your own side; {other_en} confirms it.",
    )
