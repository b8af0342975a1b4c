"""Every rule of recording that can refuse, by its name."""

from app.errors import DomainError, Kind


class LabelIsAContainer(DomainError):
    """A container's label where a bag's is needed."""

    name = "label-is-a-container"
    kind = Kind.CONFLICT
    title = ("这是容器标签", "This is a container's label")
    detail = (
        "{batch} 是容器（箱、笼、托盘）标签，这一步要用袋标签。",
        "{batch} is a container's label; this step needs a bag's.",
    )


class LabelIsVoid(DomainError):
    """A label that was voided."""

    name = "label-is-void"
    kind = Kind.CONFLICT
    title = ("标签已作废", "The label is void")
    detail = ("标签 {batch} 已作废，请换一张标签。", "The label {batch} was voided.")


class BatchTwice(DomainError):
    """One code named twice in one event."""

    name = "batch-named-twice"
    kind = Kind.INVALID
    title = ("同一个袋写了两次", "A batch is named twice")
    detail = ("袋 {batch} 在这次登记里写了两次，请删去一个。", "The batch {batch} is named twice.")


class EventIdReused(DomainError):
    """The id is taken by an event with other content."""

    name = "event-id-reused"
    kind = Kind.CONFLICT
    title = ("编号已被另一条登记使用", "The event id is taken")
    detail = (
        "编号 {event} 已用于内容不同的另一条登记。若是新的登记，请用新编号。",
        "The id {event} stands for an event with other content.",
    )


class TimeOutOfRange(DomainError):
    """`occurred_at` is in the future beyond 60 s, or before the rules came into force."""

    name = "time-out-of-range"
    kind = Kind.INVALID
    title = ("时间不对", "The time is out of range")
    detail = (
        "发生时间不对：{reason}",
        "occurred_at {occurred_at} is out of range: {reason_en}",
    )


class UnknownPackaging(DomainError):
    """A combination of material, form and size that has no unit weight."""

    name = "unknown-packaging"
    kind = Kind.INVALID
    title = ("没有这种包装", "Unknown packaging")
    detail = (
        "包装类别没有登记单件重量：{material} / {form} / {size}。请改用称重或选其他类别。",
        "There is no unit weight for {material} / {form} / {size}.",
    )


class KindNotForSite(DomainError):
    """A step at a kind of site where it cannot happen."""

    name = "kind-not-for-site"
    kind = Kind.CONFLICT
    title = ("这里不能做这一步", "This step cannot happen here")
    detail = (
        "“{step}”不能在站点 {site} 登记：{reason}",
        "{step_en} cannot happen at {site}.",
    )


class SiteClosed(DomainError):
    """The site was not open on that day."""

    name = "site-closed"
    kind = Kind.CONFLICT
    title = ("站点当日未开放", "The site was not open")
    detail = ("站点 {site} 在 {on} 不在开放期内。", "The site {site} was not open on {on}.")


class UnitNotListed(DomainError):
    """Resource use at a unit that is not on the province's list that day (办法 Art 16)."""

    name = "unit-not-listed"
    kind = Kind.CONFLICT
    title = ("不在资源化利用单位名单内", "The unit is not listed")
    detail = (
        "{site} 在 {on} 不在省公布的资源化利用单位名单内，不能登记资源化利用。",
        "{site} is not on the province's list of resource-use units on {on}.",
    )


class PermitNotInForce(DomainError):
    """Treatment at a unit without the permit that the method needs."""

    name = "permit-not-in-force"
    kind = Kind.CONFLICT
    title = ("许可证不在有效期", "The permit is not in force")
    detail = (
        "{site} 在 {on} 没有有效的{permit}，不能登记这种处理。",
        "{site} holds no {permit_en} in force on {on}.",
    )


class TripNotFound(DomainError):
    """A trip's number that is not known; its dispatch may not have synced yet."""

    name = "trip-not-found"
    kind = Kind.ABSENT
    title = ("没有找到转运交接单", "The trip is not known")
    detail = (
        "没有找到转运交接单 {trip}。若发运还没有上传，可以先不填单号登记。",
        "The trip {trip} is not known. Leave it out if its dispatch has not synced.",
    )


class ContainerInContainer(DomainError):
    """A container named where only bags go in: they are one level deep."""

    name = "container-in-container"
    kind = Kind.CONFLICT
    title = ("容器不能装进容器", "A container in a container")
    detail = (
        "{batch} 是容器标签，容器里只能装袋。",
        "{batch} is a container's label; only bags go into a container.",
    )


class LabelIsABag(DomainError):
    """A bag's label where a container's is needed."""

    name = "label-is-a-bag"
    kind = Kind.CONFLICT
    title = ("这是袋标签", "This is a bag's label")
    detail = (
        "{batch} 是袋标签，这里要用容器（箱、笼、托盘）的标签。",
        "{batch} is a bag's label; a container's is needed here.",
    )


class TareUnknown(DomainError):
    """A container was weighed gross, and neither the event nor its label says its tare."""

    name = "tare-unknown"
    kind = Kind.CONFLICT
    title = ("不知道容器皮重", "The container's tare is not known")
    detail = (
        "容器 {batch} 没有登记皮重，请在这次登记里写上皮重。",
        "No tare stands with the label {batch}; send tare_g.",
    )


class NetNotPositive(DomainError):
    """A container that weighs no more than its tare."""

    name = "net-mass-not-positive"
    kind = Kind.INVALID
    title = ("毛重不大于皮重", "The gross mass does not exceed the tare")
    detail = (
        "容器 {batch} 的毛重不大于皮重 {tare_g} 克，请重新过秤。",
        "The gross mass of {batch} does not exceed its tare of {tare_g} g.",
    )


class RepackDoesNotBalance(DomainError):
    """More or less comes out of a repack than went in."""

    name = "repack-does-not-balance"
    kind = Kind.INVALID
    title = ("分拣前后重量不等", "The repack does not balance")
    detail = (
        "投入 {in_g} 克，产出 {out_g} 克，剔除 {removed_g} 克：投入应等于产出加剔除。",
        "{in_g} g went in, {out_g} g came out and {removed_g} g were removed.",
    )


class RepackCycle(DomainError):
    """A bag that goes into a repack and comes out of it."""

    name = "repack-cycle"
    kind = Kind.INVALID
    title = ("新袋不能是原来的袋", "A repack cannot make its own input")
    detail = (
        "袋 {batch} 既是投入又是产出。产出要用没有用过的新标签。",
        "The batch {batch} is both an input and an output; outputs need unused labels.",
    )


class LeafTooLarge(DomainError):
    """An event whose leaf would exceed 65 535 bytes."""

    name = "leaf-too-large"
    kind = Kind.INVALID
    title = ("一次登记的内容过多", "The event is too large")
    detail = (
        "这条登记的内容过多（{bytes} 字节，上限 65535），请分成几次。",
        "The leaf would be {bytes} bytes; at most 65535.",
    )
