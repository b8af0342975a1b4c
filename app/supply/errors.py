"""What can be wrong with a declared row beside its shape."""

from app.errors import DomainError, Kind


class SupplyRowReused(DomainError):
    """The row's id stands for a row with other content, or is declared by another event."""

    name = "supply-row-reused"
    kind = Kind.CONFLICT
    title = ("申报行编号已被使用", "The row id is taken")
    detail = (
        "申报行 {row} 已经申报过，内容不同。要更正请用新编号，并在 replaces 里写 {row}。",
        "The row {row} stands already with other content. Send a new id that replaces it.",
    )


class SupplyRowReplaced(DomainError):
    """A row can be replaced once; its replacement can be replaced in turn."""

    name = "supply-row-replaced"
    kind = Kind.CONFLICT
    title = ("申报行已被更正", "The row is replaced already")
    detail = (
        "申报行 {row} 已由 {replaced_by} 更正，请更正 {replaced_by}。",
        "The row {row} is replaced by {replaced_by}; replace that one.",
    )
