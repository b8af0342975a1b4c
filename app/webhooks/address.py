"""Where a message may go: never into our own network (SSRF).

The name is looked up at each sending and the message goes to the very address that was judged, so
a name that points elsewhere a moment later (DNS rebinding) gains nothing.
"""

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from app.webhooks.errors import WebhookUrlRefused

LONGEST_URL = 500
HTTPS_PORT, HTTP_PORT = 443, 80
_NAT64 = ip_network("64:ff9b::/96")
_UNICAST = ip_network("2000::/3")
"""All that is given out of IPv6; what Python calls global is more: site-local, ::127.0.0.1 …"""
Address = IPv4Address | IPv6Address


def check_url(url: str, *, allow_private: bool) -> None:
    """Raise WebhookUrlRefused unless messages may be sent to such a URL.

    https alone; http to this very machine where private addresses are allowed, as in tests. A
    host that is written as an address is judged at once, a name at each sending.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise WebhookUrlRefused(reason="不是网址", reason_en="it is not a URL") from None
    if not host or len(url) > LONGEST_URL or not url.isascii() or not url.isprintable():
        raise WebhookUrlRefused(
            reason=f"应为至多 {LONGEST_URL} 个字符的网址",
            reason_en=f"it must be a URL of at most {LONGEST_URL} characters",
        )
    if parts.username is not None or parts.fragment or " " in url:
        raise WebhookUrlRefused(
            reason="网址里不能带账号或 #", reason_en="it must bear no account and no fragment"
        )
    literal = _literal(host)
    loopback = host == "localhost" or (literal is not None and literal.is_loopback)
    plain = parts.scheme == "http" and allow_private and loopback
    if parts.scheme != "https" and not plain:
        raise WebhookUrlRefused(reason="应以 https:// 开头", reason_en="it must be https")
    if allow_private:
        return
    if host == "localhost" or (literal is not None and not is_public(literal)):
        raise WebhookUrlRefused(
            reason="不能指向内部网络的地址", reason_en="it must not lead into a private network"
        )


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Tell whether an address is on the public Internet, whatever it is wrapped in."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address not in _UNICAST:
            return False
    return address.is_global and not address.is_multicast


async def public_address(host: str, port: int, *, allow_private: bool) -> str:
    """Look a host up and return an address to connect to; WebhookUrlRefused, OSError.

    One private address among several is enough to refuse: nobody chooses between them.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ip_address(sockaddr[0]) for *_, sockaddr in found]
    if not allow_private and not all(map(is_public, addresses)):
        raise WebhookUrlRefused(
            reason="域名指向内部网络的地址", reason_en="the name leads into a private network"
        )
    return str(addresses[0])
