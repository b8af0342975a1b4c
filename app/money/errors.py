"""What can go wrong with settlements."""

from app.errors import DomainError, Kind


class NothingToSettle(DomainError):
    """Everything that is due up to the day stands in a settlement, perhaps one made just now."""

    name = "nothing-to-settle"
    kind = Kind.CONFLICT
    title = ("没有可以结算的", "There is nothing to settle")
    detail = (
        "截至 {until}，该结算的都已经在结算单里了。",
        "Up to {until}, all that is due stands in settlements already.",
    )


class SettlementNotInState(DomainError):
    """Somebody else approved, paid or discarded it first, or the step before is missing."""

    name = "settlement-not-in-state"
    kind = Kind.CONFLICT
    title = ("结算单的状态不对", "The settlement is in another state")
    detail = (
        "结算单 {number} 现在是“{reason}”，不能这样做。",
        "The settlement {number} is {reason}: this cannot be done.",
    )


class SettlementChanged(DomainError):
    """Events of a draft were corrected after it was made: it no longer says what is due."""

    name = "settlement-changed"
    kind = Kind.CONFLICT
    title = ("登记在编制以后更正过", "Its events were corrected since")
    detail = (
        "结算单 {number} 编好以后，有 {lines} 笔的登记被更正。请作废这一张，重新编制。",
        "Since {number} was drafted, {lines} of its lines were corrected. Discard it and draft anew.",
    )
