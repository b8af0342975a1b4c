"""What can go wrong when what a target came to is entered."""

from app.errors import DomainError, Kind


class TargetNotYours(DomainError):
    """The target is answered for by other departments: those on the printed list."""

    name = "target-not-yours"
    kind = Kind.FORBIDDEN
    title = ("这项目标由其他部门负责", "Another department answers for this target")
    detail = (
        "这项目标由{responsible}负责填报，您的账号不能填报。",
        "This target is answered for by {responsible}; your account may not enter its values.",
    )


class TargetIsLive(DomainError):
    """The target's value comes from this platform's own reports or registers."""

    name = "target-is-live"
    kind = Kind.CONFLICT
    title = ("这项目标不用填报", "The value is not entered")
    detail = (
        "“{target}”的数值取自{origin}（{href}），不在这里填报。",
        "The value of {target} comes from {origin} ({href}); it is not entered.",
    )


class ActualChanged(DomainError):
    """Someone else entered or corrected the year's value since the caller read it."""

    name = "actual-changed"
    kind = Kind.CONFLICT
    title = ("这一年的数据已有变化", "The year's value has changed")
    detail = (
        "{year} 年的数据现在是第 {standing} 次登记。请看过它，再写明更正的是第几次（number）。",
        "The value of {year} stands at number {standing}. Read it, then name it as `number`.",
    )
