"""What can be wrong with a label, or with an order of labels."""

from app.errors import DomainError, Kind


class MistypedCode(DomainError):
    """A code whose shape or check digits do not fit."""

    name = "mistyped-code"
    kind = Kind.INVALID
    title = ("编码输错了", "The code is mistyped")
    detail = (
        "编码 {batch} {reason}，请对照标签重新输入。{suggestion}",
        "The code {batch} does not fit: {reason_en}. Compare it with the label. {suggestion}",
    )


class LabelNotIssued(DomainError):
    """A well-formed code that was never issued."""

    name = "label-not-issued"
    kind = Kind.ABSENT
    title = ("没有发放过这个标签", "This label was never issued")
    detail = (
        "标签 {batch} 没有发放过，请核对编码。{suggestion}",
        "The label {batch} was never issued; check the code. {suggestion}",
    )


class SiteNotForLabels(DomainError):
    """Labels for a site that lies in another county, or that has no use for such labels."""

    name = "site-not-for-labels"
    kind = Kind.INVALID
    title = ("这个站点不能领这种标签", "The site does not take such labels")
    detail = (
        "不能给站点 {site} 发放这批标签：{reason}",
        "The site {site} does not take these labels: {reason_en}",
    )


class BagHasNoTare(DomainError):
    """A tare for a bag's label: only containers are weighed empty."""

    name = "bag-has-no-tare"
    kind = Kind.CONFLICT
    title = ("袋标签没有皮重", "A bag's label has no tare")
    detail = (
        "{batch} 是袋标签。只有容器（箱、笼、托盘）登记皮重。",
        "{batch} is a bag's label; only containers have a tare.",
    )


class SheetIdReused(DomainError):
    """One order's id sent again with other content."""

    name = "label-sheet-id-reused"
    kind = Kind.CONFLICT
    title = ("这张发放单已经用过", "The sheet's id is taken")
    detail = (
        "这张发放单已经发放过别的标签。请刷新页面，重新填写。",
        "The id {sheet} stands for a sheet with other content.",
    )
