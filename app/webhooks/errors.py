"""What can be wrong with an address that alerts are sent to."""

from app.errors import DomainError, Kind


class WebhookUrlRefused(DomainError):
    """The URL is not https, or leads into a private network."""

    name = "webhook-url-refused"
    kind = Kind.INVALID
    title = ("推送地址不能用", "The address is refused")
    detail = ("推送地址不能用：{reason}。", "The address cannot be used: {reason}.")


class TooManyWebhooks(DomainError):
    """An area has as many addresses as it may."""

    name = "too-many-webhooks"
    kind = Kind.CONFLICT
    title = ("推送地址太多", "Too many addresses")
    detail = (
        "一个地区至多登记 {most} 个推送地址，请先停用不用的。",
        "An area has at most {most} addresses; end one first.",
    )
